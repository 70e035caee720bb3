using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Server.Store;
using Tenon.Testing;

namespace Tenon.Server.Tests.Prompt;

/// <summary>A dump is PostgreSQL's SQL: a live PostgreSQL loads it.</summary>
public sealed class DumpOnPostgresTests
{
    // What a database of Supabase's has before the first migration.
    private const string Prelude = PrivatePostgres.Roles + """
        create schema extensions;
        create schema auth;
        create function auth.uid() returns uuid language sql stable as
          $$ select (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid $$;
        create function auth.jwt() returns jsonb language sql stable as $$ select current_setting('request.jwt.claims', true)::jsonb $$;
        create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$;
        create function auth.email() returns text language sql stable as $$ select auth.jwt() ->> 'email' $$;
        """;

    public static TheoryData<string> Corpus() =>
        [
            .. Directory.GetFiles(Repository.PathTo("tests/tutorials"), "*.sql").Select(f => "tests/tutorials/" + Path.GetFileName(f)).Order(StringComparer.Ordinal),
            "apps/hiring/migrations",
        ];

    [Theory]
    [MemberData(nameof(Corpus))]
    public async Task A_live_PostgreSQL_loads_the_dump_of_a_schema(string path)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Catalog catalog = CatalogOf(Repository.PathTo(path));
        var dump = new SchemaDump(catalog, StoreMigrations.Catalog());
        await using NpgsqlDataSource source = await LoadAsync(dump.BeforeRows() + dump.AfterRows(), cancellation);
        await using NpgsqlCommand count = source.CreateCommand("select count(*) from pg_policies where schemaname = 'public'");
        long policies = catalog.Tables.Values.Where(t => t.Name.Schema == "public").Sum(t => (long)t.Policies.Length);
        Assert.Equal(policies, await count.ExecuteScalarAsync(cancellation));
    }

    /// <summary>A new database with the server's own tables, and the dump loaded into it.</summary>
    internal static async Task<NpgsqlDataSource> LoadAsync(string dump, CancellationToken cancellation)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "This machine has no PostgreSQL.");
        string name = "dump_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(PrivatePostgres.Shared.ConnectionString, $"create database {name}", cancellation);
        string database = PrivatePostgres.Shared.ConnectionTo(name);
        await ExecuteAsync(database, Prelude + string.Concat(StoreMigrations.All.Select(m => m.Sql)), cancellation);
        await ExecuteAsync(database, dump, cancellation);
        return NpgsqlDataSource.Create(database);
    }

    private static Catalog CatalogOf(string path)
    {
        Catalog catalog = StoreMigrations.Catalog();
        foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path, "*.sql").Order(StringComparer.Ordinal).ToArray() : [path])
        {
            Outcome<SchemaChange> change = SchemaBuilder.Apply(catalog, SchemaParser.ParseScript(File.ReadAllText(file)).Value);
            catalog = change.Value.Catalog;
        }
        return catalog;
    }

    private static async Task ExecuteAsync(string database, string sql, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

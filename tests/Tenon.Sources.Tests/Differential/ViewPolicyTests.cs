using System.Text;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Writing;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>
/// Who may read and write what through a view: with its owner's rights or the caller's, over a table with row policies, with grants
/// on the view, on the table, on single columns. Each write runs here and on a live PostgreSQL, from the same rows.
/// </summary>
public sealed class ViewPolicyTests : IAsyncDisposable
{
    private const string Role = "tenon_view_writer";

    private const string Schema = $"""
        create table docs (id int primary key, kind text not null, secret text, level int not null default 1, shared boolean not null default true);
        alter table docs enable row level security;
        create policy reads on docs for select to {Role} using (shared);
        create policy adds on docs for insert to {Role} with check (level < 5);
        create policy edits on docs for update to {Role} using (level < 4) with check (level < 5);
        create policy drops on docs for delete to {Role} using (level < 3);
        create view by_owner as select id, kind, level, shared, secret from docs where kind <> 'hidden';
        create view by_caller with (security_invoker = true) as select id, kind, level, shared from docs where kind <> 'hidden';
        create view nested with (security_invoker = true) as select id, kind as sort, level, shared from by_caller where level < 10;
        create view nested_owner as select id, kind as sort, level from by_caller;
        create view checked with (security_invoker = true, check_option = cascaded) as select id, kind, level, shared from docs where level > 0;
        create view read_only as select id, kind from docs;
        create view some_columns as select id, kind, level from docs;
        create function visible() returns bigint language sql stable as 'select count(id) from docs';
        create function all_docs() returns bigint language sql stable security definer as 'select count(id) from docs';
        create function through() returns bigint language sql stable security definer as 'select count(id) from by_caller';
        create view counted as select visible() as seen, all_docs() as there, through() as definer, (select count(id) from by_caller) as caller;
        create view no_below with (security_invoker = true) as select id, secret from docs;
        grant select (id, kind, level, shared), insert (id, kind, level, shared), update (kind, level, shared), delete on docs to {Role};
        grant all on by_owner, by_caller, nested, nested_owner, checked, no_below to {Role};
        grant select on read_only, counted to {Role};
        grant select (id, kind), update (kind), insert (id, kind) on some_columns to {Role};
        insert into docs values (1, 'a', 's1', 1, true), (2, 'b', 's2', 2, false), (3, 'c', 's3', 3, true), (4, 'd', 's4', 4, true), (5, 'hidden', 's5', 1, true);
        """;

    private static readonly string[] Views = ["by_owner", "by_caller", "nested", "nested_owner", "checked"];

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-views-").FullName;

    private static List<string> Writes()
    {
        var writes = new List<string>();
        foreach (string view in Views)
        {
            string kind = view.StartsWith("nested", StringComparison.Ordinal) ? "sort" : "kind";
            writes.Add($"insert into {view} (id, {kind}, level) values (10, 'n', 3)");
            writes.Add($"insert into {view} (id, {kind}, level) values (10, 'n', 7)");
            writes.Add($"insert into {view} (id, {kind}, level) values (10, 'n', 0) returning id, level");
            writes.Add($"insert into {view} (id, {kind}) values (10, 'n'), (11, 'hidden')");
            writes.Add($"update {view} set {kind} = 'z'");
            writes.Add($"update {view} set {kind} = 'z' where level >= 1 returning id");
            writes.Add($"update {view} set level = level + 1 where id < 4");
            writes.Add($"update {view} set level = 6 where id = 3");
            writes.Add($"update {view} set level = -1 where id = 1 returning id, level");
            writes.Add($"delete from {view}");
            writes.Add($"delete from {view} where {kind} > 'a' returning id");
            writes.Add($"insert into {view} (id, {kind}, level) values (1, 'up', 2) on conflict (id) do update set level = excluded.level, {kind} = {view}.{kind} || '!'");
            writes.Add($"insert into {view} (id, {kind}, level) values (4, 'up', 2) on conflict (id) do update set level = excluded.level");
            writes.Add($"insert into {view} (id, {kind}) values (1, 'up'), (12, 'new') on conflict do nothing");
        }
        foreach (string view in Views.Append("read_only"))
        {
            writes.Add($"select id from {view} order by id");
        }
        writes.Add("select * from counted");
        writes.Add("insert into by_owner (id, kind) values (2, 'twice')");
        writes.Add("insert into by_caller (id, kind, shared) values (10, 'n', false)");
        writes.Add("insert into by_caller (id, kind, shared) values (10, 'n', false) returning id");
        writes.Add("update by_caller set shared = false where id = 1");
        writes.Add("update by_owner set secret = 'x' where id = 1 returning secret");
        writes.Add("insert into read_only (id, kind) values (10, 'n')");
        writes.Add("update read_only set kind = 'x'");
        writes.Add("delete from read_only");
        writes.Add("update some_columns set kind = 'x' where id = 1");
        writes.Add("update some_columns set kind = 'x' where level = 1");
        writes.Add("update some_columns set level = 2");
        writes.Add("insert into some_columns (id, kind) values (10, 'n')");
        writes.Add("insert into some_columns (id, kind, level) values (10, 'n', 1)");
        writes.Add("delete from some_columns");
        writes.Add("update no_below set secret = 'x'");
        writes.Add("update no_below set id = 9 where id = 1");
        return writes;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Every_write_through_a_view_does_what_PostgreSQL_does()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "no PostgreSQL on this machine");
        await using NpgsqlConnection postgres = await Create();
        await using var database = (SqliteDatabase)
            await SourceRegistry.OpenMainAsync(new MainDatabaseOptions("sqlite:data.db") { Folder = folder, Schema = SchemaOptions.Standard, Durable = false }, Cancel);
        Assert.Null(await database.ApplyAsync("1", "views", $"create role {Role}; {Schema}", 0, Cancel));
        var different = new List<string>();
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        foreach (string write in Writes())
        {
            string expected = await OnPostgres(postgres, write);
            string actual = await OnTenon(database, write);
            outcomes.Add(expected.Split('\n')[0]);
            if (expected != actual)
            {
                different.Add($"{write}\nPostgreSQL: {expected}\nTenon: {actual}");
            }
        }
        Assert.True(different.Count == 0, string.Join("\n\n", different));
        Assert.Superset(new HashSet<string> { "!42501", "!44000", "!23505" }, outcomes);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<NpgsqlConnection> Create()
    {
        await using (var admin = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionString))
        {
            await admin.OpenAsync(Cancel);
            await Run(admin, "create database tenon_view_policies template template0 encoding 'UTF8' locale 'C'");
        }
        var connection = new NpgsqlConnection(PrivatePostgres.Shared.ConnectionTo("tenon_view_policies") + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        await Run(connection, $"do $$ begin create role {Role} nologin; exception when duplicate_object then null; end $$; {Schema}");
        return connection;
    }

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private const string State = "select id, kind, secret, level, shared from docs order by id";

    private static async Task<string> OnPostgres(NpgsqlConnection connection, string write)
    {
        await Run(connection, "begin");
        try
        {
            await Run(connection, $"set local role {Role}");
            string answers = await Rows(connection, write);
            await Run(connection, "reset role");
            return answers + "=\n" + await Rows(connection, State);
        }
        catch (PostgresException failure)
        {
            return $"!{failure.SqlState}\n";
        }
        finally
        {
            await Run(connection, "rollback");
        }
    }

    private static async Task<string> Rows(NpgsqlConnection connection, string sql)
    {
        var answers = new StringBuilder();
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
        {
            answers.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetString(i))).Append('\n');
        }
        return answers.ToString();
    }

    private sealed class Undone : Exception;

    private static async Task<string> OnTenon(SqliteDatabase database, string write)
    {
        Catalog catalog = database.Catalog;
        string answers = "";
        try
        {
            await database.Writer.RunAsync<int>(
                context =>
                {
                    var session = new SqliteWriteSession(context, catalog);
                    answers = Execute(session, catalog, write, new Principal(new RoleName(Role), false)) + "=\n" + Execute(session, catalog, State, Principal.Owner);
                    throw new Undone();
                },
                Cancel
            );
        }
        catch (Undone)
        {
            return answers;
        }
        catch (TenonException failure)
        {
            return $"!{failure.Error.Code}\n";
        }
        return "nothing was undone";
    }

    private static string Execute(SqliteWriteSession session, Catalog catalog, string sql, Principal principal)
    {
        Statement bound = new TypeChecker(catalog).CheckStatement(SqlParser.ParseStatement(sql).Value).Value;
        var arguments = new StatementArguments { Context = new RequestContext { Now = 0, CurrentUser = principal.Role } };
        List<Datum[]> rows = session.Execute(bound, principal, arguments);
        IReadOnlyList<RowField> output = TypeChecker.OutputOf(bound);
        var answers = new StringBuilder();
        foreach (Datum[] row in rows)
        {
            answers.AppendJoin('|', output.Select((f, i) => row[i].IsNull ? "∅" : Text(f.Type, row[i]))).Append('\n');
        }
        return answers.ToString();
    }

    private static string Text(LogicalType type, Datum value) =>
        type.Kind == TypeKind.Boolean ? (value.Boolean ? "t" : "f") : TypeOutput.ToText(type, value);
}

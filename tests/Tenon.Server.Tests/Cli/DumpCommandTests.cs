using Npgsql;
using Tenon.Server.Tests.Prompt;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon db dump as a shell runs it: what it prints is a migration that makes the same database.</summary>
public sealed class DumpCommandTests
{
    private const string Rows = """
        create table public.kinds (
          id bigint generated always as identity primary key,
          flag boolean, small smallint, exact numeric(10,3), free numeric, approx double precision, words varchar(20), raw bytea,
          uid uuid, day date, clock time, at timestamptz, span interval, doc jsonb, written json, tags text[], numbers int[],
          twice bigint generated always as (small * 2) stored,
          parent bigint references public.kinds (id),
          lexemes tsvector generated always as (to_tsvector('english', coalesce(words, ''))) stored
        );
        create index kinds_words on public.kinds using gin (to_tsvector('english', words));
        create index kinds_lexemes on public.kinds using gin (lexemes);
        insert into public.kinds (flag, small, exact, free, approx, words, raw, uid, day, clock, at, span, doc, written, tags, numbers, parent) values
          (true, -3, 1.500, 12345678901234567890.123, 1e300, 'it''s; "x"' || chr(10) || '\n', '\x00ff', '0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001', '2024-02-29',
           '12:34:56.789', '2024-01-01 00:00:00.000001+02', '1 mon 2 days 03:04:05', '{"b": [1, null], "a": "ä"}', '{ "b":1,  "a":2 }',
           '{"a,b","c\"d",null,""}', '{1,null,3}', 2),
          (false, null, null, 'NaN', 'Infinity', '', '', null, 'infinity', null, '-infinity', null, 'null', null, '{}', null, null);
        insert into auth.users (id, email, encrypted_password) values ('0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0002', 'ann@x.test', '$argon2id$v=19$x');
        """;

    [Fact]
    public async Task A_dump_makes_the_same_database_again()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "migrations", "2_kinds.sql"), Rows, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await app.RunAsync("migrate", "up")).Code);
        CommandRun dump = await app.RunAsync("db", "dump");
        Assert.True(dump.Code == 0, dump.Errors);
        Assert.Contains("generated always as identity (start with 3)", dump.Output, StringComparison.Ordinal);
        Assert.Contains("ann@x.test", dump.Output, StringComparison.Ordinal);

        string folder = Directory.CreateTempSubdirectory("tenon-dump-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "migrations"));
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "migrations", "1_dump.sql"), dump.Output, TestContext.Current.CancellationToken);
        CommandRun up = await CommandRun.RunAsync("migrate", "up", folder);
        Assert.True(up.Code == 0, up.Errors);
        Assert.Equal(dump.Output, (await CommandRun.RunAsync("db", "dump", folder)).Output);
        Assert.Contains("create index kinds_words on public.kinds using gin (", dump.Output, StringComparison.Ordinal);
        Assert.Equal("the database has what the migration files make", (await CommandRun.RunAsync("db", "diff", folder)).Output.Trim());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_live_PostgreSQL_loads_schema_and_rows_and_goes_on_counting()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using CommandApp app = await CommandApp.MakeAsync();
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "migrations", "2_kinds.sql"), Rows, cancellation);
        Assert.Equal(0, (await app.RunAsync("migrate", "up")).Code);
        await using NpgsqlDataSource postgres = await DumpOnPostgresTests.LoadAsync((await app.RunAsync("db", "dump")).Output, cancellation);
        await using NpgsqlCommand read = postgres.CreateCommand($"insert into kinds (flag) values (null); {Texts}; select max(id)::text from kinds");
        var answers = new List<string>();
        await using NpgsqlDataReader reader = await read.ExecuteReaderAsync(cancellation);
        do
        {
            while (await reader.ReadAsync(cancellation))
            {
                answers.Add(reader.GetString(0));
            }
        } while (await reader.NextResultAsync(cancellation));
        CommandRun here = await app.RunAsync("sql", Texts, "--json");
        Assert.Equal([.. here.Json.EnumerateArray().Select(r => r.GetProperty("row").GetString()!), "3"], answers);
    }

    private const string Texts =
        "select jsonb_build_array(flag::text, small::text, exact::text, free::text, approx::text, words, raw::text, uid::text, day::text, "
        + "clock::text, at::text, span::text, doc::text, written::text, tags::text, numbers::text, twice::text, parent::text)::text as row "
        + "from kinds where id < 3 order by id";

    [Fact]
    public async Task Schema_and_rows_are_dumped_apart_and_beside_a_running_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        await app.RunAsync("sql", "insert into notes (body) values ('one')");
        string schema = (await app.RunAsync("db", "dump", "--schema")).Output;
        string rows = (await app.RunAsync("db", "dump", "--data")).Output;
        Assert.Contains("create policy \"own notes\"", schema, StringComparison.Ordinal);
        Assert.DoesNotContain("insert into public.notes (id", schema, StringComparison.Ordinal);
        Assert.Contains("insert into public.notes (id, owner, body) overriding system value values\n  (1, null, 'one');", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("create table", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("signing_keys", schema + rows, StringComparison.Ordinal);
    }
}

using System.Diagnostics;
using Npgsql;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>The life cycle of an app's database on PostgreSQL, by the commands.</summary>
public sealed class PostgresCommandTests
{
    private const string Schema = """
        create table notes (id bigint generated always as identity primary key, owner uuid references auth.users (id), body text not null);
        create index notes_body on notes (lower(body));
        alter table notes enable row level security;
        create policy own on notes using (owner = auth.uid());
        grant select, insert on notes to authenticated;
        create role {0} nologin;
        grant select on notes to {0};
        """;

    [Fact]
    public async Task A_reset_makes_the_database_anew_and_keeps_the_old_one()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "insert into notes (body) values ('seeded');");
        await app.SuccessAsync("migrate", "up");
        await app.SuccessAsync("sql", "insert into notes (body) values ('typed')");
        await app.SuccessAsync("db", "reset");
        Assert.Equal("seeded", await app.ScalarAsync("select string_agg(body, ',') from notes"));
        Assert.Equal("typed", await app.ScalarAsync("select string_agg(body, ',') from notes", "_before"));
        await app.SuccessAsync("sql", "insert into notes (body) values ('again')");
        // Its role is the server's and there already; somebody who is connected keeps the database from being renamed.
        await app.SuccessAsync("db", "reset");
        Assert.Equal("seeded,again", await app.ScalarAsync("select string_agg(body, ',' order by id) from notes", "_before"));
        await using (NpgsqlConnection somebody = await app.ConnectAsync())
        {
            CommandRun busy = await app.RunAsync("db", "reset");
            Assert.Equal(1, busy.Code);
            Assert.Contains("being accessed by other users", busy.Errors, StringComparison.Ordinal);
        }
        Assert.Equal("seeded", await app.ScalarAsync("select string_agg(body, ',') from notes"));
    }

    [Fact]
    public async Task A_database_on_another_machine_is_not_made_anew()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "");
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "tenon.toml"), "[db]\nurl = \"postgres://app:hush@db.example:5432/app\"\n", TestContext.Current.CancellationToken);
        CommandRun run = await app.RunAsync("db", "reset");
        Assert.Equal(1, run.Code);
        Assert.Contains("another machine", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_applied_whole_or_not_at_all()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "");
        await app.SuccessAsync("migrate", "up");
        await app.WriteAsync("2_broken.sql", "create table half (id int);\ninsert into half values (1);\nselect 1 / 0 from half;\n");
        CommandRun up = await app.RunAsync("migrate", "up");
        Assert.Equal(1, up.Code);
        Assert.Contains("2_broken.sql", up.Errors, StringComparison.Ordinal);
        Assert.Contains("division by zero", up.Errors, StringComparison.Ordinal);
        Assert.Equal(DBNull.Value, await app.ScalarAsync("select to_regclass('half')::text"));
        CommandRun status = await app.RunAsync("migrate", "status");
        Assert.Equal((0, "applied  1_notes.sql\npending  2_broken.sql"), (status.Code, status.Output.Trim()));
    }

    [Fact]
    public async Task A_difference_between_database_and_files_is_shown()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "");
        await app.SuccessAsync("migrate", "up");
        CommandRun same = await app.SuccessAsync("db", "diff");
        Assert.Equal("the database has what the migration files make", same.Output.Trim());
        await app.ScalarAsync("create table by_hand (id int)");
        await app.WriteAsync("2_more.sql", "create table by_file (id int primary key);");
        CommandRun diff = await app.SuccessAsync("db", "diff");
        Assert.Contains("- CREATE TABLE public.by_hand", diff.Output, StringComparison.Ordinal);
        Assert.Contains("+ CREATE TABLE public.by_file", diff.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("notes", diff.Output, StringComparison.Ordinal);
        Assert.Equal(0L, await app.ScalarAsync("select count(*) from pg_database where datname = current_database() || '_next'"));
    }

    [Fact]
    public async Task A_dump_loads_into_an_empty_database_and_holds_no_session()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "");
        await app.SuccessAsync("migrate", "up");
        await app.SuccessAsync("user", "create", "ann@example.test", "--password", "correct horse battery");
        await app.SuccessAsync("token", "ann@example.test");
        await app.SuccessAsync("sql", "insert into notes (owner, body) select id, 'first' from auth.users");
        string file = Path.Combine(app.Folder, "dump.sql");
        await app.SuccessAsync("db", "dump", "--file", file);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        await using PostgresApp other = await PostgresApp.MakeAsync(Schema, "");
        await other.LoadAsync(file);
        Assert.Equal("first", await other.ScalarAsync("select body from notes join auth.users u on u.id = owner"));
        Assert.Equal(1L, await app.ScalarAsync("select count(*) from auth.sessions"));
        Assert.Equal(0L, await other.ScalarAsync("select count(*) from auth.sessions"));
        CommandRun schema = await app.SuccessAsync("db", "dump", "--schema");
        Assert.Contains("CREATE TABLE public.notes", schema.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("first", schema.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_prompt_writes_reads_and_refuses_with_the_callers_rights()
    {
        await using PostgresApp app = await PostgresApp.MakeAsync(Schema, "");
        await app.SuccessAsync("migrate", "up");
        await app.SuccessAsync("user", "create", "ann@example.test", "--password", "correct horse battery");
        CommandRun wrote = await app.SuccessAsync("sql", "--as", "ann@example.test", "insert into notes (owner, body) values (auth.uid(), 'mine') returning body");
        Assert.Contains("mine", wrote.Output, StringComparison.Ordinal);
        Assert.Contains("INSERT 0 1", wrote.Output, StringComparison.Ordinal);
        await app.SuccessAsync("sql", "insert into notes (body) values ('nobody''s'); update notes set body = upper(body) where owner is null");
        CommandRun read = await app.SuccessAsync("sql", "--as", "ann@example.test", "--json", "select body from notes");
        Assert.DoesNotContain("NOBODY", read.Output, StringComparison.Ordinal);
        CommandRun denied = await app.RunAsync("sql", "--as", "anon", "select body from notes");
        Assert.Equal(1, denied.Code);
        Assert.Contains("permission denied for table notes", denied.Errors, StringComparison.Ordinal);
        CommandRun wrong = await app.RunAsync("sql", "insert into notes (body) values (null)");
        Assert.Equal(1, wrong.Code);
        Assert.Contains("23502", wrong.Errors, StringComparison.Ordinal);
    }

    /// <summary>An app folder on a PostgreSQL database of its own.</summary>
    private sealed class PostgresApp : IAsyncDisposable
    {
        private readonly string url;

        private PostgresApp(string folder, string url) => (Folder, this.url) = (folder, url);

        public string Folder { get; }
        private string Database => url.Split('/')[^1];

        public static async Task<PostgresApp> MakeAsync(string schema, string seed)
        {
            Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
            string url = PrivatePostgres.Shared!.CreateDatabase();
            string folder = Directory.CreateTempSubdirectory("tenon-postgres-app-").FullName;
            Directory.CreateDirectory(Path.Combine(folder, "migrations"));
            var app = new PostgresApp(folder, url);
            await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), $"[db]\nurl = \"{url}\"\n");
            await File.WriteAllTextAsync(Path.Combine(folder, "seed.sql"), seed);
            await app.WriteAsync("1_notes.sql", schema.Replace("{0}", "reader_of_" + app.Database, StringComparison.Ordinal));
            return app;
        }

        public Task WriteAsync(string migration, string sql) => File.WriteAllTextAsync(Path.Combine(Folder, "migrations", migration), sql);

        public Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.RunAsync([.. arguments, Folder]);

        public async Task<CommandRun> SuccessAsync(params string[] arguments)
        {
            CommandRun run = await RunAsync(arguments);
            Assert.True(run.Code == 0, run.Errors + run.Output);
            return run;
        }

        public async Task<NpgsqlConnection> ConnectAsync(string suffix = "")
        {
            var connection = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionTo(Database + suffix) + ";Pooling=false");
            await connection.OpenAsync();
            return connection;
        }

        public async Task<object?> ScalarAsync(string sql, string suffix = "")
        {
            await using NpgsqlConnection connection = await ConnectAsync(suffix);
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync();
        }

        /// <summary>By psql, which the dump is written for.</summary>
        public async Task LoadAsync(string file)
        {
            var info = new ProcessStartInfo("psql") { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (string argument in (string[])["-v", "ON_ERROR_STOP=1", "-q", "-f", file, url])
            {
                info.ArgumentList.Add(argument);
            }
            using Process psql = Process.Start(info)!;
            Task<string> output = psql.StandardOutput.ReadToEndAsync();
            string errors = await psql.StandardError.ReadToEndAsync();
            await output;
            await psql.WaitForExitAsync();
            Assert.True(psql.ExitCode == 0, errors);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}

using System.Text.Json;
using Npgsql;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon db plan: an administrator reads and runs what Tenon needs; then a user with few rights is enough.</summary>
public sealed class PlanCommandTests
{
    [Fact]
    public async Task A_plan_changes_nothing_and_its_SQL_is_all_that_a_user_with_few_rights_needs()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string url = PrivatePostgres.Shared!.CreateDatabase();
        string name = url.Split('/')[^1];
        await using var admin = NpgsqlDataSource.Create(PrivatePostgres.Shared.ConnectionTo(name) + ";Pooling=false");
        await ExecuteAsync(admin, $"""
            create role few_{name} login;
            create table cities (id int primary key, name text);
            create table odd (id int primary key, at inet);
            alter table odd enable row level security;
            create policy nearby on odd using (at <<= inet '10.0.0.0/8');
            insert into cities values (1, 'Bern');
            grant select on cities to few_{name};
            """);
        await using var app = await AppAsync(url.Replace("postgres@", $"few_{name}@", StringComparison.Ordinal));

        CommandRun plan = await CommandRun.RunAsync("db", "plan", app.Path);
        Assert.True(plan.Code == 3, plan.Errors + plan.Output);
        Assert.Contains("-- missing right: CREATE on the database, for the schema tenon", plan.Output, StringComparison.Ordinal);
        Assert.Contains($"as few_{name} (not: makes roles, not: makes schemas", plan.Output, StringComparison.Ordinal);
        Assert.Contains("create schema if not exists auth;", plan.Output, StringComparison.Ordinal);
        Assert.Contains("-- native: public.odd", plan.Output, StringComparison.Ordinal);
        Assert.Contains("-- create table auth.users", plan.Output, StringComparison.Ordinal);
        Assert.Equal(0L, await CountAsync(admin, "select count(*) from pg_namespace where nspname in ('tenon', 'auth')"));
        CommandRun refused = await CommandRun.RunAsync("migrate", "up", app.Path);
        Assert.Equal(1, refused.Code);

        // What it printed is a script: whoever may, runs it as it is.
        await ExecuteAsync(admin, plan.Output + "grant select on cities to anon; grant select on odd to anon;");
        CommandRun prepared = await CommandRun.RunAsync("db", "plan", app.Path, "--json");
        Assert.Equal(3, prepared.Code);
        Assert.Empty(prepared.Json.GetProperty("missing").EnumerateArray());
        Assert.Empty(prepared.Json.GetProperty("missingRights").EnumerateArray());
        Assert.NotEmpty(prepared.Json.GetProperty("ownMigrations").EnumerateArray());
        CommandRun up = await CommandRun.RunAsync("migrate", "up", app.Path);
        Assert.True(up.Code == 0, up.Errors);
        Assert.Contains("row policies: compiled by Tenon; native", up.Output, StringComparison.Ordinal);
        Assert.Contains("changes of the schema: told by event triggers", up.Output, StringComparison.Ordinal);
        CommandRun complete = await CommandRun.RunAsync("db", "plan", app.Path);
        Assert.True(complete.Code == 0, complete.Output);
        Assert.Contains("-- nothing is missing", complete.Output, StringComparison.Ordinal);
        CommandRun rows = await CommandRun.RunAsync("sql", "--as", "anon", "select name from cities", app.Path);
        Assert.Contains("Bern", rows.Output, StringComparison.Ordinal);
        CommandRun user = await CommandRun.RunAsync("user", "create", "ann@example.test", app.Path);
        Assert.True(user.Code == 0, user.Errors);
        CommandRun doctor = await CommandRun.RunAsync("doctor", app.Path);
        Assert.Contains("ok     native: public.odd", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_of_others_in_the_place_of_one_of_Tenons_is_named()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using var admin = NpgsqlDataSource.Create(PrivatePostgres.Shared.ConnectionTo(url.Split('/')[^1]) + ";Pooling=false");
        await ExecuteAsync(admin, "create schema auth; create table auth.users (id uuid primary key)");
        await using var app = await AppAsync(url);
        CommandRun plan = await CommandRun.RunAsync("db", "plan", app.Path, "--json");
        Assert.Equal(3, plan.Code);
        Assert.Equal("auth.users", plan.Json.GetProperty("inTheWay").EnumerateArray().Single().GetString());
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_or_is_made_by_Tenon_itself_has_no_plan()
    {
        await using var away = await AppAsync("postgres://nobody:hush@127.0.0.1:1/none");
        CommandRun plan = await CommandRun.RunAsync("db", "plan", away.Path);
        Assert.Equal((1, ""), (plan.Code, plan.Output));
        Assert.DoesNotContain("hush", plan.Errors, StringComparison.Ordinal);
        await using var own = await AppAsync("sqlite:.tenon/data.db");
        plan = await CommandRun.RunAsync("db", "plan", own.Path);
        Assert.Equal(1, plan.Code);
        Assert.Contains("tenon migrate up", plan.Errors, StringComparison.Ordinal);
    }

    private static async Task<Folder> AppAsync(string url)
    {
        string path = Directory.CreateTempSubdirectory("tenon-plan-").FullName;
        await File.WriteAllTextAsync(Path.Combine(path, "tenon.toml"), $"[db]\nurl = \"{url}\"\n[db.migrations]\nenabled = false\n");
        return new Folder(path);
    }

    private sealed record Folder(string Path) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Directory.Delete(Path, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, string sql)
    {
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

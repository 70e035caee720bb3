using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon db move and the commands on the database that it made.</summary>
public sealed class MoveCommandTests
{
    [Fact]
    public async Task A_move_shows_each_table_and_what_to_do_next()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun user = await app.RunAsync("user", "create", "ann@example.test", "--password", "correct horse battery");
        Assert.True(user.Code == 0, user.Errors);
        await app.RunAsync("sql", "insert into notes (owner, body) select id, 'first' from auth.users");
        string postgres = PrivatePostgres.Shared!.CreateDatabase();

        CommandRun trial = await app.RunAsync("db", "move", postgres, "--dry-run");
        Assert.True(trial.Code == 0, trial.Errors);
        Assert.Contains("Dry run: PostgreSQL 127.0.0.1:", trial.Output, StringComparison.Ordinal);
        CommandRun moved = await app.RunAsync("db", "move", postgres);
        Assert.True(moved.Code == 0, moved.Errors);
        Assert.Matches(@"rows +public\.notes  1  [0-9a-f]{16}", moved.Output);
        Assert.Contains("compared", moved.Output, StringComparison.Ordinal);
        Assert.Contains("[db] url = \"env(DATABASE_URL)\"", moved.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("postgres@", moved.Output, StringComparison.Ordinal);

        CommandRun again = await app.RunAsync("db", "move", postgres);
        Assert.Equal(1, again.Code);
        Assert.Contains("is not empty", again.Errors, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(app.Folder, "tenon.toml"), $"project_id = \"commands\"\n[db]\nurl = \"{postgres}\"\n", TestContext.Current.CancellationToken);
        CommandRun rows = await app.RunAsync("sql", "--as", "ann@example.test", "--json", "select id, body from notes");
        Assert.Contains("\"first\"", rows.Output, StringComparison.Ordinal);
        CommandRun status = await app.RunAsync("migrate", "status");
        Assert.Equal((0, "applied  1_notes.sql"), (status.Code, status.Output.Trim()));
        CommandRun back = await app.RunAsync("db", "move", "sqlite:back.db", "--json");
        Assert.True(back.Code == 0, back.Errors);
        JsonElement notes = back.Json.GetProperty("tables").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "public.notes");
        Assert.Equal(1, notes.GetProperty("rows").GetInt64());
        Assert.StartsWith(notes.GetProperty("checksum").GetString()![..16], moved.Output.Split("public.notes  1  ")[1], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(app.Folder, "back.db")));
    }
}

using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>Commands that look at the schema: policy explain and gen types.</summary>
public sealed class SchemaCommandTests
{
    [Fact]
    public async Task A_policy_is_explained_in_words_by_role()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun run = await app.RunAsync("policy", "explain", "notes");
        Assert.True(run.Code == 0, run.Errors);
        Assert.Equal(
            """
            public.notes   row level security on

            anon
              select refused
                     Grant the required privileges to the current role with: GRANT SELECT ON public.notes TO anon;
            """,
            string.Join('\n', run.Output.ReplaceLineEndings("\n").Split('\n')[..5])
        );
        Assert.Contains(
            """
            authenticated
              select rows that one of the policies lets through
                     "own notes"
                       rows where owner equals the caller's id
              insert rows that one of the policies lets through
                     "own notes"
                       written rows must have: owner equals the caller's id
              update refused
            """,
            run.Output.ReplaceLineEndings("\n"),
            StringComparison.Ordinal
        );
        JsonElement service = (await app.RunAsync("policy", "explain", "public.notes", "--as", "service_role", "--json")).Json;
        Assert.All(service.EnumerateArray(), c => Assert.True(c.GetProperty("granted").GetBoolean()));
        Assert.Equal(1, (await app.RunAsync("policy", "explain", "nots")).Code);
    }

    [Fact]
    public async Task Types_are_generated_beside_a_running_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        CommandRun types = await app.RunAsync("gen", "types", "typescript");
        Assert.True(types.Code == 0, types.Errors);
        Assert.Contains("notes: {", types.Output, StringComparison.Ordinal);
        Assert.Contains("add_note:", types.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_migration_files_would_change_is_shown_by_statements()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        Assert.Equal("the database has what the migration files make", (await app.RunAsync("db", "diff")).Output.Trim());
        await File.WriteAllTextAsync(
            Path.Combine(app.Folder, "migrations", "2_more.sql"),
            "drop policy \"own notes\" on notes;\ncreate table later (id int);\n",
            TestContext.Current.CancellationToken
        );
        CommandRun diff = await app.RunAsync("db", "diff");
        Assert.Equal(
            """
            - create policy "own notes" on public.notes using (owner = auth.uid()) with check (owner = auth.uid());
            + create table public.later (
            +   id integer
            + );

            """,
            diff.Output.ReplaceLineEndings("\n")
        );
        Assert.Equal(2, (await app.RunAsync("db", "diff", "--json")).Json.EnumerateObject().Count());
    }

    [Fact]
    public async Task The_state_of_each_migration_is_listed_for_scripts()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "migrations", "2_more.sql"), "create table later (id int);", cancellation);
        CommandRun status = await app.RunAsync("migrate", "status", "--json");
        Assert.Equal((0, """[{"state":"applied","name":"1_notes.sql"},{"state":"pending","name":"2_more.sql"}]"""), (status.Code, status.Output.Trim()));
        await File.AppendAllTextAsync(Path.Combine(app.Folder, "migrations", "1_notes.sql"), "-- edited", cancellation);
        CommandRun edited = await app.RunAsync("migrate", "status");
        Assert.Equal((1, "edited   1_notes.sql\npending  2_more.sql"), (edited.Code, edited.Output.ReplaceLineEndings("\n").Trim()));
    }

    [Fact]
    public async Task A_new_migration_is_an_empty_file_behind_all_others_and_runs_in_its_turn()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun made = await CommandRun.RunAsync("migrate", "new", "Add later", app.Folder);
        Assert.Equal(0, made.Code);
        string path = Assert.Single(Directory.GetFiles(Path.Combine(app.Folder, "migrations"), "*_add_later.sql"));
        Assert.Equal(path, Path.GetFullPath(made.Output.Trim()));
        Assert.Matches("^[0-9]{14}_add_later.sql$", Path.GetFileName(path));
        Assert.Empty(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(path, "create table later (id int);", TestContext.Current.CancellationToken);
        Assert.Contains("\"pending\",\"name\":\"" + Path.GetFileName(path), (await app.RunAsync("migrate", "status", "--json")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await app.RunAsync("migrate", "up")).Code);
        Assert.Contains("\"applied\",\"name\":\"" + Path.GetFileName(path), (await app.RunAsync("migrate", "status", "--json")).Output, StringComparison.Ordinal);
    }
}

using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>tenon dev follows its files: what can be applied is, and what cannot leaves the server as it was.</summary>
public sealed class DevReloadTests
{
    private const string Read = "/rest/v1/notes?select=body&order=id";

    [Fact]
    public async Task An_edited_migration_makes_a_fresh_database_and_one_that_fails_leaves_the_old_one_serving()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.Equal(201, (await tenon.AskAsync("/rest/v1/notes", """{"id":2,"body":"by hand"}""")).Status);

        app.Write("migrations/0001_notes.sql", AppOfFiles.Notes + "create table broken (id no_such_type);\n");
        await tenon.SaysAsync("tenon: 0001_notes.sql:5:25: ");
        Assert.Contains("0001_notes.sql was edited after it had been applied", tenon.Output, StringComparison.Ordinal);
        Assert.Equal("""[{"body":"seeded"},{"body":"by hand"}]""", await tenon.GetAsync(Read));
        Assert.False(File.Exists(app.File(".tenon/data.db.next")));

        app.Write("migrations/0001_notes.sql", AppOfFiles.Notes + "alter table public.notes add column done boolean default false;\n");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal("""[{"body":"seeded","done":false}]""", await tenon.GetAsync("/rest/v1/notes?select=body,done"));
        Assert.True(File.Exists(app.File(".tenon/data.db.before")));
    }

    [Fact]
    public async Task A_changed_seed_makes_a_fresh_database_and_one_that_fails_leaves_the_old_one_serving()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        app.Write("seed.sql", "insert into public.notes values (1, 'first');\ninsert into public.notes (id) values (2);\n");
        await tenon.SaysAsync("tenon: seed.sql:2:1: null value in column \"body\"");
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync(Read));

        app.Write("seed.sql", "insert into public.notes values (1, 'first'), (2, 'second');\n");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal("""[{"body":"first"},{"body":"second"}]""", await tenon.GetAsync(Read));
    }

    [Fact]
    public async Task A_new_migration_is_applied_to_the_database_in_use()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        app.Write("migrations/0002_more.sql", """
            insert into public.notes values (9, 'migrated');
            create table public.tags (name text primary key);
            alter table public.tags enable row level security;
            grant select on public.tags to anon;
            create policy "all" on public.tags for select using (true);
            insert into public.tags values ('new');
            """);
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal("""[{"name":"new"}]""", await tenon.GetAsync("/rest/v1/tags"));
        Assert.Equal("""[{"body":"seeded"},{"body":"migrated"}]""", await tenon.GetAsync(Read));
        Assert.False(File.Exists(app.File(".tenon/data.db.before")));
    }

    [Fact]
    public async Task A_wrong_setting_is_named_with_its_line_and_a_right_one_takes_effect()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        app.Write("tenon.toml", "project_id = \"files\"\n[api]\nmax_rowz = 1\n");
        await tenon.SaysAsync("tenon: tenon.toml:3: unknown key api.max_rowz; did you mean api.max_rows?");
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync(Read));

        const string Closed = "\"disable_signup\":true";
        Assert.DoesNotContain(Closed, await tenon.GetAsync("/auth/v1/settings"), StringComparison.Ordinal);
        app.Write("tenon.toml", "project_id = \"files\"\n[auth]\nenable_signup = false\n");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Contains(Closed, await tenon.GetAsync("/auth/v1/settings"), StringComparison.Ordinal);

        app.Write("tenon.toml", "project_id = \"files\"\n[auth]\njwt_expiry = 1\n");
        await tenon.SaysAsync("jwt_expiry must be from 30");
        Assert.Contains(Closed, await tenon.GetAsync("/auth/v1/settings"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_neither_new_nor_old_settings_start_the_next_change_may_be_the_mend()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        foreach (string file in Directory.GetFiles(app.File(".tenon"), "data.db*"))
        {
            File.Delete(file);
        }
        app.Write(".tenon/data.db", new string('x', 8192));
        app.Write("tenon.toml", "project_id = \"files\"\n[auth]\njwt_expiry = 100\n");
        await tenon.SaysAsync("tenon: ", 1);
        foreach (string file in Directory.GetFiles(app.File(".tenon"), "data.db*"))
        {
            File.Delete(file);
        }
        app.Write("tenon.toml", "project_id = \"files\"\n[auth]\njwt_expiry = 200\n");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync(Read));
    }

    [Fact]
    public async Task With_keep_data_nothing_is_thrown_away()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using (RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path, ["--keep-data"]))
        {
            app.Write("seed.sql", "insert into public.notes values (7, 'other');\n");
            await tenon.SaysAsync("tenon: the seed changed, and --keep-data forbids a fresh database");
            Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync(Read));
            Assert.Equal(0, await tenon.EndAsync("INT"));
        }
        await using RunningTenon again = RunningTenon.Start("dev", app.Path, LoopbackPort.Next(), ["--keep-data"]);
        Assert.Equal(1, await again.EndAsync());
        Assert.StartsWith("tenon: the seed changed, and --keep-data forbids a fresh database; restore the file", again.Errors.TrimStart(), StringComparison.Ordinal);
        Assert.False(File.Exists(app.File(".tenon/data.db.before")));
    }

    [Fact]
    public async Task A_first_start_that_fails_leaves_no_half_database()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("migrations/0002_bad.sql", "create table t (\n  id nothing\n);\n"));
        await using RunningTenon tenon = RunningTenon.Start("dev", app.Path, LoopbackPort.Next());
        Assert.Equal(1, await tenon.EndAsync());
        Assert.StartsWith("tenon: 0002_bad.sql:2:6: ", tenon.Errors.TrimStart(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", tenon.Errors, StringComparison.Ordinal);
        Assert.Equal([app.File(".tenon/data.db.lock")], Directory.GetFiles(app.File(".tenon"), "data.db*"));
    }
}

using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon source add: what it writes where, and that it writes nothing when it refuses.</summary>
public sealed class SourceAddTests
{
    private const string Settings = """
        # the app of the shop
        project_id = "shop"   # its name

        [api]
        max_rows = 500
        # the last word
        """;

    [Fact]
    public async Task A_source_goes_to_the_end_of_the_settings_and_its_password_into_a_variable()
    {
        string url = MariaDb.AttachedMariaDb.Server().CreateDatabase("create table customers (id int primary key); create table orders (id int primary key);");
        using Folder app = await AppAsync(Settings);
        CommandRun add = await CommandRun.RunWithInputAsync(url + "\n", "source", "add", "crm", app.Path, "--writable", "--table", "customers", "--table", "ord*");
        Assert.True(add.Code == 0, add.Output + add.Errors);
        Assert.Equal(
            Settings + "\n\n[sources.crm]\nurl = \"env(CRM_DATABASE_URL)\"\ntables = [\"customers\", \"ord*\"]\nwritable = true\n",
            await app.TextAsync("tenon.toml")
        );
        Assert.Equal($"CRM_DATABASE_URL={url}\n", await app.TextAsync(".env.local"));
        string policies = await app.TextAsync("sources/crm/policies.sql");
        Assert.Contains("-- alter table orders enable row level security;", policies, StringComparison.Ordinal);
        Assert.All(policies.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("--", line, StringComparison.Ordinal));
        Assert.Contains("2 tables found, 0 exposed", add.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", add.Output + add.Errors, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(app.Path, ".env.local")));
        }
        // What was written is what the others read.
        CommandRun test = await CommandRun.RunAsync("source", "test", "crm", app.Path, "--json");
        Assert.True(test.Code == 0 && test.Json[0].GetProperty("tables").GetInt32() == 2, test.Output + test.Errors);

        CommandRun twice = await CommandRun.RunWithInputAsync(url, "source", "add", "crm", app.Path);
        Assert.True(twice.Code == 1 && twice.Errors.Contains("has a source crm already (tenon.toml:", StringComparison.Ordinal), twice.Errors);
        // A second one, its url by a variable that is there; what is there of the first stays.
        string before = await app.TextAsync("tenon.toml");
        CommandRun second = await CommandRun.RunAsync("source", "add", "old_crm", app.Path, "--url", "env(CRM_DATABASE_URL)", "--json");
        Assert.True(second.Code == 0, second.Output + second.Errors);
        Assert.Equal(["tenon.toml", "sources/old_crm/policies.sql"], second.Json.GetProperty("written").EnumerateArray().Select(w => w.GetString()));
        Assert.Equal(JsonValueKind.Null, second.Json.GetProperty("variable").ValueKind);
        Assert.Equal(before + "\n[sources.old_crm]\nurl = \"env(CRM_DATABASE_URL)\"\n", await app.TextAsync("tenon.toml"));
        Assert.Equal($"CRM_DATABASE_URL={url}\n", await app.TextAsync(".env.local"));
    }

    [Fact]
    public async Task Nothing_is_written_when_it_is_refused()
    {
        string url = MariaDb.AttachedMariaDb.Server().CreateDatabase("create table t (id int primary key);");
        const string settings = Settings + "\nschemas = [\"public\", \"shop\"]\n[sources]\ntaken.url = \"mysql://u@127.0.0.1:1/x\"\n";
        using Folder app = await AppAsync(settings);
        await File.WriteAllTextAsync(Path.Combine(app.Path, ".env"), "CRM_DATABASE_URL=mysql://another@127.0.0.1:1/x\n", TestContext.Current.CancellationToken);
        foreach ((string what, string[] words) in new (string, string[])[]
        {
            ("cannot be reached", ["crm", "--variable", "FREE", "--url", $"mysql://tenon:a%20secret@127.0.0.1:{LoopbackPort.Next()}/crm"]),
            ("refuses the user tenon", ["crm", "--variable", "FREE", "--url", url.Replace("a%20secret", "wrong%20secret", StringComparison.Ordinal)]),
            ("the kind of url of source crm is not supported", ["crm", "--variable", "FREE", "--no-check", "--url", "ftp://tenon:a%20secret@127.0.0.1/crm"]),
            ("is not a url with a host and a database", ["crm", "--variable", "FREE", "--no-check", "--url", "mysql://tenon:a%20secret@127.0.0.1"]),
            ("the variable CRM_DATABASE_URL is set to something else", ["crm", "--url", url]),
            ("cannot name a variable", ["crm", "--url", url, "--variable", "1-secret"]),
            ("has a source taken already (tenon.toml:9)", ["taken", "--url", url]),
            ("shop is a schema of the main database", ["shop", "--url", url]),
            ("Bad-Name cannot name a source", ["Bad-Name", "--url", url]),
            ("NOWHERE", ["crm", "--url", "env(NOWHERE)"]),
            ("no url", ["crm"]),
        })
        {
            CommandRun run = await CommandRun.RunAsync(["source", "add", words[0], app.Path, .. words[1..]]);
            Assert.True(run.Code == 1 && run.Output.Length == 0 && run.Errors.Contains(what, StringComparison.Ordinal), $"{what}: {run.Code} {run.Output}{run.Errors}");
            Assert.DoesNotContain("%20secret", run.Errors, StringComparison.Ordinal);
        }
        Assert.Equal(settings, await app.TextAsync("tenon.toml"));
        Assert.Equal([".env", "tenon.toml"], Directory.EnumerateFileSystemEntries(app.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_password_never_stands_in_the_settings_and_a_variable_may()
    {
        using Folder app = await AppAsync("project_id = \"shop\"\n");
        await File.WriteAllTextAsync(Path.Combine(app.Path, ".env"), "PLACE=127.0.0.1:1\nWORD=hidden\n", TestContext.Current.CancellationToken);
        foreach ((string name, string url) in new[] { ("one", "mysql://u:secret@${PLACE}/crm"), ("two", "mysql://u:${WORD}@${PLACE}/crm") })
        {
            CommandRun add = await CommandRun.RunAsync("source", "add", name, app.Path, "--no-check", "--url", url);
            Assert.True(add.Code == 0, add.Errors);
        }
        Assert.Equal(
            "project_id = \"shop\"\n\n[sources.one]\nurl = \"env(ONE_DATABASE_URL)\"\n\n[sources.two]\nurl = \"mysql://u:${WORD}@${PLACE}/crm\"\n",
            await app.TextAsync("tenon.toml")
        );
        Assert.Equal("ONE_DATABASE_URL=mysql://u:secret@127.0.0.1:1/crm\n", await app.TextAsync(".env.local"));
    }

    [Fact]
    public async Task Settings_of_any_form_stay_as_they_are()
    {
        // Lines of another system, no end of the last one; a table that is written inline cannot be added to, and says so.
        using Folder lines = await AppAsync("project_id = \"shop\"\r\n[api]\r\nmax_rows = 5");
        CommandRun add = await CommandRun.RunAsync("source", "add", "crm", lines.Path, "--no-check", "--url", "mysql://reader@127.0.0.1:1/crm");
        Assert.True(add.Code == 0, add.Errors);
        Assert.Equal("project_id = \"shop\"\r\n[api]\r\nmax_rows = 5\r\n\r\n[sources.crm]\r\nurl = \"mysql://reader@127.0.0.1:1/crm\"\r\n", await lines.TextAsync("tenon.toml"));
        Assert.False(File.Exists(Path.Combine(lines.Path, ".env.local")));

        const string inline = "sources = { shop = { url = \"mysql://reader@127.0.0.1:1/shop\" } }\n";
        using Folder standing = await AppAsync(inline);
        CommandRun refused = await CommandRun.RunAsync("source", "add", "crm", standing.Path, "--no-check", "--url", "mysql://reader@127.0.0.1:1/crm");
        Assert.True(refused.Code == 1 && refused.Errors.Contains("[sources.crm] cannot be added by a command here; add it by hand", StringComparison.Ordinal), refused.Errors);
        Assert.Equal(inline, await standing.TextAsync("tenon.toml"));
    }

    private static async Task<Folder> AppAsync(string settings)
    {
        var folder = new Folder(Directory.CreateTempSubdirectory("tenon-add-").FullName);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "tenon.toml"), settings);
        return folder;
    }

    private sealed record Folder(string Path) : IDisposable
    {
        public Task<string> TextAsync(string file) => File.ReadAllTextAsync(System.IO.Path.Combine(Path, file));

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

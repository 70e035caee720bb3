using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tenon.Sources.Sqlite;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>What tenon dev says at its start, and what it refuses.</summary>
public sealed class DevStartTests
{
    private const string Open = """
        create table public.cities (id int primary key, name text);
        grant select on public.cities to anon;
        insert into public.cities values (1, 'Ghent');

        """;

    [Fact]
    public async Task It_prints_steps_addresses_and_shortened_keys_and_logs_shapes_of_requests()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("public/index.html", "<!doctype html>"), ("tenon.toml", "project_id = \"files\"\n[realtime]\nenabled = true\nmax_connections = 5\n"));
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.NotEmpty((await tenon.AskAsync("/rest/v1/notes?select=body&body=not.eq.canary-value&limit=5")).RequestId!);
        await tenon.SaysAsync(" GET /rest/v1/notes?select=…&body=not.eq.…&limit=… anon 200 1 row 1 stmt ");
        string key = tenon.Http.DefaultRequestHeaders.GetValues("apikey").Single();
        string[] said = tenon.Output.Split('\n', StringSplitOptions.TrimEntries);
        Assert.StartsWith("tenon ", said[0], StringComparison.Ordinal);
        Assert.Contains(said, l => l.StartsWith("migrations   1 applied", StringComparison.Ordinal));
        Assert.Contains(said, l => l.StartsWith("seed         1 notes", StringComparison.Ordinal));
        Assert.Contains(said, l => l == $"App            http://127.0.0.1:{tenon.Port}/");
        Assert.Contains(said, l => l == $"API            http://127.0.0.1:{tenon.Port}/rest/v1");
        Assert.Contains(said, l => l.StartsWith($"Publishable    {key[..18]}…", StringComparison.Ordinal));
        Assert.Equal(["notice  tenon.toml:3: realtime is not built yet and has no effect"], said.Where(l => l.StartsWith("notice", StringComparison.Ordinal)));
        Assert.DoesNotContain(key, tenon.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("canary-value", tenon.Output + tenon.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', tenon.Output);
        Assert.DoesNotContain("q quit", tenon.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_version_had_computed_is_named_before_the_address()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("migrations/0002_index.sql", "create index notes_lower on public.notes (lower(body));"));
        await using (RunningTenon first = await RunningTenon.StartReadyAsync("dev", app.Path))
        {
            Assert.DoesNotContain("renew", first.Output, StringComparison.Ordinal);
            Assert.Equal(0, await first.EndAsync("INT"));
        }
        using (SqliteConnection file = SqliteConnection.Open(new SqliteOptions(app.File(".tenon/data.db")), SqliteMode.Writer))
        {
            file.ExecuteScript("update \"tenon.functions\" set stamp = '0' where name = 'lower'");
        }
        await using RunningTenon second = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.Contains("notes_lower: computed anew with the functions of this version", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_terminal_keys_reset_the_data_write_the_types_and_quit()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script, which makes a terminal, is not installed");
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon tenon = RunningTenon.StartInTerminal("dev", app.Path, LoopbackPort.Next());
        await tenon.SaysAsync("r reset data   t gen types   q quit");
        Assert.Contains("\e[1mReady in", tenon.Output, StringComparison.Ordinal);
        using (var keys = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(app.File(".tenon/dev.json"), TestContext.Current.CancellationToken)))
        {
            tenon.Http.DefaultRequestHeaders.Add("apikey", keys.RootElement.GetProperty("publishableKey").GetString());
        }
        Assert.Equal(201, (await tenon.AskAsync("/rest/v1/notes", """{"id":2,"body":"by hand"}""")).Status);
        await tenon.TypeAsync("r");
        await tenon.SaysAsync("the data is reset");
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
        await tenon.TypeAsync("t");
        await tenon.SaysAsync("types are written to ");
        Assert.Contains("notes: {", await File.ReadAllTextAsync(app.File("database.types.ts"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await tenon.TypeAsync("q");
        Assert.Equal(0, await tenon.EndAsync());
    }

    [Fact]
    public async Task A_second_start_on_the_same_folder_is_refused_and_so_is_a_reset_under_it()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using RunningTenon first = await RunningTenon.StartReadyAsync("dev", app.Path);
        await using RunningTenon second = RunningTenon.Start("dev", app.Path, LoopbackPort.Next());
        Assert.Equal(1, await second.EndAsync());
        string refusal = $"tenon: tenon dev runs on {app.Path} already (http://127.0.0.1:{first.Port}); stop it first";
        Assert.Equal(refusal, second.Errors.Trim());
        (int code, _, string errors) = await RunAsync("db", "reset", app.Path);
        Assert.Equal((1, refusal), (code, errors.Trim()));
        Assert.Equal("""[{"body":"seeded"}]""", await first.GetAsync("/rest/v1/notes?select=body"));

        Assert.Equal(201, (await first.AskAsync("/rest/v1/notes", """{"id":2,"body":"by hand"}""")).Status);
        Assert.Equal(0, await first.EndAsync("INT"));
        (code, string output, _) = await RunAsync("db", "reset", app.Path);
        Assert.Equal(0, code);
        Assert.Contains("1 notes", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_passed_over_with_a_notice()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using RunningTenon tenon = RunningTenon.Start("dev", app.Path, port);
        await tenon.SaysAsync("Ready in");
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"notice  port {port} is in use; taking "), tenon.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_table_is_warned_of_with_the_line_to_add_until_it_is_listed()
    {
        using AppOfFiles app = new(("migrations/1_cities.sql", Open));
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        await tenon.SaysAsync(
            "warning  table public.cities is granted to anon but has no row level security: anyone can read it\n"
            + "         mend: alter table public.cities enable row level security; or, if it is meant for all: [api] open = [\"cities\"]"
        );
        app.Write("tenon.toml", "project_id = \"files\"\n[api]\nopen = [\"cities\", \"citys\"]\n");
        await tenon.SaysAsync("notice  [api] open lists citys, which is no open table");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal(2, tenon.Output.Split("warning  ").Length);
        Assert.Equal("""[{"name":"Ghent"}]""", await tenon.GetAsync("/rest/v1/cities?select=name"));
    }

    [Fact]
    public async Task Migrate_and_doctor_name_open_tables_too()
    {
        using AppOfFiles app = new(("migrations/1_cities.sql", Open));
        foreach ((string command, string first) in new[] { ("migrate", "warning  "), ("doctor", "warn   ") })
        {
            (int code, string output, string errors) = command == "migrate" ? await RunAsync("migrate", "up", app.Path) : await RunAsync("doctor", app.Path);
            Assert.True(code == 0, output + errors);
            Assert.Contains(first + "table public.cities is granted to anon but has no row level security: anyone can read it", output, StringComparison.Ordinal);
            Assert.Contains("mend: alter table public.cities enable row level security;", output, StringComparison.Ordinal);
        }
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        string configuration = AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "release" : "debug";
        var info = new System.Diagnostics.ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add(Tenon.Testing.Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll"));
        arguments.ToList().ForEach(info.ArgumentList.Add);
        using var process = System.Diagnostics.Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}

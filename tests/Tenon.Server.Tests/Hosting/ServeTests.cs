using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>tenon serve while it runs: its log, its end, its TLS.</summary>
public sealed class ServeTests
{
    [Fact]
    public async Task Every_request_is_one_JSON_line_of_its_shape_with_the_id_of_its_answer()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("public/index.html", "<!doctype html>"));
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        tenon.Http.DefaultRequestHeaders.Add("apikey", variables["PUBLISHABLE_KEY"]);
        string? id = (await tenon.AskAsync("/rest/v1/notes?select=body&or=(id.eq.1,body.eq.x)&id=gte.0")).RequestId;
        JsonElement line = await LineAsync(tenon, id);
        Assert.Equal("GET", line.GetProperty("method").GetString());
        Assert.Equal("/rest/v1/notes?select=…&or=…&id=gte.…", line.GetProperty("target").GetString());
        Assert.Equal("anon", line.GetProperty("role").GetString());
        Assert.Equal(200, line.GetProperty("status").GetInt32());
        Assert.Equal(0, line.GetProperty("rows").GetInt32());
        Assert.Equal(1, line.GetProperty("statements").GetInt32());
        Assert.True(line.GetProperty("ms").GetDouble() > 0);

        (int written, _, string? post) = await tenon.AskAsync("/rest/v1/notes", """[{"id":5,"body":"a"},{"id":6,"body":"b"}]""");
        Assert.Equal(201, written);
        line = await LineAsync(tenon, post);
        Assert.Equal((2, 2), (line.GetProperty("rows").GetInt32(), line.GetProperty("statements").GetInt32()));

        foreach ((string path, string target) in new[]
        {
            ("/auth/v1/admin/users/3fa85f64-5717-4562-b3fc-2c963f66afa6?token=abc", "/auth/v1/admin/users/…?token=…"),
            ("/a/page/of/the/front/end?x", "/…?…"),
            ("/", "/"),
            ("/health/ready", "/health/ready"),
        })
        {
            line = await LineAsync(tenon, (await tenon.AskAsync(path)).RequestId);
            Assert.Equal(target, line.GetProperty("target").GetString());
        }
    }

    [Fact]
    public async Task Secrets_and_values_of_requests_never_reach_the_log()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        tenon.Http.DefaultRequestHeaders.Add("apikey", variables["PUBLISHABLE_KEY"]);
        tenon.Http.DefaultRequestHeaders.Add("Cookie", "session=canary-cookie");
        tenon.Http.DefaultRequestHeaders.Add("User-Agent", "canary-agent");
        var statuses = new List<int>();
        foreach ((string path, string? body) in new (string, string?)[]
        {
            ("/rest/v1/notes?body=eq.canary-filter", null),
            ("/rest/v1/notes?id=eq.canary-not-a-number", null),
            ("/rest/v1/notes?apikey=canary-query-key&canary-word", null),
            ("/rest/v1/notes?canary-column\"=eq.1", null),
            ("/rest/v1/canary%20table", null),
            ("/rest/v1/notes", """{"id":5,"body":"canary-row"}"""),
            ("/rest/v1/notes", """{"id":5,"body":"canary-duplicate"}"""),
            ("/rest/v1/notes", """{"id":6,"body":canary-broken"""),
            ("/auth/v1/signup", """{"email":"canary@mail.test","password":"canary-Password-1"}"""),
            ("/auth/v1/token?grant_type=password", """{"email":"canary@mail.test","password":"canary-Password-2"}"""),
            ("/auth/v1/token?grant_type=refresh_token", """{"refresh_token":"canary-refresh"}"""),
            ("/canary-page?code=canary-code", null),
        })
        {
            (int status, _, string? id) = await tenon.AskAsync(path, body);
            statuses.Add(status);
            Assert.NotNull(id);
            await LineAsync(tenon, id);
        }
        tenon.Http.DefaultRequestHeaders.Add("Authorization", "Bearer canary.bearer.token");
        Assert.Equal(401, (await tenon.AskAsync("/rest/v1/notes")).Status);
        Assert.Equal(0, await tenon.EndAsync("TERM"));

        // What was asked for was done, or the test would look for what nobody ever saw.
        Assert.Equal([200, 400, 400, 400, 404, 201, 409, 400, 200, 400, 400, 404], statuses);
        string log = tenon.Output + tenon.Errors;
        Assert.DoesNotContain("canary", log, StringComparison.OrdinalIgnoreCase);
        foreach (string name in new[] { "SECRET_KEY", "PUBLISHABLE_KEY", "TENON_ENCRYPTION_KEY" })
        {
            Assert.DoesNotContain(variables[name]!, log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task On_SIGTERM_it_takes_no_new_connection_finishes_what_runs_and_leaves_a_whole_database()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        byte[] body = """{"id":7,"body":"begun before the end"}"""u8.ToArray();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, tenon.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        string head = $"POST /rest/v1/notes HTTP/1.1\r\nHost: x\r\napikey: {variables["PUBLISHABLE_KEY"]}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        await stream.WriteAsync(body.AsMemory(0, 10), TestContext.Current.CancellationToken);
        await stream.FlushAsync(TestContext.Current.CancellationToken);
        // The server has begun with it once it answers another request that came later.
        Assert.Equal(200, (await tenon.AskAsync("/health/ready")).Status);

        tenon.Signal("TERM");
        await tenon.UntilAsync(() => !Accepts(tenon.Port), "the end of listening");
        await stream.WriteAsync(body.AsMemory(10), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        string answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 201 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, await tenon.EndAsync());
        Assert.Contains("stopping", tenon.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(app.File(".tenon/data.db-wal")), "the log was not emptied into the database");

        await using RunningTenon again = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        again.Http.DefaultRequestHeaders.Add("apikey", variables["PUBLISHABLE_KEY"]);
        Assert.Equal("""[{"id":7}]""", await again.GetAsync("/rest/v1/notes?select=id"));
    }

    [Fact]
    public async Task Every_line_it_prints_is_JSON_from_its_start_to_its_end()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("tenon.toml", "project_id = \"files\"\n[web]\nroot = \"web\"\n[studio]\nenabled = true\n"), ("web/package.json", "{}"));
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production());
        Assert.Equal(200, (await tenon.AskAsync("/health/ready")).Status);
        Assert.Equal(0, await tenon.EndAsync("TERM"));
        JsonElement[] lines = [.. tenon.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(l => JsonElement.Parse(l))];
        Assert.Equal(
            ["starting", "notice", "notice", "migrations", "ready", "stopping"],
            lines.Where(l => l.TryGetProperty("event", out _)).Select(l => l.GetProperty("event").GetString())
        );
        Assert.All(lines, line => Assert.True(line.GetProperty("time").TryGetDateTimeOffset(out _)));
        Assert.Equal("", tenon.Errors.Trim());
    }

    [Fact]
    public async Task A_second_server_on_the_same_SQLite_file_is_refused_and_the_first_goes_on()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using RunningTenon first = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        foreach (string command in new[] { "serve", "dev" })
        {
            await using RunningTenon second = RunningTenon.Start(command, app.Path, LoopbackPort.Next(), variables: command == "serve" ? variables : null);
            Assert.Equal(1, await second.EndAsync());
            Assert.Equal($"tenon: another tenon dev or serve runs on the database in {app.File(".tenon")}; stop it first", second.Errors.Trim());
        }
        Assert.Equal(200, (await first.AskAsync("/health/ready")).Status);
        first.Signal("KILL");
        await first.EndAsync();
        await using RunningTenon after = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
    }

    [Fact]
    public async Task A_migration_that_another_process_applies_is_in_force_within_seconds()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        tenon.Http.DefaultRequestHeaders.Add("apikey", variables["PUBLISHABLE_KEY"]);
        Assert.Equal(201, (await tenon.AskAsync("/rest/v1/notes", """{"id":1,"body":"old"}""")).Status);
        app.Write("migrations/0002_more.sql", """
            alter table public.notes add column pinned boolean not null default false;
            create table public.open_words (word text primary key);
            grant select on public.open_words to anon;
            """);
        await MigrateAsync(app, variables);
        await tenon.SaysAsync("schema: what another process changed is in force now; the last migration is 0002");
        Assert.Equal("""[{"id":1,"body":"old","pinned":false}]""", await tenon.GetAsync("/rest/v1/notes"));
        Assert.Equal(201, (await tenon.AskAsync("/rest/v1/notes", """{"id":2,"body":"new","pinned":true}""")).Status);
        Assert.Equal("""[{"id":2}]""", await tenon.GetAsync("/rest/v1/notes?select=id&pinned=is.true"));
        await tenon.SaysAsync("schema: table public.open_words is granted to anon but has no row level security: anyone can read it");
        JsonElement[] told = [.. tenon.Output.Split('\n').Where(l => l.Contains("\"level\"", StringComparison.Ordinal)).Select(l => JsonElement.Parse(l))];
        JsonElement taken = Assert.Single(told, l => l.GetProperty("event").GetString() == "SchemaTakenOver");
        Assert.Equal("warning", taken.GetProperty("level").GetString());
        Assert.Equal("schema: what another process changed is in force now; the last migration is 0002", taken.GetProperty("message").GetString());
        Assert.True(taken.GetProperty("time").TryGetDateTimeOffset(out _));

        app.Write("migrations/0003_less.sql", "alter table public.notes drop column pinned;");
        await MigrateAsync(app, variables);
        await tenon.SaysAsync("the last migration is 0003");
        Assert.Equal("""[{"id":1,"body":"old"},{"id":2,"body":"new"}]""", await tenon.GetAsync("/rest/v1/notes?order=id"));
        Assert.Equal(0, await tenon.EndAsync("TERM"));
    }

    private static async Task MigrateAsync(AppOfFiles app, Dictionary<string, string?> variables)
    {
        await using RunningTenon up = RunningTenon.StartPlain(["migrate", "up", app.Path], variables);
        Assert.Equal((0, ""), (await up.EndAsync(), up.Errors.Trim()));
    }

    [Fact]
    public async Task Settings_meant_for_another_ASP_NET_program_do_not_move_it()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        Dictionary<string, string?> variables = AppOfFiles.Production();
        string elsewhere = $"http://127.0.0.1:{LoopbackPort.Next()}";
        (variables["Kestrel__Endpoints__Other__Url"], variables["ASPNETCORE_URLS"], variables["AllowedHosts"]) = (elsewhere, elsewhere, "example.test");
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables);
        Assert.Equal(200, (await tenon.AskAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task With_a_certificate_it_speaks_HTTPS()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("tenon.toml", "project_id = \"files\"\n[server]\ntls = { cert_path = \"cert.pem\", key_path = \"key.pem\" }\n"));
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(150));
        app.Write("cert.pem", made.ExportCertificatePem());
        app.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production());
        string? seen = null;
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, given, _, _) => (seen = given?.Thumbprint) is not null };
        using var https = new HttpClient(handler);
        Assert.Equal("""{"status":"ok"}""", await https.GetStringAsync($"https://127.0.0.1:{tenon.Port}/health/live", TestContext.Current.CancellationToken));
        Assert.Equal(made.Thumbprint, seen);
    }

    private static bool Accepts(int port)
    {
        using var probe = new TcpClient();
        try
        {
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<JsonElement> LineAsync(RunningTenon tenon, string? id)
    {
        Assert.NotNull(id);
        await tenon.SaysAsync($"\"id\":\"{id}\"");
        string line = Assert.Single(tenon.Output.Split('\n'), l => l.Contains($"\"id\":\"{id}\"", StringComparison.Ordinal));
        return JsonElement.Parse(line);
    }
}

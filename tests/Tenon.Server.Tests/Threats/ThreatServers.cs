using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tenon.Server.Tests.Oracles;
using Tenon.Testing;

namespace Tenon.Server.Tests.Threats;

/// <summary>The tests of threats share one server per engine and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ThreatCollection : ICollectionFixture<ThreatServers>
{
    public const string Name = "threats";
}

/// <summary>Tables, rows, grants and policies of a test: for a main database, and the same for an attached one.</summary>
internal sealed record ThreatTables(string Main, string Attached, string Policies);

/// <summary>One server per engine, started when a test first wants it. Each test puts its own tables in place of the ones before.</summary>
public sealed class ThreatServers : IAsyncLifetime
{
    public const string Editor = "threat_editor";

    /// <summary>Longer than any test: only what a test is about ends a statement.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, OracleApp> apps = new(StringComparer.Ordinal);

    public static TheoryData<string> Engines => ["sqlite", "postgres compiled", "postgres native", "mariadb"];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal async Task<ThreatServer> StartAsync(string engine, ThreatTables tables)
    {
        if (!apps.TryGetValue(engine, out OracleApp? app))
        {
            apps[engine] = app = await OracleApp.StartAsync(
                engine,
                Patience,
                options =>
                {
                    options.Auth.AdditionalRoles.Add(Editor);
                    // Addresses of any length, so that the bounds behind that of the address are met.
                    return options with { Rest = options.Rest with { RequestTimeout = Patience, Limits = options.Rest.Limits with { UrlLength = 16 << 20 } } };
                }
            );
            await ThreatServer.MakeRoleAsync(app);
        }
        var server = new ThreatServer(app);
        await server.ApplyAsync(tables);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (OracleApp app in apps.Values)
        {
            await app.DisposeAsync();
        }
    }
}

/// <summary>What came back: everything a caller sees of it.</summary>
internal sealed record ThreatAnswer(int Status, string Body)
{
    public string Range { get; init; } = "";

    public string? Code => Body.StartsWith('{') && JsonElement.Parse(Body) is var json && json.TryGetProperty("code", out JsonElement code) ? code.GetString() : null;
}

/// <summary>A server over one engine with the tables of one test.</summary>
internal sealed class ThreatServer(OracleApp app)
{
    // What tests before may have left; every test names its tables from this list.
    private static readonly string[] Views = ["endless", "heavy", "wide"];
    private static readonly string[] Tables =
    [
        "vault_invoices", "box_invoices_private", "boxes", "ledger", "invoices", "vault", "pages", "diary", "people", "teams", "notes", "members", "codes", "numbers", "values_of", "profiles",
    ];
    private static readonly string[] Functions = ["vault_open()", "invoice_total()", "add_note(text)", "stable_note(text)", "stable_row(text)", "indirect_note(text)", "on_user()"];

    public OracleApp App { get; } = app;

    public string Engine => App.Engine;

    public bool IsAttached => OracleApp.IsAttached(Engine);

    public bool IsPostgres => Engine.StartsWith("postgres", StringComparison.Ordinal);

    /// <summary>Roles of PostgreSQL are the whole server's, which other databases of the run share.</summary>
    public static async Task MakeRoleAsync(OracleApp app)
    {
        if (app.Engine == "sqlite")
        {
            Assert.Null(await app.ApplyAsync($"create role {ThreatServers.Editor};", "", null));
        }
        else if (app.Engine.StartsWith("postgres", StringComparison.Ordinal))
        {
            await DatabaseWork.ExecuteAsync(app, $"do $$ begin create role {ThreatServers.Editor} nologin; exception when duplicate_object or unique_violation then end $$");
        }
    }

    public async Task ApplyAsync(ThreatTables tables)
    {
        string views = string.Concat(Views.Select(v => $"drop view if exists {v};\n"));
        string dropped = $"drop table if exists {string.Join(", ", Tables)}";
        string functions = string.Concat(Functions.Select(f => $"drop function if exists {f};\n"));
        Assert.Null(
            await App.ApplyAsync(
                $"drop trigger if exists on_user on auth.users;\n{views}{dropped} cascade;\n{functions}{tables.Main}",
                $"set sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES';\n{views}set foreign_key_checks = 0;\n{dropped};\nset foreign_key_checks = 1;\n{tables.Attached}",
                tables.Policies.Contains(ThreatServers.Editor, StringComparison.Ordinal) ? $"create role {ThreatServers.Editor};\n{tables.Policies}" : tables.Policies
            )
        );
    }

    public Task<ThreatAnswer> GetAsync(string target, string? token = null, string prefer = "count=exact") => SendAsync("GET", target, null, prefer, token);

    /// <summary>token: of a user, or a key; without one the request is anon's.</summary>
    public async Task<ThreatAnswer> SendAsync(
        string method,
        string target,
        string? body = null,
        string? prefer = null,
        string? token = null,
        CancellationTokenSource? until = null
    )
    {
        CancellationToken cancellation = until?.Token ?? TestContext.Current.CancellationToken;
        using HttpRequestMessage request = Request(method, target, token);
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }
        using HttpResponseMessage answer = await App.Http.SendAsync(request, cancellation);
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        string range = answer.Content.Headers.NonValidated.TryGetValues("Content-Range", out HeaderStringValues values) ? values.ToString() : "";
        return new ThreatAnswer((int)answer.StatusCode, text) { Range = range };
    }

    public HttpRequestMessage Request(string method, string target, string? token = null)
    {
        HttpRequestMessage request = App.Request(method, target);
        bool isKey = token?.StartsWith("sb_", StringComparison.Ordinal) == true;
        request.Headers.Add("apikey", isKey ? token! : App.Keys.PublishableKey);
        if (token is not null && !isKey)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        return request;
    }

    /// <summary>A token of this role, signed with the app's own secret.</summary>
    public string Token(string role, string? sub = null, long? expires = null)
    {
        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        string claims = JsonSerializer.Serialize(new Dictionary<string, object?> { ["role"] = role, ["sub"] = sub, ["exp"] = expires }.Where(c => c.Value is not null).ToDictionary());
        string signed = Part("""{"alg":"HS256","typ":"JWT"}""") + "." + Part(claims);
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(App.Keys.JwtSecret!), Encoding.ASCII.GetBytes(signed)));
    }
}

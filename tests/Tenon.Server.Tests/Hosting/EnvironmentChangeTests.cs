using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>One server for the class: its environment is changed from elsewhere, and attacked so.</summary>
public sealed class EnvironmentServer : IAsyncLifetime
{
    private const string Schema = """
        create table public.notes (id bigint primary key, owner uuid, body text);
        alter table public.notes enable row level security;
        create policy "own" on public.notes using (owner = auth.uid());
        create table public.secrets (id bigint primary key, body text);
        create table public.guarded (id bigint primary key, body text);
        alter table public.guarded enable row level security;
        create function public.hello() returns text language sql stable as $$ select 'hello' $$;
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-environment-").FullName;
    private TenonHost? host;

    internal Keys Keys { get; } = Keys.Create(TimeProvider.System);

    public HttpClient Http { get; private set; } = new();

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "migrations"));
        await File.WriteAllTextAsync(Path.Combine(folder, "migrations", "1_app.sql"), Schema);
        await StartAsync();
    }

    public async Task RestartAsync(Action<AuthOptions>? configure = null)
    {
        await StopAsync();
        await StartAsync(configure);
    }

    private async Task StartAsync(Action<AuthOptions>? configure = null)
    {
        var options = new BackendOptions
        {
            AppFolder = folder,
            DatabaseUrl = "sqlite:.tenon/data.db",
            Keys = Keys,
            Strict = true,
            SignInSettings = new Dictionary<string, string> { ["auth.minimum_password_length"] = "8", ["auth.enable_signup"] = "true", ["auth.hook.send_sms.uri"] = "\"\"" },
        };
        options.Auth.RateLimit.SignInSignUps = 1000;
        options.Auth.Development = true;
        configure?.Invoke(options.Auth);
        host = await TenonHost.StartAsync(options, "127.0.0.1", 0);
        Http = new HttpClient { BaseAddress = new Uri(host.Url) };
        Http.DefaultRequestHeaders.Add("X-Supabase-Api-Version", "2024-01-01");
    }

    private async Task StopAsync()
    {
        Http.Dispose();
        await (host?.DisposeAsync() ?? default);
        host = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(folder, recursive: true);
    }
}

public sealed class EnvironmentChangeTests(EnvironmentServer server) : IClassFixture<EnvironmentServer>
{
    private async Task<(int Status, JsonElement Json)> SendAsync(HttpMethod method, object? body, string? key = null)
    {
        using var request = new HttpRequestMessage(method, "/auth/v1/admin/environment") { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("apikey", key ?? server.Keys.SecretKey);
        using HttpResponseMessage answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    private async Task<JsonElement> SeeAsync()
    {
        (int status, JsonElement json) = await SendAsync(HttpMethod.Get, null);
        Assert.Equal(200, status);
        return json;
    }

    private async Task<(int Status, string Message)> ChangeAsync(object? settings = null, object? templates = null, string[]? access = null, string[]? allow = null, string? state = null, object? providers = null)
    {
        state ??= (await SeeAsync()).GetProperty("base").GetString();
        (int status, JsonElement json) = await SendAsync(HttpMethod.Patch, new { @base = state, settings, templates, access, allow, providers });
        return (status, status == 200 ? "" : json.GetProperty("message").GetString()!);
    }

    private static string[] Rules(JsonElement seen) => [.. seen.GetProperty("access").EnumerateArray().Select(r => r.GetProperty("key").GetString()!)];

    private static string[] Drift(JsonElement seen) =>
        [.. seen.GetProperty("drift").EnumerateArray().Select(d => $"{d.GetProperty("area").GetString()} {d.GetProperty("key").GetString()}")];

    private async Task<string?> SignUpAsync(string password)
    {
        using HttpResponseMessage answer = await server.Http.PostAsJsonAsync("/auth/v1/signup", new { email = $"{Guid.NewGuid():N}@a.test", password }, TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? null : (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("code").GetString();
    }

    private static Dictionary<string, object?> Corp(string name = "Corp", string token = "https://sso.corp.example/token", string? secret = "canary-of-corp") =>
        new()
        {
            ["custom:corp"] = new
            {
                identifier = "custom:corp", provider_type = "oauth2", name, client_id = "tenon", client_secret = secret,
                authorization_url = "https://sso.corp.example/authorize", token_url = token, userinfo_url = "https://sso.corp.example/me",
            },
        };

    [Fact]
    public async Task Providers_come_with_the_same_change_or_not_at_all()
    {
        const string grant = "grant select on public.guarded to anon";
        var corp = Corp();
        corp["custom:other"] = new { identifier = "custom:other", provider_type = "oauth2", name = "Other" };
        (int status, string message) = await ChangeAsync(settings: new Dictionary<string, string> { ["auth.minimum_password_length"] = "19" }, access: [grant + ";"], providers: corp);
        Assert.True(status == 400, message);
        JsonElement seen = await SeeAsync();
        Assert.Equal("8", seen.GetProperty("settings").GetProperty("auth.minimum_password_length").GetString());
        Assert.Empty(seen.GetProperty("providers").EnumerateObject());
        Assert.DoesNotContain(grant, Rules(seen));
        Assert.Equal(400, (await ChangeAsync(providers: Corp(token: "http://169.254.169.254/"))).Status);
        Assert.Equal(400, (await ChangeAsync(providers: Corp(secret: null))).Status);
        Assert.Equal(400, (await ChangeAsync(providers: new Dictionary<string, object?> { ["custom:corp"] = 7 })).Status);
        Assert.Equal(404, (await ChangeAsync(providers: new Dictionary<string, object?> { ["custom:corp"] = null })).Status);
        Assert.Empty((await SeeAsync()).GetProperty("providers").EnumerateObject());

        // With rules it is a migration, without it is a unit of the store.
        Assert.Equal((200, ""), await ChangeAsync(access: [grant + ";"], providers: Corp()));
        seen = await SeeAsync();
        Assert.Contains(grant, Rules(seen));
        string text = seen.GetProperty("providers").GetProperty("custom:corp").GetString()!;
        Assert.DoesNotContain("canary", seen.ToString(), StringComparison.Ordinal);
        Assert.Equal("Corp", JsonElement.Parse(text).GetProperty("name").GetString());
        Assert.Equal((200, ""), await ChangeAsync(providers: Corp("Ours", secret: null)));
        Assert.Contains("Ours", (await SeeAsync()).GetProperty("providers").GetProperty("custom:corp").GetString()!, StringComparison.Ordinal);
        Assert.Equal((200, ""), await ChangeAsync(access: ["revoke select on public.guarded from anon;"], allow: [grant], providers: new Dictionary<string, object?> { ["custom:corp"] = null }));
        Assert.Empty((await SeeAsync()).GetProperty("providers").EnumerateObject());
    }

    [Fact]
    public async Task Providers_that_come_with_rules_work_on_PostgreSQL_too()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await using TestApp app = await TestApp.StartAsync(
            "create table notes (id int primary key); alter table notes enable row level security;",
            configure: options => options with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase() }
        );
        (_, string seen) = await app.SendAsync("GET", "/auth/v1/admin/environment", app.Keys.SecretKey);
        var change = new { @base = JsonElement.Parse(seen).GetProperty("base").GetString(), access = new[] { "grant select on public.notes to anon;" }, providers = Corp("O'Corp") };
        (int status, string body) = await app.SendAsync("PATCH", "/auth/v1/admin/environment", app.Keys.SecretKey, JsonSerializer.Serialize(change));
        Assert.True(status == 200, body);
        // Its secret can be unsealed: the address of the provider is told.
        (status, body) = await app.SendAsync("GET", "/auth/v1/authorize?provider=custom:corp&skip_http_redirect=true");
        Assert.True(status == 200, body);
        Assert.StartsWith("https://sso.corp.example/authorize?", JsonElement.Parse(body).GetProperty("url").GetString(), StringComparison.Ordinal);
        (_, body) = await app.SendAsync("GET", "/auth/v1/admin/custom-providers/custom:corp", app.Keys.SecretKey);
        Assert.Equal("O'Corp", JsonElement.Parse(body).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_setting_holds_at_once_survives_a_restart_and_is_given_back_to_the_files()
    {
        Assert.Null(await SignUpAsync("kestrel-42-ab"));
        Assert.Equal((200, ""), await ChangeAsync(new Dictionary<string, object?> { ["auth.minimum_password_length"] = "20" }));
        Assert.Equal("weak_password", await SignUpAsync("kestrel-42-ab"));
        await server.RestartAsync();
        Assert.Equal("weak_password", await SignUpAsync("kestrel-42-ab"));
        JsonElement seen = await SeeAsync();
        Assert.Equal("20", seen.GetProperty("settings").GetProperty("auth.minimum_password_length").GetString());
        Assert.Contains("setting auth.minimum_password_length", Drift(seen));
        Assert.Equal((200, ""), await ChangeAsync(new Dictionary<string, object?> { ["auth.minimum_password_length"] = null }));
        Assert.Null(await SignUpAsync("kestrel-42-ab"));
        Assert.DoesNotContain("setting auth.minimum_password_length", Drift(await SeeAsync()));
    }

    [Theory]
    [InlineData("db.url", "\"sqlite:other.db\"")]
    [InlineData("server.public_url", "\"https://evil.example\"")]
    [InlineData("auth.site_url", "\"https://evil.example\"")]
    [InlineData("auth.additional_redirect_urls", "[\"https://evil.example\"]")]
    [InlineData("auth.additional_roles", "[\"postgres\"]")]
    [InlineData("auth.signing_keys_path", "\"keys.json\"")]
    [InlineData("auth.hook.send_sms.uri", "\"https://evil.example\"")]
    [InlineData("auth.external.google.secret", "\"x\"")]
    [InlineData("auth.third_party.evil.issuer", "\"https://evil.example\"")]
    [InlineData("auth.email.smtp.host", "\"evil.example\"")]
    [InlineData("auth.email.template.recovery.content_path", "\"../../etc/passwd\"")]
    [InlineData("auth.minimum_password_length", "3")]
    [InlineData("auth.minimum_password_length", "\"twelve\"")]
    [InlineData("auth.minimum_password_length", "-1")]
    [InlineData("auth.jwt_expiry", "\"999999d\"")]
    [InlineData("auth.sms.template", "\"env(SECRET_KEY)\"")]
    [InlineData("auth.email.template.invite.subject", "\"Hi ${SECRET_KEY}\"")]
    [InlineData("auth.email.template.invite.subject", "\"{{ oops .Token }}\"")]
    [InlineData("auth.enable_signup", "{\"a\":1}")]
    public async Task What_may_not_be_set_from_elsewhere_is_refused_by_name_with_all_that_came_beside_it(string path, string value)
    {
        string before = (await SeeAsync()).GetProperty("base").GetString()!;
        var settings = new Dictionary<string, object?> { ["auth.enable_anonymous_sign_ins"] = "true", [path] = value };
        (int status, string message) = await ChangeAsync(settings);
        Assert.Equal(400, status);
        string last = path[(path.LastIndexOf('.') + 1)..];
        Assert.True(message.Contains(last, StringComparison.Ordinal) || message.Contains("template", StringComparison.Ordinal), message);
        Assert.Equal(before, (await SeeAsync()).GetProperty("base").GetString());
    }

    [Theory]
    [InlineData("grant select on auth.users to anon;")]
    [InlineData("create policy p on auth.users using (true);")]
    [InlineData("alter table auth.audit_log_entries disable row level security;")]
    [InlineData("grant all on public.notes to service_role;")]
    [InlineData("revoke all on public.notes from service_role;")]
    [InlineData("drop table public.notes;")]
    [InlineData("drop role anon;")]
    [InlineData("alter table public.notes drop column body;")]
    [InlineData("create function public.evil() returns void language sql security definer as $$ delete from auth.users $$;")]
    [InlineData("create policy p on public.notes using (true); delete from auth.users;")]
    [InlineData("insert into auth.overrides values ('setting', 'auth.enable_signup', 'false', now());")]
    [InlineData("grant select on all tables in schema auth to anon;")]
    [InlineData("grant usage on schema auth to anon;")]
    [InlineData("grant execute on function auth.uid() to anon;")]
    [InlineData("create policy p on public.nowhere using (true);")]
    [InlineData("create policy p on public.notes using (nothing = 1);")]
    [InlineData("create policy p on public.notes using (")]
    [InlineData("grant select on public.secrets to anon;")]
    [InlineData("drop policy own on public.notes;")]
    [InlineData("alter table public.notes disable row level security;")]
    public async Task A_statement_that_is_no_rule_of_the_app_or_takes_something_away_changes_nothing(string statement)
    {
        JsonElement before = await SeeAsync();
        (int status, string message) = await ChangeAsync(new Dictionary<string, object?> { ["auth.enable_signup"] = "false" }, access: ["grant select on public.notes to authenticated;", statement]);
        Assert.Equal(400, status);
        Assert.Contains("access", message, StringComparison.Ordinal);
        Assert.Equal(before.GetProperty("base").GetString(), (await SeeAsync()).GetProperty("base").GetString());
    }

    [Fact]
    public async Task Rules_templates_and_settings_come_as_one_change_which_the_audit_log_names()
    {
        string[] access = ["create role editor;", "create policy \"ed's\" on public.guarded for select to editor using (body <> 'it''s');", "grant select on public.guarded to editor;", "grant execute on function public.hello() to editor;"];
        const string Html = "<title>Set</title><p>it's \\ {{ .Token }}</p>\n$$";
        Assert.Equal((200, ""), await ChangeAsync(new Dictionary<string, object?> { ["auth.email.template.recovery.subject"] = "\"Again\"" }, new { recovery = Html }, access));
        JsonElement seen = await SeeAsync();
        Assert.Equal(Html, seen.GetProperty("templates").GetProperty("recovery").GetString());
        Assert.Contains("policy \"ed's\" on public.guarded", Rules(seen));
        Assert.Contains("grant select on public.guarded to editor", Rules(seen));
        Assert.Contains("access role editor", Drift(seen));
        await server.RestartAsync();
        Assert.Equal(Html, (await SeeAsync()).GetProperty("templates").GetProperty("recovery").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/auth/v1/admin/audit?query=action:environment_modified");
        request.Headers.Add("apikey", server.Keys.SecretKey);
        using HttpResponseMessage answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string log = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("grant select on public.guarded to editor", log, StringComparison.Ordinal);
        Assert.Contains("template recovery", log, StringComparison.Ordinal);
        Assert.Equal(400, (await ChangeAsync(access: ["drop policy \"ed's\" on public.guarded;"])).Status);
        Assert.Equal((200, ""), await ChangeAsync(templates: new { recovery = (string?)null }, access: ["drop policy \"ed's\" on public.guarded;"], allow: ["policy \"ed's\" on public.guarded"]));
        Assert.DoesNotContain("policy \"ed's\" on public.guarded", Rules(await SeeAsync()));
        Assert.Contains("role is dropped by hand", (await ChangeAsync(access: ["drop role editor;"], allow: ["role editor"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_changes_planned_on_one_state_one_is_made()
    {
        string state = (await SeeAsync()).GetProperty("base").GetString()!;
        (int Status, string Message)[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => ChangeAsync(new Dictionary<string, object?> { ["auth.rate_limit.token_refresh"] = $"{200 + i}" }, state: state))
        );
        Assert.Equal(1, answers.Count(a => a.Status == 200));
        Assert.Equal(7, answers.Count(a => a.Status == 409));
        Assert.All(answers.Where(a => a.Status == 409), a => Assert.Contains("plan again", a.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_service_key_sees_and_changes_an_environment()
    {
        using HttpResponseMessage made = await server.Http.PostAsJsonAsync("/auth/v1/signup", new { email = $"{Guid.NewGuid():N}@a.test", password = "kestrel-42-ab" }, TestContext.Current.CancellationToken);
        string token = (await made.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("access_token").GetString()!;
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Patch })
        {
            object? body = method == HttpMethod.Get ? null : new { @base = "x" };
            Assert.Equal(403, (await SendAsync(method, body, token)).Status);
            Assert.Equal(403, (await SendAsync(method, body, server.Keys.PublishableKey)).Status);
        }
        Assert.Equal(400, (await SendAsync(HttpMethod.Patch, new JsonObject())).Status);
        Assert.DoesNotContain("SECRET", (await SeeAsync()).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_setting_that_cannot_hold_beside_the_files_stops_the_start_and_names_itself()
    {
        Assert.Equal((200, ""), await ChangeAsync(new Dictionary<string, object?> { ["auth.mfa.phone.enroll_enabled"] = "true" }));
        StartRefused refused = await Assert.ThrowsAsync<StartRefused>(() => server.RestartAsync(auth => auth.Development = false));
        Assert.Contains("phone", refused.Message, StringComparison.Ordinal);
        Assert.Contains("auth.overrides", refused.Message, StringComparison.Ordinal);
        await server.RestartAsync();
        Assert.Equal((200, ""), await ChangeAsync(new Dictionary<string, object?> { ["auth.mfa.phone.enroll_enabled"] = null }));
    }
}

using System.Net.Http.Json;
using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>Keys of [auth] in tenon.toml, each by what it changes of the answers of `tenon dev`: beside a server that has none of them.</summary>
public sealed class AuthKeyEffectTests(AuthKeyEffectTests.Servers servers) : IClassFixture<AuthKeyEffectTests.Servers>
{
    private const string Set = """

        [auth]
        site_url = "https://app.example"
        additional_redirect_urls = ["https://b.example/**"]
        additional_roles = ["editor"]
        jwt_expiry = 1800
        enable_refresh_token_rotation = false
        enable_anonymous_sign_ins = true
        enable_manual_linking = true
        tell_unknown_addresses = true
        minimum_password_length = 12
        minimum_password_length_alone = 20
        password_requirements = "letters_digits"
        blocked_passwords_path = "blocked.txt"
        sessions = { single_per_user = true }
        passkeys = { enabled = false }
        mfa = { max_enrolled_factors = 1, totp = { verify_enabled = false }, phone = { enroll_enabled = true }, web_authn = { enroll_enabled = false } }
        sms = { enable_signup = true, test_otp = { 15005550006 = "123456" } }
        external.github = { enabled = true, client_id = "x", secret = "y" }
        oauth_server = { enabled = true, allow_dynamic_registration = true, name = "Acme Ltd", color = "#aa0000", background_color = "#00aa00" }
        [auth.email]
        enable_signup = false
        require_current_password = true
        authorized_addresses = ["ok@b.example"]
        otp = { length = 8 }
        template.invite = { subject = "Come in" }

        """;

    private const string Tight = """

        [auth]
        enable_signup = false
        rate_limit = { sign_in_sign_ups = 3, token_refresh = 2, token_verifications = 2, email_sent = 2 }

        """;

    public sealed class Servers : IAsyncLifetime
    {
        private readonly List<CommandApp> apps = [];

        internal Site Plain { get; private set; } = null!;
        internal Site Set { get; private set; } = null!;
        internal Site Tight { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            (Plain, Set, Tight) = (await StartAsync(""), await StartAsync(AuthKeyEffectTests.Set), await StartAsync(AuthKeyEffectTests.Tight));

        private async Task<Site> StartAsync(string toml)
        {
            CommandApp app = await CommandApp.MakeAsync();
            apps.Add(app);
            await File.AppendAllTextAsync(Path.Combine(app.Folder, "tenon.toml"), toml);
            await File.WriteAllTextAsync(Path.Combine(app.Folder, "blocked.txt"), "walrus-battery-91-and-more\n");
            await app.StartServerAsync();
            return new Site(app);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (CommandApp app in apps)
            {
                await app.DisposeAsync();
            }
        }
    }

    /// <summary>A server as a page of its application calls it.</summary>
    internal sealed class Site(CommandApp app)
    {
        public const string Password = "blue-giraffe-42";
        private static int users;
        private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Url) };

        public static string NewEmail() => $"ok+{Interlocked.Increment(ref users)}@b.example";

        public async Task<Told> SendAsync(string method, string path, object? body = null, string? token = null, bool admin = false)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith("/dev", StringComparison.Ordinal) ? path : "/auth/v1" + path);
            string key = app.DevFile.GetProperty(admin ? "secretKey" : "publishableKey").GetString()!;
            request.Headers.Add("apikey", key);
            request.Headers.Add("Authorization", "Bearer " + (token ?? key));
            request.Content = body is null ? null : JsonContent.Create(body);
            using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            string code = answer.Headers.TryGetValues("x-sb-error-code", out IEnumerable<string>? codes) ? " " + codes.First() : "";
            string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new Told((int)answer.StatusCode + code, text, answer.Headers.Location?.OriginalString ?? "");
        }

        public async Task<string> UserAsync(string password = Password, string role = "authenticated")
        {
            string email = NewEmail();
            Told made = await SendAsync("POST", "/admin/users", new { email, password, email_confirm = true, role }, admin: true);
            return made.Status == "200" ? email : made.Status;
        }

        public async Task<JsonElement> SessionAsync(string? email = null)
        {
            email ??= await UserAsync();
            return (await SendAsync("POST", "/token?grant_type=password", new { email, password = Password })).Json;
        }

        public async Task<string> TokenAsync() => Text(await SessionAsync(), "access_token");
    }

    internal sealed record Told(string Status, string Body, string Location)
    {
        public JsonElement Json => JsonElement.Parse(Body);
    }

    private sealed record Effect(string Key, string Without, string With, Func<Site, Task<string>> Probe)
    {
        /// <summary>The server that has the key.</summary>
        public bool IsTight { get; init; }
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).ToString();

    private static async Task<string> NewPasswordAsync(Site site, string password) =>
        (await site.SendAsync("PUT", "/user", new { password, current_password = Site.Password }, await site.TokenAsync())).Status;

    private static async Task<string> EnrolAsync(Site site, object factor) => (await site.SendAsync("POST", "/factors", factor, await site.TokenAsync())).Status;

    private static async Task<string> SettingAsync(Site site, string name) => Text((await site.SendAsync("GET", "/settings")).Json, name);

    private static async Task<string> RepeatedAsync(Site site, string path, object body, int times)
    {
        string last = "";
        for (int i = 0; i < times; i++)
        {
            last = (await site.SendAsync("POST", path, body)).Status;
        }
        return last[..3];
    }

    private static readonly Effect[] All =
    [
        new("site_url", "127.0.0.1", "app.example", async site => new Uri((await site.SendAsync("GET", "/verify?type=magiclink&token=x")).Location).Host),
        new("additional_redirect_urls", "127.0.0.1", "b.example", async site => new Uri((await site.SendAsync("GET", "/verify?type=magiclink&token=x&redirect_to=https://b.example/y")).Location).Host),
        new("additional_roles", "400 validation_failed", "ok", async site => (await site.UserAsync(role: "editor"))[..2] == "ok" ? "ok" : "400 validation_failed"),
        new("jwt_expiry", "3600", "1800", async site => Text(await site.SessionAsync(), "expires_in")),
        new("enable_refresh_token_rotation", "False", "True", async site =>
        {
            string token = Text(await site.SessionAsync(), "refresh_token");
            return (Text((await site.SendAsync("POST", "/token?grant_type=refresh_token", new { refresh_token = token })).Json, "refresh_token") == token).ToString();
        }),
        new("enable_anonymous_sign_ins", "422 anonymous_provider_disabled", "200", async site => (await site.SendAsync("POST", "/signup", new { })).Status),
        new("enable_manual_linking", "404 manual_linking_disabled", "400 validation_failed", async site => (await site.SendAsync("GET", "/user/identities/authorize?provider=none", token: await site.TokenAsync())).Status),
        new("tell_unknown_addresses", "200", "422 otp_disabled", async site => (await site.SendAsync("POST", "/otp", new { email = Site.NewEmail(), create_user = false })).Status),
        new("minimum_password_length", "ok", "422 weak_password", async site => (await site.UserAsync("giraffe-4")) is ['o', ..] ? "ok" : "422 weak_password"),
        new("password_requirements", "200", "422 weak_password", site => NewPasswordAsync(site, "violet-giraffe-zebra-walrus")),
        new("blocked_passwords_path", "200", "422 weak_password", site => NewPasswordAsync(site, "walrus-battery-91-and-more")),
        new("sessions.single_per_user", "200", "400 refresh_token_not_found", async site =>
        {
            string email = await site.UserAsync();
            string first = Text(await site.SessionAsync(email), "refresh_token");
            await site.SessionAsync(email);
            return (await site.SendAsync("POST", "/token?grant_type=refresh_token", new { refresh_token = first })).Status;
        }),
        new("passkeys.enabled", "True", "False", site => SettingAsync(site, "passkeys_enabled")),
        new("mfa.max_enrolled_factors", "200", "422 too_many_enrolled_mfa_factors", async site =>
        {
            string token = await site.TokenAsync();
            await site.SendAsync("POST", "/factors", new { factor_type = "totp", friendly_name = "one" }, token);
            return (await site.SendAsync("POST", "/factors", new { factor_type = "totp", friendly_name = "two" }, token)).Status;
        }),
        new("mfa.totp.verify_enabled", "200", "422 mfa_totp_verify_not_enabled", async site =>
        {
            string token = await site.TokenAsync();
            string factor = Text((await site.SendAsync("POST", "/factors", new { factor_type = "totp" }, token)).Json, "id");
            return (await site.SendAsync("POST", $"/factors/{factor}/challenge", new { }, token)).Status;
        }),
        new("mfa.phone.enroll_enabled", "422 mfa_phone_enroll_not_enabled", "200", site => EnrolAsync(site, new { factor_type = "phone", phone = "15005550007" })),
        new("mfa.web_authn.enroll_enabled", "200", "422 mfa_webauthn_enroll_not_enabled", site => EnrolAsync(site, new { factor_type = "webauthn" })),
        new("sms.enable_signup", "422 phone_provider_disabled", "200", async site => (await site.SendAsync("POST", "/otp", new { phone = "15005550006" })).Status),
        new("sms.test_otp", "403 otp_expired", "200", async site =>
        {
            await site.SendAsync("POST", "/otp", new { phone = "15005550006" });
            return (await site.SendAsync("POST", "/verify", new { type = "sms", phone = "15005550006", token = "123456" })).Status;
        }),
        new("external.github.enabled", "False", "True", async site => (await site.SendAsync("GET", "/settings")).Json.GetProperty("external").TryGetProperty("github", out JsonElement on) ? on.ToString() : "False"),
        new("oauth_server.enabled", "False", "True", async site => (await site.SendAsync("GET", "/.well-known/openid-configuration")).Json.TryGetProperty("token_endpoint", out _).ToString()),
        new("oauth_server.allow_dynamic_registration", "404 feature_disabled", "201", async site => (await site.SendAsync("POST", "/oauth/clients/register", new { redirect_uris = new[] { "https://c.example/" } })).Status),
        new("oauth_server.name", "False", "True", async site => (await site.SendAsync("GET", "/oauth/device")).Body.Contains("Acme Ltd", StringComparison.Ordinal).ToString()),
        new("oauth_server.color", "False", "True", async site => (await site.SendAsync("GET", "/oauth/device")).Body.Contains("--accent: #aa0000", StringComparison.Ordinal).ToString()),
        new("oauth_server.background_color", "False", "True", async site => (await site.SendAsync("GET", "/oauth/device")).Body.Contains("--back: #00aa00", StringComparison.Ordinal).ToString()),
        new("email.enable_signup", "200", "422 email_provider_disabled", async site => (await site.SendAsync("POST", "/signup", new { email = Site.NewEmail(), password = Site.Password })).Status),
        new("email.require_current_password", "200", "400 current_password_required", async site => (await site.SendAsync("PUT", "/user", new { password = "green-giraffe-43-and-more" }, await site.TokenAsync())).Status),
        new("email.authorized_addresses", "200", "400 email_address_not_authorized", async site => (await site.SendAsync("POST", "/invite", new { email = $"{Guid.NewGuid():N}@other.example" }, admin: true)).Status),
        new("email.otp.length", "6", "8", async site => Text((await site.SendAsync("POST", "/admin/generate_link", new { type = "magiclink", email = await site.UserAsync() }, admin: true)).Json, "email_otp").Length.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("email.template.invite.subject", "You have been invited", "Come in", InvitedAsync),
        new("enable_signup", "False", "True", site => SettingAsync(site, "disable_signup")) { IsTight = true },
        new("minimum_password_length_alone", "200", "422 weak_password", site => NewPasswordAsync(site, "blue-giraffe-4217")),
        new("rate_limit.token_refresh", "400", "429", site => RepeatedAsync(site, "/token?grant_type=refresh_token", new { refresh_token = "unknown" }, 3)) { IsTight = true },
        new("rate_limit.token_verifications", "403", "429", site => RepeatedAsync(site, "/verify", new { type = "email", email = "ok@b.example", token = "123456" }, 3)) { IsTight = true },
        new("rate_limit.email_sent", "200", "429", async site =>
        {
            // Different addresses: each has an interval of its own.
            await site.SendAsync("POST", "/recover", new { email = Site.NewEmail() });
            await site.SendAsync("POST", "/recover", new { email = Site.NewEmail() });
            return (await site.SendAsync("POST", "/recover", new { email = Site.NewEmail() })).Status[..3];
        }) { IsTight = true },
        new("rate_limit.sign_in_sign_ups", "400", "429", site => RepeatedAsync(site, "/token?grant_type=password", new { email = Site.NewEmail(), password = "wrong-giraffe-1" }, 4)) { IsTight = true },
    ];

    private static async Task<string> InvitedAsync(Site site)
    {
        string email = Site.NewEmail();
        await site.SendAsync("POST", "/invite", new { email }, admin: true);
        for (int i = 0; i < 300; i++)
        {
            if ((await site.SendAsync("GET", "/dev/inbox/messages.json?to=" + Uri.EscapeDataString(email))).Json is { } list && list.GetArrayLength() > 0)
            {
                return Text(list[0], "subject");
            }
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        return "no mail came";
    }

    public static TheoryData<string> Keys => [.. All.Select(effect => effect.Key)];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_key_changes_what_is_answered(string key)
    {
        Effect effect = All.Single(one => one.Key == key);
        Assert.Equal((effect.Without, effect.With), (await effect.Probe(servers.Plain), await effect.Probe(effect.IsTight ? servers.Tight : servers.Set)));
    }
}

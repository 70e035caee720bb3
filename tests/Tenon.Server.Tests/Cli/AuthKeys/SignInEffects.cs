using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Provider;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of ways in, passwords, sessions, limits and puzzles.</summary>
internal static class SignInEffects
{
    private const string WeakPassword = "422 weak_password";

    private static async Task<string> NewPasswordAsync(Site site, string password) =>
        (await site.SendAsync("PUT", "/user", new { password, current_password = Site.Password }, await site.TokenAsync())).Status;

    public static async Task<string> SettingAsync(Site site, string name) => (await site.SendAsync("GET", "/settings")).Text(name);

    private static async Task<string> RepeatedAsync(int times, Func<Task<Told>> send)
    {
        string last = "";
        for (int i = 0; i < times; i++)
        {
            last = (await send()).Status;
        }
        return last[..3];
    }

    private static Task<string> RepeatedAsync(Site site, string path, object body, int times) => RepeatedAsync(times, () => site.PostAsync(path, body));

    private static async Task<string> HostOfVerifyAsync(Site site, string more = "") => new Uri((await site.SendAsync("GET", "/verify?type=magiclink&token=x" + more)).Location).Host;

    /// <summary>Steps of minutes, with a refresh after each; how the last one was answered.</summary>
    private static async Task<string> RefreshedAsync(Site site, int steps, int minutes)
    {
        Told session = await site.SessionAsync();
        for (int i = 0; i < steps; i++)
        {
            site.Clock.Advance(TimeSpan.FromMinutes(minutes));
            session = await site.RefreshAsync(session);
        }
        return session.Status;
    }

    private static object Solved(string email) => new { email, password = Site.Password, gotrue_meta_security = new { captcha_token = "solved" } };

    private static async Task<string> SignInPageAsync(Site site)
    {
        Answer page = await new Visitor(site.Provider).AuthorizeAsync(await site.Provider.ClientAsync());
        return page.Body;
    }

    public static readonly Effect[] All =
    [
        new("enabled", "200", "404 feature_disabled", async site => (await site.SendAsync("GET", "/health")).Status) { In = "off" },
        new("site_url", "127.0.0.1", "app.example", site => HostOfVerifyAsync(site)),
        new("additional_redirect_urls", "127.0.0.1", "b.example", site => HostOfVerifyAsync(site, "&redirect_to=https://b.example/y")),
        new("additional_roles", "400 validation_failed", "ok", async site => (await site.UserAsync(role: "editor"))[..2] == "ok" ? "ok" : "400 validation_failed"),
        new("jwt_expiry", "3600", "1800", async site => (await site.SessionAsync()).Text("expires_in")),
        new("signing_keys_path", "False", "True", async site => (new JsonWebToken(await site.TokenAsync()).Kid == "our-own-key").ToString()) { In = "other" },
        new("enable_refresh_token_rotation", "False", "True", async site =>
        {
            Told session = await site.SessionAsync();
            return ((await site.RefreshAsync(session)).Text("refresh_token") == session.Text("refresh_token")).ToString();
        }),
        new("refresh_token_reuse_interval", "200", "400 refresh_token_already_used", async site =>
        {
            Told first = await site.SessionAsync();
            await site.RefreshAsync(await site.RefreshAsync(first));
            return (await site.RefreshAsync(first)).Status;
        }) { In = "other" },
        new("enable_signup", "False", "True", site => SettingAsync(site, "disable_signup")) { In = "tight" },
        new("enable_anonymous_sign_ins", "422 anonymous_provider_disabled", "200", async site => (await site.PostAsync("/signup", new { })).Status),
        new("enable_manual_linking", "404 manual_linking_disabled", "400 validation_failed", async site => (await site.SendAsync("GET", "/user/identities/authorize?provider=none", token: await site.TokenAsync())).Status),
        new("tell_unknown_addresses", "200", "422 otp_disabled", async site => (await site.PostAsync("/otp", new { email = Site.NewEmail(), create_user = false })).Status),
        new("minimum_password_length", "ok", WeakPassword, async site => (await site.UserAsync("giraffe-4")) is ['o', ..] ? "ok" : WeakPassword),
        new("minimum_password_length_alone", "200", WeakPassword, site => NewPasswordAsync(site, "blue-giraffe-4217")),
        new("password_requirements", "200", WeakPassword, site => NewPasswordAsync(site, "violet-giraffe-zebra-walrus")),
        new("blocked_passwords_path", "200", WeakPassword, site => NewPasswordAsync(site, "walrus-battery-91-and-more")),
        new("sessions.timebox", "200", "400 session_expired", site => RefreshedAsync(site, steps: 4, minutes: 15)) { In = "other" },
        new("sessions.inactivity_timeout", "200", "400 session_expired", site => RefreshedAsync(site, steps: 1, minutes: 21)) { In = "other" },
        new("sessions.single_per_user", "200", "400 refresh_token_not_found", async site =>
        {
            string email = await site.UserAsync();
            Told first = await site.SessionAsync(email);
            await site.SessionAsync(email);
            return (await site.RefreshAsync(first)).Status;
        }),
        new("rate_limit.sign_in_sign_ups", "400", "429", site => RepeatedAsync(site, "/token?grant_type=password", new { email = Site.NewEmail(), password = "wrong-giraffe-1" }, 4)) { In = "tight" },
        new("rate_limit.token_refresh", "400", "429", site => RepeatedAsync(site, "/token?grant_type=refresh_token", new { refresh_token = "unknown" }, 3)) { In = "tight" },
        new("rate_limit.token_verifications", "403", "429", site => RepeatedAsync(site, "/verify", new { type = "email", email = "ok@b.example", token = "123456" }, 3)) { In = "tight" },
        // Different addresses and numbers: each has an interval of its own.
        new("rate_limit.email_sent", "200", "429", site => RepeatedAsync(3, () => site.PostAsync("/recover", new { email = Site.NewEmail() }))) { In = "tight" },
        new("rate_limit.sms_sent", "200", "429", site => RepeatedAsync(3, () => site.PostAsync("/otp", new { phone = Site.NewPhone() }))) { In = "few", Beside = "set" },
        new("rate_limit.anonymous_users", "200", "429", site => RepeatedAsync(site, "/signup", new { }, 3)) { In = "few", Beside = "set" },
        new("email.enable_signup", "200", "422 email_provider_disabled", async site => (await site.PostAsync("/signup", new { email = Site.NewEmail(), password = Site.Password })).Status),
        new("email.require_current_password", "200", "400 current_password_required", async site => (await site.SendAsync("PUT", "/user", new { password = "green-giraffe-43-and-more" }, await site.TokenAsync())).Status),
        new("email.secure_password_change", "200", "400 reauthentication_needed", async site =>
        {
            Told session = await site.SessionAsync();
            site.Clock.Advance(TimeSpan.FromHours(25));
            return (await site.SendAsync("PUT", "/user", new { password = "green-giraffe-43" }, (await site.RefreshAsync(session)).Text("access_token"))).Status;
        }) { In = "careful" },
        new("email.enable_confirmations", "True", "False", async site => (await site.PostAsync("/signup", new { email = Site.NewEmail(), password = Site.Password })).Json.TryGetProperty("access_token", out _).ToString()) { In = "careful" },
        new("sms.enable_signup", "422 phone_provider_disabled", "200", async site => (await site.PostAsync("/otp", new { phone = Site.NewPhone() })).Status),
        new("sms.enable_confirmations", "False", "True", async site => (await site.PostAsync("/signup", new { phone = Site.NewPhone(), password = Site.Password + "-and-more" })).Json.TryGetProperty("access_token", out _).ToString()) { In = "other", Beside = "hooks off" },
        new("sms.test_otp.*", "403 otp_expired", "200", async site =>
        {
            await site.PostAsync("/otp", new { phone = "15005550006" });
            return (await site.PostAsync("/verify", new { type = "sms", phone = "15005550006", token = "123456" })).Status;
        }),
        new("captcha.enabled", "200", "400 captcha_failed", async site => (await site.PostAsync("/signup", new { email = Site.NewEmail(), password = Site.Password })).Status) { In = "puzzle a" },
        new("captcha.secret", "secret-b", "secret-a", async site =>
        {
            await site.PostAsync("/signup", Solved(Site.NewEmail()));
            return site.Outside.Puzzles.Calls[^1]["secret"];
        }) { In = "puzzle a", Beside = "puzzle b" },
        new("captcha.provider", "False", "True", async site => (await SignInPageAsync(site)).Contains("https://js.hcaptcha.com/", StringComparison.Ordinal).ToString()) { In = "puzzle a", Beside = "puzzle b" },
        new("captcha.site_key", "False", "True", async site => (await SignInPageAsync(site)).Contains("data-sitekey=\"site-A\"", StringComparison.Ordinal).ToString()) { In = "puzzle a", Beside = "puzzle b" },
    ];
}

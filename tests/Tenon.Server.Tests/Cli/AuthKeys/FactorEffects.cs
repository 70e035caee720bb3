using System.Text.Json;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of second factors and passkeys.</summary>
internal static class FactorEffects
{
    private static async Task<Told> EnrolAsync(Site site, object factor, string? token = null) => await site.PostAsync("/factors", factor, token ?? await site.TokenAsync());

    private static async Task<string> ChallengeAsync(Site site, object factor)
    {
        string token = await site.TokenAsync();
        Told enrolled = await EnrolAsync(site, factor, token);
        return enrolled.Status == "200" ? (await site.PostAsync($"/factors/{enrolled.Text("id")}/challenge", new { }, token)).Status : "not enrolled: " + enrolled.Status;
    }

    private static async Task<string> PasskeyAsync(Site site, string origin)
    {
        string token = await site.TokenAsync();
        JsonElement asked = (await site.PostAsync("/passkeys/registration/options", new { }, token)).Json;
        using var browser = new SoftAuthenticator(origin);
        JsonElement credential = JsonElement.Parse(browser.Create(asked.GetProperty("options")));
        return (await site.PostAsync("/passkeys/registration/verify", new { challenge_id = asked.GetProperty("challenge_id").GetString(), credential }, token)).Status;
    }

    public static readonly Effect[] All =
    [
        new("passkeys.enabled", "True", "False", site => SignInEffects.SettingAsync(site, "passkeys_enabled")),
        new("passkeys.rp_id", "localhost", "app.example", async site => (await site.PostAsync("/passkeys/authentication/options", new { })).Json.GetProperty("options").GetProperty("rpId").GetString()!) { In = "other" },
        new("passkeys.rp_origins", "400 webauthn_verification_failed", "200", site => PasskeyAsync(site, "https://pass.app.example")) { In = "other" },
        new("mfa.max_enrolled_factors", "200", "422 too_many_enrolled_mfa_factors", async site =>
        {
            string token = await site.TokenAsync();
            await EnrolAsync(site, new { factor_type = "totp", friendly_name = "one" }, token);
            return (await EnrolAsync(site, new { factor_type = "totp", friendly_name = "two" }, token)).Status;
        }),
        new("mfa.totp.enroll_enabled", "200", "422 mfa_totp_enroll_not_enabled", async site => (await EnrolAsync(site, new { factor_type = "totp" })).Status) { In = "other" },
        new("mfa.totp.verify_enabled", "200", "422 mfa_totp_verify_not_enabled", site => ChallengeAsync(site, new { factor_type = "totp" })),
        new("mfa.phone.enroll_enabled", "422 mfa_phone_enroll_not_enabled", "200", async site => (await EnrolAsync(site, new { factor_type = "phone", phone = Site.NewPhone() })).Status),
        new("mfa.phone.verify_enabled", "422 mfa_phone_verify_not_enabled", "200", site => ChallengeAsync(site, new { factor_type = "phone", phone = Site.NewPhone() })) { In = "other", Beside = "set" },
        new("mfa.web_authn.enroll_enabled", "200", "422 mfa_webauthn_enroll_not_enabled", async site => (await EnrolAsync(site, new { factor_type = "webauthn" })).Status),
        new("mfa.web_authn.verify_enabled", "200", "422 mfa_webauthn_verify_not_enabled", site => ChallengeAsync(site, new { factor_type = "webauthn" })) { In = "other" },
    ];
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>The settings files of the key tests, by name: keys that do not get in each other's way share a server.</summary>
internal static class Groups
{
    /// <summary>Under all of them: limits are only met where they are the subject.</summary>
    public const string Common = """
        project_id = "keys"
        [auth]
        rate_limit = { email_sent = 10000, sms_sent = 10000, anonymous_users = 10000, token_refresh = 10000, sign_in_sign_ups = 10000, token_verifications = 10000 }
        """;

    public static readonly Dictionary<string, string> Files = new()
    {
        ["migrations/1_whoami.sql"] = """
            create role editor;
            create function public.whoami() returns text language sql stable as $$ select auth.role() $$;
            grant execute on function public.whoami() to anon, authenticated, editor;
            """,
        ["blocked.txt"] = "walrus-battery-91-and-more\n",
        ["keys.json"] = SigningKey(),
        ["letters/own.html"] = "<p>Words of our own</p>",
    };

    public static readonly Dictionary<string, string> All = new()
    {
        ["plain"] = "",
        ["off"] = "[auth]\nenabled = false",
        ["set"] = """
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
            oauth_server = { enabled = true, allow_dynamic_registration = true, name = "Acme Ltd", color = "#aa0000", background_color = "#00aa00", logo_url = "/logo.svg", refresh_token_expiry = "2d", scopes = { "orders:read" = "Read your orders" } }
            [auth.email]
            enable_signup = false
            require_current_password = true
            authorized_addresses = ["ok@b.example"]
            otp = { length = 8 }
            """,
        ["tight"] = """
            [auth]
            enable_signup = false
            rate_limit = { sign_in_sign_ups = 3, token_refresh = 2, token_verifications = 2, email_sent = 2 }
            """,
        ["few"] = """
            [auth]
            enable_anonymous_sign_ins = true
            sms = { enable_signup = true }
            rate_limit = { sms_sent = 2, anonymous_users = 2 }
            """,
        ["other"] = """
            [auth]
            signing_keys_path = "keys.json"
            refresh_token_reuse_interval = 0
            sessions = { timebox = "1h", inactivity_timeout = "20m" }
            passkeys = { rp_id = "app.example", rp_origins = ["https://pass.app.example"] }
            mfa = { totp = { enroll_enabled = false }, phone = { enroll_enabled = true, verify_enabled = true }, web_authn = { verify_enabled = false } }
            sms = { enable_signup = true, enable_confirmations = false, template = "Say {{ .Code }} to nobody", max_frequency = "1m" }
            [auth.email]
            otp = { expiry = 300, max_frequency = "1m" }
            """,
        ["flat"] = "[auth.email]\notp_length = 8\notp_expiry = 300\nmax_frequency = \"1m\"",
        ["sms of another"] = "[auth.sms]\nprovider = \"twilio\"",
        ["strict"] = "[auth.email]\nextended_validation = true",
        ["careful"] = "[auth.email]\nenable_confirmations = true\nsecure_password_change = true",
        ["single"] = "[auth.email]\nenable_confirmations = true\ndouble_confirm_changes = false",
        ["letters"] = "[auth.email]\nenable_confirmations = true\n"
            + string.Concat(MailTemplates.Names.Select(name => $"template.{name} = {{ subject = \"Our {name}\", content_path = \"./letters/own.html\" }}\n")),
        ["provider"] = "[auth.oauth_server]\nenabled = true",
        ["consent"] = "[auth.oauth_server]\nenabled = true\nauthorization_url_path = \"/consent\"",
        ["hooks off"] = "[auth]\nsms.enable_signup = true\n" + Hooks("off", "B", enabled: false),
        ["hooks a"] = "[auth]\nsms.enable_signup = true\n" + Hooks("a", "A", enabled: true),
        ["hooks b"] = "[auth]\nsms.enable_signup = true\n" + Hooks("b", "B", enabled: true),
        ["sender a"] = Sender("A"),
        ["sender b"] = Sender("B"),
        ["sender nowhere"] = "[auth.email.smtp]\nenabled = true\nadmin_email = \"a@b.example\"",
        ["puzzle a"] = Puzzle("hcaptcha", "A"),
        ["puzzle b"] = Puzzle("turnstile", "B"),
        ["outside a"] = """
            [auth]
            additional_roles = ["editor"]
            external.acme = { enabled = true, client_id = "client-a", secret = "env(SECRET_A)", url = "${ISSUER_A}", redirect_uri = "https://api-a.example/auth/v1/callback", scopes = ["calendar"], skip_nonce_check = true, email_optional = true }
            external.plain = { enabled = true, client_id = "x", secret = "y", authorization_url = "${ISSUER_A}/authorize", token_url = "${ISSUER_A}/token", userinfo_url = "${ISSUER_A}/userinfo" }
            external.apple = { enabled = true, client_id = "x", url = "${ISSUER_A}", team_id = "team-a", key_id = "key-a", private_key = "env(APPLE_A)" }
            third_party.entra = { enabled = true, issuer = "${ISSUER_A}", audience = "api-a", role_claim = "groups", roles = { staff = "editor" } }
            """,
        ["outside b"] = """
            [auth]
            additional_roles = ["editor"]
            external.acme = { enabled = true, client_id = "client-b", secret = "env(SECRET_B)", url = "${ISSUER_B}" }
            external.plain = { enabled = true, client_id = "x", secret = "y", authorization_url = "${ISSUER_B}/authorize", token_url = "${ISSUER_B}/token", userinfo_url = "${ISSUER_B}/userinfo" }
            external.apple = { enabled = true, client_id = "x", url = "${ISSUER_B}", team_id = "team-b", key_id = "key-b", private_key = "env(APPLE_B)" }
            third_party.entra = { enabled = true, issuer = "${ISSUER_B}", audience = "api-b" }
            """,
    };

    private static string Hooks(string path, string secret, bool enabled) =>
        string.Concat(HookName.All.Select(name => $"hook.{name} = {{ enabled = {(enabled ? "true" : "false")}, uri = \"${{HOOKS}}/{path}/{name}\", secrets = \"env(HOOK_{secret})\" }}\n"));

    private static string Sender(string which) =>
        $$"""
        [auth]
        sms = { enable_signup = true, uri = "${HOOKS}/sms-{{which}}", secret = "env(HOOK_{{which}})" }
        [auth.email.smtp]
        enabled = true
        host = "127.0.0.1"
        port = "env(PORT_{{which}})"
        user = "user-{{which}}"
        pass = "env(SECRET_{{which}})"
        admin_email = "post-{{which}}@b.example"
        sender_name = "Post {{which}}"
        """;

    private static string Puzzle(string provider, string which) =>
        $$"""
        [auth]
        captcha = { enabled = true, provider = "{{provider}}", site_key = "site-{{which}}", secret = "env(SECRET_{{which}})" }
        oauth_server = { enabled = true }
        """;

    private static string SigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters parts = key.ExportParameters(includePrivateParameters: true);
        string Text(byte[]? bytes) => Base64Url.EncodeToString(bytes);
        return JsonSerializer.Serialize(new[] { new { kty = "EC", crv = "P-256", alg = "ES256", kid = "our-own-key", x = Text(parts.Q.X), y = Text(parts.Q.Y), d = Text(parts.D) } });
    }
}

namespace Tenon.Server.Tests.Cli;

/// <summary>Every key of [auth] is taken and read; a key that is none of it is refused by name, so that no promise of safety is dropped silently.</summary>
public sealed class AuthSettingsTests
{
    private const string All = """
        project_id = "settings"
        [auth]
        enabled = true
        site_url = "https://app.example"
        additional_redirect_urls = ["https://b.example/**"]
        additional_roles = ["editor"]
        jwt_expiry = 1800
        signing_keys_path = ""
        enable_refresh_token_rotation = true
        refresh_token_reuse_interval = 5
        enable_signup = true
        enable_anonymous_sign_ins = true
        enable_manual_linking = true
        tell_unknown_addresses = false
        minimum_password_length = 9
        minimum_password_length_alone = 15
        password_requirements = ""
        blocked_passwords_path = ""
        rate_limit = { email_sent = 1, sms_sent = 2, anonymous_users = 3, token_refresh = 4, sign_in_sign_ups = 5, token_verifications = 6 }
        sessions = { timebox = "8h", inactivity_timeout = "1h", single_per_user = true }
        passkeys = { enabled = true, rp_id = "app.example", rp_origins = ["https://app.example"] }
        captcha = { enabled = true, provider = "hcaptcha", site_key = "public", secret = "env(CAPTCHA_SECRET)" }
        oauth_server = { enabled = true, authorization_url_path = "/oauth/consent", allow_dynamic_registration = true }
        mfa = { max_enrolled_factors = 3, totp = { enroll_enabled = true, verify_enabled = true }, phone = { enroll_enabled = true, verify_enabled = true }, web_authn = { enroll_enabled = true, verify_enabled = true } }
        sms = { enable_signup = true, enable_confirmations = true, provider = "http", uri = "https://sms.example", secret = "env(SMS_SECRET)", test_otp = { 15005550006 = "123456" } }
        external.github = { enabled = true, client_id = "x", secret = "env(GITHUB_SECRET)", redirect_uri = "", url = "", skip_nonce_check = false }
        third_party.entra = { enabled = true, issuer = "https://i.example", audience = "a", role_claim = "role" }
        hook.custom_access_token = { enabled = true, uri = "pg-functions://postgres/public/claims" }
        hook.before_user_created = { enabled = true, uri = "https://hooks.example", secrets = "env(HOOK_SECRETS)" }
        hook.password_verification_attempt = { enabled = false }
        hook.mfa_verification_attempt = { enabled = false }
        hook.send_email = { enabled = false }
        hook.send_sms = { enabled = false }
        [auth.email]
        enable_signup = true
        enable_confirmations = true
        double_confirm_changes = true
        secure_password_change = true
        require_current_password = true
        otp = { length = 8, expiry = 300, max_frequency = "1m" }
        otp_length = 8
        otp_expiry = 300
        max_frequency = "1m"
        smtp = { enabled = true, host = "smtp.example", port = 587, user = "u", pass = "env(SMTP_PASS)", admin_email = "a@b.example", sender_name = "App" }
        template.invite = { subject = "Come", content_path = "" }

        """;

    private static async Task<CommandRun> PrintAsync(string toml)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-settings-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), toml, TestContext.Current.CancellationToken);
            return await CommandRun.RunAsync("config", "print", folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task All_keys_are_taken_without_a_word_and_printed()
    {
        CommandRun run = await PrintAsync(All);
        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.DoesNotContain("not built", run.Output, StringComparison.Ordinal);
        foreach (string line in (string[])["single_per_user = true", "minimum_password_length_alone = 15", "token_verifications = 6", "issuer = \"https://i.example\"", "max_enrolled_factors = 3"])
        {
            Assert.Contains(line, run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("[auth.hook.custom_acces_token]\nenabled = true", "auth.hook.custom_acces_token.enabled")]
    [InlineData("[auth.mfa.totp]\nenrol_enabled = false", "auth.mfa.totp.enrol_enabled")]
    [InlineData("[auth.sms]\nenable_confirmation = true", "auth.sms.enable_confirmation")]
    [InlineData("[auth.email]\nsecure_password_changes = true", "auth.email.secure_password_changes")]
    [InlineData("[auth.sessions]\ninactivity_time = \"1h\"", "auth.sessions.inactivity_time")]
    public async Task A_key_that_is_none_is_refused_by_name(string toml, string name)
    {
        CommandRun run = await PrintAsync($"project_id = \"settings\"\n{toml}\n");
        Assert.Equal(1, run.Code);
        Assert.Contains($"unknown key {name}; did you mean", run.Errors, StringComparison.Ordinal);
    }
}

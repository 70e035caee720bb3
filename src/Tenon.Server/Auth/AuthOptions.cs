using System.Collections.Frozen;

namespace Tenon.Server.Auth;

/// <summary>Sign-in, as <c>[auth]</c> of tenon.toml has it. Durations are those of the key, counts are whole numbers.</summary>
public sealed class AuthOptions
{
    /// <summary>Serve /auth/v1. Off where the host application signs users in itself.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Address of the server as clients reach it (no trailing slash); <c>/auth/v1</c> below it is the issuer of tokens.</summary>
    public string PublicUrl { get; set; } = "http://127.0.0.1:54321";

    /// <summary>Address of the application, where links of mails lead.</summary>
    public string SiteUrl { get; set; } = "http://127.0.0.1:54321";

    /// <summary>Further addresses a sign-in may return to.</summary>
    public List<string> AdditionalRedirectUrls { get; } = [];

    /// <summary>Life of an access token.</summary>
    public TimeSpan JwtExpiry { get; set; } = TimeSpan.FromSeconds(3600);

    /// <summary>Age at which the key that signs access tokens gives way to the next; zero: only by command.</summary>
    public TimeSpan SigningKeyRotation { get; set; } = TimeSpan.FromDays(90);

    /// <summary>A file of private JWKs that sign and verify access tokens, relative to the app's folder; empty: keys of the store.</summary>
    public string SigningKeysPath { get; set; } = "";

    /// <summary>Each refresh swaps the refresh token for a new one (RFC 9700).</summary>
    public bool EnableRefreshTokenRotation { get; set; } = true;

    /// <summary>How long after its use an old refresh token is still forgiven.</summary>
    public TimeSpan RefreshTokenReuseInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>New users may sign up.</summary>
    public bool EnableSignup { get; set; } = true;

    /// <summary>A one-time code for an address that nobody has and that may make no user is refused, as GoTrue does; off: answered like any other.</summary>
    public bool TellUnknownAddresses { get; set; }

    /// <summary>Users without e-mail address and password.</summary>
    public bool EnableAnonymousSignIns { get; set; }

    /// <summary>A signed-in user may link another provider's identity.</summary>
    public bool EnableManualLinking { get; set; }

    /// <summary>Fewest characters of a password.</summary>
    public int MinimumPasswordLength { get; set; } = 8;

    /// <summary>Fewest characters of a password without a second factor beside it (NIST SP 800-63B-4: 15); zero: as any other.</summary>
    public int MinimumPasswordLengthAlone { get; set; }

    /// <summary>Composition rules, which NIST advises against: letters_digits, lower_upper_letters_digits, lower_upper_letters_digits_symbols; empty: none.</summary>
    public string PasswordRequirements { get; set; } = "";

    /// <summary>A file of further passwords that nobody may choose, one a line, relative to the app's folder.</summary>
    public string BlockedPasswordsPath { get; set; } = "";

    /// <summary>Roles besides anon, authenticated and service_role that a token may name.</summary>
    public List<string> AdditionalRoles { get; } = [];

    /// <summary>Networks (CIDR) whose X-Forwarded-For is believed. Empty: the peer's address is the client's.</summary>
    public List<string> TrustedProxies { get; } = [];

    /// <summary>Requests per client address.</summary>
    public AuthRateLimitOptions RateLimit { get; } = new();

    /// <summary>The sign-in of the application that Tenon is embedded in; of no meaning for a server of its own.</summary>
    public HostSignInOptions Host { get; } = new();

    /// <summary>How long sessions last.</summary>
    public AuthSessionOptions Sessions { get; } = new();

    /// <summary>Sign-in by e-mail address.</summary>
    public AuthEmailOptions Email { get; } = new();

    /// <summary>Second factors.</summary>
    public AuthMfaOptions Mfa { get; } = new();

    /// <summary>Passkeys, and whom they and security keys prove themselves to.</summary>
    public AuthPasskeyOptions Passkeys { get; } = new();

    /// <summary>Sign-in by telephone.</summary>
    public AuthSmsOptions Sms { get; } = new();

    /// <summary>A puzzle before sign-up, sign-in and mails.</summary>
    public AuthCaptchaOptions Captcha { get; } = new();

    /// <summary>Where the app has a say, by name: before_user_created, custom_access_token, password_verification_attempt, mfa_verification_attempt, send_email, send_sms.</summary>
    public Dictionary<string, AuthHookOptions> Hooks { get; } = new(StringComparer.Ordinal);

    /// <summary>External providers of sign-in, by name.</summary>
    public Dictionary<string, AuthExternalOptions> External { get; } = new(StringComparer.Ordinal);

    /// <summary>Issuers whose access tokens the API takes, by name.</summary>
    public Dictionary<string, AuthThirdPartyOptions> ThirdParty { get; } = new(StringComparer.Ordinal);

    /// <summary>Being the identity provider of other systems.</summary>
    public AuthOAuthServerOptions OAuthServer { get; } = new();

    /// <summary>A development server: without SMTP mails go to the inbox at /dev/inbox, and nothing leaves the machine.</summary>
    public bool Development { get; set; }

    /// <summary>The app's folder: mail templates are found in its <c>emails/</c>, paths of templates are relative to it.</summary>
    public string AppFolder { get; set; } = "";

    internal FrozenSet<string> BlockedPasswords => blockedPasswords ??= ReadBlockedPasswords();

    private FrozenSet<string>? blockedPasswords;

    private FrozenSet<string> ReadBlockedPasswords()
    {
        string path = Path.Combine(AppFolder, BlockedPasswordsPath);
        return BlockedPasswordsPath.Length == 0 ? []
            : File.Exists(path) ? File.ReadLines(path).Select(line => line.Trim().ToLowerInvariant()).Where(line => line.Length > 0).ToFrozenSet(StringComparer.Ordinal)
            : throw new InvalidOperationException($"[auth] blocked_passwords_path: there is no file {BlockedPasswordsPath}");
    }

    /// <summary>How long a token of a session is believed before its session is looked at again.</summary>
    internal TimeSpan TokensBelievedFor { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a call may take: [server] request_timeout.</summary>
    internal TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    internal string Issuer => PublicUrl.TrimEnd('/') + "/auth/v1";
}

/// <summary>Requests per client address, as <c>[auth] rate_limit</c>; messages also per mailbox or number.</summary>
public sealed class AuthRateLimitOptions
{
    /// <summary>Mails an hour that one client address causes, and mails an hour to one mailbox.</summary>
    public int EmailSent { get; set; } = 30;

    /// <summary>Text messages an hour that one client address causes, and text messages an hour to one number.</summary>
    public int SmsSent { get; set; } = 30;

    /// <summary>Anonymous sign-ins an hour.</summary>
    public int AnonymousUsers { get; set; } = 30;

    /// <summary>Refreshes in five minutes.</summary>
    public int TokenRefresh { get; set; } = 150;

    /// <summary>Sign-ups and sign-ins in five minutes.</summary>
    public int SignInSignUps { get; set; } = 30;

    /// <summary>Verifications of codes and links in five minutes.</summary>
    public int TokenVerifications { get; set; } = 30;
}

/// <summary>How long sessions last, as <c>[auth] sessions</c>; zero means without limit.</summary>
public sealed class AuthSessionOptions
{
    /// <summary>A session ends this long after sign-in.</summary>
    public TimeSpan Timebox { get; set; }

    /// <summary>A session ends this long after its last refresh.</summary>
    public TimeSpan InactivityTimeout { get; set; }

    /// <summary>Signing in ends the user's other sessions.</summary>
    public bool SinglePerUser { get; set; }

    /// <summary>A session of these times is past its box or was idle for too long.</summary>
    internal bool IsOver(DateTimeOffset? notAfter, DateTimeOffset created, DateTimeOffset refreshed, DateTimeOffset now) =>
        notAfter <= now || (Timebox > TimeSpan.Zero && created + Timebox <= now) || (InactivityTimeout > TimeSpan.Zero && refreshed + InactivityTimeout <= now);
}

/// <summary>Sign-in by e-mail address, as <c>[auth.email]</c>.</summary>
public sealed class AuthEmailOptions
{
    /// <summary>Sign-up by e-mail address and password.</summary>
    public bool EnableSignup { get; set; } = true;

    /// <summary>The address must be confirmed by a mail before the first sign-in.</summary>
    public bool EnableConfirmations { get; set; }

    /// <summary>A changed address is confirmed at the old and the new one.</summary>
    public bool DoubleConfirmChanges { get; set; } = true;

    /// <summary>Changing the password needs a sign-in of the last 24 hours, or the code of /reauthenticate.</summary>
    public bool SecurePasswordChange { get; set; }

    /// <summary>Changing the password needs the one in force.</summary>
    public bool RequireCurrentPassword { get; set; }

    /// <summary>Mails go to these addresses alone (with any +label); empty: to every one.</summary>
    public List<string> AuthorizedAddresses { get; } = [];

    /// <summary>Addresses at names that are reserved and reach nobody (RFC 2606, RFC 6761) or have no dot are refused before a mail is queued.</summary>
    public bool ExtendedValidation { get; set; }

    /// <summary>Codes and links in mails.</summary>
    public AuthOtpOptions Otp { get; } = new();

    /// <summary>The server that mails are handed to.</summary>
    public AuthSmtpOptions Smtp { get; } = new();

    /// <summary>Own subjects and files of templates, by name: confirmation, invite, magic_link, recovery, email_change, reauthentication.</summary>
    public Dictionary<string, AuthTemplateOptions> Templates { get; } = new(StringComparer.Ordinal);
}

/// <summary>One-time codes, as <c>[auth.email] otp</c>.</summary>
public sealed class AuthOtpOptions
{
    /// <summary>Digits of a code, 6 to 10.</summary>
    public int Length { get; set; } = 6;

    /// <summary>How long a code and its link work.</summary>
    public TimeSpan Expiry { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Shortest time between two messages of a kind to one address.</summary>
    public TimeSpan MaxFrequency { get; set; } = TimeSpan.FromSeconds(1);
}

/// <summary>Sign-in by telephone, as <c>[auth.sms]</c>.</summary>
public sealed class AuthSmsOptions
{
    /// <summary>Sign-up and sign-in by telephone number.</summary>
    public bool EnableSignup { get; set; }

    /// <summary>The number must be confirmed by a text message before the first sign-in with a password.</summary>
    public bool EnableConfirmations { get; set; } = true;

    /// <summary>Where text messages are posted to, signed; empty: nowhere (in development they go to the inbox).</summary>
    public string Uri { get; set; } = "";

    /// <summary>Secret of the signature: v1,whsec_ and base64, as Standard Webhooks has it.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The text; {{ .Code }} is the code.</summary>
    public string Template { get; set; } = "Your code is {{ .Code }}";

    /// <summary>Shortest time between two messages of a kind to one number.</summary>
    public TimeSpan MaxFrequency { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Codes of numbers that nothing is sent to, for tests and for reviewers of app stores.</summary>
    public Dictionary<string, string> TestOtp { get; } = new(StringComparer.Ordinal);
}

/// <summary>The mail server, as <c>[auth.email.smtp]</c>.</summary>
public sealed class AuthSmtpOptions
{
    /// <summary>Hand mails to a server.</summary>
    public bool Enabled { get; set; }

    /// <summary>Its host name.</summary>
    public string Host { get; set; } = "";

    /// <summary>Its port: 465 is TLS from the start, any other begins in clear and must offer STARTTLS (except on this machine).</summary>
    public int Port { get; set; } = 587;

    /// <summary>Account there; empty: without one.</summary>
    public string User { get; set; } = "";

    /// <summary>Password of the account.</summary>
    public string Password { get; set; } = "";

    /// <summary>Address mails come from.</summary>
    public string AdminEmail { get; set; } = "";

    /// <summary>Name mails come from.</summary>
    public string SenderName { get; set; } = "";
}

/// <summary>A hook, as <c>[auth.hook.NAME]</c>.</summary>
public sealed class AuthHookOptions
{
    /// <summary>Ask the hook.</summary>
    public bool Enabled { get; set; }

    /// <summary>pg-functions://postgres/SCHEMA/FUNCTION, or an https address.</summary>
    public string Uri { get; set; } = "";

    /// <summary>Secrets that sign calls to an address: v1,whsec_ and base64; several are separated by |.</summary>
    public string Secrets { get; set; } = "";

    /// <summary>Code of the application that Tenon is embedded in, in place of an address: payload in, answer out.</summary>
    internal Func<System.Text.Json.JsonElement, CancellationToken, ValueTask<System.Text.Json.Nodes.JsonObject>>? Code { get; set; }
}

/// <summary>An own mail template, as <c>[auth.email.template.NAME]</c>.</summary>
public sealed class AuthTemplateOptions
{
    /// <summary>Subject line; may hold the same variables as the text.</summary>
    public string Subject { get; set; } = "";

    /// <summary>HTML file, relative to the app's folder.</summary>
    public string ContentPath { get; set; } = "";
}

/// <summary>A puzzle of another service, as <c>[auth.captcha]</c>.</summary>
public sealed class AuthCaptchaOptions
{
    /// <summary>Requests must carry a solved puzzle.</summary>
    public bool Enabled { get; set; }

    /// <summary>hcaptcha or turnstile.</summary>
    public string Provider { get; set; } = "turnstile";

    /// <summary>The provider's public key of this site; the pages of the identity provider show the puzzle by it.</summary>
    public string SiteKey { get; set; } = "";

    /// <summary>The provider's secret for this site.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Another address than the provider's: tests answer there.</summary>
    internal Uri? VerifyUri { get; set; }
}

/// <summary>Second factors, as <c>[auth.mfa]</c>.</summary>
public sealed class AuthMfaOptions
{
    /// <summary>Most factors of a user, begun enrolments included.</summary>
    public int MaxEnrolledFactors { get; set; } = 10;

    /// <summary>Authenticator apps may be added.</summary>
    public bool TotpEnrollEnabled { get; set; } = true;

    /// <summary>Authenticator apps are accepted.</summary>
    public bool TotpVerifyEnabled { get; set; } = true;

    /// <summary>Telephones may be added.</summary>
    public bool PhoneEnrollEnabled { get; set; }

    /// <summary>Codes sent to telephones are accepted.</summary>
    public bool PhoneVerifyEnabled { get; set; }

    /// <summary>Security keys may be added.</summary>
    public bool WebAuthnEnrollEnabled { get; set; } = true;

    /// <summary>Security keys are accepted.</summary>
    public bool WebAuthnVerifyEnabled { get; set; } = true;
}

/// <summary>Passkeys, as <c>[auth.passkeys]</c>; RP ID and origins hold for security keys too.</summary>
public sealed class AuthPasskeyOptions
{
    /// <summary>Sign in by passkey.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The domain that keys are bound to; empty: the host of <see cref="AuthOptions.SiteUrl"/>. It cannot be changed without losing every key.</summary>
    public string RpId { get; set; } = "";

    /// <summary>Origins of the pages that may ask for a key; empty: that of <see cref="AuthOptions.SiteUrl"/>.</summary>
    public List<string> RpOrigins { get; } = [];
}

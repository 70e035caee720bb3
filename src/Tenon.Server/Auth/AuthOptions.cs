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

    /// <summary>Each refresh swaps the refresh token for a new one (RFC 9700).</summary>
    public bool EnableRefreshTokenRotation { get; set; } = true;

    /// <summary>How long after its use an old refresh token is still forgiven.</summary>
    public TimeSpan RefreshTokenReuseInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>New users may sign up.</summary>
    public bool EnableSignup { get; set; } = true;

    /// <summary>Users without e-mail address and password.</summary>
    public bool EnableAnonymousSignIns { get; set; }

    /// <summary>A signed-in user may link another provider's identity.</summary>
    public bool EnableManualLinking { get; set; }

    /// <summary>Fewest characters of a password.</summary>
    public int MinimumPasswordLength { get; set; } = 8;

    /// <summary>Roles besides anon, authenticated and service_role that a token may name.</summary>
    public List<string> AdditionalRoles { get; } = [];

    /// <summary>Networks (CIDR) whose X-Forwarded-For is believed. Empty: the peer's address is the client's.</summary>
    public List<string> TrustedProxies { get; } = [];

    /// <summary>Requests per client address.</summary>
    public AuthRateLimitOptions RateLimit { get; } = new();

    /// <summary>How long sessions last.</summary>
    public AuthSessionOptions Sessions { get; } = new();

    /// <summary>Sign-in by e-mail address.</summary>
    public AuthEmailOptions Email { get; } = new();

    /// <summary>Second factors.</summary>
    public AuthMfaOptions Mfa { get; } = new();

    internal string Issuer => PublicUrl.TrimEnd('/') + "/auth/v1";
}

/// <summary>Requests per client address, as <c>[auth] rate_limit</c>.</summary>
public sealed class AuthRateLimitOptions
{
    /// <summary>Mails an hour, over all clients.</summary>
    public int EmailSent { get; set; } = 30;

    /// <summary>Text messages an hour, over all clients.</summary>
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

    /// <summary>Changing the password needs a sign-in of the last 24 hours.</summary>
    public bool SecurePasswordChange { get; set; }
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
}

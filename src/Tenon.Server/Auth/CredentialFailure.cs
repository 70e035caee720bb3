using Tenon.Core.Errors;

namespace Tenon.Server.Auth;

/// <summary>What is wrong with a credential. The order of the checks is the order of the members.</summary>
internal enum CredentialProblem
{
    /// <summary>Not a key and not a token: PGRST301.</summary>
    Undecodable,

    /// <summary>An API key this server does not know: PGRST301.</summary>
    UnknownKey,

    /// <summary>The signature is good, a claim is not: PGRST303.</summary>
    Claims,

    /// <summary>The session was ended: PGRST303.</summary>
    SessionGone,

    /// <summary>The user is barred: PGRST303.</summary>
    UserBanned,

    /// <summary>A user's key whose last day has passed: PGRST303.</summary>
    KeyExpired,

    /// <summary>A user's key where a session is asked for.</summary>
    KeyNotHere,

    /// <summary>A user's key that was used too often: TN111.</summary>
    KeyTooFast,

    /// <summary>A change by the host's cookie from a page of another origin: TN112.</summary>
    ForeignOrigin,
}

/// <summary>A refused credential, ready to be said in PostgREST's or GoTrue's shape. On REST 401, but for a key used too often and a foreign origin.</summary>
internal sealed record CredentialFailure(CredentialProblem Problem, string Message)
{
    public static readonly CredentialFailure Empty = Undecodable("Empty JWT is sent in Authorization header");
    public static readonly CredentialFailure Repeated = Undecodable("More than one credential was sent");
    public static readonly CredentialFailure TooLong = Undecodable("The token is too long");
    public static readonly CredentialFailure NotSigned = Undecodable("JWT cryptographic operation failed");
    public static readonly CredentialFailure WrongKey = Undecodable("No suitable key or wrong key type");
    public static readonly CredentialFailure WrongAlgorithm = Undecodable("Wrong or unsupported encoding algorithm");
    public static readonly CredentialFailure UnknownKey = new(CredentialProblem.UnknownKey, "Invalid API key");
    public static readonly CredentialFailure Expired = Claims("JWT expired");
    public static readonly CredentialFailure NotYetValid = Claims("JWT not yet valid");
    public static readonly CredentialFailure IssuedInFuture = Claims("JWT issued at future");
    public static readonly CredentialFailure WrongAudience = Claims("JWT not in audience");
    public static readonly CredentialFailure WrongIssuer = Claims("JWT of another issuer");
    public static readonly CredentialFailure Unreadable = Claims("Parsing claims failed");
    public static readonly CredentialFailure SubjectNotUuid = Claims("The JWT 'sub' claim must be a UUID");
    public static readonly CredentialFailure RoleNotAllowed = Claims("The JWT 'role' claim names a role that requests may not take");
    public static readonly CredentialFailure RoleChanged = Claims("The user's role is no longer the JWT's");
    public static readonly CredentialFailure TooManyClaims = Claims("The claims of the signed-in user are too large");
    public static readonly CredentialFailure ForeignOrigin = new(CredentialProblem.ForeignOrigin, "A page of another origin may not change anything by a cookie");
    public static readonly CredentialFailure SessionGone = new(CredentialProblem.SessionGone, "The session of this JWT has ended");
    public static readonly CredentialFailure UserBanned = new(CredentialProblem.UserBanned, "The user of this JWT is banned");

    public static readonly CredentialFailure KeyExpired = new(CredentialProblem.KeyExpired, "The API key has expired");
    public static readonly CredentialFailure KeyNotHere = new(CredentialProblem.KeyNotHere, "API keys of users work at /rest/v1 alone; sign in");

    public static CredentialFailure KeyTooFast(int wait) =>
        new(CredentialProblem.KeyTooFast, "The rate limit of this API key is reached") { RetryAfter = wait };

    /// <summary>Seconds, where waiting mends it.</summary>
    public int? RetryAfter { get; private init; }

    public static CredentialFailure Undecodable(string message) => new(CredentialProblem.Undecodable, message);

    public static CredentialFailure Claims(string message) => new(CredentialProblem.Claims, message);

    /// <summary>In PostgREST's catalogue; answer it with <see cref="WwwAuthenticate"/>.</summary>
    public Error ToRestError() =>
        Problem == CredentialProblem.KeyTooFast ? new Error(ErrorCodes.KeyTooFast, Message) { RetryAfter = RetryAfter }
        : Problem == CredentialProblem.ForeignOrigin
            ? new Error(ErrorCodes.ForeignOrigin, Message, null, "List the origin in the trusted origins of the host's sign-in, or send the request without the cookie.")
        : Problem is CredentialProblem.Undecodable or CredentialProblem.UnknownKey
            ? new Error(ErrorCodes.InvalidToken, Message)
            : new Error(ErrorCodes.InvalidClaims, Message);

    /// <summary>In GoTrue's catalogue.</summary>
    public AuthError ToAuthError() =>
        Problem switch
        {
            CredentialProblem.UnknownKey => AuthErrors.InvalidApiKey,
            CredentialProblem.KeyExpired or CredentialProblem.KeyNotHere => AuthErrors.KeyIsNoSession,
            CredentialProblem.SessionGone => AuthErrors.SessionNotFound,
            CredentialProblem.UserBanned => AuthErrors.UserBanned,
            CredentialProblem.ForeignOrigin => AuthErrors.ForeignOrigin,
            _ => AuthErrors.BadJwt(Message),
        };

    /// <summary>Value of the WWW-Authenticate header (RFC 6750 §3); null where another credential is not asked for.</summary>
    public string? WwwAuthenticate => Problem is CredentialProblem.KeyTooFast or CredentialProblem.ForeignOrigin ? null : $"Bearer error=\"invalid_token\", error_description=\"{Message}\"";
}

/// <summary>What a credential resolves to: a caller, or the reason there is none.</summary>
internal readonly struct Resolution
{
    private Resolution(Caller? caller, CredentialFailure? failure)
    {
        Caller = caller;
        Failure = failure;
    }

    public Caller? Caller { get; }
    public CredentialFailure? Failure { get; }

    public bool TryGet(
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Caller? caller,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out CredentialFailure? failure
    )
    {
        caller = Caller;
        failure = Failure;
        return caller is not null;
    }

    public static implicit operator Resolution(Caller caller) => new(caller, null);

    public static implicit operator Resolution(CredentialFailure failure) => new(null, failure);
}

namespace Tenon.Core.Errors;

/// <summary>
/// One failure in the wire's own words. <see cref="Code"/> is a PostgREST code or an SQLSTATE; the four members are what
/// PostgREST puts in its body. Details and hint never name what the caller may not see.
/// </summary>
internal sealed record Error(ErrorCode Code, string Message, string? Details = null, string? Hint = null)
{
    /// <summary>HTTP status; null means the status the catalogue gives the code.</summary>
    public int? StatusOverride { get; init; }

    /// <summary>Details is JSON and goes into the body as it is (PGRST201 lists relationships).</summary>
    public bool DetailsAreJson { get; init; }

    /// <summary>Position in the text that failed, when there is one (0-based, in characters).</summary>
    public int? Position { get; init; }

    /// <summary>Seconds a client should wait before it tries again (Retry-After), when that is known.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Headers of the answer, where the app's own code raised the error with some.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public TenonException ToException() => new(this);
}

/// <summary>Carries an <see cref="Error"/> out of code that cannot return one (an engine callback, a running write).</summary>
internal sealed class TenonException(Error error, Exception? inner = null) : Exception(error.Message, inner)
{
    public Error Error { get; } = error;
}

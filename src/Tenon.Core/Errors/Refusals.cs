namespace Tenon.Core.Errors;

/// <summary>Errors for what Tenon cannot carry, wherever that is found out.</summary>
internal static class Refusals
{
    /// <summary>PostgreSQL has it, this source cannot.</summary>
    public static Error NotSupported(string what, string? hint = null) =>
        new(ErrorCodes.FeatureNotSupported, $"{what} is not supported", null, hint);
}

namespace Tenon.Core.Errors;

/// <summary>Errors for what goes past a limit: each says the limit and how to stay under it.</summary>
internal static class Limits
{
    public static Error ResultTooLarge(int bytes) =>
        new(
            ErrorCodes.ResultTooLarge,
            $"the result exceeds {bytes >> 20} MiB",
            null,
            "Ask for fewer rows or columns with limit and select, or page through the result."
        );
}

namespace Tenon.Core.Errors;

/// <summary>Errors about how many rows there were (PostgREST 116, 124).</summary>
internal static class RowCounts
{
    public static Error NotSingular(long rows) =>
        new(ErrorCodes.NotSingular, "Cannot coerce the result to a single JSON object", $"The result contains {rows} rows");

    public static Error TooManyAffected(long rows) =>
        new(
            ErrorCodes.MaxAffected,
            "Query result exceeds max-affected preference constraint",
            $"The query affects {rows} rows"
        );
}

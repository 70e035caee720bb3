using System.Globalization;

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

    public static Error RequestTimeout(TimeSpan limit) =>
        new(
            ErrorCodes.RequestTimeout,
            string.Create(CultureInfo.InvariantCulture, $"the request took longer than {limit.TotalSeconds:0.###} s"),
            null,
            "Ask for less at once; the limit is [server] request_timeout."
        );

    public static Error TooCostly(long cost, long most) =>
        new(
            ErrorCodes.TooCostly,
            string.Create(CultureInfo.InvariantCulture, $"the request would cost {cost}, more than the {most} that are allowed"),
            "An offset costs its rows, a value of the query 10, a member of a row 50, an embedded relation 100.",
            "Page by key (order by a unique column, filter with gt on the last one read) in place of a large offset; select fewer members."
        );
}

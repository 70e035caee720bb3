using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>
/// Carries one error from the depth of the checker to its door, where it becomes an Outcome. Thrown and caught inside this
/// folder only: the recursion over two trees would otherwise test an outcome at every step of the path that succeeds.
/// </summary>
internal sealed class CheckFailure(Error error) : Exception(error.Message)
{
    public Error Error { get; } = error;
}

/// <summary>PostgreSQL's messages for what a text can get wrong.</summary>
internal static class CheckErrors
{
    public static CheckFailure Of(ErrorCode code, string message, Span at, string? hint = null, string? details = null) =>
        new(new Error(code, message, details, hint) { Position = at.Start >= 0 ? at.Start : null });

    public static CheckFailure At(Error error, Span at) =>
        new(error.Position is null && at.Start >= 0 ? error with { Position = at.Start } : error);

    public static CheckFailure NotSupported(string what, Span at) =>
        Of(ErrorCodes.FeatureNotSupported, $"{what} is not supported", at);

    public static CheckFailure TooDeep(Span at) =>
        Of(ErrorCodes.StatementTooComplex, "the expression is nested too deeply", at, "Split it into smaller parts.");

    public static CheckFailure NoOperator(string spelling, LogicalType? left, LogicalType right, Span at) =>
        Of(
            ErrorCodes.UndefinedFunction,
            left is null
                ? $"operator does not exist: {spelling} {right.Unmodified.SqlName}"
                : $"operator does not exist: {left.Unmodified.SqlName} {spelling} {right.Unmodified.SqlName}",
            at,
            "No operator matches the given name and argument types. You might need to add explicit type casts."
        );

    public static CheckFailure AmbiguousOperator(string spelling, LogicalType? left, LogicalType right, Span at) =>
        Of(
            ErrorCodes.AmbiguousFunctionCall,
            left is null
                ? $"operator is not unique: {spelling} {right.Unmodified.SqlName}"
                : $"operator is not unique: {left.Unmodified.SqlName} {spelling} {right.Unmodified.SqlName}",
            at,
            "Could not choose a best candidate operator. You might need to add explicit type casts."
        );

    public static CheckFailure CannotCast(LogicalType from, LogicalType to, Span at) =>
        Of(ErrorCodes.CannotCoerce, $"cannot cast type {from.Unmodified.SqlName} to {to.Unmodified.SqlName}", at);

    public static CheckFailure NoRelation(string name, Span at, string? near) =>
        Of(
            ErrorCodes.UndefinedTable,
            $"relation \"{name}\" does not exist",
            at,
            near is null ? null : $"Perhaps you meant the table \"{near}\"."
        );

    public static CheckFailure NoColumn(string quoted, Span at, string? near) =>
        Of(
            ErrorCodes.UndefinedColumn,
            $"column {quoted} does not exist",
            at,
            near is null ? null : $"Perhaps you meant to reference the column \"{near}\"."
        );

    public static CheckFailure AmbiguousColumn(string name, Span at, string? details = null) =>
        Of(ErrorCodes.AmbiguousColumn, $"column reference \"{name}\" is ambiguous", at, null, details);

    public static CheckFailure NotBoolean(string clause, LogicalType type, Span at) =>
        Of(ErrorCodes.DatatypeMismatch, $"argument of {clause} must be type boolean, not type {type.Unmodified.SqlName}", at);
}

/// <summary>The nearest known name to a misspelt one, for hints.</summary>
internal static class NearestName
{
    public static string? Of(string wanted, IEnumerable<string> known)
    {
        string? best = null;
        int limit = Math.Clamp(wanted.Length / 3, 1, 3);
        int bestDistance = limit + 1;
        foreach (string candidate in known)
        {
            if (Math.Abs(candidate.Length - wanted.Length) >= bestDistance)
            {
                continue;
            }
            int distance = Distance(wanted, candidate);
            if (distance < bestDistance || (distance == bestDistance && best is not null && string.CompareOrdinal(candidate, best) < 0))
            {
                best = candidate;
                bestDistance = distance;
            }
        }
        return bestDistance <= limit ? best : null;
    }

    // Levenshtein with the last two rows only; names are short.
    private static int Distance(string a, string b)
    {
        if (b.Length > 256)
        {
            return int.MaxValue;
        }
        System.Span<int> previous = stackalloc int[b.Length + 1];
        System.Span<int> current = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
            }
            current.CopyTo(previous);
        }
        return previous[b.Length];
    }
}

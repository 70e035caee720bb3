using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>
/// Everything that the comparison of policies with PostgreSQL lets pass, by rule. A difference that no rule names fails.
/// (Recursion through a function with the caller's rights is kept out by the grammar, see PolicySchema.)
/// </summary>
internal static class AllowedDifferences
{
    // Of several rows that each fail for a reason of its own PostgreSQL reports the first row's, since it checks and writes row
    // by row; Tenon asks the policies for all rows before it writes the first. Both refuse the whole statement.
    private static readonly string[] OfOneRow = ["42501", "23502", "23505", "23514", "21000"];

    // PostgreSQL rewrites before it looks at privileges, so of two reasons to refuse it names the endless policy; Tenon asks
    // for the privilege first.
    private static readonly (string?, string?) EndlessPolicyWithoutPrivilege = ("42P17", "42501");

    public static bool Between(PolicyRequest request, Reply native, Reply tenon) =>
        native == tenon
        || (native.Error, tenon.Error) == EndlessPolicyWithoutPrivilege
        || ((request.RowsGiven > 1 || request.Method == "PATCH") && OfOneRow.Contains(native.Error) && OfOneRow.Contains(tenon.Error));
}

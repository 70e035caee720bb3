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

    // The same within an upsert's row: PostgreSQL asks the table for the row proposed (is a column null) before it looks for one in
    // the way, and the policies for that one afterwards.
    private static bool Merges(PolicyRequest request) => request.Prefer.Contains("merge-duplicates", StringComparison.Ordinal);

    // A row that a trigger of an attached database may change is checked after it is written.
    private static bool MayNameAnother(PolicyScript setting, PolicyRequest request) =>
        request.RowsGiven > 1 || request.Method == "PATCH" || Merges(request) || setting.ChecksLate;

    // PostgreSQL rewrites before it looks at privileges, so of two reasons to refuse it names the endless policy; Tenon asks
    // for the privilege first.
    private static readonly (string?, string?) EndlessPolicyWithoutPrivilege = ("42P17", "42501");

    // MariaDB stores '' or 0 for a null that an update by a list of keys leaves in a column that refuses it, once the table has a
    // trigger, so Tenon refuses the null; it does so where a trigger would have filled it, too (docs/guides/sources.md).
    public static bool RefusesWhatATriggerFills(PolicyScript setting, PolicyRequest request, Reply native, Reply tenon) =>
        setting.ChecksLate
        && (native.Error, tenon.Error) == (null, "23502")
        && (request.Method == "PATCH" || Merges(request))
        && request.Body?.Contains("null", StringComparison.Ordinal) == true;

    public static bool Between(PolicyScript setting, PolicyRequest request, Reply native, Reply tenon) =>
        native == tenon
        || (native.Error, tenon.Error) == EndlessPolicyWithoutPrivilege
        || (MayNameAnother(setting, request) && OfOneRow.Contains(native.Error) && OfOneRow.Contains(tenon.Error));
}

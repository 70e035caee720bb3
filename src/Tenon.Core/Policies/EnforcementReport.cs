using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>A table, view or function that only the database itself can guard, and why.</summary>
internal sealed record NativeObject(QualifiedName Name, string Reason);

/// <summary>
/// Of a database that can enforce policies itself: what Tenon cannot express and leaves to it. Writes may be left to it too
/// where a table has triggers; that is decided statement by statement.
/// </summary>
internal static class EnforcementReport
{
    public static ImmutableArray<NativeObject> Of(Catalog.Catalog catalog, IReadOnlyCollection<string> schemas) =>
        [
            .. catalog.Tables.Values
                .Where(t => schemas.Contains(t.Name.Schema))
                .OrderBy(t => t.Name.ToString(), StringComparer.Ordinal)
                .Select(t => (t.Name, Reason: ReasonOf(catalog, t)))
                .Where(t => t.Reason is not null)
                .Select(t => new NativeObject(t.Name, t.Reason!)),
            .. catalog.Routines.Values
                .SelectMany(r => r)
                .Where(r => schemas.Contains(r.Name.Schema) && r.Result.Kind != TypeKind.Trigger && !IsReadable(() => Templates.Of(catalog).Body(r), out _))
                .OrderBy(r => r.Name.ToString(), StringComparer.Ordinal)
                .Select(r => new NativeObject(r.Name, "a function that is more than one query")),
        ];

    private static string? ReasonOf(Catalog.Catalog catalog, Table table)
    {
        if (table.NativePolicies)
        {
            return "its policies are PostgreSQL's own language, or row security holds for the user of the url too";
        }
        if (table.OnlyAsCaller != Privileges.None)
        {
            return "the user of the url may not do everything with it";
        }
        Templates templates = Templates.Of(catalog);
        if (table.Kind == RelationKind.View)
        {
            return table.ViewQuery is null || !IsReadable(() => templates.View(table), out string? why) ? "a view that Tenon does not read" : null;
        }
        foreach (Policy policy in table.RowSecurity ? table.Policies : [])
        {
            foreach (Expressions.Expr condition in new[] { policy.Using, policy.Check }.OfType<Expressions.Expr>())
            {
                if (!IsReadable(() => templates.Predicate(table, condition), out string? reason))
                {
                    return $"policy {policy.Name}: {reason}";
                }
            }
        }
        return null;
    }

    private static bool IsReadable(Func<object> read, out string? reason)
    {
        try
        {
            read();
            reason = null;
            return true;
        }
        catch (TenonException refused)
        {
            reason = refused.Error.Message;
            return false;
        }
    }
}

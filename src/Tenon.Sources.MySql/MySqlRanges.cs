using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// Which table stands behind which range: collations are facts of tables. Refuses what this database does not take and tells
/// only as a column that is unknown: a table made by a query (in FROM, of WITH) that names a column outside of it.
/// </summary>
internal sealed class MySqlRanges(Dictionary<string, QualifiedName> tables) : ExprVisitor
{
    public override void VisitSelect(Select select)
    {
        foreach (CommonTable common in select.With)
        {
            if (common.Body is SelectStatement made)
            {
                DemandAlone(made.Select);
            }
        }
        base.VisitSelect(select);
    }

    public override void VisitFrom(FromItem from)
    {
        if (from is GuardedTable table)
        {
            tables[table.Alias] = table.Name;
            VisitOptional(table.Filter);
            return;
        }
        base.VisitFrom(from);
    }

    public static void DemandAlone(Select select)
    {
        if (NamesOthers(select))
        {
            throw Refusals.NotSupported("a query in FROM or WITH that names a column outside of it on this source", "Put its condition into the query around it.").ToException();
        }
    }

    /// <summary>It reads columns of ranges that it does not open.</summary>
    public static bool NamesOthers(Select select)
    {
        var opened = new Opened();
        opened.VisitSelect(select);
        ExprFacts facts = ExprFacts.Of(select);
        return facts.Columns.Keys.Concat(facts.WholeRows).Any(r => !opened.Ranges.Contains(r));
    }

    private sealed class Opened : ExprVisitor
    {
        public HashSet<string> Ranges { get; } = new(StringComparer.Ordinal);

        public override void VisitFrom(FromItem from)
        {
            if (from switch { GuardedTable t => t.Alias, SelectFrom s => s.Alias, TableFrom t => t.Alias, FunctionFrom f => f.Alias, _ => null } is { } alias)
            {
                Ranges.Add(alias);
            }
            base.VisitFrom(from);
        }
    }
}

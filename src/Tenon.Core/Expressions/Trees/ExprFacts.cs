using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Trees;

/// <summary>What a bound tree reads and may do, gathered in one walk.</summary>
internal sealed class ExprFacts
{
    private readonly Dictionary<string, HashSet<string>> columns = new(StringComparer.Ordinal);
    private readonly HashSet<string> wholeRows = new(StringComparer.Ordinal);

    private ExprFacts() { }

    /// <summary>Columns read per range, those inside subqueries included. Ranges opened inside a subquery are among them.</summary>
    public IReadOnlyDictionary<string, HashSet<string>> Columns => columns;

    /// <summary>Ranges read as a whole row: every column counts as read.</summary>
    public IReadOnlySet<string> WholeRows => wholeRows;

    /// <summary>Common tables, tables and views in from of subqueries.</summary>
    public List<TableFrom> Tables { get; } = [];
    public bool HasSubquery { get; private set; }
    public bool HasAggregate { get; private set; }
    public bool HasWindow { get; private set; }

    /// <summary>Calls something whose answer changes within a statement (random(), a volatile function of the app).</summary>
    public bool HasVolatile { get; private set; }

    /// <summary>Calls something whose answer may change from one statement to the next.</summary>
    public bool HasStable { get; private set; }

    /// <summary>Depends on who asks or when: auth.uid(), now().</summary>
    public bool HasContext { get; private set; }

    /// <summary>Calls a function of the app.</summary>
    public bool HasUserCall { get; private set; }
    public bool HasParameter { get; private set; }
    public bool HasVariable { get; private set; }

    /// <summary>No part of it can raise an error, whatever the rows hold.</summary>
    public bool IsTotal { get; private set; } = true;

    /// <summary>The same value for every row and every request.</summary>
    public bool IsConstant =>
        columns.Count == 0
        && wholeRows.Count == 0
        && !HasSubquery
        && !HasAggregate
        && !HasWindow
        && !HasVolatile
        && !HasContext
        && !HasUserCall
        && !HasParameter
        && !HasVariable;

    public bool Reads(string range) => columns.ContainsKey(range) || wholeRows.Contains(range);

    public static ExprFacts Of(Expr expr)
    {
        var facts = new ExprFacts();
        new Walker(facts).Visit(expr);
        return facts;
    }

    public static ExprFacts Of(Select select)
    {
        var facts = new ExprFacts();
        new Walker(facts).VisitSelect(select);
        return facts;
    }

    public static ExprFacts Of(Statement statement)
    {
        var facts = new ExprFacts();
        new Walker(facts).VisitStatement(statement);
        return facts;
    }

    private sealed class Walker(ExprFacts facts) : ExprVisitor
    {
        public override void Visit(Expr expr)
        {
            switch (expr)
            {
                case ColumnExpr e:
                    Column(e.Range, e.Column);
                    return;
                case RowOfRangeExpr e:
                    // Whoever takes the row may read all of it, so all of it counts as read.
                    facts.wholeRows.Add(e.Range);
                    foreach (RowField field in e.Type.Fields)
                    {
                        Column(e.Range, field.Name);
                    }
                    return;
                case ContextExpr:
                    facts.HasContext = true;
                    return;
                case ParameterExpr:
                    facts.HasParameter = true;
                    return;
                case VariableExpr:
                    facts.HasVariable = true;
                    return;
                case ConstantExpr:
                    return;
                default:
                    Note(expr);
                    base.Visit(expr);
                    return;
            }
        }

        private void Column(string range, string column)
        {
            if (!facts.columns.TryGetValue(range, out var set))
            {
                facts.columns[range] = set = new(StringComparer.Ordinal);
            }
            set.Add(column);
        }

        private void Note(Expr expr)
        {
            switch (expr)
            {
                case ApplyExpr e:
                    facts.HasVolatile |= e.Function.Volatility == Volatility.Volatile;
                    facts.HasStable |= e.Function.Volatility == Volatility.Stable;
                    facts.IsTotal &= e.Function.Total;
                    break;
                case ConvertExpr e:
                    facts.IsTotal &= Conversions.IsTotal(e.Operand.Type, e.Type);
                    break;
                case QuantifiedExpr e:
                    facts.IsTotal &= e.Comparison is { Total: true };
                    break;
                case AggregateExpr e:
                    facts.HasAggregate = true;
                    facts.IsTotal &= e.Function.Total;
                    break;
                case WindowExpr e:
                    facts.HasWindow = true;
                    facts.IsTotal &= e.Function.Total;
                    break;
                case UserCallExpr:
                    facts.HasUserCall = true;
                    facts.IsTotal = false;
                    break;
                case ScalarSelectExpr e:
                    facts.HasSubquery = true;
                    facts.IsTotal &= Totality.IsSingleRow(e.Select);
                    break;
                case ExistsExpr or ArraySelectExpr or InSelectExpr:
                    facts.HasSubquery = true;
                    break;
            }
        }

        public override void VisitFrom(FromItem from)
        {
            if (from is TableFrom table)
            {
                facts.Tables.Add(table);
            }
            base.VisitFrom(from);
        }
    }
}

/// <summary>Which subqueries can never raise.</summary>
internal static class Totality
{
    /// <summary>At most one row by its shape: limit 0/1, no from, or aggregates without grouping.</summary>
    public static bool IsSingleRow(Select select)
    {
        if (select.Limit is ConstantExpr { Value: { Kind: DatumKind.Integer, Integer: <= 1 } })
        {
            return true;
        }
        return select.Body switch
        {
            SelectCore { From: null } core => !core.Items.Any(i => i.Value is ApplyExpr { Function.Shape: FunctionShape.SetReturning }),
            SelectCore { GroupBy.IsEmpty: true } core => core.Having is not null || core.Items.Any(i => IsAggregated(i.Value)),
            ValuesBody values => values.Rows.Length <= 1,
            NestedBody nested => IsSingleRow(nested.Select),
            _ => false,
        };
    }

    private static bool IsAggregated(Expr expr)
    {
        var finder = new AggregateFinder();
        finder.Visit(expr);
        return finder.Found;
    }

    private sealed class AggregateFinder : ExprVisitor
    {
        public bool Found { get; private set; }

        public override void Visit(Expr expr)
        {
            Found |= expr is AggregateExpr;
            if (!Found)
            {
                base.Visit(expr);
            }
        }

        // An aggregate of an inner query says nothing of this one.
        public override void VisitSelect(Select select) { }
    }
}


namespace Tenon.Core.Expressions.Trees;

/// <summary>
/// Gives every range of a bound tree another alias, so that a tree bound once (a policy, a view) can be written into many
/// statements, or twice into one.
/// </summary>
internal sealed class RangeRenamer(Func<string, string> rename) : ExprRewriter
{
    private readonly Dictionary<string, string> renamed = new(StringComparer.Ordinal);

    private string Renamed(string range)
    {
        if (!renamed.TryGetValue(range, out string? name))
        {
            renamed[range] = name = rename(range);
        }
        return name;
    }

    public override Expr Visit(Expr expr)
    {
        switch (expr)
        {
            case ColumnExpr column:
                string range = Renamed(column.Range);
                return range == column.Range ? column : column with { Range = range };
            case RowOfRangeExpr row:
                string whole = Renamed(row.Range);
                return whole == row.Range ? row : row with { Range = whole };
            default:
                return base.Visit(expr);
        }
    }

    public override FromItem VisitFrom(FromItem from) =>
        base.VisitFrom(from) switch
        {
            TableFrom t => Renamed(t.Alias) is var name && name == t.Alias ? t : t with { Alias = name },
            SelectFrom s => Renamed(s.Alias) is var name && name == s.Alias ? s : s with { Alias = name },
            FunctionFrom f => Renamed(f.Alias) is var name && name == f.Alias ? f : f with { Alias = name },
            FromItem other => other,
        };

    public override Statement VisitStatement(Statement statement) =>
        base.VisitStatement(statement) switch
        {
            InsertStatement s => s with { Alias = Renamed(s.Alias) },
            UpdateStatement s => s with { Alias = Renamed(s.Alias) },
            DeleteStatement s => s with { Alias = Renamed(s.Alias) },
            Statement other => other,
        };
}

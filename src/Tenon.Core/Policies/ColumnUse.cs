using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;

namespace Tenon.Core.Policies;

/// <summary>
/// Which columns a read mentions, per range, in select, filter, order and joins: a column used in a filter or an order
/// counts as read (PostgreSQL's rule for column privileges).
/// </summary>
internal sealed class ColumnUse
{
    private readonly Dictionary<string, HashSet<string>> columns = new(StringComparer.Ordinal);

    public ColumnUse(ReadNode root) => Add(root);

    public IReadOnlyCollection<string> Of(string range) => columns.TryGetValue(range, out var set) ? set : [];

    private void Add(ReadNode node)
    {
        if (node.Source is RoutineSource { OfRow: true } routine)
        {
            Add(routine.Call);
        }
        Add(node.Filter);
        foreach (OrderItem item in node.Order)
        {
            Add(item.Key);
        }
        foreach (OutputMember member in node.Members)
        {
            switch (member)
            {
                case ValueMember value:
                    Add(value.Value);
                    break;
                case EmbedMember embed:
                    Add(node, embed.Embed);
                    break;
                case SpreadMember spread:
                    Add(node, spread.Embed);
                    break;
                case HiddenMember hidden:
                    Add(node, hidden.Embed);
                    break;
            }
        }
    }

    private void Add(ReadNode parent, Embed embed)
    {
        foreach (JoinColumn pair in embed.Columns)
        {
            Add(parent.Range, pair.Parent);
            Add(embed.Node.Range, pair.Child);
        }
        if (embed.Junction is { } junction)
        {
            foreach (JoinColumn pair in junction.ToParent)
            {
                Add(parent.Range, pair.Parent);
                Add(junction.Range, pair.Child);
            }
            foreach (JoinColumn pair in junction.ToChild)
            {
                Add(junction.Range, pair.Parent);
                Add(embed.Node.Range, pair.Child);
            }
        }
        Add(embed.Node);
    }

    private void Add(Expr? expr)
    {
        if (expr is null or EmbedPresentExpr)
        {
            return;
        }
        foreach (var (range, names) in ExprFacts.Of(expr).Columns)
        {
            foreach (string name in names)
            {
                Add(range, name);
            }
        }
    }

    private void Add(string range, string column)
    {
        if (!columns.TryGetValue(range, out var set))
        {
            columns[range] = set = new(StringComparer.Ordinal);
        }
        set.Add(column);
    }
}

using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>One resource while the plan is made: its relation, what is asked of it, what hangs below it.</summary>
internal sealed class NodeDraft(string range, NodeSource source, string name, ImmutableArray<RowField> columns)
{
    public string Range { get; } = range;
    public NodeSource Source { get; } = source;

    /// <summary>The relation's name in messages.</summary>
    public string Name { get; } = name;
    public ImmutableArray<RowField> Columns { get; } = columns;

    /// <summary>The table or view behind it, null for a function whose rows are no table's.</summary>
    public Table? Relation { get; init; }
    public EmbedSyntax? Syntax { get; init; }
    public Relationship? Link { get; init; }
    public NodeDraft? Parent { get; init; }
    public ImmutableArray<SelectItemSyntax> Items { get; init; } = [];
    public List<NodeDraft> Children { get; } = [];
    public List<Expr> Filters { get; } = [];
    public ImmutableArray<OrderItem> Order { get; set; } = [];
    public int LimitSlot { get; set; } = -1;
    public int OffsetSlot { get; set; } = -1;

    /// <summary>The name by which filters, orders and the answer know an embed.</summary>
    public string Label => Syntax!.Alias ?? Syntax.Target;

    /// <summary>Nothing of it is written: rel(), also around nothing but such.</summary>
    public bool IsHidden => Items.All(i => i is EmbedSyntax) && Children.All(c => c.IsHidden);

    public LogicalType? TypeOf(string column)
    {
        foreach (RowField field in Columns)
        {
            if (field.Name == column)
            {
                return field.Type;
            }
        }
        return null;
    }

    public NodeDraft? Child(string label) => Children.Find(c => c.Label == label);
}

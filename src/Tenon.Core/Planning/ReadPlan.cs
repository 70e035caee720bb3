using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;

namespace Tenon.Core.Planning;

// What the read planner gives and the policy binder takes: names resolved, types known, nothing guarded yet.

/// <summary>How the text of a slot becomes a value.</summary>
internal enum SlotKind
{
    /// <summary>The text of one value of the slot's type.</summary>
    Scalar,

    /// <summary>"(1,2,"a b")" of in: the slot's type is an array of the column's type.</summary>
    List,

    /// <summary>"{1,2}" of any/all: the slot's type is an array of the column's type.</summary>
    AnyAll,

    /// <summary>A like/ilike pattern: * stands for %.</summary>
    Pattern,

    /// <summary>"{a*,b*}" of like(any): patterns.</summary>
    PatternList,

    /// <summary>The text of a to_tsquery: one that cannot be read is an error whatever the rows, as where PostgreSQL plans it.</summary>
    Search,

    /// <summary>A non-negative integer of limit, offset or Range.</summary>
    Count,

    /// <summary>Not used by the plan, or a literal of it: its text is not converted.</summary>
    Unused,
}

/// <summary>One value cut out of the request, in the order the parser met it. ParameterExpr.Slot indexes these.</summary>
internal readonly record struct SlotSpec(LogicalType Type, SlotKind Kind)
{
    /// <summary>Of a search: how its words become lexemes.</summary>
    public SearchConfiguration? Search { get; init; }
}

/// <summary>A planned read: the tree of resources and the values it needs.</summary>
internal sealed record ReadPlan(ReadNode Root, ImmutableArray<SlotSpec> Slots)
{
    /// <summary>Prefer: count=exact: how many rows the root has without limit and offset.</summary>
    public bool CountExact { get; init; }

    /// <summary>What the database makes of the rows, in place of their JSON.</summary>
    public MediaHandler? Handler { get; init; }

    /// <summary>They are counted while they are read, past the page: what gives them must not run a second time.</summary>
    public bool CountWhileReading { get; init; }

    /// <summary>Prefer: count=planned and estimated: the rows may be estimated by a source that can.</summary>
    public CountEstimate Estimate { get; init; }

    /// <summary>
    /// Slots whose texts became literals of the plan (operands of closed sets): a cached plan serves only requests whose
    /// texts in these slots are the same.
    /// </summary>
    public ImmutableArray<int> LiteralSlots { get; init; } = [];

    /// <summary>The plan holds a text that is in no slot: it must not be cached.</summary>
    public bool IsSingleUse { get; init; }

    /// <summary>
    /// Slots of the root's limit and offset, -1 when the request gives none. The root's Limit and Offset are the last two
    /// slots: whoever executes puts there what remains after Range and the server's own bound.
    /// </summary>
    public int LimitSlot { get; init; } = -1;
    public int OffsetSlot { get; init; } = -1;
}

/// <summary>How many rows are estimated: none; always; above this many, which are counted. Beside it CountExact stays true.</summary>
internal readonly record struct CountEstimate(bool Wanted, long? Above)
{
    public static readonly CountEstimate Always = new(true, null);
}

/// <summary>Where the rows of a node come from.</summary>
internal abstract record NodeSource;

/// <summary>A table or view.</summary>
internal sealed record TableSource(QualifiedName Table) : NodeSource;

/// <summary>A call of an app function; Arguments are bound and in parameter order. Scalar: it returns one unnamed value.</summary>
internal sealed record RoutineSource(UserCallExpr Call, bool ReturnsSet, bool Scalar) : NodeSource
{
    /// <summary>Its one argument is a row of another range: a computed relationship.</summary>
    public bool OfRow { get; init; }
}

/// <summary>One resource of the request: the top or an embed.</summary>
internal sealed record ReadNode(string Range, NodeSource Source)
{
    /// <summary>JSON members in the order asked for.</summary>
    public ImmutableArray<OutputMember> Members { get; init; } = [];

    /// <summary>Over this node's range, the ranges of its to-one embeds (never for a filter, only for an order) and <see cref="EmbedPresentExpr"/>.</summary>
    public Expr? Filter { get; init; }
    public ImmutableArray<OrderItem> Order { get; init; } = [];
    public Expr? Limit { get; init; }
    public Expr? Offset { get; init; }

    /// <summary>Some member is an aggregate: rows are grouped by the members that are not.</summary>
    public bool Grouped { get; init; }
}

internal abstract record OutputMember;

/// <summary>A value: a column, a json path, a cast, an aggregate.</summary>
internal sealed record ValueMember(string Name, Expr Value) : OutputMember;

/// <summary>An embedded resource as an object (to-one) or an array (to-many).</summary>
internal sealed record EmbedMember(string Name, Embed Embed) : OutputMember;

/// <summary>...rel(…): the members of a to-one lifted up, those of a to-many as arrays.</summary>
internal sealed record SpreadMember(Embed Embed) : OutputMember;

/// <summary>rel(): joined for !inner, filters or order, nothing written.</summary>
internal sealed record HiddenMember(Embed Embed) : OutputMember;

internal sealed record JoinColumn(string Parent, string Child);

/// <summary>The table between the two ends of a many-to-many: parent = junction.left, junction.right = child.</summary>
internal sealed record Junction(string Range, QualifiedName Table, ImmutableArray<JoinColumn> ToParent, ImmutableArray<JoinColumn> ToChild);

/// <summary>
/// A child below its parent. Without a junction Columns pairs parent and child columns; with one it is empty and the
/// junction's pairs hold: ToParent(Parent = parent's column, Child = junction's), ToChild(Parent = junction's, Child = child's).
/// </summary>
internal sealed record Embed(ReadNode Node, bool ToMany, bool Inner, ImmutableArray<JoinColumn> Columns)
{
    public Junction? Junction { get; init; }
}

/// <summary>rel=not.is.null (Negated: rel=is.null): the embed whose node has this range has at least one row.</summary>
internal sealed record EmbedPresentExpr(string Range, bool Negated) : Expr;

using System.Collections.Immutable;
using Tenon.Core.Expressions;

namespace Tenon.Core.Query;

// What a query string says, names not looked up yet. Values are cut out: a filter holds the number of its slot, and the
// texts stand in QuerySyntax.Slots in the order in which they appear in the request.

/// <summary>One step of a json path: -> or ->> followed by a key or an index.</summary>
internal readonly record struct JsonStep(bool AsText, string? Key, int Index);

/// <summary>A column with an optional json path.</summary>
internal sealed record FieldSyntax(string Name, ImmutableArray<JsonStep> Path);

internal enum AggregateKind
{
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

internal abstract record SelectItemSyntax
{
    /// <summary>Where it starts in the text of select (0-based).</summary>
    public int At { get; init; }
}

internal sealed record StarSyntax : SelectItemSyntax;

/// <summary>alias:field::cast.aggregate()::cast; Field is null for count().</summary>
internal sealed record FieldItemSyntax(FieldSyntax? Field, string? Alias) : SelectItemSyntax
{
    public string? Cast { get; init; }
    public AggregateKind? Aggregate { get; init; }
    public string? AggregateCast { get; init; }
}

/// <summary>alias:target!hint!inner(items), or ...target(items).</summary>
internal sealed record EmbedSyntax(string Target, string? Alias, ImmutableArray<SelectItemSyntax> Items) : SelectItemSyntax
{
    public string? Hint { get; init; }
    public bool Inner { get; init; }
    public bool Spread { get; init; }
}

internal enum FilterOperator
{
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Like,
    ILike,
    Match,
    IMatch,
    In,
    Is,
    IsDistinct,
    FullText,
    FullTextPlain,
    FullTextPhrase,
    FullTextWeb,
    Contains,
    ContainedIn,
    Overlaps,
    StrictlyLeft,
    StrictlyRight,
    NotRightOf,
    NotLeftOf,
    Adjacent,
}

internal enum Quantifier
{
    None,
    Any,
    All,
}

internal abstract record ConditionSyntax;

internal sealed record LogicSyntax(bool Or, bool Negated, ImmutableArray<ConditionSyntax> Items) : ConditionSyntax;

/// <summary>field.operator.value. Slot is -1 for is (see Test).</summary>
internal sealed record FilterSyntax(FieldSyntax Field, FilterOperator Operator, int Slot) : ConditionSyntax
{
    public bool Negated { get; init; }
    public Quantifier Quantifier { get; init; }
    public TestKind Test { get; init; }

    /// <summary>is.not_null.</summary>
    public bool TestNegated { get; init; }

    /// <summary>fts(english).</summary>
    public string? Language { get; init; }
}

/// <summary>A condition and the embed it belongs to (path of names or aliases, empty = root).</summary>
internal sealed record PlacedCondition(ImmutableArray<string> Path, ConditionSyntax Condition);

/// <summary>One term of order; Relation names a to-one embed whose column it is.</summary>
internal sealed record OrderTermSyntax(string? Relation, FieldSyntax Field, bool Descending, NullsOrder Nulls);

internal sealed record PlacedOrder(ImmutableArray<string> Path, ImmutableArray<OrderTermSyntax> Terms);

/// <summary>limit or offset of the embed at Path.</summary>
internal sealed record PlacedCount(ImmutableArray<string> Path, int Slot, bool IsOffset);

/// <summary>
/// A parameter of a function call by GET. Slot holds its whole text, or is -1 when the text looks like a filter: then
/// Filter says which, and whether it is one depends on the function's parameter names.
/// </summary>
internal sealed record ArgumentSyntax(string Name, string Text, int Slot, PlacedCondition? Filter);

/// <summary>A parsed query string.</summary>
internal sealed record QuerySyntax
{
    /// <summary>One star when select was not given.</summary>
    public ImmutableArray<SelectItemSyntax> Select { get; init; } = [new StarSyntax()];
    public bool HasSelect { get; init; }
    public ImmutableArray<PlacedCondition> Conditions { get; init; } = [];
    public ImmutableArray<PlacedOrder> Orders { get; init; } = [];
    public ImmutableArray<PlacedCount> Counts { get; init; } = [];

    /// <summary>?columns=; default = not given.</summary>
    public ImmutableArray<string> Columns { get; init; }

    /// <summary>?on_conflict=; default = not given.</summary>
    public ImmutableArray<string> OnConflict { get; init; }
    public ImmutableArray<ArgumentSyntax> Arguments { get; init; } = [];
    public ImmutableArray<string> Slots { get; init; } = [];
}

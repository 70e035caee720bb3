using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

// What lowering gives: one query per border to a to-many embed, and for each how its rows become JSON.

/// <summary>One statement of a read. The rows of a child unit carry the ordinal of their parent in column 0.</summary>
internal sealed record ReadUnit(Select Select, RowShape Shape)
{
    public ImmutableArray<ChildUnit> Children { get; init; } = [];

    /// <summary>Of a child: rows per parent to skip and to keep (null: all, up to the server's limit), applied by the reader.</summary>
    public Expr? Limit { get; init; }
    public Expr? Offset { get; init; }

    /// <summary>Of a grouped child without group keys: a parent without rows still gets one (count 0, sums null).</summary>
    public bool OneRowWhenEmpty { get; init; }
}

/// <summary>A child unit and the columns of the parent's rows that are its keys.</summary>
internal sealed record ChildUnit(ReadUnit Unit, ImmutableArray<int> KeyColumns, ImmutableArray<LogicalType> KeyTypes);

/// <summary>How one row is written: an object of members, or one bare value.</summary>
internal sealed record RowShape(ImmutableArray<Shape> Members, bool BareValue);

internal abstract record Shape(string Name);

/// <summary>Column <paramref name="Column"/> of the result under a name.</summary>
internal sealed record ValueShape(string Name, int Column, LogicalType Type) : Shape(Name)
{
    /// <summary>It counts rows: over none it is 0, where other aggregates are null.</summary>
    public bool IsCount { get; init; }
}

/// <summary>A to-one embed: null when column <paramref name="Presence"/> is null.</summary>
internal sealed record ObjectShape(string Name, int Presence, ImmutableArray<Shape> Members) : Shape(Name);

/// <summary>A to-many embed: the rows of child <paramref name="Child"/> as an array.</summary>
internal sealed record ManyShape(string Name, int Child) : Shape(Name);

/// <summary>One member of a spread to-many embed: the values of member <paramref name="Member"/> of the child's rows as an array.</summary>
internal sealed record SpreadManyShape(string Name, int Child, int Member) : Shape(Name);

/// <summary>A lowered read: its root, its count (when asked for) and the number of statements it takes.</summary>
internal sealed record LoweredRead(ReadUnit Root, Select? Count)
{
    /// <summary>The rows to estimate, where that tells nothing of rows the caller may not see; and the count that stops above a bound.</summary>
    public Select? Rows { get; init; }
    public Select? CountedUpTo { get; init; }
}

// ---- nodes that only lowering makes ----

/// <summary>The keys of the parent rows, of the child's types, as a row source; columns by <see cref="ParentKeyExpr"/> and <see cref="ParentOrdinalExpr"/>.</summary>
internal sealed record ParentKeysFrom(string Alias, ImmutableArray<LogicalType> Types) : FromItem
{
    /// <summary>The keys that lowering puts leftmost in a bind join; null in any other.</summary>
    public static ParentKeysFrom? Of(FromItem from) => from is JoinFrom join ? Of(join.Left) : from as ParentKeysFrom;

    /// <summary>What the keys are joined with.</summary>
    public static FromItem Without(FromItem from) =>
        from is JoinFrom join ? (join.Left is ParentKeysFrom ? join.Right : join with { Left = Without(join.Left) }) : from;
}

/// <summary>The position of the parent row, from 0.</summary>
internal sealed record ParentOrdinalExpr(string Alias) : Expr;

/// <summary>Key <paramref name="Index"/> of <paramref name="Count"/> of the parent row.</summary>
internal sealed record ParentKeyExpr(string Alias, int Index, int Count) : Expr;

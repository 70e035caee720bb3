using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

internal enum WriteKind
{
    Insert,

    /// <summary>POST with resolution=merge-duplicates, and PUT.</summary>
    InsertOrUpdate,

    /// <summary>POST with resolution=ignore-duplicates.</summary>
    InsertOrIgnore,
    Update,
    Delete,
}

/// <summary>A primary key column and the slot that the URL of a PUT gives for it.</summary>
internal readonly record struct KeySlot(string Column, int Slot);

/// <summary>A planned write on one table. The payload comes with the execution, as rows of Datum for <see cref="Columns"/>.</summary>
internal sealed record WritePlan(WriteKind Kind, QualifiedName Table, string Range, ImmutableArray<SlotSpec> Slots)
{
    /// <summary>The view it is asked through; <see cref="Table"/> is the table below. Column names here are the view's.</summary>
    public UpdatableView? View { get; init; }

    /// <summary>Columns the payload gives, in payload order (the keys of the body, or ?columns=).</summary>
    public ImmutableArray<string> Columns { get; init; } = [];

    /// <summary>Prefer: missing=default: a key absent from a row takes the column's default, not NULL.</summary>
    public bool MissingIsDefault { get; init; }

    /// <summary>The arbiter of an upsert: on_conflict, else the primary key.</summary>
    public ImmutableArray<string> ConflictColumns { get; init; } = [];

    /// <summary>PUT: which slot of the URL each primary key column of the payload must equal.</summary>
    public ImmutableArray<KeySlot> PutKey { get; init; } = [];

    /// <summary>Which rows an update or delete touches, over <see cref="Range"/>; null = all.</summary>
    public Expr? Filter { get; init; }

    /// <summary>The columns of the table behind these, one for one.</summary>
    public ImmutableArray<string> BaseColumns(ImmutableArray<string> columns) => View is null ? columns : [.. columns.Select(c => View.Columns[c])];

    /// <summary>
    /// return=representation: what to answer of the rows written (its Range equals <see cref="Range"/>, its filter and limit
    /// apply to the representation only); the key alone for headers-only; null for minimal.
    /// </summary>
    public ReadNode? Returning { get; init; }

    /// <summary>headers-only: Returning holds the primary key, for Location; nothing is answered.</summary>
    public bool ReturnKey { get; init; }

    /// <summary>Accept: application/vnd.pgrst.object: anything but one row rolls the write back with PGRST116.</summary>
    public bool Singular { get; init; }

    /// <summary>As in <see cref="ReadPlan.LiteralSlots"/>.</summary>
    public ImmutableArray<int> LiteralSlots { get; init; } = [];

    /// <summary>Prefer: max-affected under handling=strict: more rows roll the write back with PGRST124.</summary>
    public long? MaxAffected { get; init; }
}

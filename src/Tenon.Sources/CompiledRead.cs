using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>How a result column arrives from the source, so that the writer need not ask which engine it is.</summary>
internal enum ValueForm : byte
{
    Integer,
    Boolean,
    Double,
    Single,

    /// <summary>UTF-8 text to be escaped.</summary>
    Text,

    /// <summary>UTF-8 text that never needs escaping (uuid).</summary>
    PlainText,

    /// <summary>UTF-8 that is JSON already (json, jsonb, arrays).</summary>
    Json,

    /// <summary>An integer, scaled by the type's scale.</summary>
    ScaledInteger,

    /// <summary>Digits of an exact numeric, or NaN.</summary>
    NumericText,
    TimestampTz,

    /// <summary>JSON of an array of instants in UTC.</summary>
    TimestampTzArray,
    Timestamp,
    Date,
    Time,

    /// <summary>"months days microseconds".</summary>
    Interval,
    Bytea,

    /// <summary>No value: the function returned void.</summary>
    Void,
}

/// <summary>One compiled statement of a read and its children, one for each to-many border.</summary>
internal sealed class CompiledUnit(CompiledStatement statement, ReadUnit unit, CompiledChild[] children)
{
    public CompiledStatement Statement { get; } = statement;
    public RowShape Shape { get; } = unit.Shape;
    public CompiledChild[] Children { get; } = children;
    public Expr? Limit { get; } = unit.Limit;
    public Expr? Offset { get; } = unit.Offset;
    public bool OneRowWhenEmpty { get; } = unit.OneRowWhenEmpty;

    /// <summary>The units of its to-many embeds, each before its own.</summary>
    public IEnumerable<CompiledUnit> Below => Children.SelectMany(c => c.Unit.Below.Prepend(c.Unit));
}

internal sealed record CompiledChild(CompiledUnit Unit, int[] KeyColumns, ValueForm[] KeyForms);

/// <summary>A read ready to run: cached by (request shape, role, catalog version).</summary>
internal sealed class CompiledRead(CompiledUnit root, CompiledStatement? count, SlotSpec[] slots)
{
    public CompiledUnit Root { get; } = root;
    public CompiledStatement? Count { get; } = count;
    public SlotSpec[] Slots { get; } = slots;

    /// <summary>In place of Count, where the source estimates: its plan of the rows, and the count up to a bound.</summary>
    public CompiledStatement? Estimate { get; private init; }
    public CompiledStatement? CountedUpTo { get; private init; }

    /// <summary>The root with all its embeds in one statement, where the source has that form; for pages of few rows.</summary>
    public CompiledStatement? Inline { get; private init; }

    /// <summary>The limit of the root's rows.</summary>
    public Expr? Page { get; private init; }

    /// <summary>Statements a run takes when no page is empty: 1 + to-many borders + count.</summary>
    public bool IsSingleStatement => Count is null && Root.Children.Length == 0;

    public static CompiledRead Of(LoweredRead lowered, IEnumerable<SlotSpec> slots, Source source) =>
        new(Compile(lowered.Root, source), lowered.Count is null ? null : source.Compile(lowered.Count), [.. slots])
        {
            Estimate = lowered.Rows is { } rows && source.EstimatesRows ? source.Explain(source.Compile(rows), new ExplainOptions(Json: true, [])) : null,
            Inline = source.CompileInline(lowered.Root),
            Page = lowered.Root.Select.Limit,
            CountedUpTo = lowered.CountedUpTo is { } count && source.EstimatesRows ? source.Compile(count) : null,
        };

    /// <summary>A unit and its children, for the representation of a write.</summary>
    public static CompiledUnit Of(ReadUnit unit, Source source) => Compile(unit, source);

    private static CompiledUnit Compile(ReadUnit unit, Source source) =>
        new(source.Compile(unit), unit, [.. unit.Children.Select(c => Compile(c, source))]);

    private static CompiledChild Compile(ChildUnit child, Source source) =>
        new(Compile(child.Unit, source), [.. child.KeyColumns], [.. child.KeyTypes.Select(source.FormOf)]);
}

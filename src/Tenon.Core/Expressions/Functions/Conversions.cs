using System.Collections.Frozen;
using Tenon.Core.Types;
using K = Tenon.Core.Types.TypeKind;

namespace Tenon.Core.Expressions.Functions;

// Which type converts to which, when, and how: PostgreSQL's pg_cast for the kinds Tenon has, plus the conversions by way
// of text that every type has there (to a string type: by assignment; from a string type: explicit).

internal enum CastContext
{
    /// <summary>Anywhere an expression of the target type is wanted.</summary>
    Implicit,

    /// <summary>When a value is stored in a column of the target type.</summary>
    Assignment,

    /// <summary>Only by cast or ::.</summary>
    Explicit,
}

internal static partial class Conversions
{
    private static readonly FrozenDictionary<(K From, K To), CastContext> Matrix = BuildMatrix();

    /// <summary>In which context a value of one type becomes one of the other; null when there is no way.</summary>
    public static CastContext? Find(LogicalType from, LogicalType to)
    {
        if (from.Kind == to.Kind && from.Kind is not (K.Array or K.Enum or K.Record))
        {
            return CastContext.Implicit;
        }
        if (from.Kind == K.Unknown)
        {
            return CastContext.Implicit;
        }
        if (from.Kind == K.Array && to.Kind == K.Array)
        {
            return Find(from.Element!, to.Element!);
        }
        if (from.Kind == K.Enum && to.Kind == K.Enum && from.Enum!.Name == to.Enum!.Name)
        {
            return CastContext.Implicit;
        }
        if (Matrix.TryGetValue((from.Kind, to.Kind), out CastContext context))
        {
            return context;
        }
        if (to.IsString && HasText(from.Kind))
        {
            return CastContext.Assignment;
        }
        return from.IsString && HasText(to.Kind) ? CastContext.Explicit : null;
    }

    /// <summary>The promise of all conversions that may be stored.</summary>
    public static readonly StoredResults Stored = StoredResults.First;

    /// <summary>A text as a date or time may say "today", or name a zone whose rules change; every other conversion is forever.</summary>
    public static bool MayBeStored(LogicalType from, LogicalType to) =>
        !(from.IsString || from.Kind is K.Unknown or K.Array && from.Element!.IsString)
        || (to.Kind == K.Array ? to.Element! : to).Kind is not (K.Date or K.Time or K.Timestamp or K.TimestampTz);

    private static bool HasText(K kind) => kind is >= K.Boolean and <= K.Enum or K.Record;

    private static FrozenDictionary<(K, K), CastContext> BuildMatrix()
    {
        var matrix = new Dictionary<(K, K), CastContext>();
        void Add(CastContext context, K from, params ReadOnlySpan<K> to)
        {
            foreach (K kind in to)
            {
                matrix.Add((from, kind), context);
            }
        }
        Add(CastContext.Implicit, K.Int2, K.Int4, K.Int8, K.Numeric, K.Float4, K.Float8);
        Add(CastContext.Implicit, K.Int4, K.Int8, K.Numeric, K.Float4, K.Float8);
        Add(CastContext.Assignment, K.Int4, K.Int2);
        Add(CastContext.Explicit, K.Int4, K.Boolean);
        Add(CastContext.Implicit, K.Int8, K.Numeric, K.Float4, K.Float8);
        Add(CastContext.Assignment, K.Int8, K.Int2, K.Int4);
        Add(CastContext.Implicit, K.Numeric, K.Float4, K.Float8);
        Add(CastContext.Assignment, K.Numeric, K.Int2, K.Int4, K.Int8);
        Add(CastContext.Implicit, K.Float4, K.Float8);
        Add(CastContext.Assignment, K.Float4, K.Int2, K.Int4, K.Int8, K.Numeric);
        Add(CastContext.Assignment, K.Float8, K.Int2, K.Int4, K.Int8, K.Numeric, K.Float4);
        Add(CastContext.Explicit, K.Boolean, K.Int4);
        Add(CastContext.Implicit, K.Text, K.Varchar, K.Char);
        Add(CastContext.Implicit, K.Varchar, K.Text, K.Char);
        Add(CastContext.Implicit, K.Char, K.Text, K.Varchar);
        Add(CastContext.Implicit, K.Date, K.Timestamp, K.TimestampTz);
        Add(CastContext.Implicit, K.Timestamp, K.TimestampTz);
        Add(CastContext.Assignment, K.Timestamp, K.Date, K.Time);
        Add(CastContext.Assignment, K.TimestampTz, K.Date, K.Time, K.Timestamp);
        Add(CastContext.Implicit, K.Time, K.Interval);
        Add(CastContext.Assignment, K.Interval, K.Time);
        Add(CastContext.Assignment, K.Json, K.Jsonb);
        Add(CastContext.Assignment, K.Jsonb, K.Json);
        Add(CastContext.Explicit, K.Jsonb, K.Boolean, K.Int2, K.Int4, K.Int8, K.Numeric, K.Float4, K.Float8);
        return matrix.ToFrozenDictionary();
    }
}

using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;
using K = Tenon.Core.Types.TypeKind;

namespace Tenon.Core.Expressions.Checking;

/// <summary>PostgreSQL's type categories, which decide between overloads and what CASE, UNION and the like unify.</summary>
internal static class TypeFacts
{
    public static char Category(LogicalType type) =>
        type.Kind switch
        {
            K.Boolean => 'B',
            K.Int2 or K.Int4 or K.Int8 or K.Numeric or K.Float4 or K.Float8 => 'N',
            K.Text or K.Varchar or K.Char => 'S',
            K.Date or K.Time or K.Timestamp or K.TimestampTz => 'D',
            K.Interval => 'T',
            K.Array => 'A',
            K.Enum => 'E',
            K.Unknown => 'X',
            K.Record => 'C',
            K.Void or K.Trigger => 'P',
            _ when type.IsPolymorphic => 'P',
            _ => 'U',
        };

    /// <summary>The type its category falls back to.</summary>
    public static bool IsPreferred(LogicalType type) => type.Kind is K.Boolean or K.Float8 or K.Text or K.TimestampTz or K.Interval;

    /// <summary>The same type but for modifiers.</summary>
    public static bool Same(LogicalType a, LogicalType b)
    {
        if (ReferenceEquals(a, b))
        {
            return true;
        }
        if (a.Kind != b.Kind)
        {
            return false;
        }
        return a.Kind switch
        {
            K.Array => Same(a.Element!, b.Element!),
            K.Enum => a.Enum!.Name == b.Enum!.Name,
            K.Record => a.RowOf == b.RowOf,
            _ => true,
        };
    }

    /// <summary>A row of any table is a record.</summary>
    public static bool IsAnyRecord(LogicalType type) => type is { Kind: K.Record, RowOf: null, Fields.IsEmpty: true };

    public static bool CoercesImplicitly(LogicalType from, LogicalType to) =>
        from.Kind == K.Unknown || Same(from, to) || (from.Kind == K.Record && IsAnyRecord(to)) || Conversions.Find(from, to) == CastContext.Implicit;

    /// <summary>
    /// The one type that a step of select_common_type leaves: <paramref name="next"/> replaces <paramref name="current"/>
    /// only when the conversion goes one way. Null when the categories differ.
    /// </summary>
    public static LogicalType? Common(LogicalType current, LogicalType next)
    {
        if (next.Kind == K.Unknown || Same(current, next))
        {
            return current.Equals(next) || next.Kind == K.Unknown ? current : current.Unmodified;
        }
        if (current.Kind == K.Unknown)
        {
            return next;
        }
        if (Category(current) != Category(next))
        {
            return null;
        }
        bool replaces = !IsPreferred(current) && CoercesImplicitly(current, next) && !CoercesImplicitly(next, current);
        return (replaces ? next : current).Unmodified;
    }
}

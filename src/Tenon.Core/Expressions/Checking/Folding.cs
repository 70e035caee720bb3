using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>Conversions of known values while binding; what this does not know stays a conversion for the engine.</summary>
internal static class Folding
{
    /// <summary>The converted value; null when the conversion is left to the engine.</summary>
    public static Outcome<Datum>? Convert(Datum value, LogicalType from, LogicalType to, bool isExplicit)
    {
        if (from.IsString)
        {
            return to.IsString ? TypeInput.FitText(to, value.Text, isExplicit) : TypeInput.Parse(to, value.Text);
        }
        if (to.Kind == TypeKind.Text)
        {
            return Datum.Of(TypeOutput.CastToText(from, value));
        }
        if (from.IsInteger)
        {
            return FromInteger(value, to);
        }
        return null;
    }

    private static Outcome<Datum>? FromInteger(Datum value, LogicalType to)
    {
        switch (to.Kind)
        {
            case TypeKind.Int8:
                return value;
            case TypeKind.Int4 or TypeKind.Int2 or TypeKind.Numeric:
                return TypeInput.Parse(to, TypeOutput.ToText(LogicalType.Int8, value));
            case TypeKind.Float8:
                return Datum.Of((double)value.Integer);
            case TypeKind.Float4:
                return Datum.Of((double)(float)value.Integer);
            default:
                return null;
        }
    }
}

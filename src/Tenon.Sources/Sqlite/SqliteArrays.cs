using System.Globalization;
using System.Text;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>Arrays and rows as JSON texts for json_each, elements in storage form.</summary>
internal static class SqliteArrays
{
    /// <summary>What a NULL array is to ANY and ALL: one NULL element makes the answer NULL, no element would make it false or true.</summary>
    public const string OfNull = "[null]";

    /// <summary>A canonical array text with each element as a column of its type stores it (scale: of a scaled numeric column).</summary>
    public static string StoredElements(string canonical, LogicalType element, int? scale)
    {
        bool same = element.IsInteger || element.Kind is TypeKind.Text or TypeKind.Varchar or TypeKind.Uuid or TypeKind.Enum or TypeKind.Boolean;
        if (same && scale is null)
        {
            return canonical;
        }
        var json = new StringBuilder("[");
        foreach (Datum item in ArrayValue.Read(element, canonical).Items)
        {
            json.Append(json.Length > 1 ? "," : "");
            Append(json, item, element, scale);
        }
        return json.Append(']').ToString();
    }

    /// <summary>The rows of a set-returning function: values for one column, arrays of cells for more.</summary>
    public static string Rows(IReadOnlyList<Datum[]> rows, Func<int, LogicalType> typeOf)
    {
        var json = new StringBuilder("[");
        foreach (Datum[] row in rows)
        {
            json.Append(json.Length > 1 ? "," : "").Append(row.Length > 1 ? "[" : "");
            for (int i = 0; i < row.Length; i++)
            {
                json.Append(i > 0 ? "," : "");
                Append(json, row[i], typeOf(i), null);
            }
            json.Append(row.Length > 1 ? "]" : "");
        }
        return json.Append(']').ToString();
    }

    private static void Append(StringBuilder json, Datum value, LogicalType type, int? scale)
    {
        switch (value.Kind)
        {
            case DatumKind.Null:
                json.Append("null");
                break;
            case DatumKind.Integer:
                json.Append(CultureInfo.InvariantCulture, $"{value.Integer}");
                break;
            case DatumKind.Double:
                json.Append(value.Double.ToString("R", CultureInfo.InvariantCulture));
                break;
            case DatumKind.Numeric when scale is { } digits:
                SqliteValues.ScaledOperand operand = SqliteValues.ScaledOperand.Of(value.Numeric, digits);
                json.Append(operand.IsInteger ? operand.Integer.ToString(CultureInfo.InvariantCulture) : operand.Real.ToString("R", CultureInfo.InvariantCulture));
                break;
            case DatumKind.Numeric when type.IsScaledInteger:
                json.Append(CultureInfo.InvariantCulture, $"{SqliteValues.Scaled(value.Numeric, type.Scale ?? 0)}");
                break;
            case DatumKind.Bytes:
                throw Core.Errors.Refusals.NotSupported("an array of bytea here on this source").ToException();
            default:
                JsonNode.WriteString(json, SqliteValues.StoredText(value));
                break;
        }
    }
}

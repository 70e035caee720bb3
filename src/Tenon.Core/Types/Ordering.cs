namespace Tenon.Core.Types;

// How two values of one type compare: PostgreSQL's default order of each type, text by code point. NULLs are the caller's.

internal static class Ordering
{
    /// <summary>Negative, zero or positive. Neither value may be NULL. json has no order and compares by its text.</summary>
    public static int Compare(LogicalType type, Datum a, Datum b) =>
        type.Kind switch
        {
            TypeKind.Float4 or TypeKind.Float8 => CompareFloats(a.Double, b.Double),
            TypeKind.Numeric => a.Numeric.CompareTo(b.Numeric),
            TypeKind.Interval => a.Interval.CompareTo(b.Interval),
            TypeKind.Bytea => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes),
            TypeKind.Char => CodePoints.Compare(a.Text.AsSpan().TrimEnd(' '), b.Text.AsSpan().TrimEnd(' ')),
            TypeKind.Enum => Rank(type, a.Text).CompareTo(Rank(type, b.Text)),
            TypeKind.Array => CompareArrays(type.Element!, a.Text, b.Text),
            TypeKind.Jsonb => CompareJsonb(a.Text, b.Text),
            _ when a.Kind == DatumKind.Integer => a.Integer.CompareTo(b.Integer),
            _ => CodePoints.Compare(a.Text, b.Text),
        };

    /// <summary>SQL equality of two non-null values.</summary>
    public static bool AreEqual(LogicalType type, Datum a, Datum b) =>
        type.Kind is TypeKind.Jsonb or TypeKind.Array && a.Text == b.Text || Compare(type, a, b) == 0;

    /// <summary>NaN equals itself and is the largest.</summary>
    public static int CompareFloats(double a, double b) =>
        double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b) is var c && a == b ? 0 : c;

    private static int Rank(LogicalType type, string label) => type.Enum!.Labels.IndexOf(label);

    // Item by item; then the shorter is less; NULL items are equal to each other and above everything.
    private static int CompareArrays(LogicalType element, string a, string b)
    {
        ArrayValue x = ArrayValue.Read(element, a), y = ArrayValue.Read(element, b);
        for (int i = 0; i < Math.Min(x.Items.Length, y.Items.Length); i++)
        {
            Datum left = x.Items[i], right = y.Items[i];
            int order = left.IsNull || right.IsNull ? left.IsNull.CompareTo(right.IsNull) : Compare(element, left, right);
            if (order != 0)
            {
                return order;
            }
        }
        int count = x.Items.Length.CompareTo(y.Items.Length);
        count = count != 0 ? count : x.Dimensions.Length.CompareTo(y.Dimensions.Length);
        return count != 0 ? count : x.Dimensions.AsSpan().SequenceCompareTo(y.Dimensions);
    }

    private static int CompareJsonb(string a, string b) =>
        a == b ? 0 : JsonbOrder.Compare(System.Text.Encoding.UTF8.GetBytes(a), System.Text.Encoding.UTF8.GetBytes(b));

    // Object > array > boolean > number > string > null; larger containers above smaller ones.
    public static int CompareJsonb(JsonNode a, JsonNode b)
    {
        if (a.Kind != b.Kind && Class(a) != Class(b))
        {
            // An empty array sorts below every scalar: so PostgreSQL has it on disk, so it stays there and here.
            return a is { Kind: JsonKind.Array, Items.Count: 0 } && b.IsScalar ? -1
                : b is { Kind: JsonKind.Array, Items.Count: 0 } && a.IsScalar ? 1
                : Class(a).CompareTo(Class(b));
        }
        switch (a.Kind)
        {
            case JsonKind.String:
                return CodePoints.Compare(a.Text, b.Text);
            case JsonKind.Number:
                return Numeric.Parse(a.Text).Value.CompareTo(Numeric.Parse(b.Text).Value);
            case JsonKind.Array:
                return CompareItems(a, b);
            case JsonKind.Object:
                return CompareMembers(a, b);
            default:
                return a.Kind.CompareTo(b.Kind);
        }
    }

    private static int Class(JsonNode node) =>
        node.Kind switch
        {
            JsonKind.Null => 0,
            JsonKind.String => 1,
            JsonKind.Number => 2,
            JsonKind.False or JsonKind.True => 3,
            JsonKind.Array => 4,
            _ => 5,
        };

    private static int CompareItems(JsonNode a, JsonNode b)
    {
        int order = a.Items.Count.CompareTo(b.Items.Count);
        for (int i = 0; i < a.Items.Count && order == 0; i++)
        {
            order = CompareJsonb(a.Items[i], b.Items[i]);
        }
        return order;
    }

    private static int CompareMembers(JsonNode a, JsonNode b)
    {
        int order = a.Members.Count.CompareTo(b.Members.Count);
        for (int i = 0; i < a.Members.Count && order == 0; i++)
        {
            order = CodePoints.Compare(a.Members[i].Key, b.Members[i].Key);
            order = order != 0 ? order : CompareJsonb(a.Members[i].Value, b.Members[i].Value);
        }
        return order;
    }
}

using System.Text.Json;

namespace Tenon.Core.Types;

// The order of arrays over their stored JSON, without allocating, for elements whose JSON says their order: item by item, a
// NULL above every value, then the shorter is less.

internal static class ArrayOrder
{
    /// <summary>Null where the elements must be read as values: other types, several dimensions.</summary>
    public static int? Compare(LogicalType element, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (!(element.IsInteger || element.Kind is TypeKind.Boolean or TypeKind.Text or TypeKind.Varchar or TypeKind.Uuid))
        {
            return null;
        }
        var left = new Utf8JsonReader(a);
        var right = new Utf8JsonReader(b);
        left.Read();
        right.Read();
        while (true)
        {
            left.Read();
            right.Read();
            bool endLeft = left.TokenType == JsonTokenType.EndArray, endRight = right.TokenType == JsonTokenType.EndArray;
            if (endLeft || endRight)
            {
                return endRight.CompareTo(endLeft);
            }
            if (left.TokenType == JsonTokenType.StartArray || right.TokenType == JsonTokenType.StartArray)
            {
                return null;
            }
            if (CompareItems(ref left, ref right) is var order && order != 0)
            {
                return order;
            }
        }
    }

    private static int CompareItems(ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        bool nullA = a.TokenType == JsonTokenType.Null, nullB = b.TokenType == JsonTokenType.Null;
        return nullA || nullB ? nullA.CompareTo(nullB) : JsonbOrder.CompareScalars(ref a, ref b);
    }
}

using System.Buffers;
using System.Text.Json;

namespace Tenon.Core.Types;

// PostgreSQL's order of jsonb (its B-tree operator class) over stored, canonical texts: object > array > boolean > number >
// string > null; of two containers the one with more members is larger; then member by member, keys and strings by code
// point. Works on UTF-8 without allocating: it is called once per comparison of a sort.

internal static class JsonbOrder
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 1100 };

    /// <summary>Negative, zero or positive. Neither text may be SQL NULL.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b))
        {
            return 0;
        }
        var left = new Utf8JsonReader(a, isFinalBlock: true, new JsonReaderState(Deep));
        var right = new Utf8JsonReader(b, isFinalBlock: true, new JsonReaderState(Deep));
        left.Read();
        right.Read();
        // An empty array sorts below every scalar: so PostgreSQL has it on disk, so it stays there and here.
        bool emptyLeft = IsEmptyArray(left);
        bool emptyRight = IsEmptyArray(right);
        return emptyLeft && IsScalar(right.TokenType) ? -1
            : emptyRight && IsScalar(left.TokenType) ? 1
            : CompareValues(ref left, ref right);
    }

    /// <summary>Two values that are no containers, at the readers' tokens.</summary>
    internal static int CompareScalars(ref Utf8JsonReader a, ref Utf8JsonReader b) => CompareValues(ref a, ref b);

    private static bool IsScalar(JsonTokenType token) => token is not (JsonTokenType.StartArray or JsonTokenType.StartObject);

    private static bool IsEmptyArray(Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.EndArray;

    // Both stand on the first token of a value; where they are equal, both end on its last.
    private static int CompareValues(ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        int order = Class(a.TokenType).CompareTo(Class(b.TokenType));
        if (order != 0)
        {
            return order;
        }
        return a.TokenType switch
        {
            JsonTokenType.StartObject => CompareMembers(ref a, ref b),
            JsonTokenType.StartArray => CompareItems(ref a, ref b),
            JsonTokenType.String => CompareTexts(ref a, ref b),
            JsonTokenType.Number => CompareDigits(a.ValueSpan, b.ValueSpan),
            JsonTokenType.True or JsonTokenType.False => (a.TokenType == JsonTokenType.True).CompareTo(b.TokenType == JsonTokenType.True),
            _ => 0,
        };
    }

    private static int Class(JsonTokenType token) =>
        token switch
        {
            JsonTokenType.Null => 0,
            JsonTokenType.String => 1,
            JsonTokenType.Number => 2,
            JsonTokenType.True or JsonTokenType.False => 3,
            JsonTokenType.StartArray => 4,
            _ => 5,
        };

    private static int CompareItems(ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        int count = Count(a);
        int order = count.CompareTo(Count(b));
        for (int i = 0; i < count && order == 0; i++)
        {
            a.Read();
            b.Read();
            order = CompareValues(ref a, ref b);
        }
        return End(order, ref a, ref b);
    }

    private static int CompareMembers(ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        int count = Count(a);
        int order = count.CompareTo(Count(b));
        for (int i = 0; i < count && order == 0; i++)
        {
            a.Read();
            b.Read();
            order = CompareTexts(ref a, ref b);
            if (order == 0)
            {
                a.Read();
                b.Read();
                order = CompareValues(ref a, ref b);
            }
        }
        return End(order, ref a, ref b);
    }

    private static int End(int order, ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        if (order == 0)
        {
            a.Read();
            b.Read();
        }
        return order;
    }

    // The reader is a copy: the caller's stays where it is.
    private static int Count(Utf8JsonReader reader)
    {
        int count = 0;
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
        {
            // A key is skipped together with its value.
            count++;
            reader.Skip();
        }
        return count;
    }

    private static int CompareTexts(ref Utf8JsonReader a, ref Utf8JsonReader b)
    {
        if (!a.ValueIsEscaped && !b.ValueIsEscaped)
        {
            return a.ValueSpan.SequenceCompareTo(b.ValueSpan);
        }
        int length = a.ValueSpan.Length + b.ValueSpan.Length;
        byte[]? rented = length > 512 ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> room = rented ?? stackalloc byte[512];
        Span<byte> left = room[..a.ValueSpan.Length];
        Span<byte> right = room[a.ValueSpan.Length..];
        int order = left[..a.CopyString(left)].SequenceCompareTo(right[..b.CopyString(right)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        return order;
    }

    /// <summary>Two exact decimals in plain digits, as jsonb stores them.</summary>
    private static int CompareDigits(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (!IsPlain(a) || !IsPlain(b))
        {
            return Number(a).CompareTo(Number(b));
        }
        bool negative = a[0] == (byte)'-';
        if (negative != (b[0] == (byte)'-'))
        {
            return negative ? -1 : 1;
        }
        int order = CompareMagnitudes(negative ? a[1..] : a, negative ? b[1..] : b);
        return negative ? -order : order;
    }

    private static int CompareMagnitudes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        int dotA = a.IndexOf((byte)'.'), dotB = b.IndexOf((byte)'.');
        ReadOnlySpan<byte> wholeA = dotA < 0 ? a : a[..dotA], wholeB = dotB < 0 ? b : b[..dotB];
        int order = wholeA.Length.CompareTo(wholeB.Length);
        order = order != 0 ? order : wholeA.SequenceCompareTo(wholeB);
        if (order != 0)
        {
            return order;
        }
        ReadOnlySpan<byte> restA = dotA < 0 ? default : a[(dotA + 1)..].TrimEnd((byte)'0');
        ReadOnlySpan<byte> restB = dotB < 0 ? default : b[(dotB + 1)..].TrimEnd((byte)'0');
        return restA.SequenceCompareTo(restB);
    }

    private static bool IsPlain(ReadOnlySpan<byte> digits) => digits.IndexOfAny((byte)'e', (byte)'E') < 0;

    private static Numeric Number(ReadOnlySpan<byte> digits) => Numeric.Parse(System.Text.Encoding.UTF8.GetString(digits)).Value;
}

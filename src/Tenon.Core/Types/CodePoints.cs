using System.Text;

namespace Tenon.Core.Types;

// Text is compared and counted by code point (PostgreSQL's collation "C" over UTF-8), .NET's strings are UTF-16: outside
// the basic plane the two orders and counts part.

internal static class CodePoints
{
    /// <summary>Order of the UTF-8 bytes, without making them.</summary>
    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }
        char x = a[common], y = b[common];
        bool surrogateX = char.IsSurrogate(x), surrogateY = char.IsSurrogate(y);
        return surrogateX == surrogateY ? x.CompareTo(y) : surrogateX ? 1 : -1;
    }

    public static int Count(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        foreach (char c in text)
        {
            if (char.IsLowSurrogate(c))
            {
                count--;
            }
        }
        return count;
    }

    /// <summary>Index in chars of the code point number <paramref name="count"/>, or the length when there are fewer.</summary>
    public static int IndexOf(ReadOnlySpan<char> text, long count)
    {
        int index = 0;
        while (count > 0 && index < text.Length)
        {
            index += char.IsHighSurrogate(text[index]) && index + 1 < text.Length ? 2 : 1;
            count--;
        }
        return index;
    }

    /// <summary>Keys of jsonb: shorter in UTF-8 first, then by bytes.</summary>
    public static int CompareKeys(string a, string b)
    {
        int length = Encoding.UTF8.GetByteCount(a).CompareTo(Encoding.UTF8.GetByteCount(b));
        return length != 0 ? length : Compare(a, b);
    }
}

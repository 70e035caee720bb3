using Tenon.Core.Errors;

namespace Tenon.Core.Expressions.Functions;

/// <summary>LIKE: % any run, _ one character, \ takes the next one literally. Linear in the text for each %.</summary>
internal static class LikePattern
{
    public static Outcome<bool> Matches(string text, string pattern, bool insensitive)
    {
        if (insensitive)
        {
            text = text.ToLowerInvariant();
            pattern = pattern.ToLowerInvariant();
        }
        int t = 0,
            p = 0,
            starAt = -1,
            retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '%')
            {
                starAt = p++;
                retry = t;
            }
            else if (p < pattern.Length && Step(text, pattern, ref t, ref p))
            {
                continue;
            }
            else if (starAt >= 0)
            {
                p = starAt + 1;
                t = ++retry;
            }
            else
            {
                return false;
            }
        }
        while (p < pattern.Length && pattern[p] == '%')
        {
            p++;
        }
        return p == pattern.Length;
    }

    private static bool Step(string text, string pattern, ref int t, ref int p)
    {
        bool escaped = pattern[p] == '\\' && p + 1 < pattern.Length;
        char wanted = escaped ? pattern[p + 1] : pattern[p];
        if (!escaped && wanted == '_')
        {
            t += char.IsHighSurrogate(text[t]) && t + 1 < text.Length ? 2 : 1;
            p++;
            return true;
        }
        if (text[t] != wanted)
        {
            return false;
        }
        t++;
        p += escaped ? 2 : 1;
        return true;
    }
}

using System.Globalization;

namespace Tenon.Core.Expressions;

/// <summary>What this platform knows of characters, as a stamp that differs where an answer may differ.</summary>
internal static class UnicodeTables
{
    // Planes 0 and 1 hold every letter that has case.
    private const int End = 0x20000;

    private static readonly Lazy<string> Computed = new(Compute);

    public static string Stamp => Computed.Value;

    private static string Compute()
    {
        ulong hash = 14695981039346656037;
        for (int c = 0; c < End; c++)
        {
            Mix(ref hash, (int)CharUnicodeInfo.GetUnicodeCategory(c));
            if (System.Text.Rune.TryCreate(c, out System.Text.Rune rune))
            {
                Mix(ref hash, System.Text.Rune.ToUpperInvariant(rune).Value);
                Mix(ref hash, System.Text.Rune.ToLowerInvariant(rune).Value);
            }
        }
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    private static void Mix(ref ulong hash, int value) => hash = (hash ^ (uint)value) * 1099511628211;
}

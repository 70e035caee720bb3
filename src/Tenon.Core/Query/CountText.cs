using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Core.Query;

/// <summary>The value of limit and offset: a non-negative integer.</summary>
internal static class CountText
{
    public static bool TryRead(ReadOnlySpan<char> text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    /// <summary>Null when the text is a count.</summary>
    public static Error? Check(ReadOnlySpan<char> text, bool isOffset, int position)
    {
        if (TryRead(text, out _))
        {
            return null;
        }
        bool negative = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        if (negative)
        {
            string word = isOffset ? "Offset" : "Limit";
            return new Error(
                ErrorCodes.InvalidRange,
                "Requested range not satisfiable",
                $"{word} should be greater than or equal to zero."
            );
        }
        var cursor = new TextCursor(text.ToString());
        while (char.IsAsciiDigit(cursor.Peek))
        {
            cursor.At++;
        }
        cursor.Fail(cursor.AtEnd && cursor.At > 0 ? "a smaller number" : "digit");
        return cursor.ToError(isOffset ? "offset" : "limit", cursor.Text, position);
    }
}

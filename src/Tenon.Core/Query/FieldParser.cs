using System.Collections.Immutable;
using System.Globalization;

namespace Tenon.Core.Query;

/// <summary>column->key->>0: a name with a json path, as it stands in select, order and filters.</summary>
internal static class FieldParser
{
    private const string JsonKey = "any non reserved character different from: .,>()";

    public static bool Read(ref TextCursor cursor, out FieldSyntax field)
    {
        field = new FieldSyntax("", []);
        cursor.SkipBlanks();
        if (!cursor.Name(out string name) || !Path(ref cursor, out ImmutableArray<JsonStep> path))
        {
            return false;
        }
        cursor.SkipBlanks();
        field = new FieldSyntax(name, path);
        return true;
    }

    public static bool Path(ref TextCursor cursor, out ImmutableArray<JsonStep> path)
    {
        path = [];
        while (cursor.Rest.StartsWith("->"))
        {
            cursor.At += 2;
            bool asText = cursor.Take('>');
            if (!Operand(ref cursor, asText, out JsonStep step))
            {
                return false;
            }
            path = path.Add(step);
        }
        return true;
    }

    private static bool Operand(ref TextCursor cursor, bool asText, out JsonStep step)
    {
        step = default;
        int start = cursor.At;
        bool negative = cursor.Take('-');
        int digits = cursor.At;
        while (char.IsAsciiDigit(cursor.Peek))
        {
            cursor.At++;
        }
        bool isNumber = cursor.At > digits && EndsStep(cursor);
        if (isNumber && int.TryParse(cursor.Text.AsSpan(start, cursor.At - start), CultureInfo.InvariantCulture, out int index))
        {
            step = new JsonStep(asText, null, index);
            return true;
        }
        if (negative)
        {
            return cursor.Fail(cursor.At == digits ? "digit" : "digit, \"->\", \"::\", \".\", \",\" or end of input");
        }
        cursor.At = start;
        return Key(ref cursor, asText, out step);
    }

    private static bool Key(ref TextCursor cursor, bool asText, out JsonStep step)
    {
        step = default;
        if (cursor.Peek == '"')
        {
            if (!cursor.Name(out string quoted))
            {
                return false;
            }
            step = new JsonStep(asText, quoted, 0);
            return true;
        }
        int start = cursor.At;
        while (!cursor.AtEnd && IsKeyChar(cursor))
        {
            cursor.At++;
        }
        step = new JsonStep(asText, cursor.Text[start..cursor.At].Trim(' '), 0);
        return cursor.At > start || cursor.Fail(JsonKey);
    }

    private static bool IsKeyChar(TextCursor cursor) =>
        cursor.Peek switch
        {
            '(' or ':' or '.' or ',' or '>' or ')' => false,
            '-' => !cursor.Rest.StartsWith("->"),
            _ => true,
        };

    private static bool EndsStep(TextCursor cursor) =>
        cursor.AtEnd || cursor.Peek is '.' or ',' or ')' or ' ' || cursor.Rest.StartsWith("->") || cursor.Rest.StartsWith("::");
}

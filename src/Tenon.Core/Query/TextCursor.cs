using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Query;

/// <summary>
/// A place in one parameter's decoded text. The first failure is kept and says, in the words PostgREST's users know, what
/// stood there and what was expected.
/// </summary>
internal ref struct TextCursor(string text)
{
    public const string FieldName = "field name (* or [a..z0..9_$])";

    private int failedAt = -1;
    private int unexpectedAt = -1;
    private string expecting = "";

    public string Text { get; } = text;
    public int At { get; set; } = 0;
    public readonly bool Failed => failedAt >= 0;
    public readonly bool AtEnd => At >= Text.Length;
    public readonly char Peek => At < Text.Length ? Text[At] : '\0';
    public readonly ReadOnlySpan<char> Rest => Text.AsSpan(At);

    public bool Take(char c)
    {
        if (At < Text.Length && Text[At] == c)
        {
            At++;
            return true;
        }
        return false;
    }

    public bool Take(string s)
    {
        if (Text.AsSpan(At).StartsWith(s))
        {
            At += s.Length;
            return true;
        }
        return false;
    }

    public void SkipBlanks()
    {
        while (At < Text.Length && Text[At] is ' ' or '\t')
        {
            At++;
        }
    }

    /// <summary>Notes a failure here; always false so that callers can return it.</summary>
    public bool Fail(string expected) => Fail(At, expected);

    /// <summary>The same at another place; shown is the character to show as unexpected when it is not the one there.</summary>
    public bool Fail(int at, string expected, int shown = -1)
    {
        if (failedAt < 0)
        {
            failedAt = at;
            unexpectedAt = shown < 0 ? at : shown;
            expecting = expected;
        }
        return false;
    }

    /// <summary>
    /// A name: letters, digits, _ $ and inner blanks, with dashes between; or anything in double quotes. A dash before '>'
    /// begins a json arrow and ends the name.
    /// </summary>
    public bool Name(out string name)
    {
        name = "";
        if (Peek == '"')
        {
            if (!ListText.TryQuoted(Rest, out int length, out string? unescaped))
            {
                return Fail(Text.Length, "\"\\\"\"");
            }
            name = unescaped ?? Text.Substring(At + 1, length - 2);
            At += length;
            return true;
        }
        int start = At;
        while (At < Text.Length && (IsNameChar(Text[At]) || IsInnerDash(start)))
        {
            At++;
        }
        name = Text[start..At].Trim(' ');
        return At > start || Fail(FieldName);
    }

    public static bool IsNameChar(char c) => char.IsLetter(c) || char.IsAsciiDigit(c) || c is '_' or ' ' or '$';

    /// <summary>A type's name behind "::".</summary>
    public bool Identifier(out string name)
    {
        int start = At;
        while (At < Text.Length && IsNameChar(Text[At]))
        {
            At++;
        }
        name = Text[start..At].Trim(' ');
        return At > start || Fail("letter or digit");
    }

    private readonly bool IsInnerDash(int start) =>
        Text[At] == '-' && At > start && At + 1 < Text.Length && Text[At + 1] != '>' && (IsNameChar(Text[At + 1]));

    /// <summary>
    /// The failure as PGRST100. What is the source's title ("filter", "select parameter"), shown the text it names, rawStart
    /// where the parameter stands in the request's query string.
    /// </summary>
    public readonly Error ToError(string what, string shown, int rawStart)
    {
        int at = Math.Max(failedAt, 0);
        (int line, int column) = LineAndColumn(at);
        string unexpected = unexpectedAt >= Text.Length ? "end of input" : Quote(Math.Max(unexpectedAt, 0));
        string details = $"unexpected {unexpected} expecting {expecting}";
        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"\"failed to parse {what} ({shown})\" (line {line}, column {column})"
        );
        return new Error(ErrorCodes.QueryString, message, details) { Position = rawStart < 0 ? null : rawStart };
    }

    private readonly (int Line, int Column) LineAndColumn(int at)
    {
        int newline = at == 0 ? -1 : Text.AsSpan(0, at).LastIndexOf('\n');
        return (Text.AsSpan(0, at).Count('\n') + 1, at - newline);
    }

    private readonly string Quote(int at)
    {
        string one = Rune.TryGetRuneAt(Text, at, out Rune rune) ? rune.ToString() : "\uFFFD";
        return one switch
        {
            "\"" => "\"\\\"\"",
            "\\" => "\"\\\\\"",
            "\n" => "\"\\n\"",
            "\t" => "\"\\t\"",
            _ => $"\"{one}\"",
        };
    }
}

using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// JSON in, by PostgreSQL's rules: for json only the grammar is checked and places are noted; for jsonb strings must be
// representable (no \u0000, no lone surrogate), numbers become exact decimals, keys are made canonical.

internal sealed class JsonParser
{
    private const int MaxDepth = 1000;

    private readonly string text;
    private readonly bool binary;
    private int at;
    private int depth;

    private JsonParser(string text, bool binary)
    {
        this.text = text;
        this.binary = binary;
    }

    /// <summary>Parses as json.</summary>
    public static Outcome<JsonNode> Parse(string text) => new JsonParser(text, binary: false).Whole();

    /// <summary>Parses as jsonb.</summary>
    public static Outcome<JsonNode> ParseBinary(string text) => new JsonParser(text, binary: true).Whole();

    /// <summary>Parses a text that is known to be good: a stored json or jsonb.</summary>
    public static JsonNode Stored(string text) => new JsonParser(text, binary: false).Whole().Value;

    private Outcome<JsonNode> Whole()
    {
        try
        {
            JsonNode node = Value();
            SkipBlank();
            if (at < text.Length)
            {
                throw Unexpected("Expected end of input, but found");
            }
            return node;
        }
        catch (TenonException failure)
        {
            return failure.Error;
        }
    }

    private JsonNode Value()
    {
        SkipBlank();
        if (at == text.Length)
        {
            throw Ended();
        }
        int start = at;
        switch (text[at])
        {
            case '{':
                return Object();
            case '[':
                return Array();
            case '"':
                string content = String();
                return new JsonNode { Kind = JsonKind.String, Text = content, Start = start, End = at };
            case '-' or (>= '0' and <= '9'):
                return Number();
        }
        JsonKind kind = Token() switch
        {
            "true" => JsonKind.True,
            "false" => JsonKind.False,
            "null" => JsonKind.Null,
            _ => throw Unexpected("Expected JSON value, but found"),
        };
        at += kind == JsonKind.False ? 5 : 4;
        return new JsonNode { Kind = kind, Start = start, End = at };
    }

    private JsonNode Object()
    {
        var node = new JsonNode { Kind = JsonKind.Object, Start = at++ };
        Enter();
        SkipBlank();
        while (Peek() != '}')
        {
            if (node.Members.Count > 0)
            {
                Expect(',', "Expected \",\" or \"}\", but found");
                SkipBlank();
            }
            if (Peek() != '"')
            {
                throw Unexpected(node.Members.Count > 0 ? "Expected string, but found" : "Expected string or \"}\", but found");
            }
            string key = String();
            SkipBlank();
            Expect(':', "Expected \":\", but found");
            node.Members.Add(new(key, Value()));
            SkipBlank();
        }
        at++;
        depth--;
        node.End = at;
        if (binary)
        {
            node.Canonicalise();
        }
        return node;
    }

    private JsonNode Array()
    {
        var node = new JsonNode { Kind = JsonKind.Array, Start = at++ };
        Enter();
        SkipBlank();
        while (Peek() != ']')
        {
            if (node.Items.Count > 0)
            {
                Expect(',', "Expected \",\" or \"]\", but found");
            }
            node.Items.Add(Value());
            SkipBlank();
        }
        at++;
        depth--;
        node.End = at;
        return node;
    }

    private void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw new Error(ErrorCodes.StatementTooComplex, "stack depth limit exceeded").ToException();
        }
    }

    private char Peek() => at < text.Length ? text[at] : throw Ended();

    private void Expect(char wanted, string message)
    {
        if (Peek() != wanted)
        {
            throw Unexpected(message);
        }
        at++;
    }

    private JsonNode Number()
    {
        int start = at;
        at += text[at] == '-' ? 1 : 0;
        bool good = at < text.Length && (text[at] == '0' ? ++at > 0 : Digits());
        if (good && at < text.Length && text[at] == '.')
        {
            at++;
            good = Digits();
        }
        if (good && at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            at += at < text.Length && text[at] is '+' or '-' ? 1 : 0;
            good = Digits();
        }
        if (!good || (at < text.Length && char.IsLetterOrDigit(text[at])))
        {
            at = start;
            throw Fail($"Token \"{Token()}\" is invalid.");
        }
        string digits = text[start..at];
        if (binary && digits.AsSpan().ContainsAny("eE-"))
        {
            Outcome<Numeric> number = Numeric.Parse(digits);
            digits = number.TryGet(out Numeric value, out Error error) ? value.ToString() : throw error.ToException();
        }
        return new JsonNode { Kind = JsonKind.Number, Text = digits, Start = start, End = at };
    }

    private bool Digits()
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
        return at > start;
    }

    private string String()
    {
        int start = ++at;
        int stop = text.AsSpan(start).IndexOfAny('"', '\\');
        if (stop >= 0 && text[start + stop] == '"' && !HasControl(text.AsSpan(start, stop)))
        {
            at = start + stop + 1;
            return text.Substring(start, stop);
        }
        var content = new StringBuilder();
        while (true)
        {
            if (at == text.Length)
            {
                throw Fail($"Token \"{text[(start - 1)..]}\" is invalid.");
            }
            char c = text[at++];
            if (c == '"')
            {
                return content.ToString();
            }
            if (c < ' ')
            {
                throw Fail($"Character with value 0x{(int)c:x2} must be escaped.");
            }
            content.Append(c == '\\' ? Escape() : c);
            if (c == '\\' && pendingLow is { } low)
            {
                content.Append(low);
                pendingLow = null;
            }
        }
    }

    private char? pendingLow;

    private static bool HasControl(ReadOnlySpan<char> span) => span.IndexOfAnyInRange('\0', '\u001F') >= 0;

    private char Escape()
    {
        if (at == text.Length)
        {
            throw Fail("Escape sequence \"\\\" is invalid.");
        }
        char c = text[at++];
        return c switch
        {
            '"' or '\\' or '/' => c,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => Unicode(),
            _ => throw Fail($"Escape sequence \"\\{c}\" is invalid."),
        };
    }

    private char Unicode()
    {
        char first = Hex4();
        if (!binary)
        {
            return first;
        }
        if (first == 0)
        {
            throw TypeErrors.JsonUnicode("\\u0000 cannot be converted to text.").ToException();
        }
        if (char.IsLowSurrogate(first))
        {
            throw Fail("Unicode low surrogate must follow a high surrogate.");
        }
        if (char.IsHighSurrogate(first))
        {
            if (at + 1 >= text.Length || text[at] != '\\' || text[at + 1] != 'u')
            {
                throw Fail("Unicode low surrogate must follow a high surrogate.");
            }
            at += 2;
            char second = Hex4();
            pendingLow = char.IsLowSurrogate(second) ? second : throw Fail("Unicode low surrogate must follow a high surrogate.");
        }
        return first;
    }

    private char Hex4()
    {
        int value = 0;
        for (int i = 0; i < 4; i++)
        {
            if (at == text.Length || !char.IsAsciiHexDigit(text[at]))
            {
                throw Fail("\"\\u\" must be followed by four hexadecimal digits.");
            }
            value = value * 16 + Convert.ToInt32(text[at++].ToString(), 16);
        }
        return (char)value;
    }

    private void SkipBlank()
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r')
        {
            at++;
        }
    }

    private string Token()
    {
        int end = at;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '-' or '+' or '.' || text[end] > 127))
        {
            end++;
        }
        return text[at..Math.Max(end, Math.Min(at + 1, text.Length))];
    }

    // What is no token at all is called invalid; a token in the wrong place is named with what was expected.
    private TenonException Unexpected(string expected)
    {
        string token = Token();
        bool known = token is "true" or "false" or "null" || token[0] is '{' or '}' or '[' or ']' or ',' or ':' or '"' or '-' or (>= '0' and <= '9');
        return Fail(known ? $"{expected} \"{token}\"." : $"Token \"{token}\" is invalid.");
    }

    private TenonException Ended() => Fail("The input string ended unexpectedly.");

    private static TenonException Fail(string detail) => TypeErrors.Json(detail).ToException();
}

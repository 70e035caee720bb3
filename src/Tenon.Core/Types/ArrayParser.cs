using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Text to array: PostgreSQL's {…} literal (quotes, backslashes, NULL, nesting, an optional [l:u]= in front, whose lower
// bound is not kept) and, as an extension, a JSON array.

internal sealed class ArrayParser
{
    private const int MaxDimensions = 6;

    private readonly LogicalType element;
    private readonly string text;
    private readonly SessionTime time;
    private readonly List<Datum> items = [];
    private readonly List<int> dimensions = [];
    private int at;

    private ArrayParser(LogicalType element, string text, SessionTime time)
    {
        this.element = element;
        this.text = text;
        this.time = time;
    }

    public static Outcome<Datum> Parse(LogicalType element, ReadOnlySpan<char> source, SessionTime time)
    {
        var parser = new ArrayParser(element, source.ToString(), time);
        try
        {
            return parser.Whole();
        }
        catch (TenonException failure)
        {
            return failure.Error;
        }
    }

    private Datum Whole()
    {
        SkipBlank();
        if (Looking('['))
        {
            int equals = text.IndexOf('=', at);
            if (equals < 0 || text.AsSpan(at, equals - at).ContainsAnyExcept("[]:0123456789+- "))
            {
                return FromJsonText();
            }
            at = equals + 1;
            SkipBlank();
        }
        if (!Looking('{'))
        {
            throw Fail("Array value must start with \"{\" or dimension information.");
        }
        Level(0);
        SkipBlank();
        if (at < text.Length)
        {
            throw Fail("Junk after closing right brace.");
        }
        return ArrayValue.Of(element, [.. items], items.Count == 0 ? [] : [.. dimensions]).Value.ToDatum();
    }

    private Datum FromJsonText()
    {
        JsonNode node = JsonParser.Parse(text).Value;
        return JsonInput.FromNode(LogicalType.ArrayOf(element), node, text, time).Value;
    }

    private void Level(int level)
    {
        if (level >= MaxDimensions)
        {
            throw new Error(ErrorCodes.ProgramLimitExceeded, $"number of array dimensions exceeds the maximum allowed ({MaxDimensions})").ToException();
        }
        at++;
        int count = 0;
        SkipBlank();
        while (!Looking('}'))
        {
            if (count > 0)
            {
                if (!Looking(','))
                {
                    throw Fail(at == text.Length ? "Unexpected end of input." : $"Unexpected array element.");
                }
                at++;
                SkipBlank();
            }
            if (Looking('{'))
            {
                Level(level + 1);
            }
            else
            {
                if (dimensions.Count > level + 1)
                {
                    throw Ragged();
                }
                items.Add(Item());
            }
            count++;
            SkipBlank();
        }
        at++;
        Close(level, count);
    }

    private void Close(int level, int count)
    {
        while (dimensions.Count <= level)
        {
            dimensions.Add(-1);
        }
        if (dimensions[level] >= 0 && dimensions[level] != count)
        {
            throw Ragged();
        }
        dimensions[level] = count;
    }

    private TenonException Ragged() =>
        Fail("Multidimensional arrays must have sub-arrays with matching dimensions.");

    private Datum Item()
    {
        if (Looking('"'))
        {
            return Element(Quoted());
        }
        var content = new StringBuilder();
        bool escaped = false;
        while (at < text.Length && text[at] is not (',' or '{' or '}' or '"'))
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
                escaped = true;
            }
            content.Append(text[at++]);
        }
        string word = content.ToString().TrimEnd(' ', '\t', '\n', '\r', '\v', '\f');
        if (word.Length == 0)
        {
            throw Fail(at == text.Length ? "Unexpected end of input." : $"Unexpected \"{text[at]}\" character.");
        }
        return !escaped && word.Equals("null", StringComparison.OrdinalIgnoreCase) ? Datum.Null : Element(word);
    }

    private string Quoted()
    {
        var content = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return content.ToString();
            }
            if (text[at] == '\\' && ++at == text.Length)
            {
                break;
            }
            content.Append(text[at]);
        }
        throw Fail("Unexpected end of input.");
    }

    private Datum Element(string word) => TypeInput.Parse(element, word, time).Value;

    private bool Looking(char c) => at < text.Length && text[at] == c;

    private void SkipBlank()
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
        {
            at++;
        }
    }

    private TenonException Fail(string detail) => TypeErrors.ArrayLiteral(text, detail).ToException();
}

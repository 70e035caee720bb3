using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types.FullText;

internal enum LexemeForm
{
    /// <summary>Of a tsvector: blanks part the words, positions follow a colon.</summary>
    Vector,

    /// <summary>Of a tsquery: operators part the words, too.</summary>
    Query,

    /// <summary>Of what people type into a search box: no escapes, quotation marks part the words.</summary>
    Web,
}

/// <summary>Reads the words of a tsvector or a tsquery from its text: bare, or quoted with '' and \ inside.</summary>
internal sealed class LexemeReader(string text, LexemeForm form)
{
    private readonly StringBuilder word = new();

    public int At { get; set; }

    /// <summary>Of the word just read.</summary>
    public List<LexemePosition> Positions { get; } = [];

    private bool Ended => At >= text.Length;

    public static bool IsOperator(char c) => c is '!' or '&' or '|' or '<' or '(' or ')';

    private Error Wrong => Failure(form == LexemeForm.Vector ? "syntax error in tsvector" : "syntax error in tsquery");

    private Error Failure(string what) => new(ErrorCodes.SyntaxError, $"{what}: \"{text}\"");

    private bool IsSpace
    {
        get
        {
            Rune.DecodeFromUtf16(text.AsSpan(At), out Rune rune, out _);
            return TokenScanner.IsSpace(rune);
        }
    }

    /// <summary>The next word; false at the end.</summary>
    public Outcome<bool> Next(out string found)
    {
        word.Clear();
        Positions.Clear();
        found = "";
        while (!Ended && IsSpace)
        {
            At++;
        }
        if (Ended)
        {
            return false;
        }
        if (form != LexemeForm.Vector && IsOperator(text[At]))
        {
            return Wrong;
        }
        bool quoted = form != LexemeForm.Web && text[At] == '\'';
        if ((quoted ? Quoted() : Bare()) is { } error)
        {
            return error;
        }
        found = word.ToString();
        return form == LexemeForm.Vector && !Ended && text[At] == ':' && ReadPositions() is { } wrong ? wrong : true;
    }

    private Error? Quoted()
    {
        At++;
        while (true)
        {
            if (Ended)
            {
                return Wrong;
            }
            char c = text[At++];
            if (c == '\\')
            {
                if (Ended)
                {
                    return Failure("there is no escaped character");
                }
                word.Append(text[At++]);
            }
            else if (c != '\'')
            {
                word.Append(c);
            }
            else if (!Ended && text[At] == '\'')
            {
                word.Append(text[At++]);
            }
            else
            {
                return word.Length == 0 ? Wrong : null;
            }
        }
    }

    private Error? Bare()
    {
        // What starts a word belongs to it whatever it is, a colon too.
        bool first = true;
        while (!Ended && !IsSpace && (first || !Ends(text[At])))
        {
            char c = text[At++];
            if (c == '\\' && form != LexemeForm.Web)
            {
                if (Ended)
                {
                    return Failure("there is no escaped character");
                }
                c = text[At++];
            }
            word.Append(c);
            first = false;
        }
        return null;
    }

    private bool Ends(char c) => c == ':' || (form != LexemeForm.Vector && IsOperator(c)) || (form == LexemeForm.Web && c == '"');

    private static int? WeightOf(char c) => c switch { 'A' or 'a' or '*' => 3, 'B' or 'b' => 2, 'C' or 'c' => 1, 'D' or 'd' => 0, _ => null };

    private Error? ReadPositions()
    {
        do
        {
            At++;
            int start = At;
            while (!Ended && char.IsAsciiDigit(text[At]))
            {
                At++;
            }
            if (At == start)
            {
                return Wrong;
            }
            int at = int.TryParse(text.AsSpan(start, At - start), CultureInfo.InvariantCulture, out int value) ? Math.Min(value, TsVector.LastPosition) : TsVector.LastPosition;
            if (at == 0)
            {
                return Failure("wrong position info in tsvector");
            }
            int weight = 0;
            for (; !Ended && (char.IsAsciiDigit(text[At]) || WeightOf(text[At]) is not null); At++)
            {
                if (WeightOf(text[At]) is { } named)
                {
                    if (weight != 0)
                    {
                        return Wrong;
                    }
                    weight = named;
                }
            }
            Positions.Add(new LexemePosition(at, weight));
        } while (!Ended && text[At] == ',');
        return Ended || IsSpace ? null : Wrong;
    }
}

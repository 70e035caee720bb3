using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types.FullText;

/// <summary>Where a lexeme stands in a text, and how much it counts there: 3 is A, 0 is D.</summary>
internal readonly record struct LexemePosition(int At, int Weight);

/// <summary>One lexeme of a tsvector with its positions; without any it was stripped.</summary>
internal readonly record struct Lexeme(string Text, LexemePosition[] Positions);

/// <summary>PostgreSQL's tsvector: the lexemes of a text in the order of their bytes, each once.</summary>
internal sealed class TsVector(Lexeme[] lexemes)
{
    public const int LastPosition = 16383;
    public const int MaxPositions = 255;
    public const int MaxBytes = (1 << 20) - 1;

    /// <summary>A word of this many bytes or more is not indexed.</summary>
    public const int MaxWordBytes = 2047;

    public Lexeme[] Lexemes { get; } = lexemes;

    // ---- from a text ----

    /// <summary>to_tsvector.</summary>
    public static Outcome<TsVector> OfText(string text, SearchConfiguration configuration)
    {
        var found = new List<(string Text, int At)>();
        int position = 0;
        return Words(text, configuration, ref position, found) is { } error ? error : Collect(found);
    }

    /// <summary>to_tsvector of json: its strings, with a gap between them so that no phrase runs over two.</summary>
    public static Outcome<TsVector> OfTexts(IEnumerable<string> texts, SearchConfiguration configuration)
    {
        var found = new List<(string Text, int At)>();
        int position = 0;
        foreach (string text in texts)
        {
            int before = found.Count;
            if (Words(text, configuration, ref position, found) is { } error)
            {
                return error;
            }
            position += found.Count > before ? 1 : 0;
        }
        return Collect(found);
    }

    /// <summary>The lexemes of a text; positions count on from <paramref name="position"/>. Stop words take a position, too.</summary>
    public static Error? Words(string text, SearchConfiguration configuration, ref int position, List<(string Text, int At)> into)
    {
        var scanner = new TokenScanner(text);
        while (scanner.Next())
        {
            if (!scanner.Kind.IsIndexed() || Encoding.UTF8.GetByteCount(scanner.Token) >= MaxWordBytes)
            {
                continue;
            }
            position++;
            if (configuration.Lexeme(scanner.Kind, scanner.Token) is { } lexeme)
            {
                into.Add((lexeme, position));
            }
        }
        return scanner.GaveUp
            ? new Error(ErrorCodes.ProgramLimitExceeded, "the text is too intricate for full-text search", null, "Take markup and addresses out of it.")
            : null;
    }

    private static Outcome<TsVector> Collect(List<(string Text, int At)> found)
    {
        found.Sort(static (a, b) => CodePoints.Compare(a.Text, b.Text) is var c && c != 0 ? c : a.At.CompareTo(b.At));
        var lexemes = new List<Lexeme>();
        var positions = new List<LexemePosition>();
        for (int i = 0; i < found.Count; i++)
        {
            int at = Math.Min(found[i].At, LastPosition);
            if (positions.Count == 0 || (positions.Count < MaxPositions && positions[^1].At != LastPosition && positions[^1].At != at))
            {
                positions.Add(new LexemePosition(at, 0));
            }
            if (i + 1 == found.Count || found[i + 1].Text != found[i].Text)
            {
                lexemes.Add(new Lexeme(found[i].Text, [.. positions]));
                positions.Clear();
            }
        }
        return Sized([.. lexemes]);
    }

    /// <summary>Within PostgreSQL's bound of 1 MiB, or 54000.</summary>
    private static Outcome<TsVector> Sized(Lexeme[] lexemes)
    {
        long bytes = 0;
        foreach (Lexeme lexeme in lexemes)
        {
            bytes += Encoding.UTF8.GetByteCount(lexeme.Text);
            bytes += lexeme.Positions.Length == 0 ? 0 : (bytes & 1) + 2 + (2 * lexeme.Positions.Length);
        }
        return bytes > MaxBytes
            ? new Error(ErrorCodes.ProgramLimitExceeded, $"string is too long for tsvector ({bytes} bytes, max {MaxBytes} bytes)")
            : new TsVector(lexemes);
    }

    // ---- its own text ----

    /// <summary>tsvector's input: 'a':1A,2 b.</summary>
    public static Outcome<TsVector> Parse(string text)
    {
        var reader = new LexemeReader(text, LexemeForm.Vector);
        var lexemes = new List<Lexeme>();
        while (true)
        {
            if (!reader.Next(out string word).TryGet(out bool more, out Error error))
            {
                return error;
            }
            if (!more)
            {
                break;
            }
            if (Encoding.UTF8.GetByteCount(word) >= MaxWordBytes)
            {
                int length = Encoding.UTF8.GetByteCount(word);
                return new Error(ErrorCodes.ProgramLimitExceeded, $"word is too long ({length} bytes, max {MaxWordBytes - 1} bytes)");
            }
            lexemes.Add(new Lexeme(word, [.. reader.Positions]));
        }
        return Sized(Merged(lexemes));
    }

    /// <summary>A value that was stored, so that nothing is wrong with it.</summary>
    public static TsVector Read(string stored) => Parse(stored).Value;

    private static Lexeme[] Merged(List<Lexeme> lexemes) =>
        [
            .. lexemes
                .GroupBy(l => l.Text, StringComparer.Ordinal)
                .Select(g => new Lexeme(g.Key, Unique(g.SelectMany(l => l.Positions))))
                .OrderBy(l => l.Text, Comparer<string>.Create(static (a, b) => CodePoints.Compare(a, b))),
        ];

    // Of one position named twice the higher weight counts.
    private static LexemePosition[] Unique(IEnumerable<LexemePosition> positions) =>
        [
            .. positions
                .GroupBy(p => p.At)
                .Select(g => new LexemePosition(g.Key, g.Max(p => p.Weight)))
                .OrderBy(p => p.At)
                .Take(MaxPositions),
        ];

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (Lexeme lexeme in Lexemes)
        {
            text.Append(text.Length > 0 ? " " : "");
            AppendQuoted(text, lexeme.Text);
            for (int i = 0; i < lexeme.Positions.Length; i++)
            {
                (int at, int weight) = lexeme.Positions[i];
                text.Append(i == 0 ? ':' : ',').Append(CultureInfo.InvariantCulture, $"{at}").Append(weight switch { 3 => "A", 2 => "B", 1 => "C", _ => "" });
            }
        }
        return text.ToString();
    }

    public static void AppendQuoted(StringBuilder text, string lexeme)
    {
        text.Append('\'');
        foreach (char c in lexeme)
        {
            text.Append(c, c is '\'' or '\\' ? 2 : 1);
        }
        text.Append('\'');
    }

    public Datum ToDatum() => Datum.Of(ToString());

    // ---- what is made of it ----

    public int IndexOf(string lexeme)
    {
        int low = FirstFrom(lexeme);
        return low < Lexemes.Length && Lexemes[low].Text == lexeme ? low : -1;
    }

    /// <summary>Index of the first lexeme that is not before this text: with a prefix, those that begin with it follow.</summary>
    public int FirstFrom(string text)
    {
        int low = 0, high = Lexemes.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = CodePoints.Compare(Lexemes[middle].Text, text) < 0 ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    public TsVector Stripped() => new([.. Lexemes.Select(l => l with { Positions = [] })]);

    public TsVector Weighted(int weight, Func<string, bool>? only = null) =>
        new([
            .. Lexemes.Select(l =>
                only is null || only(l.Text) ? l with { Positions = [.. l.Positions.Select(p => p with { Weight = weight })] } : l
            ),
        ]);

    /// <summary>a || b: the positions of b follow those of a.</summary>
    public static Outcome<TsVector> Concatenate(TsVector a, TsVector b)
    {
        int last = a.Lexemes.SelectMany(l => l.Positions).Select(p => p.At).DefaultIfEmpty(0).Max();
        var lexemes = new List<Lexeme>(a.Lexemes.Length + b.Lexemes.Length);
        int i = 0, j = 0;
        while (i < a.Lexemes.Length || j < b.Lexemes.Length)
        {
            int order = i == a.Lexemes.Length ? 1 : j == b.Lexemes.Length ? -1 : CodePoints.Compare(a.Lexemes[i].Text, b.Lexemes[j].Text);
            LexemePosition[] positions = order <= 0 ? a.Lexemes[i].Positions : [];
            string text = order <= 0 ? a.Lexemes[i].Text : b.Lexemes[j].Text;
            positions = order >= 0 ? Shifted(positions, b.Lexemes[j].Positions, last) : positions;
            lexemes.Add(new Lexeme(text, positions));
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
        return Sized([.. lexemes]);
    }

    private static LexemePosition[] Shifted(LexemePosition[] before, LexemePosition[] after, int by)
    {
        var positions = new List<LexemePosition>(before);
        foreach (LexemePosition position in after)
        {
            if (positions.Count >= MaxPositions || (positions.Count > 0 && positions[^1].At == LastPosition))
            {
                break;
            }
            positions.Add(position with { At = Math.Min(position.At + by, LastPosition) });
        }
        return [.. positions];
    }
}

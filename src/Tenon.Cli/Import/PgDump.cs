using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Cli.Import;

/// <summary>The rows of one table in a dump by pg_dump or supabase db dump: COPY blocks and INSERT statements with columns.</summary>
internal sealed partial class PgDump : IDisposable
{
    private const int LongestValue = 1024 * 1024;

    private readonly string path;
    private readonly string table;
    private readonly StreamReader reader;
    private string text = "";
    private int at;
    private long line;

    private PgDump(string path, string table) => (this.path, this.table, reader) = (path, table, new StreamReader(path));

    public static IEnumerable<(long Line, Dictionary<string, string?> Row)> Read(string path, string table)
    {
        using var dump = new PgDump(path, table);
        foreach ((long, Dictionary<string, string?>) row in dump.Rows())
        {
            yield return row;
        }
    }

    /// <summary>Whether the dump has rows of a table at all.</summary>
    public static bool Has(string path, string table) => Read(path, table).Any();

    public void Dispose() => reader.Dispose();

    private IEnumerable<(long Line, Dictionary<string, string?> Row)> Rows()
    {
        while (NextLine())
        {
            if (Copy().Match(text) is { Success: true } copy && copy.Groups["table"].Value == table)
            {
                foreach ((long, Dictionary<string, string?>) row in CopyRows(Columns(copy)))
                {
                    yield return row;
                }
            }
            else if (Insert().Match(text) is { Success: true } insert && insert.Groups["table"].Value == table)
            {
                if (!insert.Groups["columns"].Success)
                {
                    throw Failure("INSERT without columns: make the dump with --column-inserts, or without --inserts");
                }
                at = insert.Length;
                foreach ((long, Dictionary<string, string?>) row in InsertRows(Columns(insert)))
                {
                    yield return row;
                }
            }
        }
    }

    private static string[] Columns(Match match) => [.. match.Groups["columns"].Value.Split(',').Select(name => name.Trim().Trim('"'))];

    private IEnumerable<(long Line, Dictionary<string, string?> Row)> CopyRows(string[] columns)
    {
        while (NextLine() && text != "\\.")
        {
            string[] fields = text.Split('\t');
            if (fields.Length != columns.Length)
            {
                throw Failure($"{fields.Length} fields, and COPY names {columns.Length} columns");
            }
            yield return (line, Row(columns, [.. fields.Select(CopyValue)]));
        }
    }

    private static Dictionary<string, string?> Row(string[] columns, List<string?> values)
    {
        var row = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (int i = 0; i < columns.Length; i++)
        {
            row[columns[i]] = values[i];
        }
        return row;
    }

    // PostgreSQL's text format of COPY.
    private static string? CopyValue(string field)
    {
        if (field == "\\N")
        {
            return null;
        }
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }
        var value = new StringBuilder();
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] != '\\' || ++i == field.Length)
            {
                value.Append(field[Math.Min(i, field.Length - 1)]);
                continue;
            }
            value.Append(field[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', 'v' => '\v', var c => c });
        }
        return value.ToString();
    }

    // ---- INSERT: (value, …), (value, …) … ; ----

    private IEnumerable<(long Line, Dictionary<string, string?> Row)> InsertRows(string[] columns)
    {
        while (true)
        {
            SkipSpace();
            if (Peek() == ',')
            {
                at++;
                continue;
            }
            if (Peek() != '(')
            {
                yield break;
            }
            at++;
            long began = line;
            List<string?> values = Tuple();
            if (values.Count != columns.Length)
            {
                throw Failure($"{values.Count} values, and INSERT names {columns.Length} columns");
            }
            yield return (began, Row(columns, values));
        }
    }

    private List<string?> Tuple()
    {
        var values = new List<string?>();
        while (true)
        {
            SkipSpace();
            values.Add(Value());
            SkipCast();
            switch (Peek())
            {
                case ',':
                    at++;
                    break;
                case ')':
                    at++;
                    return values;
                default:
                    throw Failure("expected , or ) after a value");
            }
        }
    }

    private string? Value()
    {
        if (Peek() is 'E' or 'e' && at + 1 < text.Length && text[at + 1] == '\'')
        {
            at++;
            return Quoted(escapes: true);
        }
        if (Peek() == '\'')
        {
            return Quoted(escapes: false);
        }
        int start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '.' or '-' or '+' or '_'))
        {
            at++;
        }
        string word = text[start..at];
        return word.Length == 0 ? throw Failure("expected a value")
            : word.Equals("NULL", StringComparison.OrdinalIgnoreCase) ? null
            : word;
    }

    private string Quoted(bool escapes)
    {
        var value = new StringBuilder();
        at++;
        while (value.Length <= LongestValue)
        {
            if (at >= text.Length)
            {
                if (!NextLine())
                {
                    throw Failure("a string is not closed");
                }
                value.Append('\n');
                continue;
            }
            char c = text[at++];
            if (c == '\'' && Peek() == '\'')
            {
                at++;
            }
            else if (c == '\'')
            {
                return value.ToString();
            }
            else if (c == '\\' && escapes && at < text.Length)
            {
                c = text[at++] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', var other => other };
            }
            value.Append(c);
        }
        throw Failure(string.Create(CultureInfo.InvariantCulture, $"a string is longer than {LongestValue} characters"));
    }

    private void SkipCast()
    {
        SkipSpace();
        while (Peek() == ':')
        {
            at++;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '"' or '_' or '.' or ':'))
            {
                at++;
            }
            SkipSpace();
        }
    }

    private void SkipSpace()
    {
        while (at >= text.Length ? NextLine() : char.IsWhiteSpace(text[at]))
        {
            at += at < text.Length && char.IsWhiteSpace(text[at]) ? 1 : 0;
        }
    }

    private char Peek() => at < text.Length ? text[at] : '\0';

    private bool NextLine()
    {
        string? next = reader.ReadLine();
        (text, at) = (next ?? "", 0);
        line += next is null ? 0 : 1;
        return next is not null;
    }

    private CommandFileFailure Failure(string what) => new($"{path} line {line}: {what}");

    [GeneratedRegex("""\ACOPY "?auth"?\."?(?<table>[a-z_]+)"? \((?<columns>[^)]*)\) FROM stdin;\z""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Copy();

    [GeneratedRegex("""\AINSERT INTO "?auth"?\."?(?<table>[a-z_]+)"? (\((?<columns>[^)]*)\) )?VALUES""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Insert();
}

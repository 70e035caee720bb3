using System.Text;

namespace Tenon.Cli.Import;

/// <summary>The rows of a CSV file with a header (RFC 4180), one at a time, by column name. An empty unquoted field is null.</summary>
internal static class CsvRows
{
    public static IEnumerable<(long Line, Dictionary<string, string?> Row)> Read(string path)
    {
        using var reader = new StreamReader(path);
        var scan = new Scan(reader);
        List<string?> header = scan.Next() ?? throw new CommandFileFailure($"{path} is empty");
        for (long line = scan.Line; scan.Next() is { } fields; line = scan.Line)
        {
            if (fields is [null])
            {
                continue;
            }
            if (fields.Count != header.Count)
            {
                throw new CommandFileFailure($"{path} line {line}: {fields.Count} fields, and the header has {header.Count}");
            }
            var row = new Dictionary<string, string?>(StringComparer.Ordinal);
            for (int i = 0; i < fields.Count; i++)
            {
                row[header[i] ?? ""] = fields[i];
            }
            yield return (line, row);
        }
    }

    private sealed class Scan(StreamReader reader)
    {
        public long Line { get; private set; } = 1;

        public List<string?>? Next()
        {
            if (reader.Peek() < 0)
            {
                return null;
            }
            var fields = new List<string?>();
            var field = new StringBuilder();
            bool quoted = false;
            while (true)
            {
                int c = Read();
                switch (c)
                {
                    case '"' when field.Length == 0 && !quoted:
                        quoted = true;
                        Quoted(field);
                        break;
                    case ',' or '\n' or < 0:
                        fields.Add(field.Length == 0 && !quoted ? null : field.ToString());
                        (quoted, _) = (false, field.Clear());
                        if (c != ',')
                        {
                            return fields;
                        }
                        break;
                    case '\r' when reader.Peek() == '\n':
                        break;
                    default:
                        field.Append((char)c);
                        break;
                }
            }
        }

        private void Quoted(StringBuilder field)
        {
            for (int c = Read(); c >= 0; c = Read())
            {
                if (c == '"' && reader.Peek() != '"')
                {
                    return;
                }
                field.Append((char)(c == '"' ? Read() : c));
            }
        }

        private int Read()
        {
            int c = reader.Read();
            Line += c == '\n' ? 1 : 0;
            return c;
        }
    }
}

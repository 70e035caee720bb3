using System.Text;

namespace Tenon.Cli.Commands;

/// <summary>Rows under a header, columns aligned, as psql prints them.</summary>
internal sealed class TextTable(IReadOnlyList<string> columns, IReadOnlySet<int>? right = null)
{
    private readonly List<string[]> rows = [];

    public int Count => rows.Count;

    public void Add(params string[] cells) => rows.Add(cells);

    public void Print(TextWriter output)
    {
        int[] widths = [.. columns.Select((c, i) => rows.Select(r => Widest(r[i])).Prepend(Width(c)).Max())];
        output.WriteLine(Join(columns.Select((c, i) => Centered(c, widths[i], last: i == columns.Count - 1)), " | "));
        output.WriteLine(string.Join("-+-", widths.Select(w => new string('-', w))).Insert(0, "-") + "-");
        foreach (string[] row in rows)
        {
            PrintRow(output, row, widths);
        }
    }

    // A value of several lines takes several lines of the table; a plus sign says that it goes on.
    private void PrintRow(TextWriter output, string[] row, int[] widths)
    {
        string[][] lines = [.. row.Select(c => c.Split('\n'))];
        int height = lines.Max(l => l.Length);
        for (int line = 0; line < height; line++)
        {
            var text = new StringBuilder(" ");
            for (int i = 0; i < lines.Length; i++)
            {
                string cell = line < lines[i].Length ? lines[i][line] : "";
                bool last = i == lines.Length - 1;
                bool more = line + 1 < lines[i].Length;
                string padding = new(' ', widths[i] - Width(cell));
                text.Append(right?.Contains(i) == true ? padding + cell : last && !more ? cell : cell + padding);
                text.Append(more ? '+' : last ? "" : " ").Append(last ? "" : "| ");
            }
            output.WriteLine(text.ToString().TrimEnd(' '));
        }
    }

    private static string Join(IEnumerable<string> cells, string between) => (" " + string.Join(between, cells)).TrimEnd(' ');

    private static string Centered(string text, int width, bool last)
    {
        int left = (width - Width(text)) / 2;
        return new string(' ', left) + text + (last ? "" : new string(' ', width - Width(text) - left));
    }

    private static int Widest(string cell) => cell.Split('\n').Max(Width);

    /// <summary>Characters as a reader counts them; wide ones of East Asia are not measured.</summary>
    private static int Width(string text) => new System.Globalization.StringInfo(text).LengthInTextElements;
}

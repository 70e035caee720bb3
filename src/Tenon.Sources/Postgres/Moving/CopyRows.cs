using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>Rows → COPY … FROM STDIN in its text format: values are PostgreSQL's own text, so it reads them as it would any input.</summary>
internal static class CopyRows
{
    public static void Load(NpgsqlConnection connection, Table table, string[] columns, IEnumerable<Datum[]> rows, int[] places)
    {
        LogicalType[] types = [.. columns.Select(c => table.Find(c)!.Type)];
        TextWriter output = connection.BeginTextImport($"copy {SqlNames.Of(table.Name)} ({SqlNames.List(columns)}) from stdin");
        try
        {
            foreach (Datum[] row in rows)
            {
                Write(output, types, row, places);
            }
        }
        catch
        {
            // Disposing it would end the copy as if it were whole.
            ((NpgsqlCopyTextWriter)output).Cancel();
            throw;
        }
        output.Dispose();
    }

    private static void Write(TextWriter output, LogicalType[] types, Datum[] row, int[] places)
    {
        for (int i = 0; i < places.Length; i++)
        {
            if (i > 0)
            {
                output.Write('\t');
            }
            Datum value = row[places[i]];
            if (value.IsNull)
            {
                output.Write("\\N");
            }
            else
            {
                Escaped(output, TypeOutput.ToText(types[i], value));
            }
        }
        output.Write('\n');
    }

    private static void Escaped(TextWriter output, ReadOnlySpan<char> text)
    {
        while (text.IndexOfAny("\\\t\n\r") is >= 0 and var at)
        {
            output.Write(text[..at]);
            output.Write(text[at] switch { '\t' => "\\t", '\n' => "\\n", '\r' => "\\r", _ => "\\\\" });
            text = text[(at + 1)..];
        }
        output.Write(text);
    }
}

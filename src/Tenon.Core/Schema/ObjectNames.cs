using System.Text;

namespace Tenon.Core.Schema;

/// <summary>The names PostgreSQL gives to constraints and indexes that have none: table_column_suffix, at most 63 bytes, numbered.</summary>
internal static class ObjectNames
{
    private const int MaxBytes = 63;

    /// <summary>The first free name.</summary>
    public static string Choose(string table, string columns, string suffix, Func<string, bool> isTaken)
    {
        for (int number = 0; ; number++)
        {
            string label = number == 0 ? suffix : $"{suffix}{number}";
            string name = Make(table, columns, label);
            if (!isTaken(name))
            {
                return name;
            }
        }
    }

    /// <summary>Shortens the longer of the two names until the whole fits.</summary>
    private static string Make(string table, string columns, string label)
    {
        int overhead = Bytes(label) + 1 + (columns.Length > 0 ? 1 : 0);
        while (Bytes(table) + Bytes(columns) + overhead > MaxBytes)
        {
            if (Bytes(table) > Bytes(columns))
            {
                table = Shorten(table);
            }
            else
            {
                columns = Shorten(columns);
            }
        }
        return columns.Length > 0 ? $"{table}_{columns}_{label}" : $"{table}_{label}";
    }

    private static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    private static string Shorten(string text) =>
        text[..^(text.Length > 1 && char.IsLowSurrogate(text[^1]) ? 2 : 1)];
}

using System.Globalization;

namespace Tenon.Cli.Configuration;

/// <summary>A value as TOML writes it, on one line.</summary>
internal static class TomlValue
{
    public static string Of(object? value) =>
        value switch
        {
            bool flag => flag ? "true" : "false",
            string text => $"\"{Escaped(text)}\"",
            object?[] items => $"[{string.Join(", ", items.Select(Of))}]",
            null => "\"\"",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };

    private static string Escaped(string text) =>
        string.Concat(text.Select(c => c switch
        {
            '\\' => "\\\\",
            '"' => "\\\"",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < ' ' or (char)127 => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            _ => c.ToString(),
        }));
}

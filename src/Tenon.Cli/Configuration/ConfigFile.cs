// Reads tenon.toml into a flat list: path, value, line. Substitution and meaning come later.
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Tenon.Cli.Configuration;

/// <summary>One value as it stands in a file; <see cref="Line"/> counts from 1.</summary>
internal sealed record ConfigEntry(string Path, object? Value, string File, int Line);

internal static class ConfigFile
{
    public static List<ConfigEntry> Read(string file)
    {
        DocumentSyntax document = SyntaxParser.Parse(File.ReadAllText(file), Path.GetFileName(file), validate: true);
        if (document.HasErrors)
        {
            DiagnosticMessage first = document.Diagnostics.First();
            throw new ConfigException($"{Path.GetFileName(file)}:{first.Span.Start.Line + 1}: {first.Message}");
        }
        var entries = new List<ConfigEntry>();
        foreach (KeyValueSyntax pair in document.KeyValues)
        {
            Add(entries, "", pair, Path.GetFileName(file));
        }
        foreach (TableSyntaxBase table in document.Tables)
        {
            foreach (KeyValueSyntax pair in table.Items)
            {
                Add(entries, NameOf(table.Name!) + ".", pair, Path.GetFileName(file));
            }
        }
        return entries;
    }

    private static void Add(List<ConfigEntry> entries, string prefix, KeyValueSyntax pair, string file)
    {
        string path = prefix + NameOf(pair.Key!);
        if (pair.Value is InlineTableSyntax inline)
        {
            foreach (InlineTableItemSyntax item in inline.Items)
            {
                Add(entries, path + ".", item.KeyValue!, file);
            }
            return;
        }
        entries.Add(new ConfigEntry(path, ValueOf(pair.Value), file, pair.Span.Start.Line + 1));
    }

    private static string NameOf(KeySyntax key) =>
        string.Join('.', new[] { PartOf(key.Key) }.Concat(key.DotKeys.Select(k => PartOf(k.Key))));

    private static string PartOf(BareKeyOrStringValueSyntax? part) =>
        part switch
        {
            BareKeySyntax bare => bare.Key!.Text ?? "",
            StringValueSyntax quoted => quoted.Value ?? "",
            _ => "",
        };

    private static object? ValueOf(ValueSyntax? value) =>
        value switch
        {
            StringValueSyntax text => text.Value ?? "",
            IntegerValueSyntax number => number.Value,
            FloatValueSyntax number => number.Value,
            BooleanValueSyntax flag => flag.Value,
            ArraySyntax array => array.Items.Select(i => ValueOf(i.Value)).ToArray(),
            _ => value?.ToString(),
        };
}

/// <summary>The configuration is wrong; the message names the place and the mend.</summary>
internal sealed class ConfigException(string message) : Exception(message);

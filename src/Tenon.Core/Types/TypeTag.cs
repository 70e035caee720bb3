using System.Collections.Immutable;
using System.Text;

namespace Tenon.Core.Types;

// A type as one short text, for engines whose functions are told the type they work on ("int4", "timestamptz[]",
// enum["new","done"]): what a polymorphic extension function gets as its first argument.

internal static class TypeTag
{
    private const char Separator = '|';

    public static string Of(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Array => Of(type.Element!) + "[]",
            TypeKind.Enum => "enum" + Labels(type.Enum!),
            TypeKind.Record or TypeKind.Unknown => type.Kind == TypeKind.Record ? "record" : "text",
            _ => type.Kind.ToString().ToLowerInvariant() + Modifiers(type),
        };

    private static string Modifiers(LogicalType type) =>
        type.Length is { } length ? $"({length})"
        : type.Precision is { } precision ? (type.Kind == TypeKind.Numeric ? $"({precision},{type.Scale ?? 0})" : $"({precision})")
        : "";

    public static string Of(IEnumerable<LogicalType> types) => string.Join(Separator, types.Select(Of));

    public static LogicalType Parse(string tag)
    {
        if (tag.EndsWith("[]", StringComparison.Ordinal) && !tag.StartsWith("enum[]", StringComparison.Ordinal))
        {
            return LogicalType.ArrayOf(Parse(tag[..^2]));
        }
        if (tag.StartsWith("enum", StringComparison.Ordinal))
        {
            JsonNode labels = JsonParser.Stored(tag[4..]);
            return LogicalType.EnumOf(new EnumType(new QualifiedName("", "enum"), [.. labels.Items.Select(l => l.Text)]));
        }
        int open = tag.IndexOf('(');
        if (open > 0)
        {
            int[] modifiers = [.. tag[(open + 1)..^1].Split(',').Select(m => int.Parse(m, System.Globalization.CultureInfo.InvariantCulture))];
            return tag[..open] switch
            {
                "varchar" => LogicalType.VarcharOf(modifiers[0]),
                "char" => LogicalType.CharOf(modifiers[0]),
                "numeric" => LogicalType.NumericOf(modifiers[0], modifiers[1]),
                var name => Plain[name].WithPrecision(modifiers[0]),
            };
        }
        return Plain.TryGetValue(tag, out LogicalType? type) ? type : throw new FormatException($"\"{tag}\" is no type tag");
    }

    public static ImmutableArray<LogicalType> ParseList(string tags) =>
        tags.Length == 0 ? [] : [.. tags.Split(Separator).Select(Parse)];

    private static readonly Dictionary<string, LogicalType> Plain = new LogicalType[]
    {
        LogicalType.Boolean, LogicalType.Int2, LogicalType.Int4, LogicalType.Int8, LogicalType.Numeric, LogicalType.Float4,
        LogicalType.Float8, LogicalType.Text, LogicalType.Varchar, LogicalType.CharOf(1).Unmodified, LogicalType.Uuid,
        LogicalType.Date, LogicalType.Time, LogicalType.Timestamp, LogicalType.TimestampTz, LogicalType.Interval,
        LogicalType.Json, LogicalType.Jsonb, LogicalType.Bytea, LogicalType.TsVector, LogicalType.TsQuery, LogicalType.RegConfig,
        LogicalType.Record, LogicalType.Void,
    }.ToDictionary(t => t.Kind.ToString().ToLowerInvariant());

    // A label's own separators and brackets must not be mistaken for ours.
    private static string Labels(EnumType type)
    {
        var text = new StringBuilder("[");
        foreach (string label in type.Labels)
        {
            text.Append(text.Length > 1 ? "," : "");
            JsonNode.WriteString(text, label);
        }
        return text.Append(']').Replace("|", "\\u007c").ToString();
    }
}

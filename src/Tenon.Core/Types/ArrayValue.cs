using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// An array taken out of its stored text and put back. Stored is exactly what to_json would print ("[1,2,null]"), so that
// answers copy it; several dimensions are nested arrays. Arrays of json have one dimension, since an inner array is a value.

internal sealed class ArrayValue
{
    private ArrayValue(LogicalType element, Datum[] items, int[] dimensions)
    {
        Element = element;
        Items = items;
        Dimensions = dimensions;
    }

    public LogicalType Element { get; }

    /// <summary>All items, row by row.</summary>
    public Datum[] Items { get; }

    /// <summary>Length of each dimension; none for an empty array.</summary>
    public int[] Dimensions { get; }

    public static ArrayValue Of(LogicalType element, Datum[] items) =>
        new(element, items, items.Length == 0 ? [] : [items.Length]);

    public static Outcome<ArrayValue> Of(LogicalType element, Datum[] items, int[] dimensions)
    {
        long size = dimensions.Length == 0 ? 0 : dimensions.Aggregate(1L, (a, b) => a * b);
        return size != items.Length
            ? new Error(ErrorCodes.ArraySubscript, "multidimensional arrays must have array expressions with matching dimensions")
            : new ArrayValue(element, items, size == 0 ? [] : dimensions);
    }

    /// <summary>Reads the stored form of an array whose elements have this type.</summary>
    public static ArrayValue Read(LogicalType element, string stored)
    {
        if (stored == "[]")
        {
            return Of(element, []);
        }
        JsonNode root = JsonParser.Stored(stored);
        var items = new List<Datum>();
        var dimensions = new List<int>();
        Collect(element, root, stored, 0, items, dimensions);
        return new ArrayValue(element, [.. items], items.Count == 0 ? [] : [.. dimensions]);
    }

    private static void Collect(LogicalType element, JsonNode node, string text, int level, List<Datum> items, List<int> dimensions)
    {
        if (dimensions.Count == level)
        {
            dimensions.Add(node.Items.Count);
        }
        foreach (JsonNode item in node.Items)
        {
            if (item.Kind == JsonKind.Array && !element.IsJson)
            {
                Collect(element, item, text, level + 1, items, dimensions);
            }
            else
            {
                items.Add(FromNode(element, item, text));
            }
        }
    }

    private static Datum FromNode(LogicalType element, JsonNode item, string text) =>
        item.Kind switch
        {
            JsonKind.Null => Datum.Null,
            _ when element.IsJson => Datum.Of(text[item.Start..item.End]),
            JsonKind.String when element.IsString || element.Kind is TypeKind.Uuid or TypeKind.Enum or TypeKind.Record => Datum.Of(item.Text),
            JsonKind.String or JsonKind.Number => TypeInput.Parse(element, item.Text).Value,
            JsonKind.True => Datum.True,
            JsonKind.False => Datum.False,
            _ => Datum.Of(text[item.Start..item.End]),
        };

    /// <summary>The stored form.</summary>
    public Datum ToDatum() => Datum.Of(ToString());

    public override string ToString()
    {
        var text = new StringBuilder();
        int next = 0;
        Write(text, 0, ref next);
        return text.ToString();
    }

    private void Write(StringBuilder text, int level, ref int next)
    {
        text.Append('[');
        int count = level < Dimensions.Length ? Dimensions[level] : 0;
        for (int i = 0; i < count; i++)
        {
            text.Append(i > 0 ? "," : "");
            if (level + 1 < Dimensions.Length)
            {
                Write(text, level + 1, ref next);
            }
            else
            {
                TypeOutput.AppendJson(Element, Items[next++], text);
            }
        }
        text.Append(']');
    }

    /// <summary>PostgreSQL's text of the array: {1,2,NULL,"a b"}.</summary>
    public string ToLiteral()
    {
        var text = new StringBuilder();
        int next = 0;
        WriteLiteral(text, 0, ref next);
        return text.ToString();
    }

    private void WriteLiteral(StringBuilder text, int level, ref int next)
    {
        text.Append('{');
        int count = level < Dimensions.Length ? Dimensions[level] : 0;
        for (int i = 0; i < count; i++)
        {
            text.Append(i > 0 ? "," : "");
            if (level + 1 < Dimensions.Length)
            {
                WriteLiteral(text, level + 1, ref next);
                continue;
            }
            Datum item = Items[next++];
            Quote(text, item.IsNull ? null : TypeOutput.ToText(Element, item));
        }
        text.Append('}');
    }

    private static void Quote(StringBuilder text, string? item)
    {
        if (item is null)
        {
            text.Append("NULL");
            return;
        }
        bool plain =
            item.Length > 0
            && !item.AsSpan().ContainsAny("{},\"\\ \t\n\r\v\f")
            && !item.Equals("null", StringComparison.OrdinalIgnoreCase);
        if (plain)
        {
            text.Append(item);
            return;
        }
        text.Append('"');
        foreach (char c in item)
        {
            text.Append(c is '"' or '\\' ? "\\" : "").Append(c);
        }
        text.Append('"');
    }
}

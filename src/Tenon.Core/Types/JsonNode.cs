using System.Text;

namespace Tenon.Core.Types;

internal enum JsonKind
{
    Null,
    String,
    Number,
    False,
    True,
    Array,
    Object,
}

/// <summary>
/// A JSON value as PostgreSQL's functions see it: numbers exact, members in the order of their type (jsonb: canonical, json:
/// as written, duplicates kept). Start and End say where it stood in its text, for json's verbatim answers.
/// </summary>
internal sealed class JsonNode
{
    public required JsonKind Kind { get; init; }

    /// <summary>The content of a string, or the digits of a number.</summary>
    public string Text { get; init; } = "";
    public List<JsonNode> Items { get; init; } = [];
    public List<KeyValuePair<string, JsonNode>> Members { get; init; } = [];
    public int Start { get; init; }
    public int End { get; set; }

    public static readonly JsonNode Null = new() { Kind = JsonKind.Null };

    public static JsonNode Of(string text) => new() { Kind = JsonKind.String, Text = text };

    public static JsonNode OfNumber(string digits) => new() { Kind = JsonKind.Number, Text = digits };

    public static JsonNode Of(bool value) => new() { Kind = value ? JsonKind.True : JsonKind.False };

    public static JsonNode OfArray(IEnumerable<JsonNode> items) => new() { Kind = JsonKind.Array, Items = [.. items] };

    /// <summary>A jsonb object: the last of equal keys wins, keys in canonical order.</summary>
    public static JsonNode OfObject(IEnumerable<KeyValuePair<string, JsonNode>> members)
    {
        var node = new JsonNode { Kind = JsonKind.Object, Members = [.. members] };
        node.Canonicalise();
        return node;
    }

    public bool IsScalar => Kind is not (JsonKind.Array or JsonKind.Object);

    /// <summary>The member of a key; the last one where there are several.</summary>
    public JsonNode? Find(string key)
    {
        for (int i = Members.Count - 1; i >= 0; i--)
        {
            if (Members[i].Key == key)
            {
                return Members[i].Value;
            }
        }
        return null;
    }

    public void Canonicalise()
    {
        if (Members.Count < 2)
        {
            return;
        }
        var last = new Dictionary<string, JsonNode>(Members.Count);
        foreach ((string key, JsonNode value) in Members)
        {
            last[key] = value;
        }
        Members.Clear();
        Members.AddRange(last.OrderBy(m => m.Key, Comparer<string>.Create(CodePoints.CompareKeys)));
    }

    /// <summary>PostgreSQL's text of a jsonb.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text);
        return text.ToString();
    }

    public void Write(StringBuilder into)
    {
        switch (Kind)
        {
            case JsonKind.String:
                WriteString(into, Text);
                break;
            case JsonKind.Number:
                into.Append(Text);
                break;
            case JsonKind.Array:
                into.Append('[');
                for (int i = 0; i < Items.Count; i++)
                {
                    into.Append(i > 0 ? ", " : "");
                    Items[i].Write(into);
                }
                into.Append(']');
                break;
            case JsonKind.Object:
                into.Append('{');
                for (int i = 0; i < Members.Count; i++)
                {
                    into.Append(i > 0 ? ", " : "");
                    WriteString(into, Members[i].Key);
                    into.Append(": ");
                    Members[i].Value.Write(into);
                }
                into.Append('}');
                break;
            default:
                into.Append(Kind == JsonKind.True ? "true" : Kind == JsonKind.False ? "false" : "null");
                break;
        }
    }

    /// <summary>A JSON string with PostgreSQL's escapes: quote, backslash and control characters only.</summary>
    public static void WriteString(StringBuilder into, ReadOnlySpan<char> text)
    {
        into.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => into.Append("\\\""),
                '\\' => into.Append("\\\\"),
                '\b' => into.Append("\\b"),
                '\f' => into.Append("\\f"),
                '\n' => into.Append("\\n"),
                '\r' => into.Append("\\r"),
                '\t' => into.Append("\\t"),
                < ' ' => into.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)),
                _ => into.Append(c),
            };
        }
        into.Append('"');
    }
}

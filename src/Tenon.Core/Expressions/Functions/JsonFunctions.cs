using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// json and jsonb: reaching in, asking, building, changing. Values are canonical texts (jsonb) or texts as given (json).
internal static class JsonFunctions
{
    private static readonly LogicalType T = LogicalType.Text;
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType B = LogicalType.Boolean;
    private static readonly LogicalType Texts = LogicalType.ArrayOf(LogicalType.Text);

    public static IEnumerable<Function> Functions() => [.. Reaching(), .. Measuring(), .. Asking(), .. Building(), .. Changing()];

    /// <summary>A text just built, as json or made canonical as jsonb.</summary>
    public static Outcome<Datum> Finish(string text, bool binary) =>
        binary ? TypeInput.ParseJson(text, binary: true) : Datum.Of(text);

    private static IEnumerable<Function> Reaching()
    {
        foreach (bool binary in new[] { false, true })
        {
            LogicalType json = binary ? LogicalType.Jsonb : LogicalType.Json;
            string p = binary ? "jsonb" : "json";
            yield return Infix(p + "_get", "->", json, T, json, a => Node(Member(a[0], a[1].Text), a[0].Text, binary))
                .AsTotal();
            yield return Infix(
                    p + "_get_at",
                    "->",
                    json,
                    I,
                    json,
                    a => Node(Element(a[0], a[1].Integer, binary), a[0].Text, binary)
                )
                .AsTotal();
            yield return Infix(
                    p + "_get_text",
                    "->>",
                    json,
                    T,
                    T,
                    a => Text(Member(a[0], a[1].Text), a[0].Text, binary)
                )
                .AsTotal();
            yield return Infix(
                    p + "_get_text_at",
                    "->>",
                    json,
                    I,
                    T,
                    a => Text(Element(a[0], a[1].Integer, binary), a[0].Text, binary)
                )
                .AsTotal();
            yield return Infix(p + "_path", "#>", json, Texts, json, a => Node(Path(a[0], a[1]), a[0].Text, binary))
                .AsTotal();
            yield return Infix(p + "_path_text", "#>>", json, Texts, T, a => Text(Path(a[0], a[1]), a[0].Text, binary))
                .AsTotal();
        }
    }

    private static IEnumerable<Function> Measuring()
    {
        foreach (bool binary in new[] { false, true })
        {
            LogicalType json = binary ? LogicalType.Jsonb : LogicalType.Json;
            string p = binary ? "jsonb" : "json";
            yield return Total(
                p + "_typeof",
                p + "_typeof",
                [json],
                T,
                a => Datum.Of(TypeOf(JsonParser.Stored(a[0].Text)))
            );
            yield return Scalar(
                p + "_array_length",
                p + "_array_length",
                [json],
                I,
                a => Length(JsonParser.Stored(a[0].Text))
            );
        }
    }

    private static JsonNode? Member(Datum json, string key) =>
        JsonParser.Stored(json.Text) is { Kind: JsonKind.Object } o ? o.Find(key) : null;

    private static JsonNode? Element(Datum json, long index) => At(JsonParser.Stored(json.Text), index);

    // jsonb keeps a bare scalar as an array of one, and -> with an index shows it.
    private static JsonNode? Element(Datum json, long index, bool binary) =>
        binary && JsonParser.Stored(json.Text) is { IsScalar: true } scalar
            ? (index is 0 or -1 ? scalar : null)
            : Element(json, index);

    private static JsonNode? At(JsonNode node, long index)
    {
        if (node.Kind != JsonKind.Array)
        {
            return null;
        }
        long at = index < 0 ? node.Items.Count + index : index;
        return at >= 0 && at < node.Items.Count ? node.Items[(int)at] : null;
    }

    private static JsonNode? Path(Datum json, Datum path)
    {
        JsonNode? node = JsonParser.Stored(json.Text);
        foreach (Datum step in ArrayValue.Read(T, path.Text).Items)
        {
            if (node is null || step.IsNull)
            {
                return null;
            }
            node = node.Kind switch
            {
                JsonKind.Object => node.Find(step.Text),
                JsonKind.Array when long.TryParse(step.Text, out long index) => At(node, index),
                _ => null,
            };
        }
        return node;
    }

    // json keeps the text as it was written; jsonb is canonical anyway.
    private static Datum Node(JsonNode? node, string source, bool binary) =>
        node is null ? Datum.Null : Datum.Of(binary ? node.ToString() : source[node.Start..node.End]);

    private static Datum Text(JsonNode? node, string source, bool binary) =>
        node is null || node.Kind == JsonKind.Null ? Datum.Null
        : node.Kind == JsonKind.String ? Datum.Of(node.Text)
        : Node(node, source, binary);

    private static string TypeOf(JsonNode node) =>
        node.Kind switch
        {
            JsonKind.Object => "object",
            JsonKind.Array => "array",
            JsonKind.String => "string",
            JsonKind.Number => "number",
            JsonKind.Null => "null",
            _ => "boolean",
        };

    private static Outcome<Datum> Length(JsonNode node) =>
        node.Kind switch
        {
            JsonKind.Array => Datum.Of(node.Items.Count),
            JsonKind.Object => new Error(ErrorCodes.InvalidParameterValue, "cannot get array length of a non-array"),
            _ => new Error(ErrorCodes.InvalidParameterValue, "cannot get array length of a scalar"),
        };

    private static IEnumerable<Function> Asking()
    {
        LogicalType j = LogicalType.Jsonb;
        yield return Infix(
                "jsonb_contains",
                "@>",
                j,
                j,
                B,
                a => Datum.Of(Contains(JsonParser.Stored(a[0].Text), JsonParser.Stored(a[1].Text), true))
            )
            .AsTotal();
        yield return Infix(
                "jsonb_contained",
                "<@",
                j,
                j,
                B,
                a => Datum.Of(Contains(JsonParser.Stored(a[1].Text), JsonParser.Stored(a[0].Text), true))
            )
            .AsTotal();
        yield return Infix("jsonb_exists", "?", j, T, B, a => Datum.Of(Has(JsonParser.Stored(a[0].Text), a[1].Text)))
            .AsTotal();
        yield return Infix("jsonb_exists_any", "?|", j, Texts, B, a => Datum.Of(HasMany(a, all: false))).AsTotal();
        yield return Infix("jsonb_exists_all", "?&", j, Texts, B, a => Datum.Of(HasMany(a, all: true))).AsTotal();
    }

    private static bool HasMany(ReadOnlySpan<Datum> a, bool all)
    {
        JsonNode node = JsonParser.Stored(a[0].Text);
        IEnumerable<Datum> keys = ArrayValue.Read(T, a[1].Text).Items.Where(k => !k.IsNull);
        return all ? keys.All(k => Has(node, k.Text)) : keys.Any(k => Has(node, k.Text));
    }

    private static bool Has(JsonNode node, string key) =>
        node.Kind switch
        {
            JsonKind.Object => node.Find(key) is not null,
            JsonKind.Array => node.Items.Any(i => i.Kind == JsonKind.String && i.Text == key),
            JsonKind.String => node.Text == key,
            _ => false,
        };

    /// <summary>PostgreSQL's containment: structure and values of the right side occur in the left; a top array may contain a bare scalar.</summary>
    private static bool Contains(JsonNode left, JsonNode right, bool top)
    {
        if (left.Kind == JsonKind.Array && right.IsScalar)
        {
            return top && left.Items.Any(i => Ordering.CompareJsonb(i, right) == 0);
        }
        if (left.Kind != right.Kind)
        {
            return false;
        }
        return left.Kind switch
        {
            JsonKind.Object => right.Members.All(m => left.Find(m.Key) is { } own && Contains(own, m.Value, false)),
            JsonKind.Array => right.Items.All(r =>
                left.Items.Any(l => r.IsScalar ? l.IsScalar && Ordering.CompareJsonb(l, r) == 0 : Contains(l, r, false))
            ),
            _ => Ordering.CompareJsonb(left, right) == 0,
        };
    }

    private static IEnumerable<Function> Building()
    {
        foreach (bool binary in new[] { false, true })
        {
            LogicalType json = binary ? LogicalType.Jsonb : LogicalType.Json;
            string p = binary ? "jsonb" : "json";
            string to = binary ? "to_jsonb" : "to_json";
            yield return Scalar(to, to, [LogicalType.AnyElement], json, null!)
                .Polymorphic(types => a => ToJson(types[0], a[0], binary));
            Function build = Scalar(p + "_build_object", p + "_build_object", [LogicalType.Any], json, null!)
                .AsLax()
                .AsVariadic();
            yield return build.Polymorphic(types => a => BuildObject(types, a, binary));
            yield return Scalar(p + "_build_object_empty", p + "_build_object", [], json, _ => Datum.Of("{}"))
                .AsTotal();
            Function array = Scalar(p + "_build_array", p + "_build_array", [LogicalType.Any], json, null!)
                .AsLax()
                .AsVariadic();
            yield return array.Polymorphic(types => a => BuildArray(types, a, binary));
            yield return Scalar(p + "_build_array_empty", p + "_build_array", [], json, _ => Datum.Of("[]")).AsTotal();
        }
        yield return Scalar("row_to_json", "row_to_json", [LogicalType.Record], LogicalType.Json, a => a[0]).AsTotal();
        yield return Scalar("array_to_json", "array_to_json", [LogicalType.AnyArray], LogicalType.Json, null!)
            .Polymorphic(types => a => ToJson(types[0], a[0], false));
    }

    private static Outcome<Datum> ToJson(LogicalType type, Datum value, bool binary)
    {
        var text = new StringBuilder();
        TypeOutput.AppendJson(type, value, text);
        return Finish(text.ToString(), binary);
    }

    private static Outcome<Datum> BuildObject(IReadOnlyList<LogicalType> types, ReadOnlySpan<Datum> a, bool binary)
    {
        if (a.Length % 2 != 0)
        {
            return new Error(
                ErrorCodes.InvalidParameterValue,
                "argument list must have even number of elements",
                null,
                "The arguments of jsonb_build_object() must consist of alternating keys and values."
            );
        }
        var text = new StringBuilder("{");
        for (int i = 0; i < a.Length; i += 2)
        {
            if (a[i].IsNull)
            {
                return new Error(ErrorCodes.InvalidParameterValue, $"argument {i + 1}: key must not be null");
            }
            JsonNode.WriteString(text.Append(i > 0 ? ", " : ""), TypeOutput.CastToText(types[i], a[i]));
            TypeOutput.AppendJson(types[i + 1], a[i + 1], text.Append(" : "));
        }
        return Finish(text.Append('}').ToString(), binary);
    }

    private static Outcome<Datum> BuildArray(IReadOnlyList<LogicalType> types, ReadOnlySpan<Datum> a, bool binary)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < a.Length; i++)
        {
            TypeOutput.AppendJson(types[i], a[i], text.Append(i > 0 ? ", " : ""));
        }
        return Finish(text.Append(']').ToString(), binary);
    }

    private static IEnumerable<Function> Changing()
    {
        LogicalType j = LogicalType.Jsonb;
        yield return Infix(
            "jsonb_concat",
            "||",
            j,
            j,
            j,
            a => Concat(JsonParser.Stored(a[0].Text), JsonParser.Stored(a[1].Text))
        );
        yield return Infix("jsonb_delete", "-", j, T, j, a => Delete(JsonParser.Stored(a[0].Text), a[1].Text));
        yield return Infix("jsonb_delete_at", "-", j, I, j, a => DeleteAt(JsonParser.Stored(a[0].Text), a[1].Integer));
        yield return Infix("jsonb_delete_keys", "-", j, Texts, j, a => DeleteKeys(JsonParser.Stored(a[0].Text), a[1]));
        yield return Infix("jsonb_delete_path", "#-", j, Texts, j, a => JsonPaths.Delete(a));
        yield return Scalar("jsonb_insert", "jsonb_insert", [j, Texts, j], j, a => JsonPaths.Insert(a, after: false));
        yield return Scalar(
            "jsonb_insert_after",
            "jsonb_insert",
            [j, Texts, j, B],
            j,
            a => JsonPaths.Insert(a, a[3].Boolean)
        );
        yield return Scalar(
            "jsonb_strip_nulls",
            "jsonb_strip_nulls",
            [j],
            j,
            a => Finish(Strip(JsonParser.Stored(a[0].Text)).ToString(), true)
        );
        yield return Scalar("jsonb_set", "jsonb_set", [j, Texts, j], j, a => JsonPaths.Set(a, create: true));
        yield return Scalar("jsonb_set_create", "jsonb_set", [j, Texts, j, B], j, a => JsonPaths.Set(a, a[3].Boolean));
    }

    private static Outcome<Datum> Concat(JsonNode left, JsonNode right)
    {
        if (left.Kind == JsonKind.Object && right.Kind == JsonKind.Object)
        {
            return Finish(JsonNode.OfObject([.. left.Members, .. right.Members]).ToString(), true);
        }
        IEnumerable<JsonNode> Items(JsonNode node) => node.Kind == JsonKind.Array ? node.Items : [node];
        return Finish(JsonNode.OfArray([.. Items(left), .. Items(right)]).ToString(), true);
    }

    private static Outcome<Datum> Delete(JsonNode node, string key) =>
        node.Kind switch
        {
            JsonKind.Object => Finish(JsonNode.OfObject(node.Members.Where(m => m.Key != key)).ToString(), true),
            JsonKind.Array => Finish(
                JsonNode.OfArray(node.Items.Where(i => i.Kind != JsonKind.String || i.Text != key)).ToString(),
                true
            ),
            _ => new Error(ErrorCodes.InvalidParameterValue, "cannot delete from scalar"),
        };

    private static Outcome<Datum> DeleteAt(JsonNode node, long index)
    {
        if (node.Kind != JsonKind.Array)
        {
            return new Error(
                ErrorCodes.InvalidParameterValue,
                node.IsScalar ? "cannot delete from scalar" : "cannot delete from object using integer index"
            );
        }
        JsonNode? gone = At(node, index);
        return Finish(JsonNode.OfArray(node.Items.Where(i => !ReferenceEquals(i, gone))).ToString(), true);
    }

    private static Outcome<Datum> DeleteKeys(JsonNode node, Datum keys)
    {
        HashSet<string> gone = [.. ArrayValue.Read(T, keys.Text).Items.Where(k => !k.IsNull).Select(k => k.Text)];
        return node.Kind switch
        {
            JsonKind.Object => Finish(
                JsonNode.OfObject(node.Members.Where(m => !gone.Contains(m.Key))).ToString(),
                true
            ),
            JsonKind.Array => Finish(
                JsonNode.OfArray(node.Items.Where(i => i.Kind != JsonKind.String || !gone.Contains(i.Text))).ToString(),
                true
            ),
            _ => new Error(ErrorCodes.InvalidParameterValue, "cannot delete from scalar"),
        };
    }

    private static JsonNode Strip(JsonNode node) =>
        node.Kind switch
        {
            JsonKind.Object => JsonNode.OfObject(
                node.Members.Where(m => m.Value.Kind != JsonKind.Null)
                    .Select(m => KeyValuePair.Create(m.Key, Strip(m.Value)))
            ),
            JsonKind.Array => JsonNode.OfArray(node.Items.Select(Strip)),
            _ => node,
        };
}

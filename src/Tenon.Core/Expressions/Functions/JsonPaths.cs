using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

/// <summary>jsonb_set, jsonb_insert and #-: changing a jsonb value at a path.</summary>
internal static class JsonPaths
{
    private enum Change
    {
        Set,
        SetExisting,
        InsertBefore,
        InsertAfter,
        Delete,
    }

    public static Outcome<Datum> Set(ReadOnlySpan<Datum> a, bool create) =>
        Run(a, create ? Change.Set : Change.SetExisting, "cannot set path in scalar");

    public static Outcome<Datum> Insert(ReadOnlySpan<Datum> a, bool after) =>
        Run(a, after ? Change.InsertAfter : Change.InsertBefore, "cannot set path in scalar");

    public static Outcome<Datum> Delete(ReadOnlySpan<Datum> a) => Run(a, Change.Delete, "cannot delete path in scalar");

    private static Outcome<Datum> Run(ReadOnlySpan<Datum> a, Change change, string scalar)
    {
        JsonNode root = JsonParser.Stored(a[0].Text);
        if (root.IsScalar)
        {
            return new Error(ErrorCodes.InvalidParameterValue, scalar);
        }
        Datum[] path = ArrayValue.Read(LogicalType.Text, a[1].Text).Items;
        if (
            path.Length == 0
            || (root.Items.Count == 0 && root.Members.Count == 0 && change is Change.SetExisting or Change.Delete)
        )
        {
            return a[0];
        }
        try
        {
            JsonNode value = change == Change.Delete ? JsonNode.Null : JsonParser.Stored(a[2].Text);
            return Datum.Of(At(root, path, 0, value, change).ToString());
        }
        catch (TenonException failure)
        {
            return failure.Error;
        }
    }

    private static JsonNode At(JsonNode node, Datum[] path, int depth, JsonNode value, Change change)
    {
        if (path[depth].IsNull)
        {
            throw new Error(ErrorCodes.NullNotAllowed, $"path element at position {depth + 1} is null").ToException();
        }
        return node.Kind switch
        {
            JsonKind.Object => InObject(node, path, depth, value, change),
            JsonKind.Array => InArray(node, path, depth, value, change),
            _ => node,
        };
    }

    private static JsonNode InObject(JsonNode node, Datum[] path, int depth, JsonNode value, Change change)
    {
        string key = path[depth].Text;
        JsonNode? own = node.Find(key);
        bool last = depth == path.Length - 1;
        if (own is null)
        {
            bool add = last && change is not (Change.SetExisting or Change.Delete);
            return add ? JsonNode.OfObject([.. node.Members, KeyValuePair.Create(key, value)]) : node;
        }
        if (last && change is Change.InsertBefore or Change.InsertAfter)
        {
            throw new Error(
                ErrorCodes.InvalidParameterValue,
                "cannot replace existing key",
                null,
                "Try using the function jsonb_set to replace key value."
            ).ToException();
        }
        IEnumerable<KeyValuePair<string, JsonNode>> others = node.Members.Where(m => m.Key != key);
        return last && change == Change.Delete
            ? JsonNode.OfObject(others)
            : JsonNode.OfObject([
                .. others,
                KeyValuePair.Create(key, last ? value : At(own, path, depth + 1, value, change)),
            ]);
    }

    private static JsonNode InArray(JsonNode node, Datum[] path, int depth, JsonNode value, Change change)
    {
        string step = path[depth].Text;
        if (
            !int.TryParse(
                step,
                NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite,
                CultureInfo.InvariantCulture,
                out int index
            )
        )
        {
            throw new Error(
                ErrorCodes.InvalidText,
                $"path element at position {depth + 1} is not an integer: \"{step}\""
            ).ToException();
        }
        int count = node.Items.Count;
        int at = index < 0 ? count + index : index;
        bool last = depth == path.Length - 1;
        if (at < 0 || at >= count)
        {
            bool add = last && change is not (Change.SetExisting or Change.Delete);
            return !add ? node : JsonNode.OfArray(at < 0 ? [value, .. node.Items] : [.. node.Items, value]);
        }
        List<JsonNode> items = [.. node.Items];
        if (!last)
        {
            items[at] = At(items[at], path, depth + 1, value, change);
        }
        else if (change == Change.Delete)
        {
            items.RemoveAt(at);
        }
        else if (change is Change.InsertBefore or Change.InsertAfter)
        {
            items.Insert(change == Change.InsertAfter ? at + 1 : at, value);
        }
        else
        {
            items[at] = value;
        }
        return JsonNode.OfArray(items);
    }
}

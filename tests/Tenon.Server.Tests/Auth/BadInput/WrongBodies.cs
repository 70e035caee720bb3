using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>What can be wrong with a JSON body, each by itself; the body it begins from is right.</summary>
internal static class WrongBodies
{
    private const int TooLarge = (64 * 1024) + 1;

    public static IEnumerable<(string What, byte[] Body)> Of(Call call, string right)
    {
        string[] broken =
        [
            "{", "[]", "7", "\"x\"", "null", "{\"a\":1,\"a\":2}", "{'a':1}", "{\"a\":1}}", "\uFEFF{", "{\"email\":\"\\ud800\"",
            new string('[', 40) + new string(']', 40),
            string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40),
        ];
        foreach (string text in broken)
        {
            yield return ($"the body {text[..Math.Min(20, text.Length)]}", Encoding.UTF8.GetBytes(text));
        }
        yield return ("bytes that are no UTF-8", [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        foreach ((string[] path, JsonNode value) in Members(JsonNode.Parse(right)!.AsObject(), [], call.IsDeep).Where(member => !call.Free.Contains(string.Join('.', member.Path))))
        {
            string name = string.Join('.', path);
            foreach (string wrong in Others(value.GetValueKind()))
            {
                yield return ($"{name} = {wrong}", Replaced(right, path, wrong));
            }
            if (value.GetValueKind() == JsonValueKind.String)
            {
                string escaped = JsonSerializer.Serialize(value.GetValue<string>())[..^1];
                yield return ($"{name} with half a surrogate", Replaced(right, path, escaped + "\\ud800\""));
                yield return ($"{name} with NUL", Replaced(right, path, escaped + "\\u0000\""));
            }
        }
        if (!call.IsLarge)
        {
            JsonObject large = JsonNode.Parse(right)!.AsObject();
            large["filler"] = new string('x', TooLarge);
            yield return ("64 KiB and one byte", Encoding.UTF8.GetBytes(large.ToJsonString()));
        }
    }

    /// <summary>Larger than any bound of the call, for a body that does not say its length.</summary>
    public static byte[] Endless(Call call) => Encoding.ASCII.GetBytes("{\"x\":\"" + new string('x', call.IsLarge ? 5 * 1024 * 1024 : 2 * TooLarge) + "\"}");

    private static IEnumerable<(string[] Path, JsonNode Value)> Members(JsonObject of, string[] before, bool deep)
    {
        foreach ((string name, JsonNode? value) in of)
        {
            if (value is null)
            {
                continue;
            }
            string[] path = [.. before, name];
            yield return (path, value);
            if (deep && value is JsonObject inner)
            {
                foreach ((string[] Path, JsonNode Value) member in Members(inner, path, deep))
                {
                    yield return member;
                }
            }
        }
    }

    private static byte[] Replaced(string body, string[] path, string rawValue)
    {
        JsonObject changed = JsonNode.Parse(body)!.AsObject();
        JsonObject parent = path[..^1].Aggregate(changed, (at, name) => at[name]!.AsObject());
        parent[path[^1]] = "@@@";
        return Encoding.UTF8.GetBytes(changed.ToJsonString().Replace("\"@@@\"", rawValue, StringComparison.Ordinal));
    }

    private static string[] Others(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.String => ["7", "true", "[]", "{}"],
            JsonValueKind.True or JsonValueKind.False => ["\"true\"", "1", "[]", "{}"],
            JsonValueKind.Object => ["\"x\"", "7", "[]", "true"],
            JsonValueKind.Array => ["\"x\"", "7", "{}", "true"],
            _ => ["\"x\"", "true", "[]", "{}"],
        };
}

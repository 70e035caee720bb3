// The policy matrix as data: sets of policies, operations, and the signature of every cell. See the fixture's README.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Testing;

/// <summary>A named set of CREATE POLICY statements.</summary>
internal sealed record PolicySet(string Name, string Sql);

/// <summary>One operation as SQL and as a request with the same meaning.</summary>
internal sealed record MatrixOperation(
    string Name, string Title, string Sql, string Method, string Target, Dictionary<string, string> Headers, JsonNode? Body,
    string Result);

internal static class PolicyMatrix
{
    public const string Alice = "a11ce000-0000-4000-8000-000000000001";

    public static string Folder { get; } = Repository.PathTo("tests/fixtures/policy-matrix");

    public static string ExpectedFile { get; } = Path.Combine(Folder, "expected.json");

    public static string Schema { get; } = File.ReadAllText(Path.Combine(Folder, "schema.sql"));

    public static string Rows { get; } = File.ReadAllText(Path.Combine(Folder, "rows.sql"));

    private static readonly JsonSerializerOptions Options =
        new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<PolicySet> Sets { get; } = Directory.GetFiles(Path.Combine(Folder, "sets"), "*.sql")
        .Order(StringComparer.Ordinal)
        .Select(f => new PolicySet(Path.GetFileNameWithoutExtension(f), File.ReadAllText(f)))
        .ToArray();

    public static IReadOnlyList<MatrixOperation> Operations { get; } =
        JsonSerializer.Deserialize<MatrixOperation[]>(File.ReadAllText(Path.Combine(Folder, "operations.json")), Options)!;

    /// <summary>
    /// What one cell did, as one line of JSON: the error class or the result, then the table unless it is as before.
    /// Rows are sorted by id, because a statement that returns rows promises no order.
    /// </summary>
    public static string Signature(string? error, JsonNode? result, JsonArray before, JsonArray after)
    {
        var signature = new JsonObject();
        if (error is not null)
        {
            signature["error"] = error;
        }
        else if (result is not null)
        {
            signature["result"] = result is JsonArray rows ? Sorted(rows) : result.DeepClone();
        }

        if (!JsonNode.DeepEquals(Sorted(before), Sorted(after)))
        {
            signature["after"] = Sorted(after);
        }

        return signature.ToJsonString(Options);
    }

    /// <summary>Every cell's line, by "set operation".</summary>
    public static Dictionary<string, string> ReadExpected()
    {
        var sets = JsonNode.Parse(File.ReadAllText(ExpectedFile))!.AsObject();
        return sets
            .SelectMany(set => set.Value!.AsObject(), (set, cell) => (Key: $"{set.Key} {cell.Key}", cell.Value))
            .ToDictionary(c => c.Key, c => c.Value!.ToJsonString(Options), StringComparer.Ordinal);
    }

    /// <summary>One line per cell, so that a change of the fixture reads well in a diff.</summary>
    public static string Format(Dictionary<string, string> cells)
    {
        var sets = Sets.Select(set => $"  \"{set.Name}\": {{\n" + string.Join(
            ",\n", Operations.Select(o => $"    \"{o.Name}\": {cells[$"{set.Name} {o.Name}"]}")) + "\n  }");
        return "{\n" + string.Join(",\n", sets) + "\n}\n";
    }

    /// <summary>The cells that differ, one line each; empty when all are equal.</summary>
    public static string Differences(Dictionary<string, string> expected, Dictionary<string, string> actual)
    {
        var titles = Operations.ToDictionary(o => o.Name, o => o.Title, StringComparer.Ordinal);
        var lines = expected.Keys.Union(actual.Keys, StringComparer.Ordinal)
            .Where(k => expected.GetValueOrDefault(k) != actual.GetValueOrDefault(k))
            .Select(k => $"{k} ({titles[k.Split(' ')[1]]})\n  expected {expected.GetValueOrDefault(k)}\n" +
                $"  actual   {actual.GetValueOrDefault(k)}");
        return string.Join("\n", lines);
    }

    private static JsonArray Sorted(JsonArray rows) =>
        new(rows.Select(r => r!.DeepClone()).OrderBy(r => r["id"]!.GetValue<int>()).ToArray());
}

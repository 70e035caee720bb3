// The operations of the benchmark and their prepared requests.
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>Which servers an operation is measured on, besides Tenon: the baseline first.</summary>
internal sealed record Operation(
    string Name, string Title, int Connections, string Baseline, string[] Others, string Subject, double? Goal,
    Func<Dataset, Probe[]> Probes);

internal static class Operations
{
    private const int PoolSize = 1024;

    private const string ListQuery = "/rest/v1/items?select=id,name,price,active,created_at&category_id=eq.{0}" +
        "&price=gte.{1}&order=price.desc,id.asc&limit=20";

    private const string EmbedQuery = "/rest/v1/orders?select=id,placed_at,total,customer:customers(id,name,city)," +
        "lines:order_lines(id,item_id,quantity,price)&id=gte.{0}&order=id.asc&lines.order=id.asc&limit=10";

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("get", "get", 64, "raw", ["dapper", "efcore"], "tenon", 0.85, Get),
        new("get-1", "get, 1 connection", 1, "raw", [], "tenon", null, Get),
        new("get-16", "get, 16 connections", 16, "raw", [], "tenon", null, Get),
        new("get-jwt", "get, JWT + owner policy", 64, "raw-jwt", [], "tenon", 0.9, GetOwned),
        new("get-jwt-open", "get, JWT, no owner policy", 64, "raw-jwt", [], "tenon", null, GetOpen),
        new("list", "list 20", 64, "raw", ["dapper", "efcore"], "tenon", 1.0, List),
        new("embed", "embed 10", 64, "raw", ["dapper", "efcore"], "tenon", 1.2, Embed),
        new("insert", "insert, FULL", 64, "raw", ["dapper", "efcore"], "tenon", 3, Insert),
        new("insert-1", "insert, FULL, 1 connection", 1, "raw", [], "tenon", null, Insert),
        new("insert-16", "insert, FULL, 16 connections", 16, "raw", [], "tenon", null, Insert),
        new("insert-normal", "insert, NORMAL", 64, "raw-normal", [], "tenon-normal", null, Insert),
        new("patch", "patch, FULL", 64, "raw", ["dapper", "efcore"], "tenon", 3, Patch),
        new("patch-normal", "patch, NORMAL", 64, "raw-normal", [], "tenon-normal", null, Patch),
    ];

    private static Probe[] Get(Dataset data) =>
        Pool(i => Read($"/rest/v1/items?id=eq.{Untouched(data, i)}", Tokens.Anon));

    private static Probe[] GetOwned(Dataset data)
    {
        var tokens = Enumerable.Range(0, Dataset.Owners).Select(o => Tokens.Of(Dataset.Owner(o))).ToArray();
        return Pool(i =>
        {
            var id = Untouched(data, i);
            return Read($"/rest/v1/items?id=eq.{id}", Tokens.Anon, tokens[id % Dataset.Owners]);
        });
    }

    private static Probe[] GetOpen(Dataset data)
    {
        var tokens = Enumerable.Range(0, Dataset.Owners).Select(o => Tokens.Of(Dataset.Owner(o))).ToArray();
        return Pool(i =>
        {
            var id = Untouched(data, i) % data.OpenItems + 1;
            return Read($"/rest/v1/items_open?id=eq.{id}", Tokens.Anon, tokens[id % Dataset.Owners]);
        });
    }

    private static Probe[] List(Dataset data) => Pool(i =>
    {
        var h = Dataset.Mix((ulong)i + 77);
        return Read(string.Format(ListQuery, h % Dataset.Categories + 1, 100 + (h >> 20) % 700), Tokens.Anon);
    });

    private static Probe[] Embed(Dataset data) =>
        Pool(i => Read(string.Format(EmbedQuery, Dataset.Mix((ulong)i + 99) % (Dataset.Orders - 20) + 1), Tokens.Anon));

    private static Probe[] Insert(Dataset data) => Pool(i =>
    {
        var owner = Dataset.Owner(i % Dataset.Owners);
        var members = $"\"name\":\"Added \\\"{i:0000}\\\"\",\"category_id\":0,\"owner\":\"{owner}\",\"price\":{10 + i % 90}.25," +
            $"\"stock\":{Probe.FirstNumber},\"active\":true";
        var body = $"{{{members},\"note\":\"Lot {i:0000}\"}}";
        var expected = Encoding.UTF8.GetBytes($",{members},\"created_at\":\"");
        var request = Write("POST", "/rest/v1/items", body);
        return new Probe(request, 201, expected, Hole(request), Hole(expected), Insert: true);
    });

    // The rows of the upper tenth are patched, those below are read, so that reads keep their expected bytes.
    private static Probe[] Patch(Dataset data) => Pool(i =>
    {
        var id = data.Items / 10 * 9 + (long)(Dataset.Mix((ulong)i + 55) % (ulong)(data.Items / 10)) + 1;
        var request = Write("PATCH", $"/rest/v1/items?id=eq.{id}", $"{{\"stock\":{Probe.FirstNumber}}}");
        return new Probe(request, 200, [], Hole(request));
    });

    private static long Untouched(Dataset data, int i) =>
        (long)(Dataset.Mix((ulong)i + 11) % (ulong)(data.Items / 10 * 9)) + 1;

    private static Probe[] Pool(Func<int, Probe> make) => Enumerable.Range(0, PoolSize).Select(make).ToArray();

    private static Probe Read(string target, string apiKey, string? token = null) =>
        new(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\n{Headers(apiKey, token)}\r\n"), 200, []);

    private static byte[] Write(string method, string target, string body) => Encoding.UTF8.GetBytes(
        $"{method} {target} HTTP/1.1\r\n{Headers(Tokens.Anon, null)}Content-Type: application/json\r\n" +
        $"Prefer: return=representation\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    private static string Headers(string apiKey, string? token) =>
        $"Host: 127.0.0.1\r\napikey: {apiKey}\r\nAccept: application/json\r\n" +
        (token is null ? "" : $"Authorization: Bearer {token}\r\n");

    private static int Hole(byte[] bytes) => bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(Probe.FirstNumber.ToString()));
}

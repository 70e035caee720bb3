// The operations of the benchmark and their prepared requests.
using System.Globalization;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>
/// One operation and the servers it is measured on, in turn: the baseline, Tenon, what Tenon is compared with besides
/// (<paramref name="Beside"/>), and in a full run the other hand-written variants.
/// </summary>
internal sealed record Operation(
    string Name, string Title, int Connections, string Baseline, string[] Beside, string[] Others, double? Goal,
    Func<Dataset, string, Probe[]> Probes)
{
    public const string Subject = "tenon";
}

internal static class Operations
{
    private const int PoolSize = 1024;

    private static readonly string[] Variants = ["dapper", "efcore"];

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("get", "get", 64, "raw", [], Variants, 0.85, Get),
        new("get-1", "get, 1 connection", 1, "raw", [], [], null, Get),
        new("get-16", "get, 16 connections", 16, "raw", [], [], null, Get),
        new("get-jwt", "get, JWT + owner policy", 64, "raw-jwt", ["tenon-open"], [], 0.9, GetOwned),
        new("list", "list 20", 64, "raw", [], Variants, 1.0, List),
        new("embed", "embed 10", 64, "raw", [], Variants, 1.2, Embed),
        new("insert", "insert, FULL", 64, "raw", ["tenon-normal"], Variants, 3, Insert),
        new("insert-1", "insert, FULL, 1 connection", 1, "raw", [], [], null, Insert),
        new("insert-16", "insert, FULL, 16 connections", 16, "raw", [], [], null, Insert),
        new("patch", "patch, FULL", 64, "raw", ["tenon-normal"], Variants, 3, Patch),
    ];

    /// <summary>As many rows in the order of their key: what a row costs is the difference between two numbers of them.</summary>
    public static Probe[] Rows(Dataset data, int rows) => Pool(i =>
        Read(Format(Queries.Rows, Dataset.Mix((ulong)i + 33) % (ulong)(data.Items / 10 * 9 - rows) + 1, rows), Tokens.Anon));

    private static Probe[] Get(Dataset data, string server) => Pool(i => Read(Format(Queries.Get, Untouched(data, i)), Tokens.Anon));

    // The same rows by tokens of their owners; "open" asks with tokens of a role whose policy lets everything through.
    private static Probe[] GetOwned(Dataset data, string server)
    {
        var role = server == "tenon-open" ? "anon" : "authenticated";
        var tokens = Enumerable.Range(0, Dataset.Owners).Select(o => Tokens.Of(Dataset.Owner(o), role)).ToArray();
        return Pool(i =>
        {
            var id = Untouched(data, i);
            return Read(Format(Queries.Get, id), Tokens.Anon, tokens[id % Dataset.Owners]);
        });
    }

    private static Probe[] List(Dataset data, string server) => Pool(i =>
    {
        var h = Dataset.Mix((ulong)i + 77);
        return Read(Format(Queries.List, h % Dataset.Categories + 1, 100 + (h >> 20) % 700), Tokens.Anon);
    });

    private static Probe[] Embed(Dataset data, string server) =>
        Pool(i => Read(Format(Queries.Embed, Dataset.Mix((ulong)i + 99) % (Dataset.Orders - 20) + 1), Tokens.Anon));

    private static Probe[] Insert(Dataset data, string server) => Pool(i =>
    {
        var owner = Dataset.Owner(i % Dataset.Owners);
        var members = $"\"name\":\"Added \\\"{i:0000}\\\"\",\"category_id\":0,\"owner\":\"{owner}\",\"price\":{10 + i % 90}.25," +
            $"\"stock\":{Probe.FirstNumber},\"active\":true";
        var body = $"{{{members},\"note\":\"Lot {i:0000}\"}}";
        var expected = Encoding.UTF8.GetBytes($",{members},\"created_at\":\"");
        var request = Write("POST", "items", body);
        return new Probe(request, 201, expected, Hole(request), Hole(expected), Insert: true);
    });

    // The rows of the upper tenth are patched, those below are read, so that reads keep their expected bytes.
    private static Probe[] Patch(Dataset data, string server) => Pool(i =>
    {
        var id = data.Items / 10 * 9 + (long)(Dataset.Mix((ulong)i + 55) % (ulong)(data.Items / 10)) + 1;
        var request = Write("PATCH", Format(Queries.Get, id), $"{{\"stock\":{Probe.FirstNumber}}}");
        return new Probe(request, 200, [], Hole(request));
    });

    private static long Untouched(Dataset data, int i) =>
        (long)(Dataset.Mix((ulong)i + 11) % (ulong)(data.Items / 10 * 9)) + 1;

    private static Probe[] Pool(Func<int, Probe> make) => Enumerable.Range(0, PoolSize).Select(make).ToArray();

    private static string Format(string query, params object[] values) => string.Format(CultureInfo.InvariantCulture, query, values);

    private static Probe Read(string query, string apiKey, string? token = null) =>
        new(Encoding.ASCII.GetBytes($"GET {Queries.Prefix}{query} HTTP/1.1\r\n{Headers(apiKey, token)}\r\n"), 200, []);

    private static byte[] Write(string method, string query, string body) => Encoding.UTF8.GetBytes(
        $"{method} {Queries.Prefix}{query} HTTP/1.1\r\n{Headers(Tokens.Anon, null)}Content-Type: application/json\r\n" +
        $"Prefer: return=representation\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    private static string Headers(string apiKey, string? token) =>
        $"Host: 127.0.0.1\r\napikey: {apiKey}\r\nAccept: application/json\r\n" +
        (token is null ? "" : $"Authorization: Bearer {token}\r\n");

    private static int Hole(byte[] bytes) => bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(Probe.FirstNumber.ToString()));
}

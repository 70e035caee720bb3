// The operations of the benchmark and their prepared requests.
using System.Globalization;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>A server of Tenon in an operation: what to reach against the baseline at first and in the end; null is not asked.</summary>
internal sealed record Subject(string Server, double? First = null, double? Goal = null);

/// <summary>
/// One operation and the servers it is measured on, in turn: the baseline, Tenon's (the first is the one whose tails and
/// memory are judged), and in a full run the other hand-written variants.
/// </summary>
internal sealed record Operation(
    string Name, string Title, int Connections, string Baseline, Subject[] Subjects, string[] Others,
    Func<Dataset, string, Probe[]> Probes)
{
    public const string Tenon = "tenon";

    /// <summary>Whether other servers of this kind are measured too, by --peers.</summary>
    public bool Peers => Name is "postgres-get" or "postgres-list" or "postgres-embed";

    /// <summary>sqlite, postgres or mariadb: the first word of a server's name, where it is not SQLite.</summary>
    public string Engine => EngineOf(Baseline);

    public static string EngineOf(string server) =>
        server.StartsWith("postgres", StringComparison.Ordinal) ? "postgres"
        : server.StartsWith("mariadb", StringComparison.Ordinal) ? "mariadb"
        : "sqlite";
}

internal static class Operations
{
    private const int PoolSize = 1024;

    private static readonly string[] Variants = ["dapper", "efcore"];

    private static readonly string[] PostgresVariants = ["postgres-dapper", "postgres-efcore"];

    private static readonly Subject Normal = new("tenon-normal");

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("get", "get", 64, "raw", [new("tenon", 0.85, 1.05)], Variants, Get),
        new("get-1", "get, 1 connection", 1, "raw", [new("tenon", Goal: 1.05)], [], Get),
        new("get-16", "get, 16 connections", 16, "raw", [new("tenon", Goal: 1.05)], [], Get),
        new("get-256", "get, 256 connections", 256, "raw", [new("tenon", Goal: 1.05)], [], Get),
        new("get-jwt", "get, JWT + owner policy", 64, "raw-jwt", [new("tenon", 0.9, 1.2), new("tenon-open")], [], GetOwned),
        new("list", "list 20", 64, "raw", [new("tenon", 1.0, 1.3)], Variants, List),
        new("embed", "embed 10", 64, "raw", [new("tenon", 1.2, 1.7)], Variants, Embed),
        new("embed-1000", "embed 1,000 x 10, 16 connections", 16, "raw", [new("tenon", Goal: 1 / 1.2)], [], EmbedMany),
        new("insert", "insert, FULL", 64, "raw", [new("tenon", 3, 4.5), Normal], Variants, Insert),
        new("insert-1", "insert, FULL, 1 connection", 1, "raw", [new("tenon")], [], Insert),
        new("insert-16", "insert, FULL, 16 connections", 16, "raw", [new("tenon")], [], Insert),
        new("insert-256", "insert, FULL, 256 connections", 256, "raw", [new("tenon", Goal: 4.5)], [], Insert),
        new("patch", "patch, FULL", 64, "raw", [new("tenon", 3, 4), Normal], Variants, Patch),
        OnPostgres("get", "get", 64, 1.0, 0.85, PostgresVariants, Get),
        OnPostgres("get-1", "get, 1 connection", 1, 1.0, 0.85, [], Get),
        OnPostgres("get-256", "get, 256 connections", 256, 1.0, 0.85, [], Get),
        OnPostgres("list", "list 20", 64, 1.0, null, PostgresVariants, List),
        OnPostgres("embed", "embed 10", 64, 1.15, null, PostgresVariants, Embed),
        OnPostgres("embed-1000", "embed 1,000 x 10, 16 connections", 16, 1 / 1.2, null, [], EmbedMany),
        OnPostgres("insert", "insert", 64, 1.0, 0.7, PostgresVariants, Insert),
        OnPostgres("patch", "patch", 64, 1.0, 0.7, PostgresVariants, Patch),
        OnMariaDb("get", "get", Get),
        OnMariaDb("list", "list 20", List),
        OnMariaDb("embed", "embed 10", Embed),
        OnMariaDb("insert", "insert", Insert),
        OnMariaDb("patch", "patch", Patch),
    ];

    private static Operation OnPostgres(
        string name, string title, int connections, double? compiled, double? native, string[] others, Func<Dataset, string, Probe[]> probes) =>
        new(
            "postgres-" + name, "PostgreSQL " + title, connections, "postgres-raw",
            [new("postgres-compiled", Goal: compiled), new("postgres-native", Goal: native)], others, probes);

    private static Operation OnMariaDb(string name, string title, Func<Dataset, string, Probe[]> probes) =>
        new("mariadb-" + name, "MariaDB " + title, 64, "mariadb-raw", [new("mariadb")], [], probes);

    /// <summary>As many rows in the order of their key: what a row costs is the difference between two numbers of them.</summary>
    public static Probe[] Rows(Dataset data, int rows) => Pool(i =>
        Read(Format(Queries.Rows, Dataset.Mix((ulong)i + 33) % (ulong)(data.Items / 10 * 9 - rows) + 1, rows), Tokens.Anon));

    private static Probe[] Get(Dataset data, string server) => Pool(i => Read(Format(Queries.Get, Untouched(data, i)), Tokens.Anon, server: server));

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
        return Read(Format(Queries.List, h % Dataset.Categories + 1, 100 + (h >> 20) % 700), Tokens.Anon, server: server);
    });

    private static Probe[] Embed(Dataset data, string server) =>
        Pool(i => Read(Format(Queries.Embed, Dataset.Mix((ulong)i + 99) % (Dataset.Orders - 20) + 1), Tokens.Anon, server: server));

    private static Probe[] EmbedMany(Dataset data, string server) =>
        [.. Enumerable.Range(0, 16).Select(_ => Read(Queries.EmbedMany, Tokens.Anon, server: server))];

    private static Probe[] Insert(Dataset data, string server) => Pool(i =>
    {
        var owner = Dataset.Owner(i % Dataset.Owners);
        var members = $"\"name\":\"Added \\\"{i:0000}\\\"\",\"category_id\":0,\"owner\":\"{owner}\",\"price\":{10 + i % 90}.25," +
            $"\"stock\":{Probe.FirstNumber},\"active\":true";
        var body = $"{{{members},\"note\":\"Lot {i:0000}\"}}";
        var expected = Encoding.UTF8.GetBytes($",{members},\"created_at\":\"");
        var request = Write("POST", "items", body, server);
        return new Probe(request, 201, expected, Hole(request), Hole(expected), Insert: true);
    });

    // The rows of the upper tenth are patched, those below are read, so that reads keep their expected bytes.
    private static Probe[] Patch(Dataset data, string server) => Pool(i =>
    {
        var id = data.Items / 10 * 9 + (long)(Dataset.Mix((ulong)i + 55) % (ulong)(data.Items / 10)) + 1;
        var request = Write("PATCH", Format(Queries.Get, id), $"{{\"stock\":{Probe.FirstNumber}}}", server);
        return new Probe(request, 200, [], Hole(request));
    });

    private static long Untouched(Dataset data, int i) =>
        (long)(Dataset.Mix((ulong)i + 11) % (ulong)(data.Items / 10 * 9)) + 1;

    private static Probe[] Pool(Func<int, Probe> make) => Enumerable.Range(0, PoolSize).Select(make).ToArray();

    private static string Format(string query, params object[] values) => string.Format(CultureInfo.InvariantCulture, query, values);

    private static Probe Read(string query, string apiKey, string? token = null, string server = "") =>
        new(Encoding.ASCII.GetBytes($"GET {Queries.Prefix}{query} HTTP/1.1\r\n{Headers(apiKey, token, server)}\r\n"), 200, []);

    private static byte[] Write(string method, string query, string body, string server) => Encoding.UTF8.GetBytes(
        $"{method} {Queries.Prefix}{query} HTTP/1.1\r\n{Headers(Tokens.Anon, null, server)}Content-Type: application/json\r\n" +
        $"Prefer: return=representation\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    private static string Headers(string apiKey, string? token, string server) =>
        $"Host: 127.0.0.1\r\napikey: {apiKey}\r\nAccept: application/json\r\n" +
        (Operation.EngineOf(server) == "mariadb" ? $"Accept-Profile: {Servers.Source}\r\nContent-Profile: {Servers.Source}\r\n" : "") +
        (token is null ? "" : $"Authorization: Bearer {token}\r\n");

    private static int Hole(byte[] bytes) => bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(Probe.FirstNumber.ToString()));
}

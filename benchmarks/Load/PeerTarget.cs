using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>PostGraphile on the same PostgreSQL rows, by <c>--peers</c>: Node and npm are needed.</summary>
internal sealed class PeerTarget(string name, string folder, string databaseUrl) : Target(name)
{
    public const string PostGraphile = "postgres-postgraphile";

    private const string Get = "query($id:BigInt!){itemByRowId(rowId:$id){rowId name categoryId owner price stock active createdAt note}}";

    private const string List = "query($id:BigInt!){allItems(condition:{categoryId:$id},orderBy:[PRICE_DESC,ROW_ID_ASC],first:20)" +
        "{nodes{rowId name price active createdAt}}}";

    private const string Embed = "query($id:BigInt!){customerByRowId(rowId:$id){ordersByCustomerId(first:10,orderBy:PRIMARY_KEY_ASC){nodes{" +
        "rowId placedAt total customerByCustomerId{rowId name city} orderLinesByOrderId(orderBy:PRIMARY_KEY_ASC){nodes{rowId itemId quantity price}}}}}}";

    public override bool HasMeter => false;

    protected override byte[] FirstRequest { get; } = Request(Get, 1);

    /// <summary>Installs the packages once.</summary>
    public static void Install(string folder)
    {
        using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]) { WorkingDirectory = folder })!;
        npm.WaitForExit();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException("npm install in benchmarks/peers failed");
        }
    }

    /// <summary>The nearest to an operation that its dialect can say.</summary>
    public static Probe[] Probes(string operation, Dataset data) => operation switch
    {
        "postgres-get" => Pool(Get, i => (long)(Dataset.Mix((ulong)i + 11) % (ulong)(data.Items / 10 * 9)) + 1),
        "postgres-list" => Pool(List, i => (long)(Dataset.Mix((ulong)i + 77) % Dataset.Categories) + 1),
        "postgres-embed" => Pool(Embed, i => (long)(Dataset.Mix((ulong)i + 99) % Dataset.Customers) + 1),
        _ => throw new ArgumentException($"{operation} is not asked of peers"),
    };

    protected override ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "node_modules/postgraphile/dist/cli-run.js")]) { WorkingDirectory = folder };
        start.Environment["DATABASE_URL"] = databaseUrl;
        start.Environment["PORT"] = Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["GRAPHILE_ENV"] = "production";
        start.Environment["NODE_ENV"] = "production";
        return start;
    }

    private static Probe[] Pool(string query, Func<int, long> id) =>
        [.. Enumerable.Range(0, 1024).Select(i => new Probe(Request(query, id(i)), 200, []))];

    private static byte[] Request(string query, long id)
    {
        var body = $$$"""{"query":"{{{query}}}","variables":{"id":"{{{id}}}"}}""";
        return Encoding.ASCII.GetBytes(
            $"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/json\r\n" +
            $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}

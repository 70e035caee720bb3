namespace Tenon.Benchmarks.Floor;

/// <summary>The command line of the floor.</summary>
/// <remarks>The database is a file of SQLite, or a connection string that begins with "postgres;" or "mariadb;".</remarks>
internal sealed record FloorOptions(
    string Command, string Database, int Rows, int Port, string Variant, string Synchronous, string? JwtSecret)
{
    private const string Postgres = "postgres;";
    private const string MariaDb = "mariadb;";

    public string? PostgresConnection => After(Postgres);

    public string? MariaDbConnection => After(MariaDb);

    private string? After(string prefix) => Database.StartsWith(prefix, StringComparison.Ordinal) ? Database[prefix.Length..] : null;

    public static FloorOptions Parse(string[] args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 1; i + 1 < args.Length; i += 2)
        {
            values[args[i]] = args[i + 1];
        }

        string Get(string name, string fallback) => values.GetValueOrDefault(name, fallback);
        return new FloorOptions(
            args.Length > 0 ? args[0] : "serve",
            Get("--db", "floor.db"),
            int.Parse(Get("--rows", "1000000")),
            int.Parse(Get("--port", "5080")),
            Get("--variant", "raw"),
            Get("--synchronous", "full"),
            values.GetValueOrDefault("--jwt-secret"));
    }
}

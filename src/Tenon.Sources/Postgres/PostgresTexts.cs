using System.Collections.Concurrent;

namespace Tenon.Sources.Postgres;

/// <summary>SQL texts of this folder, embedded as they are.</summary>
internal static class PostgresTexts
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    public static string Read(string name) =>
        Known.GetOrAdd(name, static n =>
        {
            using Stream stream = typeof(PostgresTexts).Assembly.GetManifestResourceStream($"Tenon.Sources.Postgres.{n}.sql")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        });
}

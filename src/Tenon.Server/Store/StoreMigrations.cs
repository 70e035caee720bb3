using System.Collections.Immutable;
using System.Reflection;
using Tenon.Core.Catalog;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;

namespace Tenon.Server.Store;

/// <summary>One numbered migration of the server's own schemas, in PostgreSQL's SQL.</summary>
internal sealed record StoreMigration(int Number, string Name, string Sql);

/// <summary>The server's own migrations in order, embedded from Store/Migrations. They run before the app's.</summary>
internal static class StoreMigrations
{
    private const string Prefix = "Tenon.Server.Store.Migrations.";

    public static readonly ImmutableArray<StoreMigration> All = Load();

    /// <summary>What the server's own migrations alone make.</summary>
    public static Catalog Catalog() =>
        All.Aggregate(
            Core.Catalog.Catalog.Empty,
            (catalog, migration) => SchemaBuilder.Apply(catalog, SchemaParser.ParseScript(migration.Sql).Value).Value.Catalog
        );

    private static ImmutableArray<StoreMigration> Load()
    {
        Assembly assembly = typeof(StoreMigrations).Assembly;
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => Read(assembly, name)),
        ];
    }

    private static StoreMigration Read(Assembly assembly, string resource)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        string file = resource[Prefix.Length..];
        int number = int.Parse(file.AsSpan(0, file.IndexOf('_')), System.Globalization.CultureInfo.InvariantCulture);
        return new StoreMigration(number, file, reader.ReadToEnd());
    }
}

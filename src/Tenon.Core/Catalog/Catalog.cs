using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Catalog;

/// <summary>
/// Everything the sources contain, immutable and versioned. A request pins one; caches hang off it. Changing it makes a new
/// one (<see cref="With(Table)"/> and friends), swapped atomically by whoever owns the current one.
/// </summary>
internal sealed class Catalog : IBindingScope
{
    private static long lastVersion;

    private Catalog(
        ImmutableDictionary<QualifiedName, Table> tables,
        ImmutableDictionary<QualifiedName, ImmutableArray<Routine>> routines,
        ImmutableDictionary<QualifiedName, EnumType> enums,
        ImmutableSortedSet<string> schemas,
        ImmutableHashSet<RoleName> roles,
        ImmutableDictionary<string, ImmutableHashSet<QualifiedName>> publications,
        ImmutableArray<string> path,
        ImmutableArray<MediaHandler> handlers
    )
    {
        Path = path;
        Handlers = handlers;
        Tables = tables;
        Routines = routines;
        Enums = enums;
        Schemas = schemas;
        Roles = roles;
        Publications = publications;
        Version = Interlocked.Increment(ref lastVersion);
    }

    /// <summary>Unique per catalog in this process; part of every cache key.</summary>
    public long Version { get; }
    public ImmutableDictionary<QualifiedName, Table> Tables { get; }
    public ImmutableDictionary<QualifiedName, ImmutableArray<Routine>> Routines { get; }
    public ImmutableDictionary<QualifiedName, EnumType> Enums { get; }
    public ImmutableSortedSet<string> Schemas { get; }
    public ImmutableHashSet<RoleName> Roles { get; }

    /// <summary>Publications and their tables: supabase_realtime says which tables realtime announces.</summary>
    public ImmutableDictionary<string, ImmutableHashSet<QualifiedName>> Publications { get; }

    /// <summary>Schemas searched for unqualified names, in order.</summary>
    public ImmutableArray<string> Path { get; }

    /// <summary>Aggregates that make media types of rows.</summary>
    public ImmutableArray<MediaHandler> Handlers { get; }

    public static readonly Catalog Empty = new(
        ImmutableDictionary<QualifiedName, Table>.Empty,
        ImmutableDictionary<QualifiedName, ImmutableArray<Routine>>.Empty,
        ImmutableDictionary<QualifiedName, EnumType>.Empty,
        ["public", "auth", "storage", "extensions", "realtime"],
        [RoleName.Anon, RoleName.Authenticated, RoleName.Service],
        ImmutableDictionary<string, ImmutableHashSet<QualifiedName>>.Empty,
        ["public", "extensions"],
        []
    );

    public Table? Find(QualifiedName name) => Tables.GetValueOrDefault(name);

    public Catalog With(Table table) =>
        new(Tables.SetItem(table.Name, table), Routines, Enums, Schemas, Roles, Publications, Path, Handlers);

    public Catalog Without(QualifiedName table) => new(Tables.Remove(table), Routines, Enums, Schemas, Roles, Publications, Path, Handlers);

    /// <summary>Adds an overload, replacing the one with the same parameter types.</summary>
    public Catalog With(Routine routine)
    {
        ImmutableArray<Routine> others = Routines.TryGetValue(routine.Name, out var known)
            ? known.RemoveAll(r => SameSignature(r, routine))
            : [];
        return new(Tables, Routines.SetItem(routine.Name, others.Add(routine)), Enums, Schemas, Roles, Publications, Path, Handlers);
    }

    public Catalog Without(Routine routine)
    {
        ImmutableArray<Routine> rest = Routines[routine.Name].RemoveAll(r => SameSignature(r, routine));
        return new(
            Tables,
            rest.IsEmpty ? Routines.Remove(routine.Name) : Routines.SetItem(routine.Name, rest),
            Enums,
            Schemas,
            Roles,
            Publications,
            Path,
            Handlers
        );
    }

    public Catalog With(EnumType type) => new(Tables, Routines, Enums.SetItem(type.Name, type), Schemas, Roles, Publications, Path, Handlers);

    public Catalog WithoutEnum(QualifiedName name) => new(Tables, Routines, Enums.Remove(name), Schemas, Roles, Publications, Path, Handlers);

    /// <summary>The catalog of an attached source: its tables are in one schema, which unqualified names mean.</summary>
    public Catalog InSchema(string schema) => new(Tables, Routines, Enums, Schemas.Add(schema), Roles, Publications, [schema], Handlers);

    public Catalog WithSchema(string schema) => new(Tables, Routines, Enums, Schemas.Add(schema), Roles, Publications, Path, Handlers);

    public Catalog WithoutSchema(string schema) => new(Tables, Routines, Enums, Schemas.Remove(schema), Roles, Publications, Path, Handlers);

    public Catalog WithRole(RoleName role) => new(Tables, Routines, Enums, Schemas, Roles.Add(role), Publications, Path, Handlers);

    /// <summary>Sets a publication's tables; null removes it.</summary>
    public Catalog WithPublication(string name, ImmutableHashSet<QualifiedName>? tables) =>
        new(Tables, Routines, Enums, Schemas, Roles, tables is null ? Publications.Remove(name) : Publications.SetItem(name, tables), Path, Handlers);

    public Catalog With(MediaHandler handler) => new(Tables, Routines, Enums, Schemas, Roles, Publications, Path, Handlers.Add(handler));

    public Catalog WithoutRole(RoleName role) => new(Tables, Routines, Enums, Schemas, Roles.Remove(role), Publications, Path, Handlers);

    private static bool SameSignature(Routine a, Routine b) =>
        a.Parameters.Length == b.Parameters.Length
        && a.Parameters.Zip(b.Parameters).All(p => p.First.Type.Unmodified.Equals(p.Second.Type.Unmodified));

    // ---- IBindingScope ----

    public RelationShape? FindRelation(string? schema, string name) => Resolve(schema, name)?.Shape;

    public Table? Resolve(string? schema, string name)
    {
        if (!string.IsNullOrEmpty(schema))
        {
            return Find(new QualifiedName(schema, name));
        }
        foreach (string candidate in Path)
        {
            if (Find(new QualifiedName(candidate, name)) is { } table)
            {
                return table;
            }
        }
        return null;
    }

    public IEnumerable<RoutineShape> FindRoutines(string? schema, string name) =>
        ResolveRoutines(schema, name).Select(r => r.Shape);

    public ImmutableArray<Routine> ResolveRoutines(string? schema, string name)
    {
        foreach (string candidate in string.IsNullOrEmpty(schema) ? Path : [schema])
        {
            if (Routines.TryGetValue(new QualifiedName(candidate, name), out var found))
            {
                return found;
            }
        }
        return [];
    }

    public LogicalType? FindType(string? schema, string name)
    {
        foreach (string candidate in string.IsNullOrEmpty(schema) ? Path : [schema])
        {
            var qualified = new QualifiedName(candidate, name);
            if (Enums.TryGetValue(qualified, out EnumType? type))
            {
                return LogicalType.EnumOf(type);
            }
            if (Find(qualified) is { } table)
            {
                return LogicalType.RowOfTable(table.Name, table.Shape.Columns);
            }
        }
        return null;
    }

    public IEnumerable<string> RelationNames => Tables.Keys.Select(n => n.Name);
}

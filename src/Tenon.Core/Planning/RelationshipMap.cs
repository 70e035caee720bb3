using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>
/// All relationships of a catalog, read off its foreign keys: many-to-one and its inverse, one-to-one where the foreign key
/// is itself a key, many-to-many through tables whose key is made of two foreign keys; and the same for views that show the
/// columns. Built once per catalog.
/// </summary>
internal sealed class RelationshipMap
{
    private static readonly ConditionalWeakTable<Catalog.Catalog, RelationshipMap> Cache = [];

    private readonly Dictionary<QualifiedName, List<Relationship>> bySource = [];
    private readonly Dictionary<QualifiedName, List<Appearance>> appearances = [];

    /// <summary>A relation that shows a base table's columns, under its own names: the table itself, or a view.</summary>
    private sealed record Appearance(Table Relation, ImmutableDictionary<string, string>? Names)
    {
        /// <summary>The relation's names of these base columns; null when one is not shown.</summary>
        public ImmutableArray<string>? Show(ImmutableArray<string> columns)
        {
            if (Names is null)
            {
                return columns;
            }
            var shown = ImmutableArray.CreateBuilder<string>(columns.Length);
            foreach (string column in columns)
            {
                if (!Names.TryGetValue(column, out string? name))
                {
                    return null;
                }
                shown.Add(name);
            }
            return shown.MoveToImmutable();
        }
    }

    private RelationshipMap(Catalog.Catalog catalog)
    {
        Table[] tables = [.. catalog.Tables.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal)];
        foreach (Table table in tables)
        {
            AddAppearances(catalog, table);
        }
        foreach (Table table in tables.Where(t => t.Kind == RelationKind.Table))
        {
            foreach (ForeignKey key in table.ForeignKeys)
            {
                AddForeignKey(catalog, table, key);
            }
            AddJunctions(catalog, table);
        }
    }

    public static RelationshipMap Of(Catalog.Catalog catalog) => Cache.GetValue(catalog, c => new RelationshipMap(c));

    public IReadOnlyList<Relationship> From(QualifiedName relation) =>
        bySource.TryGetValue(relation, out List<Relationship>? found) ? found : [];

    private void AddAppearances(Catalog.Catalog catalog, Table relation)
    {
        if (relation is { Kind: RelationKind.Table, ViewQuery: null })
        {
            ListOf(relation.Name).Add(new Appearance(relation, null));
            return;
        }
        foreach (var group in ViewColumns.Of(catalog, relation).GroupBy(c => c.Value.Table))
        {
            var names = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
            foreach ((string shown, BaseColumn column) in group.OrderBy(c => c.Key, StringComparer.Ordinal))
            {
                names.TryAdd(column.Column, shown);
            }
            ListOf(group.Key).Add(new Appearance(relation, names.ToImmutable()));
        }
    }

    private List<Appearance> ListOf(QualifiedName table)
    {
        if (!appearances.TryGetValue(table, out List<Appearance>? list))
        {
            appearances[table] = list = [];
        }
        return list;
    }

    private void AddForeignKey(Catalog.Catalog catalog, Table table, ForeignKey key)
    {
        if (catalog.Find(key.Target) is null)
        {
            return;
        }
        bool isKey = IsKey(table, key.Columns);
        foreach (Appearance child in ListOf(table.Name))
        {
            foreach (Appearance parent in ListOf(key.Target))
            {
                if (child.Show(key.Columns) is { } columns && parent.Show(key.TargetColumns) is { } targets)
                {
                    AddBothWays(child.Relation, columns, parent.Relation, targets, key.Name, isKey);
                }
            }
        }
    }

    private void AddBothWays(
        Table child,
        ImmutableArray<string> columns,
        Table parent,
        ImmutableArray<string> targets,
        string constraint,
        bool isKey
    )
    {
        ImmutableArray<ColumnPair> pairs = Pairs(columns, targets);
        Add(
            new Relationship(child.Name, parent.Name, isKey ? Cardinality.OneToOne : Cardinality.ManyToOne, constraint)
            {
                Columns = pairs,
                TargetIsView = parent.Kind == RelationKind.View,
            }
        );
        Add(
            new Relationship(parent.Name, child.Name, isKey ? Cardinality.OneToOne : Cardinality.OneToMany, constraint)
            {
                Columns = Pairs(targets, columns),
                TargetIsView = child.Kind == RelationKind.View,
            }
        );
    }

    /// <summary>A junction: two foreign keys whose columns are all part of one primary key or unique constraint.</summary>
    private void AddJunctions(Catalog.Catalog catalog, Table table)
    {
        for (int i = 0; i < table.ForeignKeys.Length; i++)
        {
            for (int j = 0; j < table.ForeignKeys.Length; j++)
            {
                ForeignKey first = table.ForeignKeys[i];
                ForeignKey second = table.ForeignKeys[j];
                if (i != j && AreInOneKey(table, first, second) && catalog.Find(first.Target) is not null && catalog.Find(second.Target) is not null)
                {
                    AddJunction(table, first, second);
                }
            }
        }
    }

    private void AddJunction(Table table, ForeignKey toSource, ForeignKey toTarget)
    {
        foreach (Appearance source in ListOf(toSource.Target))
        {
            foreach (Appearance target in ListOf(toTarget.Target))
            {
                if (source.Show(toSource.TargetColumns) is not { } sourceColumns || target.Show(toTarget.TargetColumns) is not { } targetColumns)
                {
                    continue;
                }
                Add(
                    new Relationship(source.Relation.Name, target.Relation.Name, Cardinality.ManyToMany, table.Name.Name)
                    {
                        TargetIsView = target.Relation.Kind == RelationKind.View,
                        Junction = new JunctionLink(
                            table.Name,
                            toSource.Name,
                            Pairs(toSource.Columns, sourceColumns),
                            toTarget.Name,
                            Pairs(toTarget.Columns, targetColumns)
                        ),
                    }
                );
            }
        }
    }

    private void Add(Relationship relationship)
    {
        if (!bySource.TryGetValue(relationship.Table, out List<Relationship>? list))
        {
            bySource[relationship.Table] = list = [];
        }
        list.Add(relationship);
    }

    private static ImmutableArray<ColumnPair> Pairs(ImmutableArray<string> columns, ImmutableArray<string> foreign) =>
        [.. columns.Zip(foreign, (c, f) => new ColumnPair(c, f))];

    private static IEnumerable<ImmutableArray<string>> Keys(Table table) =>
        table.Uniques.Select(u => u.Columns).Concat(table.PrimaryKey is { } key ? [key.Columns] : []);

    private static bool IsKey(Table table, ImmutableArray<string> columns) =>
        Keys(table).Any(k => k.Length == columns.Length && k.All(columns.Contains));

    private static bool AreInOneKey(Table table, ForeignKey first, ForeignKey second) =>
        Keys(table).Any(k => first.Columns.All(k.Contains) && second.Columns.All(k.Contains) && !first.Columns.SequenceEqual(second.Columns));
}

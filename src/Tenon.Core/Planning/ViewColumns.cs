using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>A column of a base table.</summary>
internal readonly record struct BaseColumn(QualifiedName Table, string Column);

/// <summary>
/// Which base column each column of a view is, where the view's query says so plainly: a plain select of columns from
/// tables and joins. Anything computed, grouped or united has no base column.
/// </summary>
internal static class ViewColumns
{
    private const int MaxDepth = 16;

    public static ImmutableDictionary<string, BaseColumn> Of(Catalog.Catalog catalog, Table view) => Of(catalog, view, 0);

    private static ImmutableDictionary<string, BaseColumn> Of(Catalog.Catalog catalog, Table view, int depth)
    {
        var result = ImmutableDictionary.CreateBuilder<string, BaseColumn>(StringComparer.Ordinal);
        if (depth > MaxDepth || view.ViewQuery is not { With.IsEmpty: true, Body: SelectCore { From: { } from } core } || !core.GroupBy.IsEmpty)
        {
            return result.ToImmutable();
        }
        var ranges = new List<(string Alias, Table Table)>();
        if (!Collect(catalog, from, ranges))
        {
            return result.ToImmutable();
        }
        int position = 0;
        foreach (SelectItem item in core.Items)
        {
            foreach (BaseColumn? column in Columns(catalog, item, ranges, depth))
            {
                if (position < view.Columns.Length && column is { } known)
                {
                    result[view.Columns[position].Name] = known;
                }
                position++;
            }
        }
        return result.ToImmutable();
    }

    private static bool Collect(Catalog.Catalog catalog, FromItem from, List<(string, Table)> ranges)
    {
        switch (from)
        {
            case TableFrom { ColumnAliases.IsEmpty: true } table when catalog.Resolve(table.Name.Schema, table.Name.Name) is { } found:
                ranges.Add((table.Alias.Length > 0 ? table.Alias : table.Name.Name, found));
                return true;
            case JoinFrom { Using.IsEmpty: true, Natural: false } join:
                return Collect(catalog, join.Left, ranges) && Collect(catalog, join.Right, ranges);
            default:
                return false;
        }
    }

    private static IEnumerable<BaseColumn?> Columns(
        Catalog.Catalog catalog,
        SelectItem item,
        List<(string Alias, Table Table)> ranges,
        int depth
    )
    {
        switch (item.Value)
        {
            case StarExpr star:
                return ranges
                    .Where(r => star.Qualifier is null || r.Alias == star.Qualifier)
                    .SelectMany(r => r.Table.Columns.Select(c => Base(catalog, r.Table, c.Name, depth)))
                    .ToArray();
            case NameExpr { Parts: [var name] }:
                return [Find(catalog, ranges.Where(r => r.Table.Find(name) is not null), name, depth)];
            case NameExpr { Parts: [var qualifier, var name] }:
                return [Find(catalog, ranges.Where(r => r.Alias == qualifier), name, depth)];
            default:
                return [null];
        }
    }

    private static BaseColumn? Find(Catalog.Catalog catalog, IEnumerable<(string, Table Table)> ranges, string column, int depth) =>
        ranges.ToArray() is [var only] ? Base(catalog, only.Table, column, depth) : null;

    private static BaseColumn? Base(Catalog.Catalog catalog, Table table, string column, int depth)
    {
        if (table.Find(column) is null)
        {
            return null;
        }
        if (table.Kind == RelationKind.Table)
        {
            return new BaseColumn(table.Name, column);
        }
        return Of(catalog, table, depth + 1).TryGetValue(column, out BaseColumn known) ? known : null;
    }
}

using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;

namespace Tenon.Core.Planning;

/// <summary>
/// A view that is written as PostgreSQL writes one: rows of one table or of another such view, columns as they are there.
/// Columns names the column of the base table behind each column of the view that can be written.
/// </summary>
internal sealed record UpdatableView(Table View, Table Base, ImmutableDictionary<string, string> Columns)
{
    private const int MaxDepth = 16;

    public static Outcome<UpdatableView> Of(Catalog.Catalog catalog, Table view, WriteKind kind)
    {
        Table at = view;
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            if (WritableViews.WhyNot(at) is { } why)
            {
                return NotUpdatable(at, kind, why);
            }
            var from = (TableFrom)((SelectCore)at.ViewQuery!.Body).From!;
            if (catalog.Resolve(from.Name.Schema, from.Name.Name) is not { } below)
            {
                break;
            }
            if (below.Kind == RelationKind.Table)
            {
                var columns = ViewColumns.Of(catalog, view).Where(c => c.Value.Table == below.Name);
                return new UpdatableView(view, below, columns.ToImmutableDictionary(c => c.Key, c => c.Value.Column, StringComparer.Ordinal));
            }
            at = below;
        }
        return NotUpdatable(view, kind, "Views that do not select from a single table or view are not automatically updatable.");
    }

    /// <summary>The columns of the base table behind these of the view; the error of the first that cannot be written.</summary>
    public Outcome<ImmutableArray<string>> BaseColumns(IEnumerable<string> columns, WriteKind kind)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (string name in columns)
        {
            if (!Columns.TryGetValue(name, out string? column))
            {
                return new Error(
                    ErrorCodes.FeatureNotSupported,
                    $"cannot {(kind == WriteKind.Update ? "update" : "insert into")} column \"{name}\" of view \"{View.Name.Name}\"",
                    "View columns that are not columns of their base relation are not updatable.",
                    "Leave the column out, or write to the table."
                );
            }
            if (found.Contains(column))
            {
                return new Error(ErrorCodes.SyntaxError, $"multiple assignments to same column \"{column}\"");
            }
            found.Add(column);
        }
        return found.ToImmutable();
    }

    /// <summary>The columns of the view that are the base table's primary key; empty when one is missing.</summary>
    public ImmutableArray<string> Key()
    {
        string?[] key = [.. (Base.PrimaryKey?.Columns ?? []).Select(b => Columns.Where(c => c.Value == b).Select(c => c.Key).Order(StringComparer.Ordinal).FirstOrDefault())];
        return key.Contains(null) ? [] : [.. key.OfType<string>()];
    }

    public static Error NotUpdatable(Table view, WriteKind kind, string? why)
    {
        (string verb, string noun) = kind switch
        {
            WriteKind.Update => ("update", "updating"),
            WriteKind.Delete => ("delete from", "deleting from"),
            _ => ("insert into", "inserting into"),
        };
        return new Error(
            ErrorCodes.ObjectNotInState,
            $"cannot {verb} view \"{view.Name.Name}\"",
            why,
            $"Write to the table behind it, or call a function in place of {noun} the view."
        );
    }
}

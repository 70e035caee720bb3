using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// New names for tables and columns. Expressions are kept as written, so those that name the old one are rewritten where
// that is plain, and the rename is refused where it is not.
internal sealed partial class SchemaBuilder
{
    private QualifiedName Move(Table table, QualifiedName name)
    {
        RequireNewName(name);
        Table after = table with
        {
            Name = name,
            ForeignKeys = [.. table.ForeignKeys.Select(f => f.Target == table.Name ? f with { Target = name } : f)],
        };
        catalog = catalog.Without(table.Name).With(after);
        foreach (Table other in catalog.Tables.Values.Where(t => t.ForeignKeys.Any(f => f.Target == table.Name)))
        {
            Put(other with { ForeignKeys = [.. other.ForeignKeys.Select(f => f.Target == table.Name ? f with { Target = name } : f)] });
        }
        foreach ((string publication, ImmutableHashSet<QualifiedName> tables) in catalog.Publications)
        {
            if (tables.Contains(table.Name))
            {
                catalog = catalog.WithPublication(publication, tables.Remove(table.Name).Add(name));
            }
        }
        RequireUnbroken($"renaming {table.Name.Name}");
        if (table.Kind == RelationKind.Table)
        {
            Emit(new RenameTableStep(table, after));
        }
        return name;
    }

    private void RequireUnbroken(string what)
    {
        if (FirstBroken() is { } broken)
        {
            throw SchemaFailure.Of(
                ErrorCodes.FeatureNotSupported,
                $"{what} is not supported while {broken.Description} names it",
                here,
                "Drop that first and create it again with the new name."
            );
        }
    }

    private void AlterRenameColumn(Table table, RenameColumn rename)
    {
        Column column = ColumnOf(table, rename.From, here);
        string? known = table.Columns.FirstOrDefault(c => c != column && string.Equals(c.Name, rename.To, StringComparison.OrdinalIgnoreCase))?.Name;
        if (known is not null)
        {
            throw DuplicateColumn(known, rename.To, here, table.Name.Name);
        }
        if (table.Kind == RelationKind.View)
        {
            throw SchemaFailure.Refused("renaming a column of a view", here, "Drop the view and create it again.");
        }
        Table after = WithRenamedColumn(table, rename);
        Put(after);
        foreach (Table other in catalog.Tables.Values.Where(t => t.ForeignKeys.Any(f => f.Target == table.Name)))
        {
            Put(
                other with
                {
                    ForeignKeys =
                    [
                        .. other.ForeignKeys.Select(f =>
                            f.Target != table.Name ? f : f with { TargetColumns = [.. f.TargetColumns.Select(c => c == rename.From ? rename.To : c)] }
                        ),
                    ],
                }
            );
        }
        RequireUnbroken($"renaming column {rename.From}");
        Emit(new RenameColumnStep(catalog.Find(after.Name)!, rename.From, rename.To));
        RefreshRowTypes(catalog.Find(after.Name)!);
    }

    private static Table WithRenamedColumn(Table table, RenameColumn rename)
    {
        var names = new ColumnRenamer(table.Name.Name, rename.From, rename.To);
        string New(string name) => name == rename.From ? rename.To : name;
        ImmutableArray<string> All(ImmutableArray<string> columns) => [.. columns.Select(New)];
        Expr? Written(Expr? expr) => expr is null ? null : names.Visit(expr);
        return table with
        {
            Columns = [.. table.Columns.Select(c => c with { Name = New(c.Name), Generated = Written(c.Generated) })],
            PrimaryKey = table.PrimaryKey is { } key ? key with { Columns = All(key.Columns) } : null,
            Uniques = [.. table.Uniques.Select(u => u with { Columns = All(u.Columns) })],
            ForeignKeys =
            [
                .. table.ForeignKeys.Select(f => f with { Columns = All(f.Columns), TargetColumns = f.Target == table.Name ? All(f.TargetColumns) : f.TargetColumns }),
            ],
            Checks = [.. table.Checks.Select(c => c with { Condition = Written(c.Condition)! })],
            Indexes =
            [
                .. table.Indexes.Select(i => i with { Keys = [.. i.Keys.Select(k => k with { Value = Written(k.Value)! })], Where = Written(i.Where) }),
            ],
            Triggers = [.. table.Triggers.Select(t => t with { UpdateOf = All(t.UpdateOf) })],
            Policies = [.. table.Policies.Select(p => p with { Using = Written(p.Using), Check = Written(p.Check) })],
            Grants = [.. table.Grants.Select(g => g with { Columns = All(g.Columns) })],
        };
    }

    /// <summary>Renames a column in an expression over its own table; inside subqueries only where the table is named.</summary>
    private sealed class ColumnRenamer(string table, string from, string to) : ExprRewriter
    {
        private int inside;

        public override Expr Visit(Expr expr)
        {
            if (expr is not NameExpr name || name.Parts[^1] != from)
            {
                return base.Visit(expr);
            }
            bool own = name.Parts.Length == 1 ? inside == 0 : name.Parts[^2] == table;
            return own ? name with { Parts = name.Parts.SetItem(name.Parts.Length - 1, to) } : name;
        }

        public override Select VisitSelect(Select select)
        {
            inside++;
            Select result = base.VisitSelect(select);
            inside--;
            return result;
        }
    }
}

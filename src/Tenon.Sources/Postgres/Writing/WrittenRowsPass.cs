using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Writing;

/// <summary>A written row as a value of its table's row type: the common table of rows written has a type of its own.</summary>
internal sealed record WrittenRowExpr(QualifiedName Table, ImmutableArray<Expr> Columns) : Expr;

/// <summary>
/// A representation read by row keys → the same read of the common table of rows written; collects the columns it needs of
/// them, which are the only ones RETURNING may name (column grants).
/// </summary>
internal sealed class WrittenRowsPass(Table table, string range) : ExprRewriter
{
    private readonly SortedSet<string> columns = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Columns => columns;

    public override FromItem VisitFrom(FromItem from)
    {
        switch (from)
        {
            case JoinFrom { Left: ParentKeysFrom } join:
                return VisitFrom(join.Right);
            case GuardedTable table when table.Alias == range:
                return new TableFrom(new QualifiedName("", PostgresWriteDialect.Written), range, []) { IsCommonTable = true };
            case GuardedTable:
                return from;
            default:
                return base.VisitFrom(from);
        }
    }

    public override Expr Visit(Expr expr)
    {
        switch (expr)
        {
            case KeyEqualExpr { Left: RowKeyExpr }:
                return Conjunction.True;
            case KeyEqualExpr key:
                return key with { Left = Visit(key.Left), Right = Visit(key.Right) };
            case ColumnExpr column when column.Range == range:
                columns.Add(column.Column);
                return column;
            case RowOfRangeExpr row when row.Range == range:
                columns.UnionWith(table.Columns.Select(c => c.Name));
                return new WrittenRowExpr(table.Name, [.. table.Columns.Select(c => new ColumnExpr(range, c.Name) { Type = c.Type })])
                {
                    Type = row.Type,
                };
            default:
                return base.Visit(expr);
        }
    }
}

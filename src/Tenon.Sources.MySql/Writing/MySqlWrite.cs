using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>
/// A write of one table. Rows are found again by their primary key: a list of keys takes the place of RETURNING, which the
/// database has for inserts only.
/// </summary>
internal sealed class MySqlWrite : CompiledWrite
{
    private MySqlWrite(GuardedWrite write, InsertOptions options, CompiledUnit? representation, TableProgram program, StraightWrite? straight)
        : base(write, options, representation) => (Program, Straight) = (program, straight);

    public TableProgram Program { get; }

    /// <summary>Set where the write may go without looking for its rows.</summary>
    public StraightWrite? Straight { get; }

    public static MySqlWrite Compile(GuardedWrite write, InsertOptions options, ReadUnit? representation, MySqlSource source, MySqlFacts facts)
    {
        if (facts.Find(write.Table.Name) is not { IsView: false } table)
        {
            throw Refusals.NotSupported($"writing to the view {write.Table.Name.Name} of an attached source").ToException();
        }
        bool wantsKey = representation is not null || write.Kind != WriteKind.Insert;
        if (wantsKey && write.Table.PrimaryKey is null)
        {
            throw Refusals.NotSupported(
                $"this write on {write.Table.Name.Name}, which has no primary key,",
                "Insert with Prefer: return=minimal is possible; other writes find their rows by the primary key."
            ).ToException();
        }
        var program = new TableProgram(write, options, facts, table);
        // What cannot be expressed is found out now, not in the middle of a write.
        program.Prove();
        ReadUnit? byKey = representation is null ? null : representation with { Select = new ByPrimaryKey(write.Table).VisitSelect(representation.Select) };
        CompiledUnit? unit = byKey is null ? null : CompiledRead.Of(byKey, source);
        return new MySqlWrite(write, options, unit, program, StraightWrite.Of(write, options, byKey, program));
    }

    /// <summary>A representation read by row keys → the same read by primary keys.</summary>
    private sealed class ByPrimaryKey(Table table) : ExprRewriter
    {
        private readonly ImmutableArray<string> columns = table.PrimaryKey!.Columns;

        public override FromItem VisitFrom(FromItem from) =>
            from switch
            {
                ParentKeysFrom keys => keys with { Types = [.. columns.Select(c => table.Find(c)!.Type)] },
                JoinFrom join => join with { Left = VisitFrom(join.Left), Right = VisitFrom(join.Right), On = VisitOptional(join.On) },
                _ => from,
            };

        public override Expr Visit(Expr expr)
        {
            if (expr is not KeyEqualExpr { Left: RowKeyExpr row, Right: ParentKeyExpr key })
            {
                return expr is KeyEqualExpr ? expr : base.Visit(expr);
            }
            Expr[] equal =
            [
                .. columns.Select((c, i) => new KeyEqualExpr(
                    new ColumnExpr(row.Range, c) { Type = table.Find(c)!.Type },
                    new ParentKeyExpr(key.Alias, i, columns.Length)
                )
                {
                    Type = LogicalType.Boolean,
                }),
            ];
            return Conjunction.All(equal)!;
        }
    }
}

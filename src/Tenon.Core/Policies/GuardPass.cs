using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;

namespace Tenon.Core.Policies;

internal sealed partial class PolicyBinder
{
    /// <summary>
    /// Walks a bound tree and guards every table it meets in a from. A predicate goes to the where of its query; where the
    /// table may be null-extended by an outer join it stays with the table.
    /// </summary>
    private sealed class GuardPass(PolicyBinder binder) : ExprRewriter
    {
        private List<Expr?> predicates = [];
        private IReadOnlyDictionary<string, HashSet<string>> columns = ImmutableDictionary<string, HashSet<string>>.Empty;
        private IReadOnlySet<string> wholeRows = ImmutableHashSet<string>.Empty;
        private bool nullable;
        private Expr? where;

        /// <summary>The table being written: its condition is not its SELECT policy but the one given here.</summary>
        public (string Range, Expr? Condition)? Target { get; init; }

        /// <summary>What stands for the table being written when it is written through a view.</summary>
        public FromItem? Instead { get; init; }

        public override Expr Visit(Expr expr) =>
            expr switch
            {
                EmbedPresentExpr or RowKeyExpr => expr,
                GuardedCallExpr call => base.Visit(call),
                UserCallExpr call when !binder.IsNative => InlineScalar(call),
                _ => base.Visit(expr),
            };

        public new ImmutableArray<OrderItem> VisitOrder(ImmutableArray<OrderItem> items) => base.VisitOrder(items);

        private Expr InlineScalar(UserCallExpr call)
        {
            var arguments = VisitAll(call.Arguments);
            if (binder.Uninlined(call with { Arguments = arguments }) is { } run)
            {
                return run;
            }
            Select body = binder.Inline(call with { Arguments = arguments });
            return body is { Body: SelectCore { From: null, Where: null, GroupBy.IsEmpty: true, Items: [{ Value: var value }] } }
                ? value.Type.Equals(call.Type)
                    ? value
                    : new ConvertExpr(value, false) { Type = call.Type }
                : new ScalarSelectExpr(body) { Type = call.Type };
        }

        public override Select VisitSelect(Select select)
        {
            var (outerColumns, outerRows) = (columns, wholeRows);
            ExprFacts facts = ExprFacts.Of(select);
            (columns, wholeRows) = (facts.Columns, facts.WholeRows);
            Select guarded = base.VisitSelect(select);
            (columns, wholeRows) = (outerColumns, outerRows);
            return guarded;
        }

        public override SelectCore VisitCore(SelectCore core)
        {
            var (outer, outerNullable, outerWhere) = (predicates, nullable, where);
            (predicates, nullable, where) = ([], false, core.Where);
            SelectCore guarded = base.VisitCore(core);
            Expr? shielded = Conjunction.Shield(Conjunction.All(predicates), guarded.Where);
            (predicates, nullable, where) = (outer, outerNullable, outerWhere);
            return ReferenceEquals(shielded, guarded.Where) ? guarded : guarded with { Where = shielded };
        }

        public override FromItem VisitFrom(FromItem from)
        {
            switch (from)
            {
                case GuardedTable:
                    return from;
                case TableFrom { IsCommonTable: true }:
                    return from;
                case TableFrom table:
                    return GuardTable(table);
                case FunctionFrom { Call: UserCallExpr call } function when !binder.IsNative:
                    if (binder.Uninlined(call with { Arguments = VisitAll(call.Arguments) }) is { } run)
                    {
                        return function with { Call = run };
                    }
                    return new SelectFrom(
                        binder.Fenced(() => binder.Inline(call with { Arguments = VisitAll(call.Arguments) }), where),
                        function.Alias,
                        function.ColumnAliases,
                        false
                    );
                case JoinFrom join:
                    return GuardJoin(join);
                default:
                    return base.VisitFrom(from);
            }
        }

        private JoinFrom GuardJoin(JoinFrom join)
        {
            bool outer = nullable;
            nullable = outer || join.Kind is JoinKind.Right or JoinKind.Full;
            FromItem left = VisitFrom(join.Left);
            nullable = outer || join.Kind is JoinKind.Left or JoinKind.Full;
            FromItem right = VisitFrom(join.Right);
            nullable = outer;
            return join with { Left = left, Right = right, On = join.On is null ? null : Visit(join.On) };
        }

        private FromItem GuardTable(TableFrom from)
        {
            if (Target is { } target && from.Alias == target.Range)
            {
                if (Instead is not null)
                {
                    return Instead;
                }
                predicates.Add(target.Condition);
                return Admit(binder.catalog, from.Name, from.Alias, null);
            }
            Table table = binder.catalog.Find(from.Name) ?? throw new InvalidOperationException($"{from.Name} left the catalog");
            IEnumerable<string> read = wholeRows.Contains(from.Alias)
                ? table.Columns.Select(c => c.Name)
                : columns.TryGetValue(from.Alias, out var some)
                    ? some
                    : [];
            binder.Demand(table, Privileges.Select, read);
            if (table.Kind == RelationKind.View && !binder.IsNative)
            {
                return new SelectFrom(binder.Fenced(() => binder.ExpandView(table), where), from.Alias, from.ColumnAliases, false);
            }
            Expr? predicate = binder.Using(table, from.Alias, PolicyCommand.Select);
            if (nullable || predicate is null)
            {
                return Admit(binder.catalog, from.Name, from.Alias, predicate);
            }
            predicates.Add(predicate);
            return Admit(binder.catalog, from.Name, from.Alias, null);
        }
    }
}

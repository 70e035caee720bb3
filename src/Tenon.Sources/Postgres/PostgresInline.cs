using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// The rows of one parent that are read: as many as its own limit (null: none) says, at most one more than a row of the parent
/// is to hold, so that their being too many shows.
/// </summary>
internal sealed record MostRowsExpr(Expr? Limit) : Expr
{
    public const int Most = PostgresNested.MostRows + 1;
}

/// <summary>A value as text (bytea: as bytes) that may be of any size, cut behind the size that shows it to be too large.</summary>
internal sealed record ShortExpr(Expr Value) : Expr
{
    public const int Most = PostgresNested.MostBytes;
}

/// <summary>
/// A read with to-many embeds → one statement, in which each row carries its children as an array of rows: one round trip and
/// one snapshot without a transaction. For pages of few parents; many are read faster by a bind join (ENGINES §6). What a row
/// may hold is bounded in number and size, and <see cref="PostgresNested.IsCut"/> where there is more: then the bind join,
/// which reads children as they come, is for it.
/// </summary>
internal static class PostgresInline
{
    /// <summary>The statement's columns are the unit's, and one more for each child; null where this form cannot say it.</summary>
    public static Select? Of(ReadUnit unit)
    {
        if (unit.Children.IsEmpty || !IsPlain(unit) || !unit.Children.All(c => IsPlainChild((SelectCore)unit.Select.Body, c)))
        {
            return null;
        }
        var core = (SelectCore)unit.Select.Body;
        SelectItem[] nested = [.. unit.Children.Select(c => new SelectItem(Nested(core, c), null))];
        return unit.Select with
        {
            Body = core with { Items = [.. core.Items, .. nested] },
            Output = [.. unit.Select.Output, .. nested.Select(n => new RowField("", n.Value.Type))],
        };
    }

    private static bool IsPlain(ReadUnit unit) =>
        unit.Select is { With.IsEmpty: true, Body: SelectCore { From: not null, GroupBy.IsEmpty: true, Having: null, Distinct: false, DistinctOn.IsEmpty: true } core }
        && !core.Items.Any(i => ExprFacts.Of(i.Value) is { HasAggregate: true } or { HasWindow: true })
        && !unit.Shape.BareValue
        && !unit.Shape.Members.Any(HasSpread);

    private static bool IsPlainChild(SelectCore parent, ChildUnit child) =>
        // Of one level only: children of children multiply what one row holds, and a row is read as a whole.
        child.Unit is { Children.IsEmpty: true, OneRowWhenEmpty: false, Offset: null, Select: { Limit: null, Offset: null } }
        && child.KeyColumns.All(k => parent.Items[k].Value is ColumnExpr)
        && IsPlain(child.Unit);

    private static bool HasSpread(Shape shape) => shape is SpreadManyShape || (shape is ObjectShape inner && inner.Members.Any(HasSpread));

    private static ArraySelectExpr Nested(SelectCore parent, ChildUnit child)
    {
        Select select = child.Unit.Select;
        var core = (SelectCore)select.Body;
        var toParent = new ToParent([.. child.KeyColumns.Select(k => parent.Items[k].Value)]);
        // The ordinal of the parent, which comes first, is not needed: the rows are with their parent already.
        var row = new RowExpr([.. core.Items.Skip(1).Select(i => Short(PostgresOutward.Outward(i).Value))]) { Type = LogicalType.Bytea };
        var rows = new Select(core with
        {
            Items = [new SelectItem(row, null)],
            From = ParentKeysFrom.Without(core.From!),
            Where = toParent.Of(core.Where),
        })
        {
            OrderBy = [.. select.OrderBy.Where(o => o.Key is not ParentOrdinalExpr)],
            Limit = new MostRowsExpr(child.Unit.Limit) { Type = LogicalType.Int8 },
            Output = [new RowField("row", LogicalType.Bytea)],
        };
        return new ArraySelectExpr(rows) { Type = LogicalType.Bytea };
    }

    private static Expr Short(Expr value) => IsShort(value.Type) ? value : new ShortExpr(value) { Type = value.Type };

    private static bool IsShort(LogicalType type) =>
        type.NativeName is null
        && type.Kind switch
        {
            TypeKind.Varchar or TypeKind.Char => type.Length <= ShortExpr.Most / 4,
            TypeKind.Numeric => type.Precision is not null,
            TypeKind.Text or TypeKind.Json or TypeKind.Jsonb or TypeKind.Array or TypeKind.Record or TypeKind.Bytea
                or TypeKind.TsVector or TypeKind.TsQuery or TypeKind.Unknown => false,
            _ => true,
        };

    /// <summary>The keys of the parents → the columns of the parent's row that they are.</summary>
    private sealed class ToParent(ImmutableArray<Expr> keys) : ExprRewriter
    {
        public Expr? Of(Expr? condition) => VisitOptional(condition);

        public override Expr Visit(Expr expr) =>
            expr switch
            {
                KeyEqualExpr { Right: ParentKeyExpr key } equal => equal with { Right = keys[key.Index] },
                KeyEqualExpr => expr,
                _ => base.Visit(expr),
            };

        // What stands in a subquery of a condition names no keys.
        public override Select VisitSelect(Select select) => select;
    }
}

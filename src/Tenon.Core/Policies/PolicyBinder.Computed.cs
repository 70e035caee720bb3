using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

// The rows of a function: of a call, and of a row of another range (computed relationships).
internal sealed partial class PolicyBinder
{
    private RangeGuard GuardRoutine(RoutineSource routine, string range, Expr? filter)
    {
        HidesRows |= IsNative;
        Table? of = routine.Call.Type.RowOf is { } name ? catalog.Find(name) : null;
        if (routine.OfRow)
        {
            return IsNative ? NativeRows(routine, range, of!) : FoundRows(routine, range, of!);
        }
        FromItem rows = IsNative ? NativeCall(routine, range) : new SelectFrom(Fenced(() => AnswerOf(routine), filter), range, [], false);
        return new RangeGuard(rows, null) { RowsOf = of };
    }

    /// <summary>A function that returns no set gives one row, of nulls where it found none; conditions are asked of that row.</summary>
    private Select AnswerOf(RoutineSource routine)
    {
        Select rows = Called(routine);
        if (routine.ReturnsSet || routine.Call.Type.Kind == TypeKind.Void)
        {
            return rows;
        }
        var one = new Select(new SelectCore([new SelectItem(new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 }, "one")]))
        {
            Output = [new RowField("one", LogicalType.Int4)],
        };
        ImmutableArray<RowField> columns = Fields(FindRoutine(routine.Call));
        var answer = columns.Select(c => new SelectItem(new ColumnExpr("f", c.Name) { Type = c.Type }, c.Name));
        var always = new ConstantExpr(Datum.True) { Type = LogicalType.Boolean };
        var from = new JoinFrom(JoinKind.Left, new SelectFrom(one, "o", [], false), new SelectFrom(rows, "f", [], false), always, []);
        return new Select(new SelectCore([.. answer]) { From = from })
        {
            Limit = new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int8 },
            Output = columns,
        };
    }

    /// <summary>A function of one query is put in place; the body of any other runs once, before anything is asked of its rows.</summary>
    private Select Called(RoutineSource source)
    {
        if (Uninlined(source.Call) is not { } call)
        {
            return Inline(source.Call);
        }
        ImmutableArray<RowField> columns = Fields(call.Routine);
        var from = new FunctionFrom(call, "f", [], true) { Columns = columns };
        return new Select(new SelectCore([.. columns.Select(c => new SelectItem(new ColumnExpr("f", c.Name) { Type = c.Type }, c.Name))]) { From = from })
        {
            Offset = new ConstantExpr(Datum.Of(0)) { Type = LogicalType.Int8 },
            Output = columns,
        };
    }

    private static ImmutableArray<RowField> Fields(Routine routine) =>
        !routine.ResultColumns.IsEmpty ? routine.ResultColumns
        : routine.Result is { Kind: TypeKind.Record, Fields: { IsEmpty: false } fields } ? fields
        : [routine.ValueField];

    /// <summary>The database calls the function for each row that stands before it in from.</summary>
    private static RangeGuard NativeRows(RoutineSource routine, string range, Table of)
    {
        // A function that returns no set gives one row of nulls for "none".
        Expr presence;
        if (of.PrimaryKey is { } key)
        {
            presence = new ColumnExpr(range, key.Columns[0]) { Type = of.Find(key.Columns[0])!.Type };
        }
        else
        {
            var row = new RowOfRangeExpr(range) { Type = routine.Call.Type };
            var empty = new TestExpr(row, TestKind.Null, false) { Type = LogicalType.Boolean };
            var there = new WhenClause(new NotExpr(empty) { Type = LogicalType.Boolean }, new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 });
            presence = new CaseExpr(null, [there], null) { Type = LogicalType.Int4 };
        }
        return new RangeGuard(new FunctionFrom(routine.Call, range, [], true), null) { RowsOf = of, Presence = presence };
    }

    /// <summary>
    /// The rows of the table whose row keys the function's query gives. What it returns are its own rows, so the policies
    /// are those inside the function, as in a call of it.
    /// </summary>
    private RangeGuard FoundRows(RoutineSource routine, string range, Table of)
    {
        if (Uninlined(routine.Call) is not null || of.Kind != RelationKind.Table || RowKeys(Inline(routine.Call), of) is not { } keys)
        {
            throw Refusals
                .NotSupported(
                    $"embedding the rows of {routine.Call.Function.Name}, which is not one select of rows of {of.Name.Name},",
                    "Write it in language sql as select * from the table, with joins and conditions as needed."
                )
                .ToException();
        }
        bool one = !routine.ReturnsSet || FindRoutine(routine.Call).OneRow;
        keys = one && keys.Limit is null ? keys with { Limit = new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int8 } } : keys;
        Expr key = new RowKeyExpr(range) { Type = LogicalType.Int8 };
        return new RangeGuard(Admit(of.Name, range, null), new InSelectExpr(key, keys, false) { Type = LogicalType.Boolean })
        {
            Table = of,
            Presence = key,
        };
    }

    /// <summary>The query with the row keys of the one table it returns rows of in place of their columns; null when it returns anything else.</summary>
    private static Select? RowKeys(Select rows, Table of)
    {
        if (rows.Body is not SelectCore { Distinct: false, DistinctOn.IsEmpty: true, GroupBy.IsEmpty: true, Having: null, From: { } from } core)
        {
            return null;
        }
        if (core.Items.Length != of.Columns.Length || core.Items[0].Value is not ColumnExpr { Range: var source })
        {
            return null;
        }
        bool plain = core.Items.Zip(of.Columns, (item, column) => item.Value is ColumnExpr c && c.Range == source && c.Column == column.Name).All(same => same);
        if (!plain || !HoldsTable(from, of.Name, source))
        {
            return null;
        }
        var key = new SelectItem(new RowKeyExpr(source) { Type = LogicalType.Int8 }, null);
        return rows with { Body = core with { Items = [key] }, Output = [new RowField("", LogicalType.Int8)] };
    }

    private static bool HoldsTable(FromItem from, QualifiedName table, string alias) =>
        from switch
        {
            GuardedTable { Filter: null } guarded => guarded.Name == table && guarded.Alias == alias,
            JoinFrom { Kind: JoinKind.Inner or JoinKind.Cross } join => HoldsTable(join.Left, table, alias) || HoldsTable(join.Right, table, alias),
            _ => false,
        };
}

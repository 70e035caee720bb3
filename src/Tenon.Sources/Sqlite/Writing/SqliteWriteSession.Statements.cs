using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// Bound SQL statements on the writer: seeds, function bodies, the server's own data.
internal sealed partial class SqliteWriteSession
{
    private const int Batch = 1_000;

    /// <summary>Runs a bound statement as <paramref name="principal"/>; its rows are those of the select or the returning.</summary>
    public override List<Datum[]> Execute(Statement bound, Principal principal, StatementArguments arguments)
    {
        StatementProgram program = StatementProgram.Of(bound, catalog, principal);
        return bound switch
        {
            SelectStatement => Rows(program.Query!, arguments),
            InsertStatement insert => ExecuteInsert(program, insert, principal, arguments),
            UpdateStatement update => ExecuteUpdate(program, update, arguments),
            DeleteStatement => ExecuteDelete(program, arguments),
            _ => throw new InvalidOperationException($"cannot execute {bound.GetType().Name}"),
        };
    }

    public override List<Datum[]> Execute(CompiledStatement own, StatementArguments arguments) =>
        own is SqliteOwn statement ? Execute(statement.Bound, Principal.Owner, arguments) : Rows(own, arguments);

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        using RowReader reader = Run(statement, arguments);
        List<Datum[]> rows = SqliteValues.ReadAll(reader, statement.Columns);
        LastCount = rows.Count;
        return rows;
    }

    private List<Datum[]> ExecuteInsert(StatementProgram program, InsertStatement insert, Principal principal, StatementArguments arguments)
    {
        if (InBatches(program))
        {
            LastCount = InsertInBatches(program, program.Query!, arguments);
            return [];
        }
        IReadOnlyList<Datum[]> given = program.Query is { } query ? Rows(query, arguments) : Literal(insert.Source, principal, arguments);
        var rows = new List<Datum[]>(given.Count);
        foreach (Datum[] values in given)
        {
            rows.Add(Placed(program, values));
        }
        RowKeys written = Insert(program.Write!, rows, arguments, Options(program, insert, arguments));
        LastCount = written.Count;
        return Returning(program, written, arguments);
    }

    private static Datum[] Placed(StatementProgram program, Datum[] values)
    {
        var row = new Datum[program.Table!.Columns.Length];
        for (int i = 0; i < program.Set.Length; i++)
        {
            row[program.Set[i]] = values[i];
        }
        return row;
    }

    /// <summary>
    /// Whether the rows of insert … select may be written while the select is read, so that a million of them do not lie in
    /// memory: nothing that happens between two rows can be seen by the next, or refers to the whole statement.
    /// </summary>
    private bool InBatches(StatementProgram program)
    {
        if (program is not { Query: { Calls.Count: 0 } query, Conflict: null, Returning: null, Write.Parts: { Check: null, ViewChecks.Length: 0 } })
        {
            return false;
        }
        TableProgram table = TableProgram.Of(catalog, program.Table!);
        string name = SqliteDialect.PhysicalName(table.Table.Name).Replace("\"", "\"\"", StringComparison.Ordinal);
        return !table.HasTriggers
            && !table.RefersToItself
            && !Array.Exists(table.CallsInDefaults, calls => calls)
            && !query.Text.Contains(name, StringComparison.OrdinalIgnoreCase);
    }

    private long InsertInBatches(StatementProgram program, SqliteCompiled query, StatementArguments arguments)
    {
        long count = 0;
        var batch = new List<Datum[]>(Batch);
        var options = new InsertOptions(program.Set);
        using RowReader reader = Run(query, arguments);
        while (reader.Read())
        {
            batch.Add(Placed(program, SqliteValues.ReadRow(reader, query.Columns)));
            if (batch.Count == Batch)
            {
                count += Insert(program.Write!, batch, arguments, options).Count;
                batch.Clear();
            }
        }
        return count + (batch.Count > 0 ? Insert(program.Write!, batch, arguments, options).Count : 0);
    }

    private List<Datum[]> Literal(Select? source, Principal principal, StatementArguments arguments)
    {
        if (source?.Body is not ValuesBody values)
        {
            return [[]];
        }
        var rows = new List<Datum[]>(values.Rows.Length);
        foreach (ImmutableArray<Expr> cells in values.Rows)
        {
            var row = new Datum[cells.Length];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = cells[i] is DefaultExpr ? DefaultMark : Cell(cells[i], principal, arguments);
            }
            rows.Add(row);
        }
        return rows;
    }

    private Datum Cell(Expr value, Principal principal, StatementArguments arguments) =>
        value is not ConstantExpr && ExprFacts.Of(value) is { HasSubquery: true } or { HasUserCall: true }
            ? EvaluateGuarded(value, principal, arguments)
            : Evaluate(value, arguments.Slots, arguments);

    private InsertOptions Options(StatementProgram program, InsertStatement insert, StatementArguments arguments)
    {
        if (program.Conflict is not { } conflict)
        {
            return new InsertOptions(program.Set);
        }
        Table table = program.Table!;
        return new InsertOptions(program.Set)
        {
            Arbiters = Arbiters(table, conflict),
            Set = [.. conflict.Set.Select(a => table.OrdinalOf(a.Column))],
            Merge = conflict.DoNothing ? null : (old, proposed) => Merge(table, insert.Alias, conflict, old, proposed, arguments),
        };
    }

    private static IReadOnlyList<IReadOnlyList<int>> Arbiters(Table table, OnConflict conflict)
    {
        IEnumerable<KeyConstraint> keys = table.PrimaryKey is null ? table.Uniques : table.Uniques.Prepend(table.PrimaryKey);
        if (conflict.Columns.Length > 0)
        {
            return [[.. conflict.Columns.Select(table.OrdinalOf)]];
        }
        return [.. keys.Where(k => conflict.Constraint is null || k.Name == conflict.Constraint).Select(k => k.Columns.Select(table.OrdinalOf).ToArray())];
    }

    /// <summary>The existing row with the assignments of do update made; null when its where says no.</summary>
    private Datum[]? Merge(
        Table table,
        string range,
        OnConflict conflict,
        Datum[] old,
        Datum[] proposed,
        StatementArguments arguments
    )
    {
        // Parameters: the request's, then the existing row, then the proposed one.
        Datum[] slots = [.. arguments.Slots, .. old, .. proposed];
        var rows = new TwoRows(table, range, arguments.Slots.Length, arguments.Slots.Length + old.Length);
        if (conflict.Where is { } where && Evaluate(rows.Visit(where), slots, arguments) is var keep && (keep.IsNull || !keep.Boolean))
        {
            return null;
        }
        var merged = (Datum[])old.Clone();
        foreach (ColumnAssignment assignment in conflict.Set)
        {
            int ordinal = table.OrdinalOf(assignment.Column);
            merged[ordinal] = assignment.Value is DefaultExpr
                ? DefaultOf(TableProgram.Of(catalog, table), ordinal, merged, arguments)
                : Evaluate(rows.Visit(assignment.Value), slots, arguments);
        }
        return merged;
    }

    private Datum DefaultOf(TableProgram program, int ordinal, Datum[] row, StatementArguments arguments) =>
        program.Defaults[ordinal] is not { } value ? Datum.Null
        : program.CallsInDefaults[ordinal] ? EvaluateGuarded(value, Principal.Of(arguments.Context.CurrentUser), arguments)
        : Evaluate(value, row, arguments);

    /// <summary>Columns of the existing and the excluded row → parameters.</summary>
    private sealed class TwoRows(Table table, string range, int existingAt, int excludedAt) : ExprRewriter
    {
        public override Expr Visit(Expr expr) =>
            expr switch
            {
                ColumnExpr column when column.Range == range => Slot(existingAt, column),
                ColumnExpr { Range: Core.Expressions.Checking.TypeChecker.ExcludedRange } column => Slot(excludedAt, column),
                _ => base.Visit(expr),
            };

        private ParameterExpr Slot(int from, ColumnExpr column) => new(from + table.OrdinalOf(column.Column)) { Type = column.Type };
    }

    private List<Datum[]> ExecuteUpdate(StatementProgram program, UpdateStatement update, StatementArguments arguments)
    {
        TableProgram table = TableProgram.Of(catalog, program.Table!);
        var changes = new List<(long Key, Datum[] Old, Datum[] New)>();
        var seen = new HashSet<long>();
        foreach (Datum[] target in Rows(program.Targets!, arguments))
        {
            // A join may find a row twice; the first match counts (PostgreSQL takes any one).
            if (!seen.Add(target[0].Integer))
            {
                continue;
            }
            if (ReadRow(table, target[0].Integer) is not { } old)
            {
                continue;
            }
            var changed = (Datum[])old.Clone();
            int value = 1;
            for (int i = 0; i < program.Set.Length; i++)
            {
                changed[program.Set[i]] = update.Set[i].Value is DefaultExpr
                    ? DefaultOf(table, program.Set[i], changed, arguments)
                    : target[value++];
            }
            changes.Add((target[0].Integer, old, changed));
        }
        RowKeys written = WriteChanges(program.Write!, table, changes, program.Set, arguments);
        LastCount = written.Count;
        return Returning(program, written, arguments);
    }

    private List<Datum[]> ExecuteDelete(StatementProgram program, StatementArguments arguments)
    {
        List<Datum[]> answered = program.Returning is null ? [] : Returning(program, Targets(program.Write!, arguments), arguments);
        LastCount = Delete(program.Write!, arguments).Count;
        return answered;
    }

    private List<Datum[]> Returning(StatementProgram program, RowKeys written, StatementArguments arguments)
    {
        if (program.Returning is null)
        {
            return [];
        }
        long count = LastCount;
        var keyed = new StatementArguments
        {
            Slots = arguments.Slots,
            Context = arguments.Context,
            Variables = arguments.Variables,
            ParentKeys = written.Json(),
        };
        List<Datum[]> rows = Rows(program.Returning, keyed);
        LastCount = count;
        return rows;
    }
}

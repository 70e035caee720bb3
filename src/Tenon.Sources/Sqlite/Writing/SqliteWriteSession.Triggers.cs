using System.Runtime.CompilerServices;
using System.Collections.Concurrent;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// Functions and triggers on the writer. Triggers run here, row by row, and never as SQLite triggers (DECISIONS §3).
internal sealed partial class SqliteWriteSession
{
    private static readonly ConditionalWeakTable<Expr, ConcurrentDictionary<Principal, SqliteCompiled>> GuardedExpressions = [];

    private int depth;

    internal void Enter(int most)
    {
        if (++depth > most)
        {
            depth--;
            throw new Error(ErrorCodes.StatementTooComplex, "stack depth limit exceeded", null, "A function or trigger calls itself without end.").ToException();
        }
    }

    internal void Leave() => depth--;

    internal void ThrowIfStopped() => context.ThrowIfStopped();

    // ---- savepoints of exception blocks ----

    internal ChangeMark Save() => context.Save();

    internal void Release() => context.Release();

    internal void UndoTo(ChangeMark mark) => context.UndoTo(mark);

    /// <summary>A unit that is out of time, and one whose transaction SQLite has ended, are past handling.</summary>
    internal bool MayHandle(Exception failure) =>
        !context.Connection.IsAutoCommit && failure is not SqliteException { Failure.Primary: Native.Interrupt };

    /// <summary>An expression of a function body: its subqueries are guarded as the function's principal.</summary>
    internal Datum EvaluateGuarded(Expr expr, Principal principal, StatementArguments arguments)
    {
        switch (expr)
        {
            case ConstantExpr constant:
                return constant.Value;
            case VariableExpr variable when variable.Type.Kind != TypeKind.Record:
                return arguments.Get(variable);
        }
        SqliteCompiled statement = GuardedExpressions
            .GetValue(expr, static _ => new())
            .GetOrAdd(principal, static (p, key) => CompileGuarded(key.expr, key.catalog, p), (expr, catalog));
        using RowReader reader = Run(statement, arguments);
        return reader.Read() ? SqliteValues.Read(reader, 0, expr.Type) : Datum.Null;
    }

    private static SqliteCompiled CompileGuarded(Expr expr, Catalog catalog, Principal principal)
    {
        var select = new Select(new SelectCore([new SelectItem(expr, null)])) { Output = [new RowField("", expr.Type)] };
        return SqliteSource.CompileSelect(GuardedSelect.Bind(select, new PolicyBinder(catalog, principal)).Select);
    }

    public override List<Datum[]> Call(Routine routine, Datum[] values, Principal principal, StatementArguments arguments)
    {
        if (!principal.Bypass && !routine.ExecuteRoles.Any(r => Access.Applies(r, principal.Role)))
        {
            throw new Error(ErrorCodes.InsufficientPrivilege, $"permission denied for function {routine.Name.Name}").ToException();
        }
        return Run(routine, values, routine.SecurityDefiner ? Principal.Owner : principal, arguments);
    }

    /// <summary>A call from inside a statement; the binder asked whether it may be made.</summary>
    internal List<Datum[]> Run(CalledRoutine called, Datum[] values, StatementArguments arguments)
    {
        long count = LastCount;
        List<Datum[]> rows = Run(called.Routine, values, called.Principal, arguments);
        LastCount = count;
        return rows;
    }

    private List<Datum[]> Run(Routine routine, Datum[] values, Principal principal, StatementArguments arguments)
    {
        if (routine.Strict && values.Any(v => v.IsNull))
        {
            return [];
        }
        BoundRoutine bound = Templates.Of(catalog).Bound(routine);
        var run = new RoutineRun(this, bound, principal, arguments);
        for (int i = 0; i < values.Length; i++)
        {
            run.Set(bound.ParameterNames[i], values[i]);
        }
        run.Execute();
        return run.Rows;
    }

    /// <summary>Before-row triggers in name order; the row to write, or null when one of them said to skip it.</summary>
    private Datum[]? Before(
        TableProgram program,
        TriggerEvents when,
        Datum[]? old,
        Datum[]? row,
        StatementArguments arguments,
        IReadOnlyList<int>? set = null
    )
    {
        foreach (Trigger trigger in program.BeforeRow)
        {
            if (!Fires(program, trigger, when, set, old, row, arguments))
            {
                continue;
            }
            RoutineRun run = Fire(program, trigger, when, old, row, arguments);
            switch (Chosen(run.Returned, old, row))
            {
                case null:
                    return null;
                case { } variable when row is not null:
                    run.GetRow(variable, program.Table, row);
                    break;
            }
        }
        return row ?? old;
    }

    /// <summary>The row variable a trigger returned, coalesce(new, old) included; null when it says to skip the row.</summary>
    private static string? Chosen(Expr? returned, Datum[]? old, Datum[]? row) =>
        returned switch
        {
            VariableExpr { Name: "new" } => row is null ? null : "new",
            VariableExpr { Name: "old" } => old is null ? null : "old",
            VariableExpr variable => variable.Name,
            CoalesceExpr coalesce => coalesce.Items.Select(i => Chosen(i, old, row)).FirstOrDefault(n => n is not null),
            _ => null,
        };

    private void After(
        TableProgram program,
        TriggerEvents when,
        Datum[]? old,
        Datum[]? row,
        StatementArguments arguments,
        IReadOnlyList<int>? set = null
    )
    {
        foreach (Trigger trigger in program.AfterRow)
        {
            if (Fires(program, trigger, when, set, old, row, arguments))
            {
                Fire(program, trigger, when, old, row, arguments);
            }
        }
    }

    /// <summary>Triggers for each statement: before the first row and after the last, also when there is none.</summary>
    private void OfStatement(
        TableProgram program,
        TriggerEvents events,
        bool before,
        StatementArguments arguments,
        IReadOnlyList<int>? set = null
    )
    {
        foreach (Trigger trigger in program.OfStatement.Where(t => t.Before == before))
        {
            foreach (TriggerEvents when in (ReadOnlySpan<TriggerEvents>)[TriggerEvents.Insert, TriggerEvents.Update, TriggerEvents.Delete])
            {
                if ((events & when) != 0 && Fires(program, trigger, when, set, null, null, arguments))
                {
                    Fire(program, trigger, when, null, null, arguments);
                }
            }
        }
    }

    private bool Fires(
        TableProgram program,
        Trigger trigger,
        TriggerEvents when,
        IReadOnlyList<int>? set,
        Datum[]? old,
        Datum[]? row,
        StatementArguments arguments
    )
    {
        if ((trigger.Events & when) == 0)
        {
            return false;
        }
        if (when == TriggerEvents.Update && trigger.UpdateOf.Length > 0 && set is not null)
        {
            if (!trigger.UpdateOf.Any(c => set.Contains(program.Table.OrdinalOf(c))))
            {
                return false;
            }
        }
        return trigger.When is null || WhenHolds(program, trigger, old, row, arguments);
    }

    private bool WhenHolds(TableProgram program, Trigger trigger, Datum[]? old, Datum[]? row, StatementArguments arguments)
    {
        Expr condition = TriggerConditions.Of(catalog, program.Table, trigger);
        Datum[] slots = [.. Padded(old, program), .. Padded(row, program)];
        Datum holds = Evaluate(condition, slots, arguments);
        return !holds.IsNull && holds.Boolean;
    }

    private static ReadOnlySpan<Datum> Padded(Datum[]? row, TableProgram program) =>
        row is null ? new Datum[program.KeySlot] : row.AsSpan(0, program.KeySlot);

    private RoutineRun Fire(
        TableProgram program,
        Trigger trigger,
        TriggerEvents when,
        Datum[]? old,
        Datum[]? row,
        StatementArguments arguments
    )
    {
        Routine routine = catalog.Routines[trigger.Function].First(r => r.Parameters.IsEmpty);
        Principal principal = routine.SecurityDefiner ? Principal.Owner : Principal.Of(arguments.Context.CurrentUser);
        var run = new RoutineRun(this, Templates.Of(catalog).Bound(routine, program.Table), principal, arguments);
        run.SetRow("old", program.Table, old ?? new Datum[program.KeySlot]);
        run.SetRow("new", program.Table, row ?? new Datum[program.KeySlot]);
        run.Set("tg_op", Datum.Of(when.ToString().ToUpperInvariant()));
        run.Set("tg_name", Datum.Of(trigger.Name));
        run.Set("tg_when", Datum.Of(trigger.Before ? "BEFORE" : "AFTER"));
        run.Set("tg_level", Datum.Of(trigger.ForEachRow ? "ROW" : "STATEMENT"));
        run.Set("tg_table_name", Datum.Of(program.Table.Name.Name));
        run.Set("tg_table_schema", Datum.Of(program.Table.Name.Schema));
        run.Set("tg_nargs", Datum.Of(trigger.Arguments.Length));
        run.Set("tg_argv", Datum.Of(System.Text.Json.JsonSerializer.Serialize(trigger.Arguments.ToArray())));
        run.Execute();
        return run;
    }
}

/// <summary>when (…) of triggers, bound once: old is parameters 0…n-1, new is n…2n-1.</summary>
internal static class TriggerConditions
{
    private static readonly ConditionalWeakTable<Trigger, Expr> Known = [];

    public static Expr Of(Catalog catalog, Table table, Trigger trigger) => Known.GetValue(trigger, t => Bind(catalog, table, t));

    private static Expr Bind(Catalog catalog, Table table, Trigger trigger)
    {
        var fields = table.Columns.Select(c => new RowField(c.Name, c.Type)).ToArray();
        var scope = new ScopeOfRanges(
            [new VisibleRange("old", "old", [.. fields]) { QualifiedOnly = true }, new VisibleRange("new", "new", [.. fields]) { QualifiedOnly = true }]
        );
        Expr bound = new TypeChecker(catalog).CheckExpression(trigger.When!, scope, LogicalType.Boolean, ExpressionUse.TriggerWhen).Value;
        return new OldAndNew(table).Visit(bound);
    }

    private sealed class OldAndNew(Table table) : Core.Expressions.Trees.ExprRewriter
    {
        public override Expr Visit(Expr expr) =>
            expr switch
            {
                ColumnExpr { Range: "old" } c => new ParameterExpr(table.OrdinalOf(c.Column)) { Type = c.Type },
                ColumnExpr { Range: "new" } c => new ParameterExpr(table.Columns.Length + table.OrdinalOf(c.Column)) { Type = c.Type },
                _ => base.Visit(expr),
            };
    }
}

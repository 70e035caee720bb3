using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// Loops, handlers of errors and diagnostics. Every turn of a loop asks whether the unit is out of time, and what a function
// gathers is counted: a function may take its caller's time, never the writer's.
internal sealed partial class RoutineRun
{
    /// <summary>Rows one call may gather; past it the caller would hold more than an answer can carry.</summary>
    private const int MostRows = 100_000;

    private readonly Stack<Error> handled = new();
    private long rowCount;

    private enum Flow
    {
        Next,
        Exit,
        Continue,
        Return,
    }

    private void Answer(IReadOnlyCollection<Datum[]> rows)
    {
        if (Rows.Count + rows.Count > MostRows)
        {
            throw new Error(
                ErrorCodes.ProgramLimitExceeded,
                $"function {routine.Shape.Name.Name} returns more than {MostRows} rows",
                null,
                "Return fewer rows: add a condition or a limit."
            ).ToException();
        }
        Rows.AddRange(rows);
    }

    private void Answer(Datum[] row) => Answer([row]);

    private void ExecuteRare(BlockStatement statement)
    {
        switch (statement)
        {
            case ForRangeBlock range:
                ExecuteRange(range);
                break;
            case LoopBlock loop:
                ExecuteLoop(loop);
                break;
            case LeaveBlock leave:
                flow = leave.Condition is null || IsTrue(leave.Condition) ? leave.Continues ? Flow.Continue : Flow.Exit : flow;
                break;
            case DiagnosticsBlock diagnostics:
                Diagnose(diagnostics);
                break;
            case NullBlock:
                break;
            default:
                throw new InvalidOperationException($"the interpreter does not know {statement.GetType().Name}");
        }
    }

    // ---- loops ----

    /// <summary>Runs a loop's body once; false when the loop is over.</summary>
    private bool Turn(System.Collections.Immutable.ImmutableArray<BlockStatement> body)
    {
        session.ThrowIfStopped();
        Execute(body);
        if (flow == Flow.Continue)
        {
            flow = Flow.Next;
        }
        bool goesOn = flow == Flow.Next;
        if (flow == Flow.Exit)
        {
            flow = Flow.Next;
        }
        return goesOn;
    }

    private void ExecuteFor(ForQueryBlock loop)
    {
        List<Datum[]> rows = Run(new SelectStatement(loop.Query));
        foreach (Datum[] row in rows)
        {
            Store([loop.Variable], loop.Query.Output, row);
            if (!Turn(loop.Body))
            {
                break;
            }
        }
        NoteFound(rows.Count);
    }

    private void ExecuteRange(ForRangeBlock loop)
    {
        long from = Bound(loop.From, "lower bound"), to = Bound(loop.To, "upper bound");
        long step = loop.Step is null ? 1 : Bound(loop.Step, "BY value");
        if (step <= 0)
        {
            throw new Error(ErrorCodes.InvalidParameterValue, "BY value of FOR loop must be greater than zero").ToException();
        }
        bool ran = false;
        for (long i = from; loop.Reverse ? i >= to : i <= to; i += loop.Reverse ? -step : step)
        {
            ran = true;
            variables[loop.Variable] = Datum.Of(i);
            if (!Turn(loop.Body))
            {
                break;
            }
        }
        variables["found"] = Datum.Of(ran);
    }

    private long Bound(Expr expr, string what)
    {
        Datum value = Evaluate(expr);
        return value.IsNull
            ? throw new Error(ErrorCodes.NullNotAllowed, $"{what} of FOR loop cannot be null").ToException()
            : value.Integer;
    }

    private void ExecuteLoop(LoopBlock loop)
    {
        while (loop.Condition is null || IsTrue(loop.Condition))
        {
            if (!Turn(loop.Body))
            {
                return;
            }
        }
    }

    // ---- exception ----

    /// <summary>The statements in a savepoint: what they wrote goes when a handler takes their error; variables keep their values.</summary>
    private void ExecuteHandled(BlockBody block)
    {
        ChangeMark mark = session.Save();
        try
        {
            Execute(block.Statements);
            session.Release();
        }
        catch (Exception failure) when (failure is TenonException or SqliteException)
        {
            Error error = failure is TenonException known ? known.Error : ((SqliteException)failure).Failure.ToError();
            ExceptionHandler? handler = session.MayHandle(failure)
                ? block.Handlers.FirstOrDefault(h => h.Conditions.Any(c => SqlConditions.Catches(c, error.Code.Text)))
                : null;
            if (handler is null)
            {
                throw;
            }
            session.UndoTo(mark);
            Handle(handler, error);
        }
    }

    private void Handle(ExceptionHandler handler, Error error)
    {
        variables[handler.SqlState] = Datum.Of(error.Code.Text);
        variables[handler.SqlError] = Datum.Of(error.Message);
        handled.Push(error);
        try
        {
            Execute(handler.Statements);
        }
        finally
        {
            handled.Pop();
        }
    }

    private void Diagnose(DiagnosticsBlock diagnostics)
    {
        foreach ((string target, string item) in diagnostics.Items)
        {
            variables[target] = item switch
            {
                "row_count" => Datum.Of(rowCount),
                "message_text" => Datum.Of(handled.Peek().Message),
                "returned_sqlstate" => Datum.Of(handled.Peek().Code.Text),
                "pg_exception_detail" => Datum.Of(handled.Peek().Details ?? ""),
                _ => Datum.Of(handled.Peek().Hint ?? ""),
            };
        }
    }
}

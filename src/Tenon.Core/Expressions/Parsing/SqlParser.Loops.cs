using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// PL/pgSQL's loops, handlers of errors, CASE, ASSERT and GET DIAGNOSTICS. CASE and ASSERT are read as the IF they mean.
internal partial class SqlParser
{
    private int loops;
    private bool inHandler;

    // ---- exception ----

    private ImmutableArray<ExceptionHandler> Handlers()
    {
        var handlers = ImmutableArray.CreateBuilder<ExceptionHandler>();
        bool outer = inHandler;
        inHandler = true;
        while (At("when") && Error is null)
        {
            Take();
            var conditions = ImmutableArray.CreateBuilder<string>();
            do
            {
                conditions.Add(Accept("sqlstate") ? StringLiteral() : Label());
            } while (Accept("or"));
            Expect("then");
            handlers.Add(new(conditions.DrainToImmutable(), BlockStatements()));
        }
        inHandler = outer;
        if (handlers.Count == 0)
        {
            Expect("when");
        }
        return handlers.DrainToImmutable();
    }

    // ---- loops ----

    private ImmutableArray<BlockStatement> LoopBody()
    {
        Expect("loop");
        loops++;
        ImmutableArray<BlockStatement> body = BlockStatements();
        loops--;
        Expect("end", "loop");
        return body;
    }

    private LoopBlock Loop()
    {
        Expr? condition = Accept("while") ? Expression() : null;
        return new(condition, LoopBody());
    }

    private LeaveBlock LeaveLoop()
    {
        Token word = Take();
        if (IsName(Current) && !At("when"))
        {
            Refuse("a block label", Current.Start, "Leave the innermost loop, or put the loops into a function and return.");
        }
        if (loops == 0)
        {
            Fail(ErrorCodes.SyntaxError, $"{word.Text.ToUpperInvariant()} cannot be used outside a loop", word.Start);
        }
        return new(word.Text == "continue", Accept("when") ? Expression() : null);
    }

    private BlockStatement For()
    {
        Take();
        string variable = Name();
        if (At(","))
        {
            Refuse("FOR with several variables", Current.Start, "Use one row variable: for row in select … loop.");
        }
        Expect("in");
        if (At("execute"))
        {
            RefuseBlockStatement();
        }
        if (IsSelectStart(Current) || IsSelectAhead())
        {
            Select query = SelectQuery();
            return new ForQueryBlock(variable, query, LoopBody());
        }
        bool reverse = Accept("reverse");
        Expr from = Expression();
        if (!At(".."))
        {
            Refuse("FOR over a cursor", Current.Start, "Write: for row in select … loop … end loop.");
        }
        Take();
        Expr to = Expression();
        Expr? step = Accept("by") ? Expression() : null;
        return new ForRangeBlock(variable, from, to, step, reverse, LoopBody());
    }

    /// <summary>foreach item in array a loop: a loop over the rows of unnest(a).</summary>
    private ForQueryBlock ForEach()
    {
        int start = Take().Start;
        string variable = Name();
        if (At("slice"))
        {
            Refuse("FOREACH with SLICE", Current.Start, "Arrays have one dimension here.");
        }
        Expect("in", "array");
        Expr array = Expression();
        var call = new CallExpr(null, "unnest", [array]) { At = array.At };
        return new(variable, new Select(new SelectCore([new SelectItem(call, null)])) { At = Since(start) }, LoopBody());
    }

    // ---- case, assert, get diagnostics ----

    private IfBlock CaseStatement()
    {
        int start = Take().Start;
        Expr? subject = At("when") ? null : Expression();
        var branches = ImmutableArray.CreateBuilder<IfBranch>();
        while (Accept("when") && Error is null)
        {
            branches.Add(new(CaseCondition(subject), CaseBody()));
        }
        ImmutableArray<BlockStatement> otherwise = Accept("else")
            ? BlockStatements()
            : [new RaiseBlock(RaiseLevel.Exception, "case not found", []) { Condition = "case_not_found", At = Since(start) }];
        Expect("end", "case");
        return new(branches.DrainToImmutable(), otherwise);
    }

    private ImmutableArray<BlockStatement> CaseBody()
    {
        Expect("then");
        return BlockStatements();
    }

    private Expr CaseCondition(Expr? subject)
    {
        Expr value = Expression();
        if (subject is null)
        {
            return value;
        }
        var equal = ImmutableArray.CreateBuilder<Expr>();
        equal.Add(new OperatorExpr("=", subject, value) { At = value.At });
        while (Accept(","))
        {
            Expr next = Expression();
            equal.Add(new OperatorExpr("=", subject, next) { At = next.At });
        }
        return equal.Count == 1 ? equal[0] : new OrExpr(equal.DrainToImmutable()) { At = value.At };
    }

    private IfBlock Assertion()
    {
        int start = Take().Start;
        Expr condition = Expression();
        ImmutableArray<Expr> message = Accept(",") ? [Expression()] : [];
        var raise = new RaiseBlock(RaiseLevel.Exception, message.IsEmpty ? "assertion failed" : "%", message)
        {
            Condition = "assert_failure",
            At = Since(start),
        };
        return new([new IfBranch(condition, [])], [raise]);
    }

    private DiagnosticsBlock Diagnostics()
    {
        Expect("get");
        bool stacked = Accept("stacked");
        if (!stacked)
        {
            Accept("current");
        }
        Expect("diagnostics");
        var items = ImmutableArray.CreateBuilder<(string, string)>();
        do
        {
            string target = BlockTarget();
            if (!Accept(":="))
            {
                Expect("=");
            }
            int start = Current.Start;
            string item = Label();
            bool known = stacked
                ? item is "message_text" or "returned_sqlstate" or "pg_exception_detail" or "pg_exception_hint"
                : item is "row_count";
            if (!known)
            {
                Refuse($"GET DIAGNOSTICS … = {item}", start, stacked ? "Use message_text, returned_sqlstate, pg_exception_detail or pg_exception_hint." : "Use row_count.");
            }
            items.Add((target, item));
        } while (Accept(","));
        if (stacked && !inHandler)
        {
            Fail(ErrorCodes.SyntaxError, "GET STACKED DIAGNOSTICS cannot be used outside an exception handler", Current.Start);
        }
        return new(items.DrainToImmutable()) { Stacked = stacked };
    }
}

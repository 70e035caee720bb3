using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// The PL/pgSQL subset: declarations, assignment, IF, statements on rows, RETURN and RAISE; loops, handlers of errors and the
// small statements stand in SqlParser.Loops.cs. The rest of the language is refused at its first word, with what to write
// instead.
internal partial class SqlParser
{
    /// <summary>Reads the body of a function in language sql: statements apart by semicolons.</summary>
    protected SqlBody SqlStatements()
    {
        var statements = ImmutableArray.CreateBuilder<Statement>();
        while (!AtEnd && Error is null)
        {
            if (!Accept(";"))
            {
                statements.Add(RowStatement());
                if (!AtEnd)
                {
                    Expect(";");
                }
            }
        }
        return new(statements.DrainToImmutable());
    }

    /// <summary>Reads the body of a function in language plpgsql.</summary>
    protected BlockBody BlockOfFunction()
    {
        inBlock = true;
        BlockBody body = Block();
        Accept(";");
        if (!AtEnd)
        {
            Unexpected();
        }
        return body;
    }

    private BlockBody Block()
    {
        if (At("<") || At("<<"))
        {
            Refuse("a block label", Current.Start, "Leave the label out.");
        }
        if (!Enter())
        {
            Leave();
            return new([], []);
        }
        ImmutableArray<VariableDeclaration> variables = Accept("declare") ? Declarations() : [];
        Expect("begin");
        ImmutableArray<BlockStatement> statements = BlockStatements();
        ImmutableArray<ExceptionHandler> handlers = Accept("exception") ? Handlers() : [];
        Expect("end");
        if (IsName(Current) && !At(";"))
        {
            Take();
        }
        Leave();
        return new(variables, statements) { Handlers = handlers };
    }

    // ---- declare ----

    private ImmutableArray<VariableDeclaration> Declarations()
    {
        var variables = ImmutableArray.CreateBuilder<VariableDeclaration>();
        while (!At("begin") && Error is null)
        {
            if (!Accept("declare"))
            {
                variables.Add(Declaration());
            }
        }
        return variables.DrainToImmutable();
    }

    private VariableDeclaration Declaration()
    {
        int start = Current.Start;
        string name = Name();
        if (At("alias") || (At("cursor") || At("scroll") || At("no", "scroll")))
        {
            bool alias = At("alias");
            Refuse(
                alias ? "ALIAS FOR" : "a cursor",
                Current.Start,
                alias ? "Use the parameter's own name." : "Write: for row in select … loop … end loop."
            );
        }
        bool constant = Accept("constant");
        var variable = TypeOfReference() is { IsEmpty: false } reference
            ? new VariableDeclaration(name, null, null, false) { TypeOf = reference, RowType = Take().Text == "rowtype" }
            : new VariableDeclaration(name, TypeName(), null, false);
        if (Accept("collate"))
        {
            Qualified();
        }
        bool notNull = Accept("not", "null");
        Expr? initial = Accept(":=") || Accept("=") || Accept("default") ? Expression() : null;
        Expect(";");
        return variable with { Initial = initial, NotNull = notNull, Constant = constant, At = Since(start) };
    }

    /// <summary>table.column before %type, table before %rowtype; the cursor stands on the word behind the percent sign.</summary>
    private ImmutableArray<string> TypeOfReference()
    {
        int begin = Position;
        var parts = ImmutableArray.CreateBuilder<string>();
        do
        {
            if (Current.Kind is not (TokenKind.Word or TokenKind.QuotedName))
            {
                break;
            }
            parts.Add(Take().Text);
        } while (Accept("."));
        if (At("%") && Ahead(1).Kind == TokenKind.Word && Ahead(1).Text is "type" or "rowtype")
        {
            Take();
            return parts.DrainToImmutable();
        }
        Rewind(begin);
        return [];
    }

    // ---- statements ----

    private ImmutableArray<BlockStatement> BlockStatements()
    {
        var statements = ImmutableArray.CreateBuilder<BlockStatement>();
        while (Error is null && !AtEnd && !AtAny("end", "elsif", "elseif", "else", "exception", "when"))
        {
            if (Accept(";"))
            {
                continue;
            }
            int start = Current.Start;
            statements.Add(BlockStatement() with { At = Since(start) });
        }
        return statements.DrainToImmutable();
    }

    private BlockStatement BlockStatement()
    {
        if (!Enter())
        {
            Leave();
            return new NullBlock();
        }
        BlockStatement statement = StatementByWord();
        Expect(";");
        Leave();
        return statement;
    }

    private BlockStatement StatementByWord()
    {
        // A variable may have any name that is not reserved, so an assignment is recognised first.
        if (IsAssignment())
        {
            return Assignment();
        }
        switch (Current.Kind == TokenKind.QuotedName ? "" : Current.Text)
        {
            case "if":
                return If();
            case "return":
                return Return();
            case "raise":
                return Raise();
            case "perform":
                return Perform();
            case "for":
                return For();
            case "foreach":
                return ForEach();
            case "while" or "loop":
                return Loop();
            case "exit" or "continue":
                return LeaveLoop();
            case "get":
                return Diagnostics();
            case "case":
                return CaseStatement();
            case "assert":
                return Assertion();
            case "null":
                Take();
                return new NullBlock();
            case "declare" or "begin":
                return new NestedBlock(Block());
            case "insert" or "update" or "delete" or "with" or "select" or "values":
                return SqlStatement();
            default:
                RefuseBlockStatement();
                return new NullBlock();
        }
    }

    private void RefuseBlockStatement()
    {
        (string What, string? Hint)? known = Current.Text switch
        {
            "execute" => ("EXECUTE of a computed statement", "Write the statement itself; its values may be variables."),
            "open" or "fetch" or "close" or "move" => ("a cursor", "Write: for row in select … loop … end loop."),
            "commit" or "rollback" => ("transaction control in a function", "A function is part of its request's transaction."),
            "call" => ("CALL", "Write perform function(…)."),
            "merge" => ("MERGE", "Write insert … on conflict … do update."),
            "create" or "alter" or "drop" or "truncate" or "grant" or "revoke" or "comment" => (
                Current.Text.ToUpperInvariant() + " in a function",
                "The schema is changed by migrations only."
            ),
            "notify" or "listen" => (Current.Text.ToUpperInvariant(), "Write to a table and let clients subscribe to it."),
            "<<" => ("a block label", "Leave the label out."),
            _ => null,
        };
        if (known is { } refused && Current.Kind is TokenKind.Word or TokenKind.Operator)
        {
            Refuse(refused.What, Current.Start, refused.Hint);
            return;
        }
        Unexpected();
    }

    private bool IsAssignment()
    {
        if (!IsName(Current))
        {
            return false;
        }
        int behind = Ahead(1).Is(".") ? 3 : 1;
        if (Ahead(behind).Is("["))
        {
            // a[1] := … is told apart from a statement by what no statement has behind its first word.
            return true;
        }
        return Ahead(behind).Is(":=") || Ahead(behind).Is("=");
    }

    private AssignBlock Assignment()
    {
        string target = BlockTarget();
        if (At("["))
        {
            Refuse("assigning an element of an array", Current.Start, "Assign the whole array: a := a[1:n] || value.");
        }
        if (!Accept(":="))
        {
            Expect("=");
        }
        return new(target, Expression());
    }

    private IfBlock If()
    {
        var branches = ImmutableArray.CreateBuilder<IfBranch>();
        do
        {
            Take();
            Expr condition = Expression();
            Expect("then");
            branches.Add(new(condition, BlockStatements()));
        } while (AtAny("elsif", "elseif"));
        ImmutableArray<BlockStatement> otherwise = Accept("else") ? BlockStatements() : [];
        Expect("end", "if");
        return new(branches.DrainToImmutable(), otherwise);
    }

    private BlockStatement Return()
    {
        Expect("return");
        if (Accept("query"))
        {
            if (At("execute"))
            {
                RefuseBlockStatement();
            }
            return new ReturnQueryBlock(RowStatement());
        }
        if (Accept("next"))
        {
            return new ReturnNextBlock(At(";") ? null : Expression());
        }
        return new ReturnBlock(At(";") ? null : Expression());
    }

    private PerformBlock Perform()
    {
        int start = Take().Start;
        SelectCore core = CoreBehindItems(new SelectCore(Items()));
        return new(Tail(new Select(core) { At = Since(start) }));
    }

    private SqlBlock SqlStatement()
    {
        int start = Current.Start;
        bool query = AtAny("select", "values");
        intoTargets = ImmutableArray.CreateBuilder<string>();
        intoStrict = false;
        Statement statement = RowStatement();
        ImmutableArray<string> into = intoTargets.DrainToImmutable();
        intoTargets = null;
        if (query && into.IsEmpty && Error is null)
        {
            Fail(
                ErrorCodes.SyntaxError,
                "query has no destination for result data",
                start,
                "If you want to discard the results of a SELECT, use PERFORM instead."
            );
        }
        return new(statement, into, intoStrict);
    }

    // ---- raise ----

    private RaiseBlock Raise()
    {
        Expect("raise");
        if (At(";"))
        {
            if (!inHandler)
            {
                Fail(ErrorCodes.SyntaxError, "RAISE without parameters cannot be used outside an exception handler", Current.Start);
            }
            return new(RaiseLevel.Exception, null, []) { Again = true };
        }
        RaiseLevel level = RaiseLevelHere();
        string? format = null;
        string? condition = null;
        ImmutableArray<Expr> arguments = [];
        if (Current.Kind == TokenKind.String)
        {
            (format, arguments) = RaiseMessage();
        }
        else if (Accept("sqlstate"))
        {
            condition = StringLiteral();
        }
        else if (!At("using"))
        {
            condition = Name();
        }
        ImmutableArray<ColumnAssignment> options = Accept("using") ? RaiseOptions() : [];
        return new(level, format, arguments) { Condition = condition, Options = options };
    }

    private RaiseLevel RaiseLevelHere()
    {
        RaiseLevel? level = Current.Kind != TokenKind.Word
            ? null
            : Current.Text switch
            {
                "exception" => RaiseLevel.Exception,
                "warning" => RaiseLevel.Warning,
                "notice" or "info" or "log" => RaiseLevel.Notice,
                "debug" => RaiseLevel.Debug,
                _ => null,
            };
        if (level is not null)
        {
            Take();
        }
        return level ?? RaiseLevel.Exception;
    }

    private (string, ImmutableArray<Expr>) RaiseMessage()
    {
        Token message = Take();
        var arguments = ImmutableArray.CreateBuilder<Expr>();
        while (Accept(","))
        {
            arguments.Add(Expression());
        }
        int wanted = message.Text.Replace("%%", "", StringComparison.Ordinal).Count(c => c == '%');
        if (wanted != arguments.Count)
        {
            string what = wanted < arguments.Count ? "too many" : "too few";
            Fail(ErrorCodes.SyntaxError, $"{what} parameters specified for RAISE", message.Start);
        }
        return (message.Text, arguments.DrainToImmutable());
    }

    private ImmutableArray<ColumnAssignment> RaiseOptions()
    {
        var options = ImmutableArray.CreateBuilder<ColumnAssignment>();
        do
        {
            int start = Current.Start;
            string option = Label();
            if (option is not ("errcode" or "hint" or "detail" or "message" or "column" or "constraint" or "datatype" or "table" or "schema"))
            {
                Unexpected(Tokens[Math.Max(0, Position - 1)]);
            }
            if (!Accept(":="))
            {
                Expect("=");
            }
            options.Add(new(option, Expression()) { At = Since(start) });
        } while (Accept(","));
        return options.DrainToImmutable();
    }
}

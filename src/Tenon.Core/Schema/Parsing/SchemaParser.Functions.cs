using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

// create function and create trigger. Bodies are parsed at once, so that a mistake in one is found with its place in the file.
internal sealed partial class SchemaParser
{
    /// <summary>The options behind a function's signature, in any order.</summary>
    private sealed class FunctionOptions
    {
        public string? Language { get; set; }
        public Volatility Volatility { get; set; } = Volatility.Volatile;
        public bool SecurityDefiner { get; set; }
        public bool Strict { get; set; }
        public bool OneRow { get; set; }
        public Token? Text { get; set; }
        public SqlBody? Body { get; set; }
        public string? BodyText { get; set; }
    }

    private SchemaStatement CreateFunction(bool orReplace)
    {
        int start = Current.Start;
        QualifiedName name = Qualified(KeywordKind.FunctionName);
        ImmutableArray<ParameterDefinition> parameters = Parameters();
        (TypeSyntax? returns, bool set, ImmutableArray<ParameterDefinition> table) = Returns();
        FunctionOptions options = ReadOptions();
        if (Error is not null)
        {
            return NoStatement;
        }
        (RoutineBody Body, string Text)? body = Body(options, start);
        if (body is null)
        {
            return NoStatement;
        }
        return new CreateFunction(name, parameters, orReplace)
        {
            Returns = returns,
            ReturnsSet = set,
            ReturnsTable = table,
            Language = options.Language ?? "sql",
            Volatility = options.Volatility,
            SecurityDefiner = options.SecurityDefiner,
            Strict = options.Strict,
            OneRow = options.OneRow,
            Body = body.Value.Body,
            Text = body.Value.Text,
        };
    }

    private ImmutableArray<ParameterDefinition> Parameters()
    {
        Expect("(");
        var parameters = ImmutableArray.CreateBuilder<ParameterDefinition>();
        if (!At(")"))
        {
            do
            {
                parameters.Add(Parameter());
            } while (Accept(","));
        }
        Expect(")");
        return parameters.DrainToImmutable();
    }

    private ParameterDefinition Parameter()
    {
        if (At("inout") || At("in", "out"))
        {
            Refuse("an INOUT parameter", Current.Start, "Write a parameter, and returns table (…) for the result.");
        }
        bool variadic = Accept("variadic");
        bool isOut = Accept("out");
        Accept("in");
        string name = IsParameterName() ? Take().Text : "";
        TypeSyntax type = TypeName();
        Expr? value = Accept("default") || Accept("=") ? Expression() : null;
        return new(name, type, value, isOut, variadic);
    }

    /// <summary>The word here is a name with a type behind it, and not the first word of a type.</summary>
    private bool IsParameterName()
    {
        if (!IsName(Current, KeywordKind.FunctionName) || Ahead(1).Kind is not (TokenKind.Word or TokenKind.QuotedName))
        {
            return false;
        }
        return Ahead(1).Text is not ("default" or "array") && !At("double", "precision");
    }

    private (TypeSyntax?, bool, ImmutableArray<ParameterDefinition>) Returns()
    {
        if (!Accept("returns"))
        {
            return (null, false, []);
        }
        if (Accept("table"))
        {
            Expect("(");
            var columns = ImmutableArray.CreateBuilder<ParameterDefinition>();
            do
            {
                string name = NameOf(KeywordKind.ColumnName);
                columns.Add(new(name, TypeName(), null, Out: true, Variadic: false));
            } while (Accept(","));
            Expect(")");
            return (null, true, columns.DrainToImmutable());
        }
        bool set = Accept("setof");
        return (TypeName(), set, []);
    }

    private FunctionOptions ReadOptions()
    {
        var options = new FunctionOptions();
        while (Error is null && !AtEnd && !At(";"))
        {
            if (!ReadBehaviour(options) && !ReadIgnored())
            {
                ReadBodyOrLanguage(options);
            }
        }
        return options;
    }

    private bool ReadBehaviour(FunctionOptions options)
    {
        if (AtAny("immutable", "stable", "volatile"))
        {
            options.Volatility = Take().Text switch
            {
                "immutable" => Volatility.Immutable,
                "stable" => Volatility.Stable,
                _ => Volatility.Volatile,
            };
            return true;
        }
        if (Accept("strict"))
        {
            options.Strict = true;
            return true;
        }
        if (Accept("called", "on", "null"))
        {
            Expect("input");
            return true;
        }
        if (Accept("returns", "null", "on"))
        {
            Expect("null", "input");
            options.Strict = true;
            return true;
        }
        if (Accept("rows"))
        {
            options.OneRow = Take().Text == "1";
            return true;
        }
        if (At("external", "security") || At("security"))
        {
            Accept("external");
            Expect("security");
            options.SecurityDefiner = Accept("definer");
            if (!options.SecurityDefiner)
            {
                Expect("invoker");
            }
            return true;
        }
        return false;
    }

    /// <summary>Planner hints, and settings: names are always found by the same search path here.</summary>
    private bool ReadIgnored()
    {
        if (Accept("not", "leakproof") || Accept("leakproof"))
        {
            return true;
        }
        if (Accept("parallel") || Accept("cost"))
        {
            Take();
            return true;
        }
        if (!Accept("set"))
        {
            return false;
        }
        Label();
        if (Accept("."))
        {
            Label();
        }
        if (Accept("from", "current"))
        {
            return true;
        }
        if (!Accept("to"))
        {
            Expect("=");
        }
        do
        {
            Take();
        } while (Accept(","));
        return true;
    }

    private void ReadBodyOrLanguage(FunctionOptions options)
    {
        if (Accept("language"))
        {
            options.Language = Current.Kind == TokenKind.String ? Take().Text.ToLowerInvariant() : Label();
        }
        else if (Accept("as"))
        {
            options.Text = Current;
            StringLiteral();
            if (At(","))
            {
                Refuse("a function in a shared library", Current.Start, "Write it in language sql or plpgsql.");
            }
        }
        else if (At("begin", "atomic"))
        {
            ReadAtomicBody(options);
        }
        else if (Accept("return"))
        {
            int from = Current.Start;
            Expr value = Expression();
            var query = new Select(new SelectCore([new SelectItem(value, null)])) { At = Since(from) };
            options.Body = new SqlBody([new SelectStatement(query) { At = Since(from) }]);
            options.BodyText = "select " + SpellingOf(Since(from), Source);
        }
        else if (AtAny("window", "transform", "support"))
        {
            Refuse($"the function option {Current.Text.ToUpperInvariant()}", Current.Start, null);
        }
        else
        {
            Unexpected();
        }
    }

    private void ReadAtomicBody(FunctionOptions options)
    {
        Expect("begin", "atomic");
        int from = Current.Start;
        var statements = ImmutableArray.CreateBuilder<Statement>();
        while (Error is null && !At("end"))
        {
            if (!Accept(";"))
            {
                statements.Add(RowStatement());
                Expect(";");
            }
        }
        options.BodyText = SpellingOf(Since(from), Source);
        Expect("end");
        options.Body = new SqlBody(statements.DrainToImmutable());
    }

    private (RoutineBody, string)? Body(FunctionOptions options, int start)
    {
        if (options.Body is { } atomic)
        {
            return (atomic, options.BodyText!);
        }
        if (options.Text is not { } text)
        {
            Fail(ErrorCodes.InvalidFunctionDefinition, "no function body specified", start);
            return null;
        }
        if (options.Language is null)
        {
            Fail(ErrorCodes.InvalidFunctionDefinition, "no language specified", start);
            return null;
        }
        if (options.Language is not ("sql" or "plpgsql"))
        {
            Refuse($"language {options.Language}", start, "Write the function in language sql or plpgsql, or in C#.");
            return null;
        }
        Outcome<RoutineBody> body = BodyParser.Parse(Source, text, options.Language);
        if (body.Error is { } error)
        {
            Fail(error);
            return null;
        }
        return (body.Value, text.Text);
    }

    // ---- triggers ----

    private SchemaStatement CreateTrigger(bool orReplace)
    {
        int start = Current.Start;
        string name = Name();
        if (At("instead"))
        {
            Refuse("an INSTEAD OF trigger", Current.Start, "Write to the table, or call a function.");
        }
        bool before = Accept("before");
        if (!before)
        {
            Expect("after");
        }
        (TriggerEvents events, ImmutableArray<string> updateOf) = TriggerEventsHere();
        Expect("on");
        QualifiedName table = Qualified();
        if (AtAny("from", "deferrable", "initially") || At("not", "deferrable"))
        {
            Refuse("a constraint trigger", start, "Leave FROM and DEFERRABLE out.");
        }
        if (At("referencing"))
        {
            Refuse("transition tables (REFERENCING)", Current.Start, "Write the trigger for each row.");
        }
        bool eachRow = false;
        if (Accept("for"))
        {
            Accept("each");
            eachRow = Accept("row");
            if (!eachRow)
            {
                Expect("statement");
            }
        }
        Expr? when = Accept("when") ? TriggerCondition() : null;
        (QualifiedName function, ImmutableArray<string> arguments) = TriggerFunction();
        var trigger = new Trigger(name, before, events, eachRow, function) { UpdateOf = updateOf, When = when, Arguments = arguments };
        return new CreateTrigger(table, trigger, orReplace);
    }

    private (TriggerEvents, ImmutableArray<string>) TriggerEventsHere()
    {
        TriggerEvents events = TriggerEvents.None;
        ImmutableArray<string> updateOf = [];
        do
        {
            if (Accept("insert"))
            {
                events |= TriggerEvents.Insert;
            }
            else if (Accept("update"))
            {
                events |= TriggerEvents.Update;
                updateOf = Accept("of") ? NameList() : updateOf;
            }
            else if (Accept("delete"))
            {
                events |= TriggerEvents.Delete;
            }
            else if (At("truncate"))
            {
                Refuse("a TRUNCATE trigger", Current.Start, "There is no TRUNCATE: leave it out.");
            }
            else
            {
                Unexpected();
            }
        } while (Accept("or"));
        return (events, updateOf);
    }

    private Expr TriggerCondition()
    {
        Expect("(");
        Expr condition = Expression();
        Expect(")");
        return condition;
    }

    private (QualifiedName, ImmutableArray<string>) TriggerFunction()
    {
        Expect("execute");
        if (!Accept("procedure"))
        {
            Expect("function");
        }
        QualifiedName function = Qualified(KeywordKind.FunctionName);
        Expect("(");
        var arguments = ImmutableArray.CreateBuilder<string>();
        if (!At(")"))
        {
            do
            {
                if (Current.Kind is not (TokenKind.String or TokenKind.Number or TokenKind.Word or TokenKind.QuotedName))
                {
                    Unexpected();
                }
                arguments.Add(Take().Text);
            } while (Accept(","));
        }
        Expect(")");
        return (function, arguments.DrainToImmutable());
    }
}

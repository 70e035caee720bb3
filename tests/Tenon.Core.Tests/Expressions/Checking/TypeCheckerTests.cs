using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Expressions.Checking;

public sealed class TypeCheckerTests
{
    private static readonly Core.Catalog.Catalog Catalog = TestCatalog.Load("checking/catalog.sql");

    [Theory]
    [InlineData("expressions")]
    [InlineData("policies")]
    [InlineData("queries")]
    [InlineData("writes")]
    [InlineData("errors")]
    [InlineData("routines")]
    public void Bound_trees_and_errors_are_as_reviewed(string file) => Golden.Check($"checking/{file}.txt", Answer, Folder());

    // The golden folder is found from the caller's place, one level above this one.
    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string caller = "") => Path.GetDirectoryName(caller)!;

    /// <summary>"policy TABLE: expr", "default TYPE: expr", "expr", a statement, or a create function.</summary>
    private static string Answer(string text)
    {
        if (text.StartsWith("create function", StringComparison.Ordinal))
        {
            return RoutineAnswer(text);
        }
        int colon = text.IndexOf(": ", StringComparison.Ordinal);
        string head = colon < 0 ? "" : text[..colon];
        string body = text[(colon < 0 ? 0 : colon + 2)..];
        if (head.StartsWith("policy ", StringComparison.Ordinal))
        {
            RelationShape table = Catalog.FindRelation(null, head[7..])!;
            return ExpressionAnswer(body, ScopeOfRanges.OfTable(table, "this"), LogicalType.Boolean, ExpressionUse.Policy);
        }
        if (head.StartsWith("default ", StringComparison.Ordinal))
        {
            LogicalType type = TypeNames.TryResolve(SqlParser.ParseType(head[8..]).Value, Catalog).Value;
            return ExpressionAnswer(body, ScopeOfRanges.Empty, type, ExpressionUse.Default);
        }
        if (head.StartsWith("index ", StringComparison.Ordinal))
        {
            return ExpressionAnswer(body, ScopeOfRanges.OfTable(Catalog.FindRelation(null, head[6..])!, "this"), null, ExpressionUse.Index);
        }
        if (head == "expr")
        {
            return ExpressionAnswer(body, ScopeOfRanges.Empty, null, ExpressionUse.General);
        }
        return StatementAnswer(text);
    }

    private static string ExpressionAnswer(string text, ScopeOfRanges ranges, LogicalType? expected, ExpressionUse use)
    {
        Outcome<Expr> bound = new TypeChecker(Catalog).CheckExpression(SqlParser.ParseExpression(text).Value, ranges, expected, use);
        return bound.TryGet(out Expr expr, out Error error) ? $"{BoundText.Of(expr)} : {expr.Type.SqlName}" : Caret(text, error);
    }

    private static string StatementAnswer(string text)
    {
        var checker = new TypeChecker(Catalog);
        Outcome<Statement> bound = checker.CheckStatement(SqlParser.ParseStatement(text).Value);
        if (!bound.TryGet(out Statement statement, out Error error))
        {
            return Caret(text, error);
        }
        string output = string.Join(", ", TypeChecker.OutputOf(statement).Select(f => $"{f.Name} {f.Type.SqlName}"));
        string parameters = string.Join(", ", checker.ParameterTypes.Select(p => p.SqlName));
        return BoundText.Of(statement)
            + (output.Length == 0 ? "" : $"\n   : {output}")
            + (parameters.Length == 0 ? "" : $"\n   $ {parameters}");
    }

    private static string RoutineAnswer(string text)
    {
        var function = (CreateFunction)SchemaParser.ParseScript(text).Value[0];
        Core.Catalog.Catalog catalog = TestCatalog.Of(
            File.ReadAllText(PathOf("catalog.sql")) + text
        );
        RoutineShape shape = catalog.FindRoutines(null, function.Name.Name).Last();
        var source = new RoutineSource(shape, function.Body) { TriggerTable = Catalog.FindRelation(null, "todos") };
        Outcome<BoundRoutine> bound = new TypeChecker(catalog).CheckRoutine(source);
        return bound.TryGet(out BoundRoutine routine, out Error error) ? Print(routine) : Caret(text, error);
    }

    private static string PathOf(string file, [System.Runtime.CompilerServices.CallerFilePath] string caller = "") =>
        Path.Combine(Path.GetDirectoryName(caller)!, "..", "..", "golden", "checking", file);

    private static string Print(BoundRoutine routine)
    {
        string variables = string.Join(", ", routine.Variables.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key} {v.Value.SqlName}"));
        string body = routine.Body is SqlBody sql
            ? string.Join("\n   ", sql.Statements.Select(BoundText.Of))
            : string.Join("\n   ", ((BlockBody)routine.Body).Statements.Select(Print));
        return $"({variables})\n   {body}";
    }

    private static string Print(BlockStatement statement) =>
        statement switch
        {
            AssignBlock s => $"{s.Target} := {BoundText.Of(s.Value)}",
            IfBlock s => string.Join(" ", s.Branches.Select(b => $"if {BoundText.Of(b.Condition)} then {string.Join("; ", b.Body.Select(Print))}"))
                + (s.Else.IsEmpty ? "" : $" else {string.Join("; ", s.Else.Select(Print))}"),
            SqlBlock s => BoundText.Of(s.Statement) + (s.Into.IsEmpty ? "" : $" into {string.Join(", ", s.Into)}"),
            PerformBlock s => "perform " + BoundText.Of(s.Select),
            ReturnBlock s => "return" + (s.Value is null ? "" : " " + BoundText.Of(s.Value)),
            ReturnQueryBlock s => "return query " + BoundText.Of(s.Query),
            ReturnNextBlock s => "return next" + (s.Value is null ? "" : " " + BoundText.Of(s.Value)),
            RaiseBlock s => $"raise {s.Level} {string.Join(", ", s.Arguments.Select(BoundText.Of))}"
                + string.Concat(s.Options.Select(o => $" {o.Column} = {BoundText.Of(o.Value)}")),
            ForQueryBlock s => $"for {s.Variable} in {BoundText.Of(s.Query)} loop {string.Join("; ", s.Body.Select(Print))}",
            NestedBlock s => $"begin {string.Join("; ", s.Body.Statements.Select(Print))} end",
            _ => "null",
        };

    private static string Caret(string text, Error error)
    {
        string message = $"{error.Code}: {error.Message}" + (error.Details is null ? "" : $"\n   {error.Details}") + (error.Hint is null ? "" : $"\n   {error.Hint}");
        if (error.Position is not { } position)
        {
            return message;
        }
        int start = text.LastIndexOf('\n', Math.Max(0, Math.Min(position, text.Length) - 1)) + 1;
        int end = text.IndexOf('\n', start);
        string line = text[start..(end < 0 ? text.Length : end)];
        return $"{message}\n   | {line}\n   | {new string(' ', Math.Min(position - start, line.Length))}^";
    }
}

using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// PL/pgSQL's loops, handlers of errors and diagnostics.
internal sealed partial class TypeChecker
{
    private ExceptionHandler BindHandler(ExceptionHandler handler)
    {
        foreach (string condition in handler.Conditions)
        {
            bool isState = condition.Length == 5 && condition.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c));
            if (!isState && condition != "others" && SqlConditions.SqlState(condition) is null)
            {
                throw CheckErrors.Of(
                    ErrorCodes.UndefinedObject,
                    $"unrecognized exception condition \"{condition}\"",
                    handler.Statements.IsEmpty ? Span.None : handler.Statements[0].At,
                    "Write when sqlstate '…' with the condition's code."
                );
            }
        }
        VariableScope? outer = variables;
        variables = new VariableScope(outer, null);
        string state = Declare("sqlstate", LogicalType.Text).BoundName;
        string error = Declare("sqlerrm", LogicalType.Text).BoundName;
        var statements = BindBlockStatements(handler.Statements);
        variables = outer;
        return handler with { Statements = statements, SqlState = state, SqlError = error };
    }

    private ForRangeBlock BindRange(ForRangeBlock s)
    {
        Expr from = BindValue(s.From, LogicalType.Int4);
        Expr to = BindValue(s.To, LogicalType.Int4);
        Expr? step = s.Step is null ? null : BindValue(s.Step, LogicalType.Int4);
        VariableScope? outer = variables;
        variables = new VariableScope(outer, null);
        string name = Declare(s.Variable, LogicalType.Int4).BoundName;
        var body = BindBlockStatements(s.Body);
        variables = outer;
        return s with { Variable = name, From = from, To = to, Step = step, Body = body };
    }

    private LoopBlock BindLoop(LoopBlock s)
    {
        Expr? condition = s.Condition is null ? null : BindCondition(s.Condition, new Scope(null), "WHILE");
        return s with { Condition = condition, Body = BindBlockStatements(s.Body) };
    }

    private DiagnosticsBlock BindDiagnostics(DiagnosticsBlock s)
    {
        var items = s.Items.ToArray();
        for (int i = 0; i < items.Length; i++)
        {
            (string name, LogicalType type) = Target(items[i].Target, s.At);
            bool fits = items[i].Item == "row_count" ? type.IsInteger : type.IsString;
            if (!fits)
            {
                throw CheckErrors.Of(
                    ErrorCodes.DatatypeMismatch,
                    $"variable \"{items[i].Target}\" does not fit {items[i].Item}",
                    s.At,
                    items[i].Item == "row_count" ? "Declare it as integer or bigint." : "Declare it as text."
                );
            }
            items[i].Target = name;
        }
        return s with { Items = [.. items] };
    }
}

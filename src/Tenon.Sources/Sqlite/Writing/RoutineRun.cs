using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>
/// One run of a function: its variables and the interpreter of its blocks. Statements and expressions go through the same
/// guarded path as everything else, as the function's principal (the caller, or the owner when security definer).
/// </summary>
internal sealed class RoutineRun
{
    private const int MaxDepth = 64;

    private readonly SqliteWriteSession session;
    private readonly BoundRoutine routine;
    private readonly Principal principal;
    private readonly StatementArguments arguments;
    private readonly Dictionary<string, Datum> variables = new(StringComparer.Ordinal);
    private bool returned;

    public RoutineRun(SqliteWriteSession session, BoundRoutine routine, Principal principal, StatementArguments outer)
    {
        this.session = session;
        this.routine = routine;
        this.principal = principal;
        arguments = new StatementArguments
        {
            Context = principal.Role == outer.Context.CurrentUser ? outer.Context : outer.Context with { CurrentUser = principal.Role },
            Variables = variables,
        };
    }

    /// <summary>Rows of return query, return next, or the last statement of language sql; for return, one row of one value.</summary>
    public List<Datum[]> Rows { get; } = [];

    /// <summary>What return gave: for a trigger the variable it named (new, old) or null.</summary>
    public Expr? Returned { get; private set; }

    public void Set(string variable, Datum value) => variables[variable] = value;

    public Datum Get(string variable) => variables.TryGetValue(variable, out Datum value) ? value : Datum.Null;

    /// <summary>Sets the fields of a row variable ("new") from a row by ordinal.</summary>
    public void SetRow(string variable, Table table, Datum[] row)
    {
        for (int i = 0; i < table.Columns.Length; i++)
        {
            variables[$"{variable}.{table.Columns[i].Name}"] = row[i];
        }
    }

    public void GetRow(string variable, Table table, Datum[] row)
    {
        for (int i = 0; i < table.Columns.Length; i++)
        {
            row[i] = Get($"{variable}.{table.Columns[i].Name}");
        }
    }

    public void Execute()
    {
        session.Enter(MaxDepth);
        try
        {
            if (routine.Body is SqlBody sql)
            {
                ExecuteSql(sql);
            }
            else
            {
                ExecuteBlock((BlockBody)routine.Body);
            }
        }
        finally
        {
            session.Leave();
        }
    }

    private void ExecuteSql(SqlBody sql)
    {
        List<Datum[]> last = [];
        foreach (Statement statement in sql.Statements)
        {
            last = session.Execute(statement, principal, arguments);
        }
        if (routine.Shape.Result.Kind != TypeKind.Void)
        {
            Rows.AddRange(routine.Shape.ReturnsSet ? last : last.Take(1));
        }
    }

    private void ExecuteBlock(BlockBody block)
    {
        foreach (VariableDeclaration variable in block.Variables)
        {
            variables[variable.Name] = variable.Initial is null ? Datum.Null : Evaluate(variable.Initial);
        }
        Execute(block.Statements);
    }

    private void Execute(ImmutableArray<BlockStatement> statements)
    {
        foreach (BlockStatement statement in statements)
        {
            if (returned)
            {
                return;
            }
            session.ThrowIfStopped();
            Execute(statement);
        }
    }

    private void Execute(BlockStatement statement)
    {
        switch (statement)
        {
            case AssignBlock assign:
                Assign(assign.Target, assign.Value);
                break;
            case IfBlock branch:
                ExecuteIf(branch);
                break;
            case SqlBlock sql:
                ExecuteSql(sql);
                break;
            case PerformBlock perform:
                NoteFound(session.Execute(new SelectStatement(perform.Select), principal, arguments).Count);
                break;
            case ReturnBlock give:
                Return(give);
                break;
            case ReturnQueryBlock query:
                Rows.AddRange(session.Execute(query.Query, principal, arguments));
                break;
            case ReturnNextBlock next:
                Rows.Add(next.Value is null ? [.. routine.Shape.ResultColumns.Select(c => Get(c.Name))] : [Evaluate(next.Value)]);
                break;
            case RaiseBlock raise:
                Raise(raise);
                break;
            case NestedBlock nested:
                ExecuteBlock(nested.Body);
                break;
            case ForQueryBlock loop:
                ExecuteFor(loop);
                break;
            case NullBlock:
                break;
            default:
                throw new InvalidOperationException($"the interpreter does not know {statement.GetType().Name}");
        }
    }

    private Datum Evaluate(Expr expr) => session.EvaluateGuarded(expr, principal, arguments);

    private bool IsTrue(Expr condition)
    {
        Datum value = Evaluate(condition);
        return !value.IsNull && value.Boolean;
    }

    private void Assign(string target, Expr value)
    {
        if (value is VariableExpr { Type.Kind: TypeKind.Record } row)
        {
            foreach (RowField field in row.Type.Fields)
            {
                variables[$"{target}.{field.Name}"] = Get($"{row.Name}.{field.Name}");
            }
            return;
        }
        variables[target] = Evaluate(value);
    }

    private void ExecuteIf(IfBlock branches)
    {
        foreach (IfBranch branch in branches.Branches)
        {
            if (IsTrue(branch.Condition))
            {
                Execute(branch.Body);
                return;
            }
        }
        Execute(branches.Else);
    }

    private void ExecuteSql(SqlBlock sql)
    {
        List<Datum[]> rows = session.Execute(sql.Statement, principal, arguments);
        NoteFound(sql.Into.IsEmpty ? session.LastCount : rows.Count);
        if (sql.Into.IsEmpty)
        {
            return;
        }
        if (sql.Strict && rows.Count != 1)
        {
            throw (rows.Count == 0
                ? new Error(ErrorCodes.NoDataFound, "query returned no rows")
                : new Error(ErrorCodes.TooManyRows, "query returned more than one row")).ToException();
        }
        Store(sql.Into, TypeChecker.OutputOf(sql.Statement), rows.Count == 0 ? null : rows[0]);
    }

    /// <summary>select into: one row variable takes all columns by its own field names, else variable by variable.</summary>
    private void Store(ImmutableArray<string> into, ImmutableArray<RowField> output, Datum[]? row)
    {
        if (into.Length == 1 && routine.Variables.TryGetValue(into[0], out LogicalType? type) && type.Kind == TypeKind.Record)
        {
            for (int i = 0; i < type.Fields.Length; i++)
            {
                variables[$"{into[0]}.{type.Fields[i].Name}"] = row is not null && i < row.Length ? row[i] : Datum.Null;
            }
            return;
        }
        for (int i = 0; i < into.Length; i++)
        {
            variables[into[i]] = row is not null && i < output.Length ? row[i] : Datum.Null;
        }
    }

    private void NoteFound(long rows) => variables["found"] = Datum.Of(rows > 0);

    private void Return(ReturnBlock give)
    {
        returned = true;
        Returned = give.Value;
        if (give.Value is not null && routine.Shape.Result.Kind is not (TypeKind.Trigger or TypeKind.Void))
        {
            Rows.Add([Evaluate(give.Value)]);
        }
    }

    private void ExecuteFor(ForQueryBlock loop)
    {
        foreach (Datum[] row in session.Execute(new SelectStatement(loop.Query), principal, arguments))
        {
            Store([loop.Variable], loop.Query.Output, row);
            Execute(loop.Body);
            if (returned)
            {
                return;
            }
        }
    }

    // ---- raise ----

    private void Raise(RaiseBlock raise)
    {
        if (raise.Level != RaiseLevel.Exception)
        {
            return;
        }
        string message = raise.Format is null ? raise.Condition ?? "unhandled exception" : Format(raise.Format, raise.Arguments);
        string code = raise.Condition is { Length: 5 } sqlState ? sqlState : ConditionNames.SqlState(raise.Condition) ?? "P0001";
        string? details = null;
        string? hint = null;
        foreach (ColumnAssignment option in raise.Options)
        {
            Datum value = Evaluate(option.Value);
            string? text = value.IsNull ? null : value.Text;
            switch (option.Column)
            {
                case "errcode":
                    code = text is null ? code : ConditionNames.SqlState(text) ?? text;
                    break;
                case "message":
                    message = text ?? message;
                    break;
                case "detail":
                    details = text;
                    break;
                case "hint":
                    hint = text;
                    break;
            }
        }
        throw new Error(ErrorCodes.FromSqlState(code), message, details, hint).ToException();
    }

    private string Format(string format, ImmutableArray<Expr> values)
    {
        var text = new System.Text.StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
            }
            else if (i + 1 < format.Length && format[i + 1] == '%')
            {
                text.Append('%');
                i++;
            }
            else
            {
                Datum value = next < values.Length ? Evaluate(values[next]) : Datum.Null;
                text.Append(CultureInfo.InvariantCulture, $"{(value.IsNull ? "<NULL>" : value.Text)}");
                next++;
            }
        }
        return text.ToString();
    }
}

/// <summary>PostgreSQL's names of error conditions (appendix A) that raise may use instead of an SQLSTATE.</summary>
internal static class ConditionNames
{
    public static string? SqlState(string? name) =>
        name switch
        {
            "unique_violation" => "23505",
            "foreign_key_violation" => "23503",
            "not_null_violation" => "23502",
            "check_violation" => "23514",
            "integrity_constraint_violation" => "23000",
            "insufficient_privilege" => "42501",
            "invalid_parameter_value" => "22023",
            "invalid_text_representation" => "22P02",
            "numeric_value_out_of_range" => "22003",
            "division_by_zero" => "22012",
            "no_data_found" => "P0002",
            "too_many_rows" => "P0003",
            "raise_exception" => "P0001",
            "feature_not_supported" => "0A000",
            "undefined_table" => "42P01",
            "undefined_column" => "42703",
            "data_exception" => "22000",
            "restrict_violation" => "23001",
            "exclusion_violation" => "23P01",
            _ => null,
        };
}

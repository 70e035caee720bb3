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
internal sealed partial class RoutineRun
{
    private const int MaxDepth = 64;

    private readonly SqliteWriteSession session;
    private readonly BoundRoutine routine;
    private readonly Principal principal;
    private readonly StatementArguments arguments;
    private readonly Dictionary<string, Datum> variables = new(StringComparer.Ordinal);
    private Flow flow;

    public RoutineRun(SqliteWriteSession session, BoundRoutine routine, Principal principal, StatementArguments outer)
    {
        this.session = session;
        this.routine = routine;
        this.principal = principal;
        arguments = new StatementArguments
        {
            Context = outer.Context.As(principal.Role),
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
                DemandReturn();
            }
        }
        finally
        {
            session.Leave();
        }
    }

    private List<Datum[]> Run(Statement statement)
    {
        DemandMayWrite(statement);
        return session.Execute(statement, principal, arguments);
    }

    /// <summary>A function that says it changes nothing is held to it, and so is a request.</summary>
    private void DemandMayWrite(Statement statement)
    {
        if (WordOf(statement) is not { } word)
        {
            return;
        }
        if (routine.Shape.Volatility != Volatility.Volatile)
        {
            throw new Error(ErrorCodes.FeatureNotSupported, $"{word} is not allowed in a non-volatile function").ToException();
        }
        if (arguments.Context.ReadOnly)
        {
            throw new Error(ErrorCodes.ReadOnlyTransaction, $"cannot execute {word} in a read-only transaction").ToException();
        }
    }

    /// <summary>The word of a statement that writes, before a select too; null for one that reads.</summary>
    private static string? WordOf(Statement statement) =>
        statement switch
        {
            InsertStatement => "INSERT",
            UpdateStatement => "UPDATE",
            DeleteStatement => "DELETE",
            SelectStatement { Select.With: var with } => with.Select(w => WordOf(w.Body)).FirstOrDefault(w => w is not null),
            _ => null,
        };

    private void ExecuteSql(SqlBody sql)
    {
        List<Datum[]> last = [];
        foreach (Statement statement in sql.Statements)
        {
            last = Run(statement);
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
        if (block.Handlers.IsEmpty)
        {
            Execute(block.Statements);
        }
        else
        {
            ExecuteHandled(block);
        }
    }

    private void Execute(ImmutableArray<BlockStatement> statements)
    {
        foreach (BlockStatement statement in statements)
        {
            if (flow != Flow.Next)
            {
                return;
            }
            session.ThrowIfStopped();
            Execute(statement);
        }
    }

    /// <summary>A function with a result says what it is, or fails: nothing is made up.</summary>
    private void DemandReturn()
    {
        LogicalType result = routine.Shape.Result;
        if (flow != Flow.Return && !routine.Shape.ReturnsSet && result.Kind != TypeKind.Void && routine.Shape.ResultColumns.IsEmpty)
        {
            string what = result.Kind == TypeKind.Trigger ? "trigger procedure" : "function";
            throw new Error(ErrorCodes.FunctionWithoutReturn, $"control reached end of {what} without RETURN").ToException();
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
                NoteFound(Run(new SelectStatement(perform.Select)).Count);
                break;
            case ReturnBlock give:
                Return(give);
                break;
            case ReturnQueryBlock query:
                List<Datum[]> found = Run(query.Query);
                NoteFound(found.Count);
                Answer(found);
                break;
            case ReturnNextBlock next:
                Answer(next.Value is null ? [.. routine.Shape.ResultColumns.Select(c => Get(c.Name))] : [Evaluate(next.Value)]);
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
            default:
                ExecuteRare(statement);
                break;
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
        List<Datum[]> rows = Run(sql.Statement);
        NoteFound(sql.Into.IsEmpty ? session.LastCount : rows.Count);
        if (sql.Into.IsEmpty)
        {
            return;
        }
        // What a write returns is at most one row, strict or not: which one would be taken is nobody's choice.
        if ((sql.Strict && rows.Count != 1) || (rows.Count > 1 && sql.Statement is not SelectStatement))
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

    private void NoteFound(long rows)
    {
        rowCount = rows;
        variables["found"] = Datum.Of(rows > 0);
    }

    private void Return(ReturnBlock give)
    {
        flow = Flow.Return;
        Returned = give.Value;
        if (give.Value is not null && routine.Shape.Result.Kind is not (TypeKind.Trigger or TypeKind.Void))
        {
            Rows.Add([Evaluate(give.Value)]);
        }
    }

    // ---- raise ----

    private void Raise(RaiseBlock raise)
    {
        if (raise.Again)
        {
            throw handled.Peek().ToException();
        }
        if (raise.Level != RaiseLevel.Exception)
        {
            return;
        }
        string message = raise.Format is null ? raise.Condition ?? "unhandled exception" : Format(raise.Format, raise.Arguments);
        string code = raise.Condition is { Length: 5 } sqlState ? sqlState : SqlConditions.SqlState(raise.Condition) ?? "P0001";
        string? details = null;
        string? hint = null;
        foreach (ColumnAssignment option in raise.Options)
        {
            Datum value = Evaluate(option.Value);
            string? text = value.IsNull ? null : value.Text;
            switch (option.Column)
            {
                case "errcode":
                    code = text is null ? code : SqlConditions.SqlState(text) ?? text;
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

using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>A function's body to be bound.</summary>
internal sealed record RoutineSource(RoutineShape Shape, RoutineBody Body)
{
    /// <summary>For a trigger function: the row type of the table it fires on; new and old have it.</summary>
    public RelationShape? TriggerTable { get; init; }
}

/// <summary>
/// A function's body with every expression bound. Parameters and declared variables are VariableExpr by the names of
/// <see cref="Variables"/>; fields of row variables are "row.field".
/// </summary>
internal sealed record BoundRoutine(
    RoutineShape Shape,
    RoutineBody Body,
    ImmutableArray<string> ParameterNames,
    ImmutableDictionary<string, LogicalType> Variables
);

// Function bodies: language sql as a list of statements, PL/pgSQL as a tree of blocks.
internal sealed partial class TypeChecker
{
    private ImmutableDictionary<string, LogicalType>.Builder declared = ImmutableDictionary.CreateBuilder<string, LogicalType>();
    private RoutineSource? routineSource;

    public Outcome<BoundRoutine> CheckRoutine(RoutineSource source)
    {
        try
        {
            return BindRoutine(source);
        }
        catch (CheckFailure failure)
        {
            return failure.Error;
        }
    }

    private BoundRoutine BindRoutine(RoutineSource source)
    {
        routineSource = source;
        declared = ImmutableDictionary.CreateBuilder<string, LogicalType>();
        bool isSql = source.Body is SqlBody;
        variables = new VariableScope(null, source.Shape.Name.Name) { ColumnsWin = isSql };
        var parameterNames = DeclareParameters(source.Shape);
        if (source.Shape.Result.Kind == TypeKind.Trigger)
        {
            DeclareTriggerVariables(source.TriggerTable);
        }
        RoutineBody body;
        if (source.Body is SqlBody sql)
        {
            body = BindSqlBody(sql, source.Shape);
        }
        else
        {
            DeclareResultColumns(source.Shape);
            Declare("found", LogicalType.Boolean);
            variables = new VariableScope(variables, null);
            body = BindBlock((BlockBody)source.Body);
        }
        variables = null;
        return new BoundRoutine(source.Shape, body, parameterNames, declared.ToImmutable());
    }

    private ImmutableArray<string> DeclareParameters(RoutineShape shape)
    {
        var list = ImmutableArray.CreateBuilder<string>(shape.Parameters.Length);
        for (int i = 0; i < shape.Parameters.Length; i++)
        {
            RoutineParameter parameter = shape.Parameters[i];
            string name = parameter.Name.Length == 0 ? $"${i + 1}" : parameter.Name;
            var variable = Declare(name, parameter.Type.Unmodified);
            variables!.Add($"${i + 1}", variable);
            list.Add(variable.BoundName);
        }
        return list.MoveToImmutable();
    }

    /// <summary>In PL/pgSQL the columns of returns table are variables, which return next reads.</summary>
    private void DeclareResultColumns(RoutineShape shape)
    {
        foreach (RowField column in shape.ResultColumns)
        {
            Declare(column.Name, column.Type);
        }
    }

    private void DeclareTriggerVariables(RelationShape? table)
    {
        if (table is not null)
        {
            LogicalType row = LogicalType.RowOfTable(table.Name, table.Columns);
            Declare("new", row);
            Declare("old", row);
        }
        foreach (string name in (ReadOnlySpan<string>)["tg_op", "tg_name", "tg_when", "tg_level", "tg_table_name", "tg_table_schema"])
        {
            Declare(name, LogicalType.Text);
        }
        Declare("tg_nargs", LogicalType.Int4);
        Declare("tg_argv", LogicalType.ArrayOf(LogicalType.Text));
    }

    /// <summary>Enters a variable; an inner one that hides an outer one gets a bound name of its own.</summary>
    private Variable Declare(string name, LogicalType type)
    {
        string bound = name;
        for (int i = 2; declared.ContainsKey(bound); i++)
        {
            bound = $"{name}#{i}";
        }
        declared[bound] = type;
        var variable = new Variable(bound, type);
        variables!.Add(name, variable);
        return variable;
    }

    private Variable RequireVariable(string name, Span at) =>
        variables!.Find(name) ?? throw CheckErrors.Of(ErrorCodes.SyntaxError, $"\"{name}\" is not a known variable", at);

    // ---- language sql ----

    private SqlBody BindSqlBody(SqlBody body, RoutineShape shape)
    {
        var statements = new Statement[body.Statements.Length];
        for (int i = 0; i < statements.Length; i++)
        {
            statements[i] = BindStatement(body.Statements[i], null);
        }
        if (shape.Result.Kind == TypeKind.Void)
        {
            return new SqlBody(Frozen.AsImmutable(statements));
        }
        if (statements.Length == 0 || OutputOf(statements[^1]).IsEmpty)
        {
            throw ResultMismatch(shape, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.", Span.None);
        }
        statements[^1] = ConvertResult(statements[^1], shape);
        return new SqlBody(Frozen.AsImmutable(statements));
    }

    /// <summary>The columns that a result of this type has.</summary>
    private static ImmutableArray<RowField> ResultFields(RoutineShape shape) =>
        !shape.ResultColumns.IsEmpty ? shape.ResultColumns
        : shape.Result.Kind == TypeKind.Record ? shape.Result.Fields
        : [new RowField(shape.Name.Name, shape.Result)];

    private Statement ConvertResult(Statement last, RoutineShape shape)
    {
        var output = OutputOf(last);
        if (shape.Result.Kind == TypeKind.Record && output.Length == 1 && output[0].Type.Kind == TypeKind.Record)
        {
            return last;
        }
        var wanted = ResultFields(shape);
        if (wanted.IsEmpty)
        {
            return last;
        }
        if (output.Length != wanted.Length)
        {
            string many = output.Length > wanted.Length ? "many" : "few";
            throw ResultMismatch(shape, $"Final statement returns too {many} columns.", last.At);
        }
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!CanAssign(output[i].Type, wanted[i].Type))
            {
                throw ResultMismatch(
                    shape,
                    $"Final statement returns {output[i].Type.SqlName} instead of {wanted[i].Type.SqlName} at column {i + 1}.",
                    last.At
                );
            }
        }
        var types = TypesOfFields(wanted);
        return last switch
        {
            SelectStatement s => s with { Select = CoerceColumns(s.Select, types, CastContext.Assignment) },
            InsertStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Assignment) },
            UpdateStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Assignment) },
            DeleteStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Assignment) },
            _ => last,
        };
    }

    private static CheckFailure ResultMismatch(RoutineShape shape, string details, Span at) =>
        CheckErrors.Of(
            ErrorCodes.InvalidFunctionDefinition,
            $"return type mismatch in function declared to return {shape.Result.SqlName}",
            at,
            null,
            details
        );
}

using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Functions;

/// <summary>tn_call and tn_rows: functions of the app, called from inside a statement.</summary>
internal static class SqliteCalls
{
    public static void Register(SqliteConnection connection)
    {
        connection.CreateScalar("tn_call", -1, FunctionTraits.None, (context, arguments) => Call(connection, context, arguments));
        connection.CreateScalar("tn_rows", -1, FunctionTraits.None, (context, arguments) => Rows(connection, context, arguments));
        connection.CreateScalar("tn_" + SettingFunctions.SetConfig, 3, FunctionTraits.None, (context, arguments) => SetConfig(connection, context, arguments));
    }

    private static void SetConfig(SqliteConnection connection, SqliteContext context, SqliteArguments arguments)
    {
        string name = arguments[0].ToString().ToLowerInvariant();
        if (SettingFunctions.Refusal(name) is { } refused)
        {
            throw refused.ToException();
        }
        string value = arguments[1].IsNull ? "" : arguments[1].ToString();
        connection.Made?.Set(name, value);
        context.Text(value);
    }

    private static void Call(SqliteConnection connection, SqliteContext context, SqliteArguments arguments)
    {
        CalledRoutine called = CalledRoutine.Of(arguments[0].Int64);
        List<Datum[]> rows = Run(connection, called, arguments);
        LogicalType result = called.Routine.Result;
        if (called.Routine.ReturnsSet)
        {
            throw Refusals.NotSupported($"the set-returning function {called.Routine.Name.Name} as a value", "Call it in FROM.").ToException();
        }
        if (rows.Count == 0 || result.Kind == TypeKind.Void)
        {
            context.Null();
            return;
        }
        SqliteResults.Set(context, result.Kind == TypeKind.Record || rows[0].Length > 1 ? Record(called, rows[0]) : rows[0][0], result);
    }

    private static Datum Record(CalledRoutine called, Datum[] row)
    {
        ImmutableArray<RowField> fields = Columns(called);
        if (row.Length == 1 && fields.Length != 1)
        {
            return row[0];
        }
        var json = new System.Text.StringBuilder("{");
        for (int i = 0; i < fields.Length; i++)
        {
            json.Append(i > 0 ? ", " : "");
            JsonNode.WriteString(json, fields[i].Name);
            json.Append(": ");
            TypeOutput.AppendJson(fields[i].Type, row[i], json);
        }
        return Datum.Of(json.Append('}').ToString());
    }

    private static ImmutableArray<RowField> Columns(CalledRoutine called) =>
        called.Routine.ResultColumns.IsEmpty ? called.Routine.Result.Fields : called.Routine.ResultColumns;

    private static void Rows(SqliteConnection connection, SqliteContext context, SqliteArguments arguments)
    {
        CalledRoutine called = CalledRoutine.Of(arguments[0].Int64);
        List<Datum[]> rows = Run(connection, called, arguments);
        ImmutableArray<RowField> columns = Columns(called);
        context.Text(SqliteArrays.Rows(rows, i => columns.IsEmpty ? called.Routine.Result : columns[i].Type));
    }

    private static List<Datum[]> Run(SqliteConnection connection, CalledRoutine called, SqliteArguments arguments)
    {
        var values = new Datum[arguments.Count - 1];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i + 1].IsNull ? Datum.Null : SqliteResults.Get(arguments[i + 1], called.ParameterType(i));
        }
        if (connection.Caller is not { } caller)
        {
            throw new InvalidOperationException($"{called.Routine.Name} is called where no session runs");
        }
        try
        {
            return caller(called, values);
        }
        finally
        {
            // A statement inside the body may have calls of its own, and has set who runs them.
            connection.Caller = caller;
        }
    }
}

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Writing;

/// <summary>The statements of one transaction on PostgreSQL.</summary>
internal sealed class PostgresWriteSession(PostgresLease lease) : WriteSession
{
    private static readonly ConditionalWeakTable<Routine, PostgresCompiled> Calls = [];

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        return lease.Run((PostgresCompiled)statement, arguments);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        using PostgresReader reader = lease.Run((PostgresCompiled)statement, arguments);
        return PostgresValues.ReadAll(reader, statement.Columns);
    }

    public override ValueTask StartAsync(CompiledWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, bool represented)
    {
        var own = (PostgresWrite)write;
        if (represented && own.Targets is not null)
        {
            return ValueTask.CompletedTask;
        }
        PostgresCompiled statement = own.Statement(rows, represented && own.AnswersRows);
        return lease.StartAsync(statement, arguments, RowsJson.Prepare(statement, write, rows));
    }

    public override WrittenRows Write(
        CompiledWrite write,
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        Action<RowReader>? represent
    )
    {
        Statements++;
        var own = (PostgresWrite)write;
        if (represent is not null && own.Targets is { } targets)
        {
            using PostgresReader going = lease.Run(targets, arguments);
            represent(going);
            represent = null;
        }
        bool represented = represent is not null && own.AnswersRows;
        PostgresCompiled statement = own.Statement(rows, represented);
        using PostgresReader reader =
            lease.TakeStarted(statement) ?? lease.Run(statement, arguments, RowsJson.Prepare(statement, write, rows));
        bool counts = write.Write.Kind is WriteKind.InsertOrUpdate or WriteKind.InsertOrIgnore;
        if (represented)
        {
            represent!(reader);
            return new WrittenRows(reader.Count, statement.TellsInserted ? reader.Inserted : reader.Count);
        }
        if (statement.Columns.Length > 0)
        {
            return reader.Read() ? new WrittenRows(reader.GetInt64(0), reader.GetInt64(1)) : default;
        }
        reader.Read();
        return new WrittenRows(reader.Affected, counts ? reader.Affected : 0);
    }

    public override List<List<Datum[]>> Explain(CompiledWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, ExplainOptions options)
    {
        var own = (PostgresWrite)write;
        var plans = new List<List<Datum[]>>();
        if (own.Targets is { } targets)
        {
            plans.Add(Rows(PostgresSource.Explained(targets, options), arguments));
        }
        PostgresCompiled statement = own.Statement(rows, own.AnswersRows && own.Targets is null);
        PostgresCompiled explained = PostgresSource.Explained(statement, options);
        Statements++;
        using (PostgresReader reader = lease.Run(explained, arguments, RowsJson.Prepare(statement, write, rows)))
        {
            plans.Add(PostgresValues.ReadAll(reader, explained.Columns));
        }
        foreach (CompiledUnit child in own.Representation?.Below ?? [])
        {
            plans.Add(Rows(PostgresSource.Explained(child.Statement, options), arguments));
        }
        return plans;
    }

    public static bool IsDefault(Datum value) => value.Kind == DatumKind.Bytes && ReferenceEquals(value.Bytes, DefaultMark.Bytes);

    public override List<Datum[]> Execute(CompiledStatement own, StatementArguments arguments)
    {
        Statements++;
        using PostgresReader reader = lease.Run((PostgresCompiled)own, arguments);
        List<Datum[]> rows = PostgresValues.ReadAll(reader, own.Columns);
        LastCount = Math.Max(reader.Affected, rows.Count);
        return rows;
    }

    // What somebody types goes to the database as it is.
    public override List<Datum[]> Execute(Statement bound, Principal principal, StatementArguments arguments) =>
        throw new InvalidOperationException("statements are PostgreSQL's own to read");

    /// <summary>A function of one value, as who holds the lease.</summary>
    public override List<Datum[]> Call(Routine routine, Datum[] values, Principal principal, StatementArguments arguments)
    {
        if (routine.ReturnsSet || !routine.ResultColumns.IsEmpty || routine.Result.Kind == TypeKind.Record)
        {
            throw Refusals.NotSupported("calling a function of rows this way", "Write one that returns one value.").ToException();
        }
        return Execute(Calls.GetValue(routine, static r => Compile(r)), new StatementArguments { Slots = values, Context = arguments.Context });
    }

    private static PostgresCompiled Compile(Routine routine)
    {
        SqlParameter[] parameters =
        [
            .. routine.Parameters.Select((p, i) => new SqlParameter(new ParameterExpr(i) { Type = p.Type }, p.Type, ParameterForm.Plain, 0)),
        ];
        string places = string.Join(", ", parameters.Select((_, i) => "$" + (i + 1).ToString(CultureInfo.InvariantCulture)));
        var text = new SqlText("select " + SqlNames.Of(routine.Name) + "(" + places + ")", parameters);
        return new PostgresCompiled(text, [routine.Result], [PostgresSource.Form(routine.Result)]);
    }

    /// <summary>The lease belongs to the source, which commits.</summary>
    public override void Dispose() { }
}

/// <summary>
/// The rows of a write as one JSON array of objects c0, c1 … (by place among the given columns) for json_to_recordset: one
/// prepared shape for any number of rows. A cell that says DEFAULT is d0, d1 … instead.
/// </summary>
internal static class RowsJson
{
    /// <summary>What the statement binds: the rows themselves, or one row that holds their JSON.</summary>
    public static IReadOnlyList<Datum[]> Prepare(PostgresCompiled statement, CompiledWrite write, IReadOnlyList<Datum[]> rows) =>
        Array.Exists(statement.Parameters, p => p.Origin is RowsJsonExpr) ? [[Datum.Of(Json(write, rows))]] : rows;

    private static string Json(CompiledWrite write, IReadOnlyList<Datum[]> rows)
    {
        Table table = write.Write.Table;
        IReadOnlyList<int> given = write.Options.Given;
        var json = new StringBuilder("[");
        foreach (Datum[] row in rows)
        {
            json.Append(json.Length > 1 ? ",{" : "{");
            for (int i = 0; i < given.Count; i++)
            {
                bool isDefault = PostgresWriteSession.IsDefault(row[given[i]]);
                json.Append(i > 0 ? ",\"" : "\"").Append(isDefault ? 'd' : 'c').Append(i).Append("\":");
                TypeOutput.AppendJson(
                    isDefault ? LogicalType.Boolean : table.Columns[given[i]].Type,
                    isDefault ? Datum.True : row[given[i]],
                    json
                );
            }
            json.Append('}');
        }
        return json.Append(']').ToString();
    }
}

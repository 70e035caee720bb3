using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Writing;

namespace Tenon.Sources.Sqlite;

/// <summary>A statement for SQLite; its <see cref="Sql"/> is the key of every connection's statement cache.</summary>
internal sealed class SqliteCompiled(SqlText text, LogicalType[] columns, ValueForm[] forms)
    : CompiledStatement(text, columns, forms)
{
    public SqliteSql Sql { get; } = new(text.Text);

    /// <summary>The functions of the app its text calls by number.</summary>
    public IReadOnlyList<CalledRoutine> Calls { get; init; } = [];

    /// <summary>Of a bind join: the same for one parent.</summary>
    public SqliteOneParent? OneParent { get; init; }

    /// <summary>Of the plan of a bind join: what is shown where it runs for one parent at a time.</summary>
    public SqliteOneParent? ExplainsOneParent { get; init; }
}

/// <summary>A statement of the server's own that writes: its tree runs row by row in a write session.</summary>
internal sealed class SqliteOwn(Statement bound, string sql) : CompiledStatement(new SqlText(sql, []), [], [])
{
    public Statement Bound { get; } = bound;
}

/// <summary>The embedded SQLite as a source.</summary>
internal sealed class SqliteSource(SqliteReaders readers, SqliteWriter writer, Func<Catalog> catalog, TimeSpan statementTimeout)
    : Source
{
    public override async ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation)
    {
        var unit = new SessionUnit<T>(catalog(), work) { Token = cancellation, Timeout = statementTimeout };
        await writer.SubmitAsync(unit).ConfigureAwait(false);
        return unit.Result!;
    }

    private sealed class SessionUnit<T>(Catalog catalog, Func<WriteSession, T> work) : WriteUnit
    {
        public T? Result { get; private set; }

        public override void Execute(WriteContext context)
        {
            // A replay makes its result afresh; what the lost run held goes back to its pool.
            (Result as IDisposable)?.Dispose();
            Result = work(new SqliteWriteSession(context, catalog));
        }
    }

    public override bool WritesViews => true;

    public override ImmutableArray<string>? PlanWords => [];

    public override CompiledStatement Explain(CompiledStatement statement, ExplainOptions options) => SqlitePlan.Explain((SqliteCompiled)statement);

    public override string PlanOf(List<Datum[]> rows, ExplainOptions options) => SqlitePlan.Of(rows, options.Json);

    public override string PlanOf(Routine routine, ExplainOptions options) => SqlitePlan.Of(SqlitePlan.Call(routine), options.Json);

    public override CompiledStatement Compile(Select select) => CompileSelect(select);

    public override CompiledWrite CompileWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation) =>
        new SqliteWrite(write, options, representation is null ? null : CompiledRead.Of(representation, this));

    public override CompiledStatement CompileOwn(Statement bound, string sql, ImmutableArray<LogicalType> parameters, Catalog catalog) =>
        bound is SelectStatement select
            ? CompileSelect(GuardedSelect.Bind(select.Select, new PolicyBinder(catalog, Principal.Owner)).Select)
            : new SqliteOwn(bound, sql);

    public static SqliteCompiled CompileSelect(Select select)
    {
        SqliteCompiled compiled = Compile(select, new SqliteDialect());
        return new SqliteCompiled(new SqlText(compiled.Text, compiled.Parameters), compiled.Columns, compiled.Forms) { Calls = compiled.Calls, OneParent = SqliteOneParent.Of(select) };
    }

    internal static SqliteCompiled Compile(Select select, SqliteDialect dialect)
    {
        dialect.Write(select);
        LogicalType[] types = [.. select.Output.Select(f => f.Type)];
        return new SqliteCompiled(dialect.Finish(), types, [.. types.Select(Form)]) { Calls = dialect.Calls };
    }

    public override ValueForm FormOf(LogicalType type) => Form(type);

    public static ValueForm Form(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => ValueForm.Boolean,
            TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => ValueForm.Integer,
            TypeKind.Numeric => type.IsScaledInteger ? ValueForm.ScaledInteger : ValueForm.NumericText,
            TypeKind.Float4 => ValueForm.Single,
            TypeKind.Float8 => ValueForm.Double,
            TypeKind.Uuid => ValueForm.PlainText,
            TypeKind.Date => ValueForm.Date,
            TypeKind.Time => ValueForm.Time,
            TypeKind.Timestamp => ValueForm.Timestamp,
            TypeKind.TimestampTz => ValueForm.TimestampTz,
            TypeKind.Interval => ValueForm.Interval,
            TypeKind.Array when type.Element!.Kind == TypeKind.TimestampTz => ValueForm.TimestampTzArray,
            TypeKind.Json or TypeKind.Jsonb or TypeKind.Array or TypeKind.Record => ValueForm.Json,
            TypeKind.Bytea => ValueForm.Bytea,
            TypeKind.Void => ValueForm.Void,
            _ => ValueForm.Text,
        };

    public override ValueTask<SourceSession> OpenAsync(SessionNeeds needs, CancellationToken cancellation)
    {
        ValueTask<SqliteSession> renting = readers.RentAsync(cancellation, statementTimeout, !needs.Single);
        return renting.IsCompletedSuccessfully
            ? new ValueTask<SourceSession>(new Session(renting.Result))
            : Wait(renting);

        static async ValueTask<SourceSession> Wait(ValueTask<SqliteSession> renting) =>
            new Session(await renting.ConfigureAwait(false));
    }

    private sealed class Session(SqliteSession session) : SourceSession
    {
        public override bool RunsSeveral => true;

        public override void AllowLongest() => session.AllowLongest();

        public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
        {
            Statements++;
            if (((SqliteCompiled)statement).Calls.Count > 0)
            {
                // The body runs on this connection, in this snapshot; it cannot write, and is told so by SQLite.
                SqliteWriteSession? inner = null;
                session.Connection.Caller = (called, values) =>
                    (inner ??= new(new WriteContext(session.Connection, new ChangeBuffer()), called.Catalog)).Run(called, values, arguments);
            }
            session.Connection.Made = arguments.Context.Made;
            return SqliteBinding.Prepare(session.Connection, (SqliteCompiled)statement, arguments);
        }

        public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
        {
            using RowReader reader = Run(statement, arguments);
            return SqliteValues.ReadAll(reader, statement.Columns);
        }

        public override void Dispose() => session.Dispose();
    }
}

/// <summary>Puts the values of one execution into a statement's parameters, in storage form.</summary>
internal static class SqliteBinding
{
    /// <summary>A statement ready to run; a bind join parent by parent where that serves.</summary>
    public static SqliteStatement Prepare(SqliteConnection connection, SqliteCompiled statement, StatementArguments arguments)
    {
        if (statement.OneParent?.Prepare(connection) is { } repeated)
        {
            Bind(repeated, statement.OneParent.Statement.Parameters, arguments);
            repeated.Repeat(new ParentKeyCursor(arguments.ParentKeys), statement.OneParent);
            return repeated;
        }
        if (statement.ExplainsOneParent is { } explained && explained.IsDirect(connection))
        {
            return connection.Prepare(explained.Plan);
        }
        SqliteStatement prepared = connection.Prepare(statement.Sql);
        statement.OneParent?.LookAgain(prepared);
        Bind(prepared, statement.Parameters, arguments);
        return prepared;
    }

    public static void Bind(SqliteStatement statement, SqlParameter[] parameters, StatementArguments arguments)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            ref readonly SqlParameter parameter = ref parameters[i];
            if (ReferenceEquals(parameter.Origin, SqlParameter.KeysOfParent))
            {
                statement.BindText(i + 1, arguments.ParentKeys.Span);
            }
            else if (parameter.Origin is not (ParentKeyExpr or ParentOrdinalExpr))
            {
                Bind(statement, i + 1, arguments.Get(parameter.Origin), parameter);
            }
        }
    }

    private static void Bind(SqliteStatement statement, int index, Datum value, in SqlParameter parameter)
    {
        switch (parameter.Form)
        {
            case ParameterForm.Plain:
                Bind(statement, index, value, parameter.Type);
                break;
            case ParameterForm.ScaledOperand when value.IsNull:
                statement.BindNull(index);
                break;
            case ParameterForm.ScaledOperand:
                SqliteValues.ScaledOperand operand = SqliteValues.ScaledOperand.Of(value.Numeric, parameter.Scale);
                if (operand.IsInteger)
                {
                    statement.Bind(index, operand.Integer);
                }
                else
                {
                    statement.Bind(index, operand.Real);
                }
                break;
            default:
                BindElements(statement, index, value, parameter);
                break;
        }
    }

    /// <summary>Binds a value in the storage form of its type.</summary>
    public static void Bind(SqliteStatement statement, int index, Datum value, LogicalType type)
    {
        switch (value.Kind)
        {
            case DatumKind.Null:
                statement.BindNull(index);
                break;
            case DatumKind.Integer:
                statement.Bind(index, value.Integer);
                break;
            case DatumKind.Double:
                statement.Bind(index, value.Double);
                break;
            case DatumKind.Bytes:
                statement.BindBlob(index, value.Bytes);
                break;
            case DatumKind.Numeric when type.IsScaledInteger:
                statement.Bind(index, SqliteValues.Scaled(value.Numeric, type.Scale ?? 0));
                break;
            default:
                BindText(statement, index, SqliteValues.StoredText(value));
                break;
        }
    }

    private static void BindText(SqliteStatement statement, int index, string text)
    {
        if (text.Length > 256)
        {
            statement.BindText(index, Encoding.UTF8.GetBytes(text));
            return;
        }
        Span<byte> utf8 = stackalloc byte[768];
        statement.BindText(index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    // json_each reads the elements: each as the storage form of a column of the element's type.
    private static void BindElements(SqliteStatement statement, int index, Datum value, in SqlParameter parameter)
    {
        if (value.IsNull)
        {
            statement.BindText(index, SqliteArrays.OfNull);
            return;
        }
        int? scale = parameter.Form == ParameterForm.ScaledElements ? parameter.Scale : null;
        statement.BindText(index, SqliteArrays.StoredElements(value.Text, parameter.Type.Element!, scale));
    }
}

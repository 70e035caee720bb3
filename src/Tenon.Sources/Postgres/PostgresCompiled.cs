using System.Data;
using Npgsql;
using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>A statement for PostgreSQL; its identity is the key of every connection's prepared statements.</summary>
internal sealed class PostgresCompiled(SqlText text, LogicalType[] columns, ValueForm[] forms) : CompiledStatement(text, columns, forms)
{
    /// <summary>A last column, not shown: true for a row that an upsert inserted.</summary>
    public bool TellsInserted { get; init; }

    /// <summary>Its forms for known limits, where it has limits.</summary>
    public PageForms? Pages { get; init; }

    /// <summary>It has no result, not even one without columns.</summary>
    public bool IsCommand { get; init; }
}

/// <summary>One row value of a write, by column ordinal; <see cref="Writing.PostgresWriteSession"/> gives it.</summary>
internal sealed record RowValueExpr(int Ordinal) : Expr;

/// <summary>All rows of a write as one JSON array.</summary>
internal sealed record RowsJsonExpr : Expr;

/// <summary>A statement prepared on one connection: its parameters, and the caller's settings in front of it where asked.</summary>
internal sealed class PreparedBatch : IDisposable
{
    private readonly NpgsqlBatch batch;
    private readonly SqlParameter[] parameters;
    private readonly NpgsqlParameter[] bound;
    private readonly CallerSettings? caller;

    private PreparedBatch(NpgsqlBatch batch, PostgresCompiled statement, NpgsqlParameter[] bound, CallerSettings? caller)
    {
        this.batch = batch;
        this.bound = bound;
        this.caller = caller;
        Statement = statement;
        parameters = statement.Parameters;
    }

    public PostgresCompiled Statement { get; }

    public bool WithCaller => caller is not null;

    public static PreparedBatch Make(NpgsqlConnection connection, PostgresCompiled statement, CallerShape shape)
    {
        var batch = new NpgsqlBatch(connection);
        CallerSettings? caller = (shape & CallerShape.Before) != 0 ? CallerSettings.AddTo(batch, shape) : null;
        var command = new NpgsqlBatchCommand(statement.Text);
        var bound = new NpgsqlParameter[statement.Parameters.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = PostgresBinding.Make(statement.Parameters[i]);
            command.Parameters.Add(bound[i]);
        }
        batch.BatchCommands.Add(command);
        if (shape.HasFlag(CallerShape.Response))
        {
            CallerSettings.AddAnswer(batch);
        }
        // What cannot be prepared (a parameter whose type only its value tells) shows when it is run.
        batch.Prepare();
        return new PreparedBatch(batch, statement, bound, caller);
    }

    public void Bind(StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        for (int i = 0; i < bound.Length; i++)
        {
            PostgresBinding.Set(bound[i], parameters[i], arguments, rows);
        }
    }

    public void BindCaller(RequestContext context, string role) => caller!.Set(context, role);

    /// <summary>The rows of the statement itself.</summary>
    public NpgsqlDataReader Execute()
    {
        NpgsqlDataReader reader = batch.ExecuteReader(CommandBehavior.Default);
        if (WithCaller)
        {
            try
            {
                reader.NextResult();
            }
            catch
            {
                reader.Dispose();
                throw;
            }
        }
        return reader;
    }

    public async ValueTask<NpgsqlDataReader> ExecuteAsync()
    {
        // Whoever cancels does so from outside, once it has begun.
        NpgsqlDataReader reader = await batch.ExecuteReaderAsync(CommandBehavior.Default, CancellationToken.None).ConfigureAwait(false);
        if (WithCaller)
        {
            try
            {
                await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch
            {
                await reader.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        return reader;
    }

    public void Cancel() => batch.Cancel();

    public void Dispose() => batch.Dispose();
}

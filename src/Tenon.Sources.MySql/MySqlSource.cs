using System.Collections.Immutable;
using System.Data;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources.MySql.Writing;

namespace Tenon.Sources.MySql;

/// <summary>MariaDB as a source: policies are always compiled, the database has none.</summary>
internal sealed class MySqlSource(MySqlPool pool, bool writable, Func<MySqlFacts> facts, PerParentChoice choice, Action<MySqlFailure> failed) : Source
{
    private const int Attempts = 8;

    public override CompiledStatement Compile(Select select) => MySqlDialect.Compile(select, facts());

    public override CompiledStatement Compile(ReadUnit unit) => MySqlDialect.Compile(unit, facts(), choice);

    public override CompiledWrite CompileWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation)
    {
        if (!writable)
        {
            throw new Error(
                ErrorCodes.ReadOnlyTransaction,
                $"the source {pool.Name} is read-only",
                null,
                $"Set writable = true in [sources.{pool.Name}] to let it be written."
            ).ToException();
        }
        return MySqlWrite.Compile(write, options, representation, this, facts());
    }

    public override CompiledStatement CompileOwn(Statement bound, string sql, ImmutableArray<LogicalType> parameters, Catalog catalog) =>
        throw Refusals.NotSupported("SQL of the server's own on an attached source").ToException();

    public override ValueForm FormOf(LogicalType type) => Form(type);

    public static ValueForm Form(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => ValueForm.Boolean,
            TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => ValueForm.Integer,
            TypeKind.Numeric => ValueForm.NumericText,
            TypeKind.Float4 => ValueForm.Single,
            TypeKind.Float8 => ValueForm.Double,
            TypeKind.Uuid => ValueForm.PlainText,
            TypeKind.Date => ValueForm.Date,
            TypeKind.Timestamp => ValueForm.Timestamp,
            TypeKind.TimestampTz => ValueForm.TimestampTz,
            TypeKind.Interval => ValueForm.Interval,
            TypeKind.Json or TypeKind.Jsonb or TypeKind.Array => ValueForm.Json,
            TypeKind.Bytea => ValueForm.Bytea,
            TypeKind.Void => ValueForm.Void,
            _ => ValueForm.Text,
        };

    public override async ValueTask<SourceSession> OpenAsync(SessionNeeds needs, CancellationToken cancellation)
    {
        string begin = needs.Single ? "" : MySqlLease.Snapshot;
        return new MySqlSession(await MySqlLease.RentAsync(pool, begin, failed, cancellation).ConfigureAwait(false));
    }

    public override async ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (attempt > 1)
            {
                // Later each time, and without a lock: two that ran again at once would meet again.
                await Task.Delay(TimeSpan.FromMilliseconds(attempt * attempt), cancellation).ConfigureAwait(false);
            }
            using MySqlLease lease = await MySqlLease.RentAsync(pool, MySqlLease.Unit, failed, cancellation).ConfigureAwait(false);
            var session = new MySqlWriteSession(lease, needs.Single);
            try
            {
                T result = work(session);
                lease.Commit();
                return result;
            }
            catch (MySqlFailure failure) when (attempt < Attempts && (failure.IsRetried || session.LostRace(failure)))
            {
                // The unit lost against another one and is undone: it runs again from the start.
            }
        }
    }
}

using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Sources.Postgres.Introspection;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>
/// An empty PostgreSQL database as the target of a move: everything is one transaction, from Tenon's own setup to the last
/// row, so a move that breaks leaves nothing.
/// </summary>
internal sealed class PostgresTarget : MoveTarget
{
    // What is there that neither an extension nor Tenon's own setup brought.
    private const string Occupied = """
        select case c.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence ' else 'table ' end || c.oid::regclass::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
            and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        order by 1 limit 1
        """;

    // A sequence that has given its last number has no next one within its bounds.
    private const string SetNext = """
        select case when $2 between seqmin and seqmax then setval(seqrelid, $2, false) else setval(seqrelid, $2 - seqincrement, true) end
        from pg_sequence where seqrelid = $1::text::regclass
        """;

    private readonly MainDatabaseOptions options;
    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly HeldBack held;
    private Catalog catalog = Catalog.Empty;

    private PostgresTarget(MainDatabaseOptions options, NpgsqlDataSource source, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        (this.options, this.source, this.connection, this.transaction) = (options, source, connection, transaction);
        held = new HeldBack(connection);
    }

    public override Catalog Catalog => catalog;
    public override string Place => PostgresDatabase.PlaceOf(PostgresUrl.Read(options.Url));

    public static async Task<Outcome<MoveTarget>> OpenAsync(MainDatabaseOptions options, CancellationToken cancellation)
    {
        NpgsqlDataSource source = PostgresDatabase.SourceOf(PostgresUrl.Read(options.Url), statementTimeout: TimeSpan.Zero);
        PostgresTarget? target = null;
        try
        {
            NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            target = new PostgresTarget(options, source, connection, await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false));
            if (await target.RefusalAsync(cancellation).ConfigureAwait(false) is { } refused)
            {
                await target.DisposeAsync().ConfigureAwait(false);
                return refused;
            }
            await PostgresDatabase.SetUpAsync(connection, options, cancellation).ConfigureAwait(false);
            return Outcome<MoveTarget>.Of(target);
        }
        catch (Exception failure)
        {
            await (target?.DisposeAsync() ?? source.DisposeAsync()).ConfigureAwait(false);
            if (PostgresErrors.IsFailure(failure))
            {
                return PostgresErrors.Of(failure).ToError();
            }
            throw;
        }
    }

    private async Task<Error?> RefusalAsync(CancellationToken cancellation)
    {
        if (!await TakeAsync("select pg_try_advisory_xact_lock($1)", cancellation, PostgresListener.Presence).ConfigureAwait(false))
        {
            return new Error(ErrorCodes.LockNotAvailable, $"a server runs on the target, {Place}", null, "Stop it, or name an empty database.");
        }
        if (await ScalarAsync(Occupied, cancellation).ConfigureAwait(false) is string found)
        {
            return NotEmpty(found);
        }
        const string Begun = "select to_regclass('tenon.migrations') is not null";
        return await TakeAsync(Begun, cancellation).ConfigureAwait(false)
            && await TakeAsync("select exists (select from tenon.migrations)", cancellation).ConfigureAwait(false)
            ? NotEmpty("a history of migrations")
            : null;
    }

    private Error NotEmpty(string found) =>
        new(ErrorCodes.ObjectNotInState, $"the target, {Place}, is not empty: it has {found}", null, "Make a new, empty database and name that one.");

    // ---- schema ----

    public override async Task<RefusedMigration?> ReplayAsync(ImmutableArray<AppliedMigration> history, CancellationToken cancellation)
    {
        const string Record = "insert into tenon.migrations (version, name, checksum, text, applied_at) values ($1, $2, $3, $4, $5)";
        IReadOnlySet<string> roles = await PostgresRights.RolesAsync(connection, cancellation).ConfigureAwait(false);
        ImmutableArray<string> texts = ReplayText.Of(history.Select(m => m.Text), roles);
        for (int i = 0; i < texts.Length; i++)
        {
            AppliedMigration one = history[i];
            try
            {
                if (!string.IsNullOrWhiteSpace(texts[i]))
                {
                    await RunAsync(texts[i], cancellation).ConfigureAwait(false);
                }
                // What a file sets holds for that file alone; what it left for the commit is checked now.
                await RunAsync("set constraints all immediate; set constraints all deferred; reset role; reset all", cancellation).ConfigureAwait(false);
                await RunAsync(Record, cancellation, one.Version, one.Name, one.Checksum, one.Text, one.AppliedAt).ConfigureAwait(false);
            }
            catch (PostgresFailure failed) when (failed.InnerException is PostgresException failure)
            {
                return new RefusedMigration(one, PostgresDatabase.ErrorOf(texts[i], failure) with { Position = null });
            }
        }
        // The driver knows the types that were there when it connected.
        await connection.ReloadTypesAsync(cancellation).ConfigureAwait(false);
        catalog = await PostgresIntrospector.ReadWithinAsync(connection, cancellation).ConfigureAwait(false);
        return null;
    }

    // ---- rows ----

    public override async Task BeginRowsAsync(CancellationToken cancellation)
    {
        await held.TakeAsync(cancellation).ConfigureAwait(false);
        await RunAsync($"truncate table {Tables()} cascade", cancellation).ConfigureAwait(false);
    }

    private string Tables() => string.Join(", ", catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table).Select(t => SqlNames.Of(t.Name)));

    public override void Load(QualifiedName table, ImmutableArray<string> columns, IEnumerable<Datum[]> rows)
    {
        Table into = catalog.Find(table)!;
        int[] places = Written(into, columns);
        try
        {
            CopyRows.Load(connection, into, [.. places.Select(p => columns[p])], rows, places);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    public override async Task EndRowsAsync(ImmutableArray<NumberPosition> numbers, string? seedChecksum, CancellationToken cancellation)
    {
        foreach (StoredRows.Sequence sequence in await StoredRows.SequencesAsync(connection, cancellation).ConfigureAwait(false))
        {
            long next = numbers.FirstOrDefault(n => n.Table == sequence.Table && n.Column == sequence.Column)?.Next ?? sequence.Start;
            await RunAsync(SetNext, cancellation, sequence.Name, next).ConfigureAwait(false);
        }
        await RunAsync("set constraints all immediate", cancellation).ConfigureAwait(false);
        await held.GiveBackAsync(cancellation).ConfigureAwait(false);
        if (seedChecksum is not null)
        {
            await RunAsync("insert into tenon.facts values ('seed', $1)", cancellation, seedChecksum).ConfigureAwait(false);
        }
        // Without figures about the rows the first queries would be planned as if the tables were empty.
        await RunAsync($"analyze {Tables()}", cancellation).ConfigureAwait(false);
    }

    public override IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation) =>
        StoredRows.Of(connection, catalog, table, columns, cancellation);

    public override async Task CommitAsync(CancellationToken cancellation)
    {
        try
        {
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    // ---- statements ----

    private async Task RunAsync(string sql, CancellationToken cancellation, params object[] values)
    {
        await using NpgsqlCommand command = Command(sql, values);
        try
        {
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    private async Task<bool> TakeAsync(string sql, CancellationToken cancellation, params object[] values)
    {
        await using NpgsqlCommand command = Command(sql, values);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancellation)
    {
        await using NpgsqlCommand command = Command(sql, []);
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (object value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
        return command;
    }

    public override async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
    }
}

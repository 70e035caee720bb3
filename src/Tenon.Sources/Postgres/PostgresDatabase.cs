using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources.Postgres.Introspection;
using Tenon.Sources.Postgres.Moving;

namespace Tenon.Sources.Postgres;

/// <summary>
/// A PostgreSQL database as the main one: migrations are sent as they are, the catalog is what the system catalogs say, read
/// anew after each migration and when the database asks for it (NOTIFY pgrst, 'reload schema').
/// </summary>
internal sealed class PostgresDatabase : MainDatabase
{
    private const int Attempts = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly MainDatabaseOptions options;
    private readonly NpgsqlConnectionStringBuilder address;
    private readonly NpgsqlDataSource administration;
    private readonly PostgresPool pool;
    private readonly SemaphoreSlim reloading = new(1, 1);
    private readonly PostgresListener listener;
    private volatile Catalog catalog = Catalog.Empty;
    private PostgresRights? rights;
    private bool toldOfChanges;
    private string schemaPrint = "";
    private ImmutableArray<AppliedMigration> applied = [];
    private string? seedChecksum;

    private PostgresDatabase(MainDatabaseOptions options)
    {
        this.options = options;
        address = PostgresUrl.Read(options.Url);
        administration = SourceOf(address, statementTimeout: TimeSpan.Zero);
        pool = new PostgresPool(SourceOf(address, options.StatementTimeout), options.PoolSize, Patience) { StatementTimeout = options.StatementTimeout };
        ImmutableArray<Enforcement> enforcements = options.Security == Enforcement.Native ? [Enforcement.Native] : [Enforcement.Compiled, Enforcement.Native];
        Source = new PostgresSource(pool, enforcements);
        listener = new PostgresListener(administration, ReloadAsync, Tell, options.Clock, options.Alone);
    }

    public override Source Source { get; }
    public override Catalog Catalog => catalog;
    public override ImmutableArray<AppliedMigration> Applied => applied;
    public override string? SeedChecksum => seedChecksum;
    public override bool IsReady => listener.IsConnected;
    public override bool IsShared => true;

    public override RoleName? OwnRole => rights is { } known ? new RoleName(known.User) : null;

    public override string Place => PlaceOf(address);

    public override ImmutableArray<string> Facts =>
        [
            rights!.ToString(),
            toldOfChanges
                ? "changes of the schema: told by event triggers"
                : "changes of the schema: looked for every two seconds, since no event trigger could be made (a superuser's right)",
        ];

    public static string PlaceOf(NpgsqlConnectionStringBuilder address) =>
        string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {address.Host}:{address.Port}/{address.Database}");

    public static async Task<MainDatabase> OpenMainAsync(MainDatabaseOptions options, CancellationToken cancellation)
    {
        // Statements wait for the network on the thread that runs the request: as many as may wait must find a thread at once.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + options.PoolSize), ports);
        var database = new PostgresDatabase(options);
        try
        {
            await database.StartAsync(cancellation).ConfigureAwait(false);
            return database;
        }
        catch (Exception failure)
        {
            await database.DisposeAsync().ConfigureAwait(false);
            if (PostgresErrors.IsFailure(failure))
            {
                throw PostgresErrors.Of(failure);
            }
            throw;
        }
    }

    public static NpgsqlDataSource SourceOf(NpgsqlConnectionStringBuilder address, TimeSpan statementTimeout)
    {
        var own = new NpgsqlConnectionStringBuilder(address.ConnectionString)
        {
            // The pool is Tenon's own: it keeps connections by the role they last ran as, and their prepared statements.
            Pooling = false,
            Timezone = "UTC",
            SearchPath = "public,extensions",
            CommandTimeout = 0,
            Enlist = false,
            // What of it leaves the server is decided by PostgresErrors, not by the driver.
            IncludeErrorDetail = true,
            Options = string.Create(
                CultureInfo.InvariantCulture,
                $"-c statement_timeout={(long)statementTimeout.TotalMilliseconds} -c datestyle=ISO -c intervalstyle=postgres -c standard_conforming_strings=on"
            ),
        };
        return new NpgsqlDataSourceBuilder(own.ConnectionString).Build();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        await using (NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false))
        {
            await SetUpAsync(connection, cancellation).ConfigureAwait(false);
            await LoadAppliedAsync(connection, cancellation).ConfigureAwait(false);
            await ReadAsync(connection, cancellation).ConfigureAwait(false);
        }
        await listener.StartAsync(cancellation).ConfigureAwait(false);
    }

    private async Task SetUpAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false))
        {
            await SetUpAsync(connection, options, cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        rights = await PostgresRights.ReadAsync(connection, cancellation).ConfigureAwait(false);
        toldOfChanges = await SchemaPrint.IsToldAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>What Tenon needs in a database, within the transaction that the connection is in.</summary>
    public static async Task SetUpAsync(NpgsqlConnection connection, MainDatabaseOptions options, CancellationToken cancellation)
    {
        // Several servers may start on one database at once; the number is any that nobody else takes.
        await RunAsync(connection, "select pg_advisory_xact_lock(7236150117)", cancellation).ConfigureAwait(false);
        PostgresRights own = await PostgresRights.ReadAsync(connection, cancellation).ConfigureAwait(false);
        await PostgresSetup.RunAsync(connection, own.User, cancellation).ConfigureAwait(false);
        if (options.Schema.AutoExposeNewTables)
        {
            const string Expose = "alter default privileges in schema public grant all on tables to anon, authenticated";
            await RunAsync(connection, Expose, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Without the right to make triggers servers still look for themselves every few seconds.</summary>
    public override async Task BeginTellingAsync(CancellationToken cancellation)
    {
        const string Made = "select exists (select from tenon.facts where name = 'nodes' and value = $1)";
        const string Record = "insert into tenon.facts values ('nodes', $1) on conflict (name) do update set value = excluded.value";
        string text = PostgresTexts.Read("Nodes");
        string version = ChecksumOf(text);
        await using NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await RunAsync(connection, "select pg_advisory_xact_lock(7236150117)", cancellation).ConfigureAwait(false);
        await using var made = new NpgsqlCommand(Made, connection) { Parameters = { new NpgsqlParameter { Value = version } } };
        if (await made.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true)
        {
            return;
        }
        try
        {
            await RunAsync(connection, text, cancellation).ConfigureAwait(false);
            await RunAsync(connection, Record, cancellation, version).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            await transaction.RollbackAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task LoadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string List = "select version, name, checksum, text, applied_at from tenon.migrations order by place";
        var found = ImmutableArray.CreateBuilder<AppliedMigration>();
        await using (var command = new NpgsqlCommand(List, connection))
        await using (NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
            {
                found.Add(new AppliedMigration(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetInt64(4)));
            }
        }
        applied = found.ToImmutable();
        await using var seed = new NpgsqlCommand("select value from tenon.facts where name = 'seed'", connection);
        seedChecksum = (string?)await seed.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (object value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    // ---- migrations ----

    public override async Task<Error?> ApplyAsync(string version, string name, string text, long now, CancellationToken cancellation)
    {
        const string Record = "insert into tenon.migrations (version, name, checksum, text, applied_at) values ($1, $2, $3, $4, $5)";
        var migration = new AppliedMigration(version, name, ChecksumOf(text), text, now);
        Error? failed = await InTransactionAsync(
            text,
            async c =>
            {
                await RunAsync(c, Record, cancellation, version, name, migration.Checksum, text, now).ConfigureAwait(false);
                // Where no event trigger may be made, the servers that run on this database hear of it all the same.
                await RunAsync(c, "notify pgrst, 'reload schema'", cancellation).ConfigureAwait(false);
            },
            cancellation
        ).ConfigureAwait(false);
        if (failed is null)
        {
            await ReloadAsync(cancellation).ConfigureAwait(false);
        }
        return failed;
    }

    public override Task<Error?> SeedAsync(string text, long now, CancellationToken cancellation, Action<QualifiedName, long>? inserted = null) =>
        InTransactionAsync(text, _ => Task.CompletedTask, cancellation);

    public override async Task RecordSeedAsync(string checksum, CancellationToken cancellation)
    {
        const string Record = "insert into tenon.facts values ('seed', $1) on conflict (name) do update set value = excluded.value";
        await using NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await RunAsync(connection, Record, cancellation, checksum).ConfigureAwait(false);
        seedChecksum = checksum;
    }

    // A running server reads the tables that a migration changes: the one that PostgreSQL gives up of two that wait for each
    // other runs again.
    private async Task<Error?> InTransactionAsync(string text, Func<NpgsqlConnection, Task> record, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            Error? failed = await TryInTransactionAsync(text, record, cancellation).ConfigureAwait(false);
            if (failed is null || failed.Code.Text != PostgresErrorCodes.DeadlockDetected || attempt == Attempts)
            {
                return failed;
            }
        }
    }

    private async Task<Error?> TryInTransactionAsync(string text, Func<NpgsqlConnection, Task> record, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        string sent = options.Anew
            ? ReplayText.Of([text], await PostgresRights.RolesAsync(connection, cancellation).ConfigureAwait(false))[0]
            : TransactionWords.Blank(text, catalog.Schemas);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!string.IsNullOrWhiteSpace(sent))
            {
                await RunAsync(connection, sent, cancellation).ConfigureAwait(false);
            }
            await record(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
            return null;
        }
        catch (PostgresException failure)
        {
            return ErrorOf(sent, failure);
        }
    }

    // Migrations are the owner's own: the server's detail helps and tells no stranger anything.
    public static Error ErrorOf(string sent, PostgresException failure) =>
        new(ErrorCodes.FromSqlState(failure.SqlState), failure.MessageText, failure.Detail ?? failure.Where, failure.Hint)
        {
            Position = PositionIn(sent, failure),
        };

    /// <summary>The server counts characters within one statement; people look into the file.</summary>
    private static int? PositionIn(string text, PostgresException failure)
    {
        int statement = failure.BatchCommand is { CommandText: { Length: > 0 } sql } ? text.IndexOf(sql, StringComparison.Ordinal) : -1;
        return statement < 0 ? null : statement + Math.Max(failure.Position - 1, 0);
    }

    /// <summary>Reads the catalog anew; a request pins the one it got, and a failed reading keeps the old one.</summary>
    private async Task ReloadAsync(CancellationToken cancellation)
    {
        await reloading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await using NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await LoadAppliedAsync(connection, cancellation).ConfigureAwait(false);
            await ReadAsync(connection, cancellation).ConfigureAwait(false);
        }
        finally
        {
            reloading.Release();
        }
    }

    /// <summary>Without event triggers nobody says that the schema changed: its print is compared.</summary>
    public override async Task<bool> RefreshAsync(CancellationToken cancellation)
    {
        if (toldOfChanges || !listener.IsConnected)
        {
            return false;
        }
        try
        {
            await using (NpgsqlConnection connection = await administration.OpenConnectionAsync(cancellation).ConfigureAwait(false))
            {
                if (await SchemaPrint.ReadAsync(connection, cancellation).ConfigureAwait(false) == schemaPrint)
                {
                    return false;
                }
            }
            await ReloadAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    private async Task ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        // The print comes first: a change that comes between the two is seen at the next look, and not taken for one that was read.
        string print = await SchemaPrint.ReadAsync(connection, cancellation).ConfigureAwait(false);
        Catalog read = await PostgresIntrospector.ReadAsync(connection, cancellation).ConfigureAwait(false);
        schemaPrint = print;
        (pool.TellsRequest, pool.TellsResponse) = await PostgresIntrospector.SettingsAsync(connection, cancellation).ConfigureAwait(false);
        // Statements prepared against the old shape of a table are of no use any more.
        pool.Clear();
        catalog = read;
    }

    public override Task<RowExport> ExportAsync(CancellationToken cancellation) => PostgresExport.OpenAsync(administration, catalog, cancellation);

    public override async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        await pool.DisposeAsync().ConfigureAwait(false);
        await administration.DisposeAsync().ConfigureAwait(false);
        reloading.Dispose();
    }
}

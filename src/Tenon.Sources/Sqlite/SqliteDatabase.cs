using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Functions;
using Tenon.Sources.Sqlite.Moving;
using Tenon.Sources.Sqlite.Writing;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// The embedded database: one writer, a pool of readers, the catalog. The catalog is rebuilt at start from the texts of the
/// migrations that ran, and swapped as a whole when one runs.
/// </summary>
internal sealed class SqliteDatabase : MainDatabase
{
    public const string Scheme = "sqlite:";

    private const string CreateMigrations =
        "create table if not exists \"tenon.migrations\" (version text primary key, name text not null, checksum text not null, "
        + "text text not null, applied_at integer not null) strict;"
        + "create table if not exists \"tenon.seed\" (id integer primary key check (id = 1), checksum text not null) strict";

    private static readonly SqliteSql Record = new(
        "insert into \"tenon.migrations\" (version, name, checksum, text, applied_at) values (?1, ?2, ?3, ?4, ?5)"
    );
    private static readonly SqliteSql List = new(
        "select version, name, checksum, text, applied_at from \"tenon.migrations\" order by _rowid_"
    );
    private static readonly SqliteSql CountApplied = new("select count(*) from \"tenon.migrations\"");
    private static readonly SqliteSql SeedOf = new("select checksum from \"tenon.seed\"");
    public static readonly SqliteSql RecordSeed = new(
        "insert into \"tenon.seed\" (id, checksum) values (1, ?1) on conflict (id) do update set checksum = excluded.checksum"
    );

    private readonly SqliteOptions options;
    private readonly SchemaOptions schemaOptions;
    private readonly SqliteSource source;
    private readonly SqliteReaders readers;

    /// <summary>Held by whoever changes the catalog: a migration, or taking over another process's.</summary>
    private readonly SemaphoreSlim changing = new(1, 1);
    private ImmutableArray<AppliedMigration> applied = [];
    private ImmutableArray<string> renewed = [];
    private string? seedChecksum;
    private volatile Catalog catalog = Catalog.Empty;

    private SqliteDatabase(SqliteOptions options, MainDatabaseOptions main)
    {
        this.options = options;
        schemaOptions = main.Schema;
        Writer = new SqliteWriter(options);
        readers = new SqliteReaders(options, main.PoolSize);
        source = new SqliteSource(readers, Writer, () => catalog, main.StatementTimeout);
    }

    public override Source Source => source;
    public SqliteWriter Writer { get; }
    public override Catalog Catalog => catalog;
    public override ImmutableArray<AppliedMigration> Applied => applied;
    public override bool IsReady => Writer.State == WriterState.Running;
    public override string Place => options.Path;

    /// <summary>Readers in use now.</summary>
    public int ReadersRented => readers.Rented;
    public override ImmutableArray<string> Renewed => renewed;
    public override string? SeedChecksum => seedChecksum;

    public static string PathOf(MainDatabaseOptions main) => Path.GetFullPath(Path.Combine(main.Folder, main.Url[Scheme.Length..]));

    public static async Task<MainDatabase> OpenMainAsync(MainDatabaseOptions main, CancellationToken cancellation)
    {
        SqliteOptions options = OptionsOf(main);
        Directory.CreateDirectory(Path.GetDirectoryName(options.Path)!);
        var database = new SqliteDatabase(options, main);
        await database.Writer.RunExclusiveAsync(database.LoadApplied, cancellation).ConfigureAwait(false);
        return database;
    }

    public static SqliteOptions OptionsOf(MainDatabaseOptions main) =>
        new(PathOf(main))
        {
            Time = main.Clock,
            Synchronous = main.Durable ? SqliteSynchronous.Full : SqliteSynchronous.Normal,
            Extensions = new SqliteExtensions().Add(SqliteLibrary.Register),
        };

    private void LoadApplied(SqliteConnection connection)
    {
        connection.ExecuteScript(CreateMigrations + ";" + SqliteIdentity.CreateTable);
        var found = ImmutableArray.CreateBuilder<AppliedMigration>();
        using (SqliteStatement rows = connection.Prepare(List))
        {
            while (rows.Read())
            {
                string Text(int column) => Encoding.UTF8.GetString(rows.GetUtf8(column));
                found.Add(new AppliedMigration(Text(0), Text(1), Text(2), Text(3), rows.GetInt64(4)));
            }
        }
        using (SqliteStatement seed = connection.Prepare(SeedOf))
        {
            seedChecksum = seed.Read() ? Encoding.UTF8.GetString(seed.GetUtf8(0)) : null;
        }
        Catalog replayed = Catalog.Empty;
        foreach (AppliedMigration migration in found)
        {
            replayed = Plan(replayed, migration.Text).Value.Catalog;
        }
        (applied, catalog) = (found.ToImmutable(), replayed);
        Writer.KeepTexts(TextIndexes.Of(replayed));
        if (!applied.IsEmpty)
        {
            renewed = SqliteStoredResults.Renew(connection, replayed);
        }
    }

    public override async Task<bool> RefreshAsync(CancellationToken cancellation)
    {
        await changing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            using (SqliteSession session = await readers.RentAsync(cancellation, snapshot: false).ConfigureAwait(false))
            {
                if (session.Connection.QueryInt64(CountApplied) == applied.Length)
                {
                    return false;
                }
            }
            await Writer.RunExclusiveAsync(LoadApplied, cancellation).ConfigureAwait(false);
            return true;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Parses and checks a whole file against a catalog; nothing is changed.</summary>
    private Outcome<SchemaChange> Plan(Catalog from, string text)
    {
        Outcome<ImmutableArray<SchemaStatement>> parsed = SchemaParser.ParseScript(text);
        return parsed.Error is { } error ? error : SchemaBuilder.Apply(from, parsed.Value, schemaOptions);
    }

    public override async Task<Error?> ApplyAsync(string version, string name, string text, long now, CancellationToken cancellation)
    {
        await changing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await ApplyOneAsync(version, name, text, now, cancellation).ConfigureAwait(false);
        }
        finally
        {
            changing.Release();
        }
    }

    private async Task<Error?> ApplyOneAsync(string version, string name, string text, long now, CancellationToken cancellation)
    {
        if (!Plan(catalog, text).TryGet(out SchemaChange change, out Error refused))
        {
            return refused;
        }
        var migration = new AppliedMigration(version, name, ChecksumOf(text), text, now);
        Error? failed = await RunAsync(change, now, connection => Write(connection, migration), cancellation).ConfigureAwait(false);
        if (failed is null)
        {
            applied = applied.Add(migration);
        }
        return failed;
    }

    public override async Task<Error?> SeedAsync(
        string text,
        long now,
        CancellationToken cancellation,
        Action<QualifiedName, long>? inserted = null
    )
    {
        if (!Plan(catalog, text).TryGet(out SchemaChange change, out Error refused))
        {
            return refused;
        }
        return change.Steps.FirstOrDefault(s => s is not (RowsStep or IdentityValueStep)) is { } schema
            ? Refusals.NotSupported("a schema statement in a seed", "Put it into a migration.") with { Position = schema.At.Start }
            : await RunAsync(change, now, _ => { }, cancellation, inserted).ConfigureAwait(false);
    }

    public override async Task RecordSeedAsync(string checksum, CancellationToken cancellation)
    {
        await Writer.RunExclusiveAsync(connection =>
        {
            using SqliteStatement record = connection.Prepare(RecordSeed);
            record.BindText(1, checksum);
            record.Execute();
        }, cancellation).ConfigureAwait(false);
        seedChecksum = checksum;
    }

    private async Task<Error?> RunAsync(
        SchemaChange change,
        long now,
        Action<SqliteConnection> record,
        CancellationToken cancellation,
        Action<QualifiedName, long>? inserted = null
    )
    {
        Error? failed = null;
        await Writer.RunExclusiveAsync(c => failed = Run(c, change, now, record, inserted), cancellation).ConfigureAwait(false);
        if (failed is null)
        {
            catalog = change.Catalog;
        }
        return failed;
    }

    private Error? Run(
        SqliteConnection connection,
        SchemaChange change,
        long now,
        Action<SqliteConnection> record,
        Action<QualifiedName, long>? inserted
    )
    {
        connection.KeepForeignKeys(!change.Steps.Any(MovesTables));
        connection.ExecuteScript("begin immediate");
        SchemaStep? at = null;
        try
        {
            foreach (SchemaStep step in change.Steps)
            {
                at = step;
                Run(connection, step, now, inserted);
            }
            at = null;
            DemandReferences(connection);
            if (change.Steps.Any(s => s is not (RowsStep or IdentityValueStep)))
            {
                SqliteStoredResults.Record(connection, change.Catalog);
            }
            record(connection);
            connection.ExecuteScript("commit");
            Writer.KeepTexts(TextIndexes.Of(change.Catalog));
            return null;
        }
        catch (Exception failure) when (failure is SqliteException or TenonException)
        {
            connection.AbandonStatements();
            if (!connection.IsAutoCommit)
            {
                connection.ExecuteScript("rollback");
            }
            Error error = failure is TenonException known ? known.Error : ((SqliteException)failure).Failure.ToError();
            return error with { Position = error.Position ?? at?.At.Start, Details = error.Details ?? Internal(failure) };
        }
    }

    /// <summary>
    /// Does the step drop or rebuild a table? With foreign keys on SQLite would delete the rows that refer to it; with them off
    /// the write session does what they ask for, and foreign_key_check has the last word.
    /// </summary>
    private static bool MovesTables(SchemaStep step) =>
        step is DropTableStep or RenameTableStep or RenameColumnStep or AlterTableStep { AddedColumn: null };

    // Migrations are the owner's own: the engine's text helps and tells no stranger anything.
    private static string? Internal(Exception failure) => (failure as SqliteException)?.Failure.Internal;

    private void Run(SqliteConnection connection, SchemaStep step, long now, Action<QualifiedName, long>? inserted)
    {
        var context = new RequestContext { Now = now, CurrentUser = Principal.Owner.Role };
        if (step is IdentityValueStep number)
        {
            SetNumber(connection, number, context);
            return;
        }
        if (step is not RowsStep rows)
        {
            foreach (string ddl in SqliteSchemaWriter.Write(step, context))
            {
                connection.ExecuteScript(ddl);
            }
            return;
        }
        connection.KeepTexts(TextIndexes.Of(step.Catalog));
        Statement bound = new TypeChecker(step.Catalog).CheckStatement(rows.Statement).Value;
        var session = new SqliteWriteSession(new WriteContext(connection, new ChangeBuffer()), step.Catalog);
        session.Execute(bound, Principal.Owner, new StatementArguments { Context = context });
        connection.SyncTexts();
        if (bound is InsertStatement insert)
        {
            inserted?.Invoke(insert.Table, session.LastCount);
        }
    }

    private static void SetNumber(SqliteConnection connection, IdentityValueStep step, RequestContext context)
    {
        var session = new SqliteWriteSession(new WriteContext(connection, new ChangeBuffer()), step.Catalog);
        List<Datum[]> rows = session.Execute(new SelectStatement(step.Value), Principal.Owner, new StatementArguments { Context = context });
        if (rows is [[{ IsNull: false } value]])
        {
            SqliteIdentity.Set(connection, step.Table, step.Column, step.IsCalled ? value.Integer : value.Integer - step.Column.IdentityIncrement);
        }
    }

    public override Task<RowExport> ExportAsync(CancellationToken cancellation) => SqliteExport.OpenAsync(options, catalog);

    private static readonly SqliteSql ForeignKeyCheck = new("select \"table\", parent from pragma_foreign_key_check limit 1");

    public static void DemandReferences(SqliteConnection connection)
    {
        using SqliteStatement broken = connection.Prepare(ForeignKeyCheck);
        if (broken.Read())
        {
            string child = Encoding.UTF8.GetString(broken.GetUtf8(0));
            string parent = Encoding.UTF8.GetString(broken.GetUtf8(1));
            throw new Error(
                ErrorCodes.ForeignKeyViolation,
                $"a row of \"{child}\" refers to a row that is not present in \"{parent}\""
            ).ToException();
        }
    }

    private static void Write(SqliteConnection connection, AppliedMigration migration)
    {
        using SqliteStatement insert = connection.Prepare(Record);
        insert.BindText(1, migration.Version);
        insert.BindText(2, migration.Name);
        insert.BindText(3, migration.Checksum);
        insert.BindText(4, migration.Text);
        insert.Bind(5, migration.AppliedAt);
        insert.Execute();
    }

    public override async ValueTask DisposeAsync()
    {
        await readers.DisposeAsync().ConfigureAwait(false);
        await Writer.DisposeAsync().ConfigureAwait(false);
        changing.Dispose();
    }
}

using System.Collections.Immutable;
using System.Security.Cryptography;
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
using Tenon.Sources.Sqlite.Writing;

namespace Tenon.Sources.Sqlite;

/// <summary>A migration that ran: its version (the digits of its file), name, and what was in it.</summary>
internal sealed record AppliedMigration(string Version, string Name, string Checksum, string Text, long AppliedAt);

/// <summary>
/// The embedded database: one writer, a pool of readers, the catalog. The catalog is rebuilt at start from the texts of the
/// migrations that ran, and swapped as a whole when one runs.
/// </summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    private const string CreateMigrations =
        "create table if not exists \"tenon.migrations\" (version text primary key, name text not null, checksum text not null, "
        + "text text not null, applied_at integer not null) strict";

    private static readonly SqliteSql Record = new(
        "insert into \"tenon.migrations\" (version, name, checksum, text, applied_at) values (?1, ?2, ?3, ?4, ?5)"
    );
    private static readonly SqliteSql List = new(
        "select version, name, checksum, text, applied_at from \"tenon.migrations\" order by _rowid_"
    );

    private readonly SqliteOptions options;
    private readonly SchemaOptions schemaOptions;
    private readonly SqliteReaders readers;
    private volatile Catalog catalog = Catalog.Empty;

    private SqliteDatabase(SqliteOptions options, SchemaOptions schemaOptions, int readerCount, TimeSpan statementTimeout)
    {
        this.options = options;
        this.schemaOptions = schemaOptions;
        Writer = new SqliteWriter(options);
        readers = new SqliteReaders(options, readerCount);
        Source = new SqliteSource(readers, Writer, () => catalog, statementTimeout);
    }

    public Source Source { get; }
    public SqliteWriter Writer { get; }
    public Catalog Catalog => catalog;
    public ImmutableArray<AppliedMigration> Applied { get; private set; } = [];

    public static async Task<SqliteDatabase> OpenAsync(
        string path,
        SchemaOptions schemaOptions,
        TimeProvider clock,
        int readerCount = 16,
        TimeSpan? statementTimeout = null,
        bool durable = true
    )
    {
        var options = new SqliteOptions(path)
        {
            Time = clock,
            Synchronous = durable ? SqliteSynchronous.Full : SqliteSynchronous.Normal,
            Extensions = new SqliteExtensions().Add(SqliteLibrary.Register),
        };
        var database = new SqliteDatabase(options, schemaOptions, readerCount, statementTimeout ?? TimeSpan.FromSeconds(8));
        await database.Writer.RunExclusiveAsync(database.LoadApplied).ConfigureAwait(false);
        return database;
    }

    private void LoadApplied(SqliteConnection connection)
    {
        connection.ExecuteScript(CreateMigrations + ";" + SqliteIdentity.CreateTable);
        var applied = ImmutableArray.CreateBuilder<AppliedMigration>();
        using (SqliteStatement rows = connection.Prepare(List))
        {
            while (rows.Read())
            {
                string Text(int column) => Encoding.UTF8.GetString(rows.GetUtf8(column));
                applied.Add(new AppliedMigration(Text(0), Text(1), Text(2), Text(3), rows.GetInt64(4)));
            }
        }
        Applied = applied.ToImmutable();
        Catalog replayed = Catalog.Empty;
        foreach (AppliedMigration migration in Applied)
        {
            replayed = Plan(replayed, migration.Text).Value.Catalog;
        }
        catalog = replayed;
    }

    public static string ChecksumOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Parses and checks a whole file against a catalog; nothing is changed.</summary>
    private Outcome<SchemaChange> Plan(Catalog from, string text)
    {
        Outcome<ImmutableArray<SchemaStatement>> parsed = SchemaParser.ParseScript(text);
        return parsed.Error is { } error ? error : SchemaBuilder.Apply(from, parsed.Value, schemaOptions);
    }

    /// <summary>Runs one migration as one transaction and records it; the error of a refused one carries its position.</summary>
    public async Task<Error?> ApplyAsync(string version, string name, string text, long now, CancellationToken cancellation)
    {
        if (!Plan(catalog, text).TryGet(out SchemaChange change, out Error refused))
        {
            return refused;
        }
        var migration = new AppliedMigration(version, name, ChecksumOf(text), text, now);
        Error? failed = await RunAsync(change, now, connection => Write(connection, migration), cancellation).ConfigureAwait(false);
        if (failed is null)
        {
            Applied = Applied.Add(migration);
        }
        return failed;
    }

    /// <summary>Runs the rows of a seed as one transaction; schema statements in it are refused.</summary>
    public async Task<Error?> SeedAsync(string text, long now, CancellationToken cancellation)
    {
        if (!Plan(catalog, text).TryGet(out SchemaChange change, out Error refused))
        {
            return refused;
        }
        return change.Steps.FirstOrDefault(s => s is not RowsStep) is { } schema
            ? Refusals.NotSupported("a schema statement in a seed", "Put it into a migration.") with { Position = schema.At.Start }
            : await RunAsync(change, now, _ => { }, cancellation).ConfigureAwait(false);
    }

    private async Task<Error?> RunAsync(SchemaChange change, long now, Action<SqliteConnection> record, CancellationToken cancellation)
    {
        Error? failed = null;
        await Writer.RunExclusiveAsync(connection => failed = Run(connection, change, now, record), cancellation).ConfigureAwait(false);
        if (failed is null)
        {
            catalog = change.Catalog;
        }
        return failed;
    }

    private Error? Run(SqliteConnection connection, SchemaChange change, long now, Action<SqliteConnection> record)
    {
        connection.ExecuteScript("begin immediate");
        SchemaStep? at = null;
        try
        {
            foreach (SchemaStep step in change.Steps)
            {
                at = step;
                Run(connection, step, now);
            }
            at = null;
            DemandReferences(connection);
            record(connection);
            connection.ExecuteScript("commit");
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

    // Migrations are the owner's own: the engine's text helps and tells no stranger anything.
    private static string? Internal(Exception failure) => (failure as SqliteException)?.Failure.Internal;

    private void Run(SqliteConnection connection, SchemaStep step, long now)
    {
        var context = new RequestContext { Now = now, CurrentUser = Principal.Owner.Role };
        if (step is not RowsStep rows)
        {
            foreach (string ddl in SqliteSchemaWriter.Write(step, context))
            {
                connection.ExecuteScript(ddl);
            }
            return;
        }
        Statement bound = new TypeChecker(step.Catalog).CheckStatement(rows.Statement).Value;
        var session = new SqliteWriteSession(new WriteContext(connection, new ChangeBuffer()), step.Catalog);
        session.Execute(bound, Principal.Owner, new StatementArguments { Context = context });
    }

    private static readonly SqliteSql ForeignKeyCheck = new("select \"table\", parent from pragma_foreign_key_check limit 1");

    private static void DemandReferences(SqliteConnection connection)
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

    public async ValueTask DisposeAsync()
    {
        await readers.DisposeAsync().ConfigureAwait(false);
        await Writer.DisposeAsync().ConfigureAwait(false);
    }
}

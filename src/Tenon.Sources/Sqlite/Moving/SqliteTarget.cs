using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Writing;

namespace Tenon.Sources.Sqlite.Moving;

/// <summary>
/// A file that is not there yet as the target of a move: it is made as FILE.moving and gets its name at the end. What a move
/// that broke has left is thrown away by the next one.
/// </summary>
internal sealed class SqliteTarget : MoveTarget
{
    private readonly string path;
    private readonly MainDatabaseOptions moving;
    private readonly IDisposable claim;
    private SqliteConnection? connection;
    private Catalog catalog = Catalog.Empty;
    private bool committed;

    private SqliteTarget(string path, MainDatabaseOptions moving, IDisposable claim) =>
        (this.path, this.moving, this.claim) = (path, moving, claim);

    public override Catalog Catalog => catalog;
    public override string Place => path;

    public static Task<Outcome<MoveTarget>> OpenAsync(MainDatabaseOptions options, CancellationToken cancellation)
    {
        string path = SqliteDatabase.PathOf(options);
        if (File.Exists(path))
        {
            Error there = new(ErrorCodes.ObjectNotInState, $"the target, {path}, is there already", null, "Name a file that is not there, or move that one away.");
            return Task.FromResult<Outcome<MoveTarget>>(there);
        }
        if (SqliteReplacement.Claim(options) is not { } claim)
        {
            Error used = new(ErrorCodes.LockNotAvailable, $"a server or a move runs on the target, {path}", null, "Stop it, or name another file.");
            return Task.FromResult<Outcome<MoveTarget>>(used);
        }
        MainDatabaseOptions moving = options with { Url = SqliteDatabase.Scheme + Unfinished(path), Durable = false };
        SqliteReplacement.Delete(Unfinished(path));
        return Task.FromResult(Outcome<MoveTarget>.Of(new SqliteTarget(path, moving, claim)));
    }

    private static string Unfinished(string path) => path + ".moving";

    private SqliteConnection Connection => connection ?? throw new InvalidOperationException("rows come after the migrations");

    public override async Task<RefusedMigration?> ReplayAsync(ImmutableArray<AppliedMigration> history, CancellationToken cancellation)
    {
        await using MainDatabase database = await SqliteDatabase.OpenMainAsync(moving, cancellation).ConfigureAwait(false);
        foreach (AppliedMigration one in history)
        {
            if (await database.ApplyAsync(one.Version, one.Name, one.Text, one.AppliedAt, cancellation).ConfigureAwait(false) is { } refused)
            {
                return new RefusedMigration(one, refused);
            }
        }
        catalog = database.Catalog;
        return null;
    }

    public override Task BeginRowsAsync(CancellationToken cancellation)
    {
        // A private connection keeps no foreign keys, and triggers are the write session's, which is not asked here.
        connection = SqliteConnection.Open(SqliteDatabase.OptionsOf(moving), SqliteMode.Private);
        connection.ExecuteScript("begin immediate");
        foreach (Table table in catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table))
        {
            connection.ExecuteScript($"delete from \"{SqliteDialect.PhysicalName(table.Name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }
        return Task.CompletedTask;
    }

    public override void Load(QualifiedName table, ImmutableArray<string> columns, IEnumerable<Datum[]> rows)
    {
        Table into = catalog.Find(table)!;
        int[] places = Written(into, columns);
        int[] ordinals = [.. places.Select(p => into.OrdinalOf(columns[p]))];
        SqliteCompiled insert = TableProgram.Of(catalog, into).Insert;
        var slots = new Datum[into.Columns.Length];
        var arguments = new StatementArguments { Slots = slots, Context = new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role } };
        using SqliteStatement statement = Connection.Prepare(insert.Sql);
        foreach (Datum[] row in rows)
        {
            for (int i = 0; i < places.Length; i++)
            {
                slots[ordinals[i]] = row[places[i]];
            }
            try
            {
                SqliteBinding.Bind(statement, insert.Parameters, arguments);
                statement.Execute();
            }
            catch (SqliteException failure) when (failure.Failure.SqlState is "23505" or "23502" or "23514")
            {
                throw SqliteConstraints.Explain(failure, into, slots, new ErrorKnowledge(catalog, Principal.Owner));
            }
            statement.Reset();
        }
    }

    public override Task EndRowsAsync(ImmutableArray<NumberPosition> numbers, string? seedChecksum, CancellationToken cancellation)
    {
        foreach (NumberPosition number in numbers)
        {
            if (catalog.Find(number.Table) is { } table && table.Find(number.Column) is { Identity: not IdentityKind.None } column)
            {
                SqliteIdentity.Set(Connection, table, column, number.Next - column.IdentityIncrement);
            }
        }
        SqliteDatabase.DemandReferences(Connection);
        foreach (string refill in SqliteSchemaWriter.RefillTexts(catalog))
        {
            Connection.ExecuteScript(refill);
        }
        if (seedChecksum is not null)
        {
            using SqliteStatement record = Connection.Prepare(SqliteDatabase.RecordSeed);
            record.BindText(1, seedChecksum);
            record.Execute();
        }
        return Task.CompletedTask;
    }

    public override IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation) =>
        StoredRows.Of(Connection, catalog, table, columns, cancellation);

    public override Task CommitAsync(CancellationToken cancellation)
    {
        Connection.ExecuteScript("commit; PRAGMA synchronous = full");
        Connection.Checkpoint(truncate: true);
        Connection.Dispose();
        connection = null;
        // Everything is in the one file and on disk: its new name is the commit.
        File.Move(Unfinished(path), path);
        committed = true;
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        connection?.Dispose();
        if (!committed)
        {
            SqliteReplacement.Delete(Unfinished(path));
        }
        claim.Dispose();
        return ValueTask.CompletedTask;
    }
}

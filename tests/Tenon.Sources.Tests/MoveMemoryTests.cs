using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Types;
using Tenon.Sources.Postgres.Moving;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Moving;
using Tenon.Sources.Tests.Sqlite;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests;

/// <summary>A move holds one row at a time: of what went by nothing is kept, on either side.</summary>
public sealed class MoveMemoryTests
{
    private const int Rows = 2_000;
    private const string Schema = "create table many (id int primary key, words text not null);";
    private static readonly QualifiedName Many = new("public", "many");
    private static readonly ImmutableArray<string> Columns = ["id", "words"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_into_SQLite_lets_every_row_go()
    {
        using var database = new TestDatabase();
        string url = "sqlite:" + Path.Combine(database.Folder, "target.db");
        await DemandNothingHeldAsync(new MainDatabaseOptions(url) { Folder = database.Folder }, (o, c) => SqliteTarget.OpenAsync(o, c));
    }

    [Fact]
    public async Task A_load_into_PostgreSQL_lets_every_row_go()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await DemandNothingHeldAsync(new MainDatabaseOptions(PrivatePostgres.Shared!.CreateDatabase()), (o, c) => PostgresTarget.OpenAsync(o, c));
    }

    private static async Task DemandNothingHeldAsync(MainDatabaseOptions options, Func<MainDatabaseOptions, CancellationToken, Task<Core.Errors.Outcome<MoveTarget>>> open)
    {
        await using MoveTarget target = (await open(options, Cancel)).Value;
        Assert.Null(await target.ReplayAsync([new AppliedMigration("1", "many", "0", Schema, 0)], Cancel));
        await target.BeginRowsAsync(Cancel);
        var given = new List<WeakReference>(Rows);
        target.Load(Many, Columns, Given(given));
        Assert.Equal(Rows, given.Count);
        int read = 0;
        var seen = new List<WeakReference>(Rows);
        foreach (Datum[] row in target.Rows(Many, Columns, Cancel))
        {
            seen.Add(new WeakReference(row));
            if (++read == Rows)
            {
                DemandGone(seen);
            }
        }
        Assert.Equal(Rows, read);
    }

    // The last row asks what has become of those before it.
    private static IEnumerable<Datum[]> Given(List<WeakReference> given)
    {
        for (int i = 1; i <= Rows; i++)
        {
            yield return Make(i, given);
        }
        DemandGone(given);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Datum[] Make(int i, List<WeakReference> given)
    {
        Datum[] row = [Datum.Of(i), Datum.Of(new string('x', 1_000))];
        given.Add(new WeakReference(row));
        return row;
    }

    private static void DemandGone(List<WeakReference> rows)
    {
        GC.Collect();
        // The last ones may still be somebody's local.
        int held = rows.Take(rows.Count - 10).Count(r => r.IsAlive);
        Assert.True(held == 0, $"{held} rows that went by are held");
    }
}

using Tenon.Core.Errors;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

public sealed class SqliteReadersTests : IDisposable
{
    private static readonly SqliteSql Count = new("select count(*) from t");
    private readonly TestDatabase database = new("create table t(a); insert into t values (1)");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_sees_one_snapshot_and_the_next_one_sees_the_new_rows()
    {
        await using SqliteReaders readers = new(database.Options, 2);
        using (SqliteSession session = await readers.RentAsync(Stop))
        {
            Assert.Equal(1, session.Connection.QueryInt64(Count));
            database.Run("insert into t values (2)");
            Assert.Equal(1, session.Connection.QueryInt64(Count));
        }
        using SqliteSession next = await readers.RentAsync(Stop);
        Assert.Equal(2, next.Connection.QueryInt64(Count));
    }

    [Fact]
    public async Task Cancelling_stops_the_statement_and_never_the_next_user()
    {
        await using SqliteReaders readers = new(database.Options, 1);
        for (int i = 0; i < 50; i++)
        {
            using CancellationTokenSource cancel = new();
            using (SqliteSession session = await readers.RentAsync(cancel.Token, snapshot: i % 2 == 0))
            {
                cancel.CancelAfter(TimeSpan.FromMilliseconds(i % 5));
                SqliteException e = Assert.Throws<SqliteException>(() => session.Connection.Execute(SqliteConnectionTests.Endless));
                Assert.Equal("57014", e.Failure.SqlState);
            }
            using SqliteSession next = await readers.RentAsync(Stop);
            Assert.Equal(1, next.Connection.QueryInt64(Count));
        }
    }

    [Fact]
    public async Task A_streaming_session_outlives_its_statement_s_time_but_not_the_snapshot_s_age()
    {
        await using SqliteReaders readers = new(database.Options, 1, TimeSpan.FromMilliseconds(700));
        using (SqliteSession session = await readers.RentAsync(Stop, TimeSpan.FromMilliseconds(50)))
        {
            session.AllowLongest();
            Hold(TimeSpan.FromMilliseconds(250));
            Assert.Equal(1, session.Connection.QueryInt64(Count));
            SqliteException e = Assert.Throws<SqliteException>(() => session.Connection.Execute(SqliteConnectionTests.Endless));
            Assert.Equal("57014", e.Failure.SqlState);
        }
        using SqliteSession next = await readers.RentAsync(Stop);
        Assert.Equal(1, next.Connection.QueryInt64(Count));
    }

    [Fact]
    public async Task A_statement_that_polls_rarely_is_stopped_by_the_watchdog()
    {
        // The function holds the thread, so only the request to stop left by the watchdog ends the session.
        SqliteExtensions extensions = new();
        extensions.Add(c => c.CreateScalar("hold", 0, FunctionTraits.None, (x, _) => { Hold(TimeSpan.FromMilliseconds(400)); x.Int64(1); }));
        await using SqliteReaders readers = new(database.Options with { Extensions = extensions }, 1, TimeSpan.FromMilliseconds(50));
        using SqliteSession session = await readers.RentAsync(Stop);
        SqliteException e = Assert.Throws<SqliteException>(() => session.Connection.Execute(new SqliteSql("select hold() union all select hold()")));
        Assert.Equal("57014", e.Failure.SqlState);
        Assert.Contains("timeout", e.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_finds_no_reader_waits_in_line_and_may_leave_it()
    {
        await using SqliteReaders readers = new(database.Options, 1, maxWaiting: 2);
        SqliteSession held = await readers.RentAsync(Stop);
        using CancellationTokenSource cancel = new();
        Task<SqliteSession> leaves = readers.RentAsync(cancel.Token).AsTask();
        Task<SqliteSession> waits = readers.RentAsync(Stop).AsTask();
        TenonException full = await Assert.ThrowsAsync<TenonException>(async () => await readers.RentAsync(Stop));
        Assert.Equal(ErrorCodes.TooManyConnections, full.Error.Code);
        await cancel.CancelAsync();
        Assert.Equal("57014", (await Assert.ThrowsAsync<SqliteException>(() => leaves)).Failure.SqlState);
        Assert.False(waits.IsCompleted);
        held.Dispose();
        using SqliteSession got = await waits.WaitAsync(TimeSpan.FromSeconds(5), Stop);
        Assert.Equal(1, readers.Rented);
    }

    [Fact]
    public async Task Waiting_longer_than_the_time_out_is_refused()
    {
        await using SqliteReaders readers = new(database.Options, 1);
        using SqliteSession held = await readers.RentAsync(Stop);
        TenonException e = await Assert.ThrowsAsync<TenonException>(async () => await readers.RentAsync(Stop, TimeSpan.FromMilliseconds(20)));
        Assert.Equal(503, e.Error.Code.Status);
    }

    [Fact]
    public async Task A_forgotten_statement_costs_the_reader_not_the_next_user()
    {
        await using SqliteReaders readers = new(database.Options, 1);
        SqliteStatement forgotten;
        SqliteConnection first;
        using (SqliteSession session = await readers.RentAsync(Stop))
        {
            first = session.Connection;
            forgotten = session.Prepare(Count);
            Assert.True(forgotten.Read());
        }
        using SqliteSession next = await readers.RentAsync(Stop);
        Assert.NotSame(first, next.Connection);
        Assert.ThrowsAny<Exception>(() => forgotten.Read());
        Assert.Equal(1, next.Connection.QueryInt64(Count));
    }

    [Fact]
    public async Task Closing_waits_for_the_sessions_that_are_out()
    {
        SqliteReaders readers = new(database.Options, 2);
        SqliteSession held = await readers.RentAsync(Stop);
        Task closing = readers.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<TenonException>(async () => await readers.RentAsync(Stop));
        Assert.False(closing.IsCompleted);
        held.Dispose();
        await closing.WaitAsync(TimeSpan.FromSeconds(5), Stop);
    }

    [Fact]
    public async Task Sixty_four_readers_at_once_share_four_connections()
    {
        await using SqliteReaders readers = new(database.Options, 4);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 2000),
            new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Stop },
            async (_, ct) =>
            {
                using SqliteSession session = await readers.RentAsync(ct);
                Assert.Equal(1, session.Connection.QueryInt64(Count));
                await Task.Yield();
                Assert.Equal(1, session.Connection.QueryInt64(Count));
            }
        );
        Assert.Equal(0, readers.Rented);
    }

    private static void Hold(TimeSpan time)
    {
        using ManualResetEventSlim never = new();
        never.Wait(time);
    }

    public void Dispose() => database.Dispose();
}

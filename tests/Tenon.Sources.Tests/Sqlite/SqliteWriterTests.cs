using Tenon.Core.Errors;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>The writer in step mode: what shares a group, what fails alone, what is replayed.</summary>
public sealed class SqliteWriterTests : IDisposable
{
    private const string Schema = """
        create table a(id integer primary key, v text not null);
        create table b(id integer primary key, a integer references a(id) deferrable initially deferred);
        """;

    private readonly TestDatabase database = new(Schema);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // However long a step takes on a busy machine, the group is those who wait.
    private SqliteWriter Manual(SqliteWriterOptions? settings = null) =>
        new(database.Options, (settings ?? new SqliteWriterOptions()) with { Manual = true, MaxGroupTime = TimeSpan.FromMinutes(1) });

    private static DelegateUnit<long> Insert(long id, string? v = "v") => new(c => Sql.InsertA(c, id, v));

    [Fact]
    public async Task Units_that_wait_share_one_commit_and_are_answered_after_it()
    {
        await using SqliteWriter writer = Manual();
        Task[] tasks = [.. Enumerable.Range(1, 10).Select(i => writer.SubmitAsync(Insert(i)).AsTask())];
        Assert.All(tasks, t => Assert.False(t.IsCompleted));
        Assert.Equal(10, writer.PumpOnce());
        await Task.WhenAll(tasks);
        Assert.Equal(1, writer.Counters.Groups);
        Assert.Equal(10, database.Scalar("select count(*) from a"));
        Assert.Equal(0, writer.PumpOnce());
    }

    [Fact]
    public async Task A_failing_unit_is_undone_alone()
    {
        await using SqliteWriter writer = Manual();
        Task first = writer.SubmitAsync(Insert(1)).AsTask();
        Task second = writer.SubmitAsync(new DelegateUnit<long>(c => Sql.InsertA(c, 2, "x") + Sql.InsertA(c, 1, "dup"))).AsTask();
        Task third = writer.SubmitAsync(Insert(3)).AsTask();
        writer.PumpOnce();
        await first;
        await third;
        SqliteException e = await Assert.ThrowsAsync<SqliteException>(() => second);
        Assert.Equal("23505", e.Failure.SqlState);
        Assert.Equal(4, database.Scalar("select sum(id) from a"));
    }

    [Fact]
    public async Task A_deferred_foreign_key_fails_its_own_unit_only()
    {
        await using SqliteWriter writer = Manual();
        Task good = writer.SubmitAsync(new DelegateUnit<long>(c => Sql.InsertB(c, 1, 10) + Sql.InsertA(c, 10, "parent, later"))).AsTask();
        Task bad = writer.SubmitAsync(new DelegateUnit<long>(c => Sql.InsertB(c, 2, 99))).AsTask();
        Task last = writer.SubmitAsync(Insert(3)).AsTask();
        writer.PumpOnce();
        await good;
        await last;
        Assert.Equal("23503", (await Assert.ThrowsAsync<SqliteException>(() => bad)).Failure.SqlState);
        Assert.Equal(1, database.Scalar("select count(*) from b"));
        Assert.Equal(0, writer.Counters.Replays);
        // Found before its savepoint was released: the group's commit was not refused, nobody had to run again alone.
        Assert.Equal(0, writer.Counters.Alone);
    }

    [Fact]
    public async Task An_interrupted_statement_loses_the_group_and_the_others_are_replayed()
    {
        await using SqliteWriter writer = Manual();
        Task first = writer.SubmitAsync(Insert(1)).AsTask();
        DelegateUnit<long> slow = new(c => { Sql.InsertA(c, 2, "x"); Sql.InsertEndless(c); return 0; })
        {
            Timeout = TimeSpan.FromMilliseconds(30),
        };
        Task stopped = writer.SubmitAsync(slow).AsTask();
        Task third = writer.SubmitAsync(Insert(3)).AsTask();
        writer.PumpOnce();
        await first;
        Assert.False(third.IsCompleted);
        writer.PumpOnce();
        await third;
        Assert.Equal("57014", (await Assert.ThrowsAsync<SqliteException>(() => stopped)).Failure.SqlState);
        Assert.Equal(4, database.Scalar("select sum(id) from a"));
        Assert.Equal(1, writer.Counters.Replays);
    }

    [Fact]
    public async Task A_cancelled_unit_leaves_the_queue_at_once()
    {
        await using SqliteWriter writer = Manual();
        using CancellationTokenSource cancel = new();
        Task cancelled = writer.SubmitAsync(new DelegateUnit<long>(c => Sql.InsertA(c, 1, "v")) { Token = cancel.Token }).AsTask();
        Task stays = writer.SubmitAsync(Insert(2)).AsTask();
        await cancel.CancelAsync();
        Assert.Equal("57014", (await Assert.ThrowsAsync<SqliteException>(() => cancelled)).Failure.SqlState);
        Assert.Equal(1, writer.QueueLength);
        writer.PumpOnce();
        await stays;
        Assert.Equal(2, database.Scalar("select sum(id) from a"));
    }

    [Fact]
    public async Task A_unit_cancelled_while_it_runs_stops_before_its_next_statement()
    {
        await using SqliteWriter writer = Manual();
        using CancellationTokenSource cancel = new();
        DelegateUnit<long> unit = new(c => { Sql.InsertA(c, 1, "x"); cancel.Cancel(); return Sql.InsertA(c, 2, "y"); })
        {
            Token = cancel.Token,
        };
        Task task = writer.SubmitAsync(unit).AsTask();
        Task other = writer.SubmitAsync(Insert(3)).AsTask();
        writer.PumpOnce();
        await other;
        Assert.Equal("57014", (await Assert.ThrowsAsync<SqliteException>(() => task)).Failure.SqlState);
        Assert.Equal(3, database.Scalar("select sum(id) from a"));
        Assert.Equal(0, writer.Counters.Replays);
    }

    [Fact]
    public async Task A_full_queue_refuses_with_a_time_to_come_back()
    {
        await using SqliteWriter writer = Manual(new SqliteWriterOptions { QueueCapacity = 2 });
        Task one = writer.SubmitAsync(Insert(1)).AsTask();
        Task two = writer.SubmitAsync(Insert(2)).AsTask();
        // An unbounded queue would take the third unit and wait for a round that nobody starts.
        Task full = writer.SubmitAsync(Insert(3)).AsTask();
        Assert.True(full.IsCompleted, "the third unit waits in a queue of two");
        TenonException e = await Assert.ThrowsAsync<TenonException>(() => full);
        Assert.Equal((503, 1), (e.Error.Code.Status, e.Error.RetryAfter));
        writer.PumpOnce();
        await Task.WhenAll(one, two);
        Task three = writer.SubmitAsync(Insert(3)).AsTask();
        writer.PumpOnce();
        await three;
    }

    [Fact]
    public async Task A_unit_that_leaves_a_statement_open_fails_and_does_not_hurt_the_next()
    {
        await using SqliteWriter writer = Manual();
        Task bad = writer.SubmitAsync(new DelegateUnit<long>(c => { c.Prepare(Sql.CountA).Read(); c.Prepare(Sql.CountA).Read(); return 0; })).AsTask();
        Task good = writer.SubmitAsync(Insert(1)).AsTask();
        writer.PumpOnce();
        await good;
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
    }

    private sealed class Import(int rows) : BulkWriteUnit
    {
        private int done;
        private int reached;

        protected override bool ExecuteChunk(WriteContext context)
        {
            for (reached = done; reached < rows && reached < done + 10; reached++)
                Sql.InsertA(context, 1000 + reached, "bulk");
            return reached == rows;
        }

        public override void ChunkCommitted() => done = reached;
    }

    [Fact]
    public async Task A_bulk_unit_gives_way_between_its_chunks()
    {
        await using SqliteWriter writer = Manual();
        Task bulk = writer.SubmitAsync(new Import(25)).AsTask();
        Task small = writer.SubmitAsync(Insert(1)).AsTask();
        writer.PumpOnce();
        Assert.False(small.IsCompleted);
        writer.PumpOnce();
        await small;
        Assert.False(bulk.IsCompleted);
        while (writer.PumpOnce() > 0) { }
        await bulk;
        Assert.Equal(26, database.Scalar("select count(*) from a"));
        Assert.Equal(4, writer.Counters.Groups);
    }

    [Fact]
    public async Task A_bulk_unit_is_told_to_give_way_after_50_milliseconds()
    {
        database.Options = database.Options with { Time = new TenMillisecondsAtEveryLook() };
        await using SqliteWriter writer = Manual();
        Patient bulk = new();
        Task done = writer.SubmitAsync(bulk).AsTask();
        while (writer.PumpOnce() > 0) { }
        await done;
        Assert.Equal([4, 4, 4], bulk.Turns);
    }

    private sealed class TenMillisecondsAtEveryLook : TimeProvider
    {
        private long at;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => at += 10 * TimeSpan.TicksPerMillisecond;
    }

    private sealed class Patient : BulkWriteUnit
    {
        public List<int> Turns { get; } = [];

        protected override bool ExecuteChunk(WriteContext context)
        {
            int turns = 0;
            while (!context.ShouldYield)
            {
                turns++;
            }
            Turns.Add(turns);
            return Turns.Count == 3;
        }

        public override void ChunkCommitted() { }
    }

    [Fact]
    public async Task Exclusive_work_runs_with_foreign_keys_off_between_groups()
    {
        await using SqliteWriter writer = new(database.Options);
        await writer.SubmitAsync(Insert(1));
        await writer.RunExclusiveAsync(
            db =>
            {
                Assert.Equal(0, db.QueryInt64(new SqliteSql("PRAGMA foreign_keys")));
                db.ExecuteScript("begin; alter table a add column extra integer default 7; commit; begin; delete from a;");
            },
            Stop
        );
        // What the work left open was rolled back, and the writer's statements know the new column.
        await writer.SubmitAsync(Insert(2));
        Assert.Equal(14, database.Scalar("select sum(extra) from a"));
        await Assert.ThrowsAsync<SqliteException>(() => writer.RunExclusiveAsync(db => db.ExecuteScript("nonsense"), Stop));
    }

    [Fact]
    public async Task A_file_locked_by_another_process_is_55P03_for_everyone_who_waited()
    {
        database.Options = database.Options with { BusyTimeout = TimeSpan.FromMilliseconds(20) };
        await using SqliteWriter writer = Manual();
        using SqliteConnection other = SqliteConnection.Open(database.Options, SqliteMode.Writer);
        other.ExecuteScript("begin immediate");
        Task[] tasks = [writer.SubmitAsync(Insert(1)).AsTask(), writer.SubmitAsync(Insert(2)).AsTask()];
        Assert.Equal(2, writer.PumpOnce());
        foreach (Task task in tasks)
            Assert.Equal("55P03", (await Assert.ThrowsAsync<SqliteException>(() => task)).Failure.SqlState);
        other.ExecuteScript("rollback");
        Task now = writer.SubmitAsync(Insert(1)).AsTask();
        writer.PumpOnce();
        await now;
    }

    [Fact]
    public async Task Stopping_serves_who_is_in_line_and_empties_the_log()
    {
        SqliteWriter writer = new(database.Options);
        Task[] tasks = [.. Enumerable.Range(1, 200).Select(i => writer.SubmitAsync(Insert(i)).AsTask())];
        await writer.StopAsync();
        await Task.WhenAll(tasks);
        TenonException e = await Assert.ThrowsAsync<TenonException>(async () => await writer.SubmitAsync(Insert(1000)));
        Assert.Equal("57P01", e.Error.Code.Text);
        Assert.False(File.Exists(database.Options.Path + "-wal"));
        Assert.Equal(200, database.Scalar("select count(*) from a"));
    }

    [Fact]
    public async Task The_log_is_moved_into_the_database_as_it_grows()
    {
        await using SqliteWriter writer = Manual(new SqliteWriterOptions { CheckpointPages = 20 });
        for (int i = 1; i <= 200; i++)
        {
            Task task = writer.SubmitAsync(Insert(i, new string('x', 2000))).AsTask();
            writer.PumpOnce();
            await task;
        }
        Assert.InRange(writer.Counters.Checkpoints, 5, 60);
        Assert.InRange(new FileInfo(database.Options.Path + "-wal").Length, 1, 60 * 4200);
    }

    public void Dispose() => database.Dispose();
}

/// <summary>The statements of the writer's tests.</summary>
internal static class Sql
{
    public static readonly SqliteSql CountA = new("select count(*) from a");
    private static readonly SqliteSql IntoA = new("insert into a(id, v) values (?1, ?2)");
    private static readonly SqliteSql IntoB = new("insert into b(id, a) values (?1, ?2)");
    private static readonly SqliteSql IntoAEndless = new(
        "insert into a(id, v) with recursive n(i) as (select -100 union all select i - 1 from n) select i, 'x' from n"
    );

    public static long InsertA(WriteContext context, long id, string? v)
    {
        using SqliteStatement s = context.Prepare(IntoA);
        s.Bind(1, id);
        if (v is null)
            s.BindNull(2);
        else
            s.BindText(2, v);
        return s.Execute();
    }

    public static long InsertB(WriteContext context, long id, long a)
    {
        using SqliteStatement s = context.Prepare(IntoB);
        s.Bind(1, id);
        s.Bind(2, a);
        return s.Execute();
    }

    public static void InsertEndless(WriteContext context)
    {
        using SqliteStatement s = context.Prepare(IntoAEndless);
        s.Execute();
    }
}

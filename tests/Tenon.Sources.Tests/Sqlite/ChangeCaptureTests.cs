using System.Globalization;
using System.Text;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

public sealed class ChangeCaptureTests : IDisposable
{
    private const string Schema = """
        create table a(id integer primary key, v text not null, n real, data blob);
        create table "auth.users"(k text primary key, v text) without rowid;
        create table child(id integer primary key, a integer references a(id) on delete cascade);
        create table silent(id integer primary key);
        create table outbox(id integer primary key, what text);
        """;

    private readonly TestDatabase database = new(Schema);
    private readonly SqliteWriter writer;
    private readonly ChangeSubscription feed;

    public ChangeCaptureTests()
    {
        // However long a step takes on a busy machine, the group is those who wait.
        writer = new SqliteWriter(database.Options, new SqliteWriterOptions { Manual = true, MaxGroupTime = TimeSpan.FromMinutes(1) });
        feed = writer.Feed.Subscribe();
        writer.Listen(ChangeFilter.Of(["a", "auth.users", "child"]));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private async Task Run(params string[] scripts)
    {
        List<Task> tasks = [];
        foreach (string script in scripts)
            tasks.Add(writer.RunAsync(c => { c.Connection.ExecuteScript(script); return 0; }, Stop));
        writer.PumpOnce();
        await Task.WhenAll(tasks);
    }

    private List<string> Seen()
    {
        List<string> seen = [];
        while (feed.TryRead(out ChangeBatch? batch))
            for (int i = 0; i < batch!.Count; i++)
                seen.Add(Describe(batch[i]));
        return seen;
    }

    private static string Describe(Change change)
    {
        StringBuilder text = new($"{change.Kind} {change.Table}");
        if (change.HasOld)
            text.Append(" -").Append(Row(change, true));
        if (change.HasNew)
            text.Append(" +").Append(Row(change, false));
        return text.ToString();
    }

    private static string Row(Change change, bool old)
    {
        string[] values = new string[change.ColumnCount];
        for (int i = 0; i < values.Length; i++)
        {
            ChangeValue v = old ? change.Old(i) : change.New(i);
            values[i] = v.Kind switch
            {
                ChangeValueKind.Null => "null",
                ChangeValueKind.Integer => v.Int64.ToString(CultureInfo.InvariantCulture),
                ChangeValueKind.Real => v.Double.ToString(CultureInfo.InvariantCulture),
                ChangeValueKind.Text => $"'{Encoding.UTF8.GetString(v.Bytes)}'",
                _ => Convert.ToHexString(v.Bytes),
            };
        }
        return $"({string.Join(",", values)})";
    }

    [Fact]
    public async Task Old_and_new_values_of_every_kind_arrive_in_order()
    {
        await Run("insert into a values (1, 'ä', 1.5, x'00ff'); update a set v = '', n = null where id = 1; delete from a");
        Assert.Equal(
            [
                "Insert a +(1,'ä',1.5,00FF)",
                "Update a -(1,'ä',1.5,00FF) +(1,'',null,00FF)",
                "Delete a -(1,'',null,00FF)",
            ],
            Seen()
        );
    }

    [Fact]
    public async Task Tables_without_rowid_replaced_rows_cascades_and_whole_table_deletes_are_seen()
    {
        await Run("insert into \"auth.users\" values ('x','1'); insert or replace into \"auth.users\" values ('x','2')");
        await Run("insert into a values (1,'v',null,null); insert into child values (7,1)", "delete from a");
        Assert.Equal(
            [
                "Insert auth.users +('x','1')",
                "Delete auth.users -('x','1')",
                "Insert auth.users +('x','2')",
                "Insert a +(1,'v',null,null)",
                "Insert child +(7,1)",
                "Delete a -(1,'v',null,null)",
                "Delete child -(7,1)",
            ],
            Seen()
        );
    }

    [Fact]
    public async Task Nothing_of_a_rolled_back_statement_or_unit_is_reported()
    {
        Task good = Run("insert into a values (1,'one',null,null)");
        await good;
        Task<int> statement = writer.RunAsync(
            c =>
            {
                // The second row fails the statement after the hook has reported the first; the unit goes on.
                Assert.Throws<SqliteException>(() => c.Connection.ExecuteScript("insert into a values (2,'two',null,null),(1,'dup',null,null)"));
                c.Connection.ExecuteScript("insert into a values (3,'three',null,null)");
                return 0;
            },
            Stop
        );
        Task<int> unit = writer.RunAsync<int>(
            c =>
            {
                c.Connection.ExecuteScript("insert into a values (4,'four',null,null)");
                throw new InvalidOperationException("changed my mind");
            },
            Stop
        );
        writer.PumpOnce();
        await statement;
        await Assert.ThrowsAsync<InvalidOperationException>(() => unit);
        Assert.Equal(["Insert a +(1,'one',null,null)", "Insert a +(3,'three',null,null)"], Seen());
    }

    [Fact]
    public async Task A_replayed_unit_is_reported_once()
    {
        Task<int> first = writer.RunAsync(c => { c.Connection.ExecuteScript("insert into a values (1,'one',null,null)"); return 0; }, Stop);
        DelegateUnit<int> slow = new(c => { c.Connection.ExecuteScript("insert into a values (2,'two',null,null)"); Sql.InsertEndless(c); return 0; })
        {
            Timeout = TimeSpan.FromMilliseconds(20),
        };
        Task stopped = writer.SubmitAsync(slow).AsTask();
        writer.PumpOnce();
        await first;
        await Assert.ThrowsAsync<SqliteException>(() => stopped);
        Assert.Equal(["Insert a +(1,'one',null,null)"], Seen());
    }

    [Fact]
    public async Task Tables_nobody_listens_to_are_not_captured()
    {
        await Run("insert into silent values (1); insert into a values (1,'v',null,null)");
        Assert.Single(Seen());
        writer.Listen(ChangeFilter.None);
        await Run("insert into a values (2,'v',null,null)");
        Assert.Empty(Seen());
        writer.Listen(ChangeFilter.All);
        await Run("insert into silent values (2)");
        Assert.Equal(["Insert silent +(2)"], Seen());
    }

    [Fact]
    public async Task Positions_count_units_in_commit_order()
    {
        await Run("insert into a values (1,'v',null,null)", "insert into silent values (1)", "insert into a values (2,'v',null,null)");
        Assert.True(feed.TryRead(out ChangeBatch? one));
        Assert.True(feed.TryRead(out ChangeBatch? two));
        Assert.Equal((1, 2, "main"), (one!.Position, two!.Position, two.Source));
    }

    [Fact]
    public async Task A_durable_consumer_writes_its_rows_in_the_same_unit()
    {
        await using SqliteWriter durable = new(
            database.Options,
            new SqliteWriterOptions
            {
                BeforeRelease = c =>
                {
                    int changes = c.ChangeCount;
                    for (int i = 0; i < changes; i++)
                        c.Connection.ExecuteScript($"insert into outbox(what) values ('{c.GetChange(i).Table}')");
                },
            }
        );
        durable.Listen(ChangeFilter.Of(["a"]));
        await durable.RunAsync(c => { c.Connection.ExecuteScript("insert into a values (1,'v',null,null),(2,'w',null,null)"); return 0; }, Stop);
        await Assert.ThrowsAsync<SqliteException>(() =>
            durable.RunAsync(c => { c.Connection.ExecuteScript("insert into a values (3,'v',null,null); insert into a values (1,'dup',null,null)"); return 0; }, Stop)
        );
        Assert.Equal(2, database.Scalar("select count(*) from outbox"));
    }

    [Fact]
    public async Task A_slow_subscriber_finds_a_gap_and_then_what_follows()
    {
        using ChangeSubscription slow = writer.Feed.Subscribe(2);
        for (int i = 1; i <= 5; i++)
            await Run($"insert into a values ({i},'v',null,null)");
        List<string> seen = [];
        Drain();
        await Run("insert into a values (6,'v',null,null)");
        Drain();
        Assert.Equal(["1", "2", "gap", "6"], seen);
        Assert.Equal(6, Seen().Count);

        void Drain()
        {
            while (slow.TryRead(out ChangeBatch? batch))
                seen.Add(batch!.IsGap ? "gap" : batch.Position.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Observers_see_a_batch_before_the_writer_is_answered_and_their_failure_hurts_nobody()
    {
        List<Exception> errors = [];
        await using SqliteWriter own = new(database.Options, new SqliteWriterOptions { Manual = true, OnBackgroundError = errors.Add });
        own.Listen(ChangeFilter.All);
        Task<int>? task = null;
        bool answeredBefore = true;
        own.Feed.Observe(_ =>
        {
            answeredBefore = task!.IsCompleted;
            throw new InvalidOperationException("observer");
        });
        task = own.RunAsync(c => { c.Connection.ExecuteScript("insert into silent values (9)"); return 1; }, Stop);
        own.PumpOnce();
        Assert.Equal(1, await task);
        Assert.False(answeredBefore);
        Assert.Single(errors);
    }

    public void Dispose()
    {
        feed.Dispose();
        writer.StopAsync().GetAwaiter().GetResult();
        database.Dispose();
    }
}

using System.Collections.Concurrent;
using Tenon.Core.Errors;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>
/// Sixty-four producers throw everything at the writer at once: plain and two-table writes, duplicate keys in the second row,
/// deferred foreign keys, statements that run out of time or are cancelled, exclusive work in between. Afterwards the
/// acknowledged rows are exactly the rows there are, and the feed reported each of them once.
/// </summary>
public sealed class WriterTortureTests : IDisposable
{
    private const int Producers = 64;
    private const string Schema = """
        create table a(id integer primary key, v text not null);
        create table b(id integer primary key, a integer references a(id) deferrable initially deferred);
        insert into a values (0, 'always there');
        """;

    private readonly TestDatabase database = new(Schema);
    private readonly ConcurrentDictionary<long, byte> acknowledged = new();
    private readonly ConcurrentDictionary<string, int> outcomes = new();
    private long next = 1;

    private static TimeSpan Duration =>
        Environment.GetEnvironmentVariable("TENON_TEST_LONG") == "1" ? TimeSpan.FromSeconds(120) : TimeSpan.FromSeconds(6);

    [Fact]
    public async Task Acknowledged_is_present_and_the_feed_equals_the_rows()
    {
        SqliteWriter writer = new(database.Options, new SqliteWriterOptions { DefaultTimeout = TimeSpan.FromSeconds(20) });
        writer.Listen(ChangeFilter.Of(["a", "b"]));
        using ChangeSubscription feed = writer.Feed.Subscribe(10_000_000);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(Duration);
        Task[] producers = [.. Enumerable.Range(0, Producers).Select(p => Produce(writer, new Random(p), end.Token))];
        Task exclusive = Interfere(writer, end.Token);
        await Task.WhenAll([.. producers, exclusive]);
        await writer.StopAsync();

        (HashSet<long> a, HashSet<long> b) = (Rows("a"), Rows("b"));
        a.Remove(0);
        Assert.Empty(acknowledged.Keys.Except(a.Union(b)));
        Assert.Empty(a.Union(b).Except(acknowledged.Keys));
        CompareFeed(feed, a, b);
        Assert.Empty(SqliteBackup.Check(database.Options));
        string summary = string.Join(", ", outcomes.OrderBy(o => o.Key).Select(o => $"{o.Key} {o.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{acknowledged.Count} rows; {summary}; {writer.Counters.Groups} commits, {writer.Counters.Replays} replays, {writer.Counters.Alone} alone, largest group {writer.Counters.LargestGroup}"
        );
        Assert.All(["ok", "23503", "23505", "57014"], code => Assert.True(outcomes.GetValueOrDefault(code) > 0, $"no {code} in {summary}"));
        Assert.True(writer.Counters.Replays > 0);
    }

    private async Task Produce(SqliteWriter writer, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            int dice = random.Next(1000);
            // A cancellation of its own for one unit in eight, before, while or after it runs.
            using CancellationTokenSource cancel = new();
            if (random.Next(8) == 0)
                cancel.CancelAfter(TimeSpan.FromMicroseconds(random.Next(3000)));
            Mixed unit = new(dice, Interlocked.Add(ref next, 3)) { Token = cancel.Token, Timeout = dice < 3 ? TimeSpan.FromMilliseconds(5) : null };
            string outcome;
            try
            {
                await writer.SubmitAsync(unit);
                outcome = "ok";
                foreach (long id in unit.Ids)
                    acknowledged[id] = 1;
            }
            catch (SqliteException exception)
            {
                outcome = exception.Failure.SqlState;
            }
            catch (TenonException exception)
            {
                outcome = exception.Error.Code.Text;
            }
            outcomes.AddOrUpdate(outcome, 1, (_, n) => n + 1);
        }
    }

    private static async Task Interfere(SqliteWriter writer, CancellationToken end)
    {
        for (int i = 0; !end.IsCancellationRequested; i++)
        {
            int table = i;
            await writer.RunExclusiveAsync(db => db.ExecuteScript($"create table x{table}(a); drop table x{table}"), CancellationToken.None);
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private HashSet<long> Rows(string table)
    {
        using SqliteConnection c = SqliteConnection.Open(database.Options, SqliteMode.Reader);
        using SqliteStatement s = c.Prepare(new SqliteSql($"select id from {table}"));
        HashSet<long> ids = [];
        while (s.Read())
            ids.Add(s.GetInt64(0));
        return ids;
    }

    private static void CompareFeed(ChangeSubscription feed, HashSet<long> a, HashSet<long> b)
    {
        long last = 0;
        HashSet<long> fromFeed = [];
        while (feed.TryRead(out ChangeBatch? batch))
        {
            Assert.False(batch!.IsGap);
            Assert.True(batch.Position > last);
            last = batch.Position;
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.Equal(ChangeKind.Insert, batch[i].Kind);
                Assert.True(fromFeed.Add(batch[i].New(0).Int64), "reported twice");
            }
        }
        Assert.True(fromFeed.SetEquals(a.Union(b)));
    }

    public void Dispose() => database.Dispose();

    private sealed class Mixed(int dice, long id) : WriteUnit
    {
        public List<long> Ids { get; } = [];

        public override void Execute(WriteContext context)
        {
            Ids.Clear();
            Ids.Add(id);
            Sql.InsertA(context, id, "row");
            switch (dice)
            {
                case < 3:
                    Sql.InsertEndless(context);
                    break;
                case < 100:
                    Ids.Add(id + 1);
                    Sql.InsertB(context, id + 1, id);
                    Sql.InsertA(context, 0, "duplicate");
                    break;
                case < 200:
                    Sql.InsertB(context, id + 1, -1);
                    break;
                case < 400:
                    // Child before parent: violated in between, right at the end.
                    Ids.AddRange([id + 1, id + 2]);
                    Sql.InsertB(context, id + 1, id + 2);
                    Sql.InsertA(context, id + 2, "parent");
                    break;
                default:
                    break;
            }
        }
    }
}

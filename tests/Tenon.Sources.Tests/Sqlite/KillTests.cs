using System.Diagnostics;
using System.Globalization;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>
/// Kills a writing process at a random moment, a hundred times on the same database: after each time every acknowledged
/// write is there and none is there by half.
/// </summary>
public sealed class KillTests : IDisposable
{
    private const int Rounds = 100;
    private const string Schema = "create table a(id integer primary key, v text not null); create table b(id integer primary key, v text not null)";

    private readonly TestDatabase database = new(Schema);
    private readonly HashSet<long> acknowledged = [];
    private readonly Random random = new(20260101);

    [Fact]
    public async Task Killing_the_writing_process_loses_no_acknowledged_row_and_leaves_no_half_write()
    {
        for (int round = 1; round <= Rounds; round++)
        {
            await WriteAndKill();
            (HashSet<long> a, HashSet<long> b) = (Ids("select id from a"), Ids("select id from b"));
            Assert.True(a.SetEquals(b), $"round {round}: half a write");
            Assert.True(acknowledged.IsSubsetOf(a), $"round {round}: {acknowledged.Except(a).Count()} lost");
        }
        Assert.Empty(SqliteBackup.Check(database.Options));
        Assert.True(acknowledged.Count > Rounds);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} kills, {acknowledged.Count} acknowledged writes, {Ids("select id from a").Count} present");
    }

    private async Task WriteAndKill()
    {
        long first = Ids("select max(id) from a").Single() + 1000;
        using Process process = Start(first);
        string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Task kill = KillLater(process, random.Next(60));
        while (line is not null)
        {
            // A line cut off by the kill parses to a shorter number below the first id.
            if (long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > first)
                acknowledged.Add(id);
            line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        }
        await kill;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task KillLater(Process process, int milliseconds)
    {
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        process.Kill();
    }

    private Process Start(long first)
    {
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string host = Path.Combine(here, "..", "..", "Tenon.CrashHost", Path.GetFileName(here), "Tenon.CrashHost.dll");
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(host);
        start.ArgumentList.Add(database.Options.Path);
        start.ArgumentList.Add(first.ToString(CultureInfo.InvariantCulture));
        return Process.Start(start) ?? throw new InvalidOperationException("The crash host did not start.");
    }

    private HashSet<long> Ids(string sql)
    {
        using SqliteConnection c = SqliteConnection.Open(database.Options, SqliteMode.Writer);
        using SqliteStatement s = c.Prepare(new SqliteSql(sql));
        HashSet<long> ids = [];
        while (s.Read())
            ids.Add(s.GetInt64(0));
        return ids;
    }

    public void Dispose() => database.Dispose();
}

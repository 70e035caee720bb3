using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

public sealed class SqliteBackupTests : IDisposable
{
    private readonly TestDatabase database = new("create table a(id integer primary key, v text not null)");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(database.Folder, "copy.db");

    [Fact]
    public async Task A_copy_taken_while_writing_is_a_prefix_of_history()
    {
        await using SqliteWriter writer = new(database.Options);
        await writer.RunAsync(c => Enumerable.Range(1, 2000).Sum(i => Sql.InsertA(c, i, new string('x', 2000))), Stop);
        int next = 2001;
        // Without a snapshot every commit starts the copy over, and it never ends.
        SqliteBackup.Write(
            database.Options,
            Target,
            (_, _) =>
            {
                Assert.True(next < 4000, "the copy starts over at every commit");
                writer.RunAsync(c => Sql.InsertA(c, next++, "later"), Stop).GetAwaiter().GetResult();
            },
            Stop
        );
        using SqliteConnection copy = SqliteConnection.Open(database.Options with { Path = Target }, SqliteMode.Reader);
        Assert.Equal(2000, copy.QueryInt64(Sql.CountA));
        Assert.True(next > 2002);
        Assert.False(File.Exists(Target + ".partial"));
    }

    [Fact]
    public void A_cancelled_copy_leaves_the_target_as_it_was()
    {
        File.WriteAllText(Target, "before");
        using CancellationTokenSource cancel = new();
        Assert.Throws<OperationCanceledException>(() => SqliteBackup.Write(database.Options, Target, (_, _) => cancel.Cancel(), cancel.Token));
        Assert.Equal("before", File.ReadAllText(Target));
    }

    [Fact]
    public void The_check_finds_damage_and_missing_parents()
    {
        Assert.Empty(SqliteBackup.Check(database.Options));
        using (SqliteConnection work = SqliteConnection.Open(database.Options, SqliteMode.Private))
            work.ExecuteScript("create table b(id integer primary key, a references a(id)); insert into b values (5, 99)");
        Assert.Equal(["row 5 of b refers to a missing row of a"], SqliteBackup.Check(database.Options));
        byte[] bytes = File.ReadAllBytes(database.Options.Path);
        Array.Clear(bytes, 4096, 4096);
        File.WriteAllBytes(database.Options.Path, bytes);
        Assert.NotEmpty(SqliteBackup.Check(database.Options));
    }

    public void Dispose() => database.Dispose();
}

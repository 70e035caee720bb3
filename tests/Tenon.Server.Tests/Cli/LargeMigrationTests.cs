using System.Diagnostics;
using System.Globalization;

namespace Tenon.Server.Tests.Cli;

/// <summary>A migration's insert … select writes while it reads: its rows do not lie in memory, and it is one statement all the same.</summary>
public sealed class LargeMigrationTests : IDisposable
{
    // The rows are 200 MB as texts in memory.
    private const long Heap = 100 << 20;

    private const string First = """
        create table many (id int primary key, words text not null);
        insert into many select n, repeat('x', 1000) from generate_series(1, 100000) n;
        create table few (id int primary key references many (id), twice int generated always as (id * 2) stored);
        insert into few (id) select id from many where id <= 2500;
        -- What is read is what was there before the statement.
        insert into many select id + 100000, words from many where id <= 2500;
        """;

    private const string Second = "insert into few (id) select id from many where id between 2501 and 5000;\ninsert into few (id) select n from generate_series(5001, 200000) n;";

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-large-").FullName;

    [Fact]
    public async Task A_migration_of_many_rows_holds_few_of_them()
    {
        await WriteAsync("tenon.toml", "project_id = \"large\"\n");
        await WriteAsync("migrations/1_many.sql", First);
        (int code, string said) = await MigrateAsync();
        Assert.True(code == 0, said);
        Assert.Equal("102500\t2500\t5000", await CountsAsync());
        // It fails far behind the first rows it wrote: all of the migration is undone.
        await WriteAsync("migrations/2_more.sql", Second);
        (code, said) = await MigrateAsync();
        Assert.True(code == 1 && said.Contains("few_id_fkey", StringComparison.Ordinal), said);
        Assert.Equal("102500\t2500\t5000", await CountsAsync());
    }

    private async Task<string> CountsAsync()
    {
        CommandRun run = await CommandRun.RunAsync("sql", "select (select count(*) from many) as a, (select count(*) from few) as b, (select max(twice) from few) as c", folder, "--json");
        Assert.True(run.Code == 0, run.Errors);
        return string.Join('\t', run.Json[0].EnumerateObject().Select(p => p.Value.ToString()));
    }

    private async Task<(int Code, string Said)> MigrateAsync()
    {
        ProcessStartInfo info = CommandRun.InfoOf("migrate", "up", folder);
        info.Environment["DOTNET_GCHeapHardLimit"] = Heap.ToString("x", CultureInfo.InvariantCulture);
        CommandRun run = await CommandRun.RunAsync(info);
        return (run.Code, run.Output + run.Errors);
    }

    private Task WriteAsync(string name, string text)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.WriteAllTextAsync(path, text);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

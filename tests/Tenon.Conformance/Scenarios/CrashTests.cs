// kill -9 while many clients write: what was acknowledged is there after the restart, and no request is there by half.
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tenon.Conformance.Servers;
using Xunit;

namespace Tenon.Conformance.Scenarios;

public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Writers = 16;
    private const int RowsPerRequest = 3;

    private const string Schema = """
        create table entries (
          batch bigint not null,
          part integer not null,
          body text not null,
          primary key (batch, part)
        );
        create index entries_body on entries (body);
        grant select, insert on entries to service_role;
        alter table entries enable row level security;
        """;

    // A hundred rounds take minutes; TENON_CRASH_ROUNDS shortens a local run.
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("TENON_CRASH_ROUNDS"), CultureInfo.InvariantCulture, out var n) ? n : 100;

    [Fact]
    public async Task No_acknowledged_row_is_lost_and_no_request_is_half_written()
    {
        var app = Directory.CreateTempSubdirectory("tenon-crash-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(app, "migrations"));
            File.WriteAllText(Path.Combine(app, "tenon.toml"), "project_id = \"crash\"\n");
            File.WriteAllText(Path.Combine(app, "migrations/0001_entries.sql"), Schema);
            await using var server = await ServerUnderTest.StartAsync(app);
            var random = new Random(20_260_101);
            long next = 0;
            long acknowledgedInAll = 0;
            for (var round = 0; round < Rounds; round++)
            {
                var first = next;
                var acknowledged = await WriteUntilKilled(server, () => Interlocked.Increment(ref next), random.Next(5, 400));
                await server.StartAgainAsync();
                await Check(server, first, acknowledged, round);
                acknowledgedInAll += acknowledged.Count;
            }

            output.WriteLine($"{Rounds} rounds, {acknowledgedInAll} acknowledged requests, none lost");
            Assert.True(acknowledgedInAll > Rounds, "the rounds hardly wrote anything");
        }
        finally
        {
            Directory.Delete(app, recursive: true);
        }
    }

    private static async Task<ConcurrentBag<long>> WriteUntilKilled(ServerUnderTest server, Func<long> nextBatch, int milliseconds)
    {
        var acknowledged = new ConcurrentBag<long>();
        using var client = server.Client(server.ServiceKey);
        client.Timeout = TimeSpan.FromSeconds(10);
        var started = new TaskCompletionSource();
        var writers = Enumerable.Range(0, Writers).Select(_ => Write(client, nextBatch, acknowledged, started)).ToArray();
        await started.Task;
        await Task.Delay(milliseconds);
        await server.KillAsync();
        await Task.WhenAll(writers);
        return acknowledged;
    }

    private static async Task Write(
        HttpClient client, Func<long> nextBatch, ConcurrentBag<long> acknowledged, TaskCompletionSource started)
    {
        while (true)
        {
            var batch = nextBatch();
            var rows = Enumerable.Range(0, RowsPerRequest).Select(part => new { batch, part, body = $"row {part} of {batch}" });
            try
            {
                using var answer = await client.PostAsJsonAsync("/rest/v1/entries", rows);
                if (!answer.IsSuccessStatusCode)
                {
                    started.TrySetException(new InvalidOperationException(
                        $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"));
                    return;
                }

                acknowledged.Add(batch);
                started.TrySetResult();
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // The server is gone, as intended; this request was not acknowledged.
                return;
            }
        }
    }

    private static async Task Check(ServerUnderTest server, long after, ConcurrentBag<long> acknowledged, int round)
    {
        var parts = await PartsByBatch(server, after);
        var lost = acknowledged.Where(b => parts.GetValueOrDefault(b) != RowsPerRequest).ToArray();
        Assert.True(lost.Length == 0, $"round {round}: {lost.Length} of {acknowledged.Count} acknowledged requests are not there");
        var half = parts.Where(p => p.Value != RowsPerRequest).ToArray();
        Assert.True(half.Length == 0, $"round {round}: {half.Length} requests are there by half");
    }

    private static async Task<Dictionary<long, int>> PartsByBatch(ServerUnderTest server, long after)
    {
        using var client = server.Client(server.ServiceKey);
        var parts = new Dictionary<long, int>();
        for (var at = (Batch: after, Part: RowsPerRequest); ;)
        {
            // Keyset pages: max_rows cuts every answer.
            var page = await client.GetFromJsonAsync<JsonArray>(
                $"/rest/v1/entries?select=batch,part&order=batch,part&limit=1000" +
                $"&or=(batch.gt.{at.Batch},and(batch.eq.{at.Batch},part.gt.{at.Part}))");
            foreach (var row in page!)
            {
                at = (row!["batch"]!.GetValue<long>(), row["part"]!.GetValue<int>());
                parts[at.Batch] = parts.GetValueOrDefault(at.Batch) + 1;
            }

            if (page.Count == 0)
            {
                return parts;
            }
        }
    }
}

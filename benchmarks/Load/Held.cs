using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>What a server holds in memory while it sends every row of a table, and while idle connections stay open.</summary>
internal sealed class Held(Target target)
{
    private const int Connections = 10_000;
    private const int Asked = 100;

    /// <summary>All rows in one answer, read as fast as they come; memory is sampled meanwhile.</summary>
    public Goal Export(Dataset data)
    {
        var rest = ProcessMeter.ResidentMiB(target.ProcessId);
        var most = rest;
        using var done = new CancellationTokenSource();
        var sampling = Task.Run(() =>
        {
            while (!done.Token.WaitHandle.WaitOne(20))
            {
                most = Math.Max(most, ProcessMeter.ResidentMiB(target.ProcessId));
            }
        });
        var watch = Stopwatch.StartNew();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{target.Port}") };
        client.DefaultRequestHeaders.Add("apikey", Tokens.Service);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/items?select=*");
        using var answer = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
        var (bytes, rows) = Count(answer.EnsureSuccessStatusCode().Content.ReadAsStream());
        var seconds = watch.Elapsed.TotalSeconds;
        done.Cancel();
        sampling.Wait();
        if (rows < data.Items)
        {
            throw new InvalidOperationException($"{target.Name} sent {rows} of {data.Items} rows");
        }

        return new Goal(
            "rows out by a role with export right, memory above rest", "", "50 MiB",
            FormattableString.Invariant($"{most - rest:0} MiB for {rows:N0} rows, {bytes >> 20:N0} MiB in {seconds:0.0} s"), null, most - rest < 50);
    }

    /// <summary>Connections that have asked once and stay; then some of them, and a new one, ask again.</summary>
    public Goal Idle(byte[] request, int status)
    {
        var rest = ProcessMeter.ResidentMiB(target.ProcessId);
        var held = new List<Exchange>(Connections);
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                held.Add(new Exchange(target.Port, buffer: 16 * 1024));
                Ask(held[i], request, status);
            }

            var each = (ProcessMeter.ResidentMiB(target.ProcessId) - rest) * 1024 / Connections;
            for (var i = 0; i < Connections; i += Connections / Asked)
            {
                Ask(held[i], request, status);
            }

            return new Goal("idle keep-alive connections", "", "10,000", FormattableString.Invariant($"{held.Count:N0} held, {each:0.0} KiB each"), null, true);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return new Goal("idle keep-alive connections", "", "10,000", $"{held.Count:N0}, then: {e.Message}", null, false);
        }
        finally
        {
            held.ForEach(c => c.Dispose());
        }
    }

    private static void Ask(Exchange exchange, byte[] request, int status)
    {
        var (answered, body) = exchange.Send(request);
        if (answered != status)
        {
            throw new IOException($"{answered} {Encoding.UTF8.GetString(body)}");
        }
    }

    // Every row is one object, and no text of the data set holds an opening brace.
    private static (long Bytes, long Rows) Count(Stream stream)
    {
        var buffer = new byte[256 * 1024];
        long bytes = 0, rows = 0;
        while (stream.Read(buffer) is > 0 and var read)
        {
            bytes += read;
            rows += buffer.AsSpan(0, read).Count((byte)'{');
        }

        return (bytes, rows);
    }
}

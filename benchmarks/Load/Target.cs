using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Tenon.Benchmarks.Load;

/// <summary>A server under measurement: how it is started, and the process that is metered.</summary>
internal abstract class Target(string name) : IDisposable
{
    private Process? _process;
    private string? _meter;

    public string Name { get; } = name;

    public int Port { get; } = FreePort();

    /// <summary>Whether the meter of allocations can be put into the process.</summary>
    public virtual bool HasMeter => true;

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException(Name + " is not running");

    protected abstract ProcessStartInfo Command();

    /// <summary>The request whose first 200 means "started".</summary>
    protected virtual byte[] FirstRequest { get; } =
        System.Text.Encoding.ASCII.GetBytes("GET /rest/v1/items?id=eq.1 HTTP/1.1\r\nHost: 127.0.0.1\r\napikey: " +
            $"{Tokens.Anon}\r\nAuthorization: Bearer {Tokens.Of(Dataset.Owner(1))}\r\n\r\n");

    /// <summary>Starts the server and ends it again, several times; the median in milliseconds, up to the first right answer.</summary>
    public double MedianStart(string logDirectory, int times)
    {
        var starts = new double[times];
        for (var i = 0; i < times; i++)
        {
            starts[i] = Start(logDirectory);
            Shutdown();
        }

        Array.Sort(starts);
        return starts[times / 2];
    }

    /// <summary>Starts the server, with the meter of allocations if its assembly is given; returns the milliseconds it took.</summary>
    public double Start(string logDirectory, string? meter = null)
    {
        var command = Command();
        if (meter is not null && HasMeter)
        {
            _meter = Path.Combine(logDirectory, Name + ".meter");
            command.Environment["DOTNET_STARTUP_HOOKS"] = meter;
            command.Environment["TENON_BENCH_METER"] = _meter;
        }

        command.RedirectStandardOutput = true;
        command.RedirectStandardError = true;
        var log = new StreamWriter(Path.Combine(logDirectory, Name + ".log")) { AutoFlush = true };
        var watch = Stopwatch.StartNew();
        _process = Process.Start(command) ?? throw new InvalidOperationException("cannot start " + Name);
        _process.OutputDataReceived += (_, line) => Append(log, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(log, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!Answers())
        {
            if (_process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(60))
            {
                Stop();
                var last = string.Join('\n', File.ReadLines(Path.Combine(logDirectory, Name + ".log")).TakeLast(20));
                throw new InvalidOperationException($"{Name} did not start; its last output:\n{last}");
            }
        }

        return watch.Elapsed.TotalMilliseconds;
    }

    /// <summary>What the process has allocated since its start; zero without a meter.</summary>
    public long AllocatedBytes()
    {
        if (!HasMeter)
        {
            return 0;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_meter ?? throw new InvalidOperationException(Name + " has no meter")));
        Span<byte> text = stackalloc byte[32];
        var length = 0;
        while (socket.Receive(text[length..], SocketFlags.None) is > 0 and var received)
        {
            length += received;
        }

        return long.Parse(text[..length], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the server as an operator would, so that its log is emptied into the database.</summary>
    public void Shutdown()
    {
        if (_process is { HasExited: false })
        {
            _ = Kernel.Signal(_process.Id, Kernel.Terminate);
            _process.WaitForExit(TimeSpan.FromSeconds(60));
        }
    }

    public void Stop()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process?.Dispose();
        _process = null;
    }

    public void Dispose() => Stop();

    private static void Append(StreamWriter log, string? line)
    {
        if (line is not null)
        {
            lock (log)
            {
                log.WriteLine(line);
            }
        }
    }

    private bool Answers()
    {
        try
        {
            return Exchange.Once(Port, FirstRequest).Status == 200;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // Not listening yet: asked again after a moment, or given up by the caller.
            _process!.WaitForExit(4);
            return false;
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A variant of the hand-written floor.</summary>
internal sealed class FloorTarget(string name, string assembly, string database, string variant, bool jwt = false)
    : Target(name)
{
    protected override ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo("dotnet");
        foreach (var argument in (string[])[assembly, "serve", "--db", database, "--port", Port.ToString(), "--variant", variant,
            .. jwt ? (string[])["--jwt-secret", Tokens.Secret] : []])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}

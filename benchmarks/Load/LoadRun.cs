// Drives one server with N keep-alive connections from one thread: closed loop, or open loop at a given rate.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>What one run measured. Latencies are in microseconds, sorted.</summary>
internal sealed record LoadResult(int Requests, int Failures, double Seconds, int[] Latencies, string? FirstFailure)
{
    public double PerSecond => Requests / Seconds;

    public double Percentile(double p) =>
        Latencies.Length == 0 ? 0 : Latencies[Math.Min(Latencies.Length - 1, (int)(Latencies.Length * p))];
}

internal sealed unsafe class LoadRun : IDisposable
{
    private readonly Probe[] _probes;
    private readonly Connection[] _connections;
    private readonly int _poll;
    private readonly Stack<Connection> _idle = new();
    private readonly List<int> _latencies = new(1 << 20);
    private static int _number = Probe.FirstNumber;
    private int _failures;
    private string? _firstFailure;

    public LoadRun(int port, Probe[] probes, int connections)
    {
        _probes = probes;
        _poll = Kernel.CreatePoll(0);
        _connections = new Connection[connections];
        for (var i = 0; i < connections; i++)
        {
            _connections[i] = new Connection(port, i * (probes.Length / connections));
            var interest = new Kernel.PollEvent { Events = Kernel.Readable, Index = i };
            if (Kernel.Control(_poll, Kernel.Add, _connections[i].Descriptor, ref interest) != 0)
            {
                throw new InvalidOperationException("epoll_ctl failed: " + Marshal.GetLastPInvokeErrorMessage());
            }
        }
    }

    /// <summary>Warms up, calls <paramref name="begin"/>, measures, calls <paramref name="end"/>.</summary>
    public LoadResult Run(TimeSpan warmUp, TimeSpan measured, double rate, Action begin, Action end)
    {
        foreach (var connection in _connections)
        {
            _idle.Push(connection);
        }

        if (warmUp > TimeSpan.Zero)
        {
            Drive(warmUp, rate);
        }

        _latencies.Clear();
        begin();
        var watch = Stopwatch.StartNew();
        Drive(measured, rate);
        var seconds = watch.Elapsed.TotalSeconds;
        end();
        Drain();
        var latencies = _latencies.ToArray();
        Array.Sort(latencies);
        return new LoadResult(latencies.Length, _failures, seconds, latencies, _firstFailure);
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        _ = Kernel.Close(_poll);
    }

    private void Drive(TimeSpan time, double rate)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var interval = rate > 0 ? Stopwatch.Frequency / rate : 0;
        double due = Stopwatch.GetTimestamp();
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= until)
            {
                return;
            }

            while (_idle.Count > 0 && (rate <= 0 || due <= now))
            {
                // In an open loop the clock starts when the request was due, so that a stall is paid for by all behind it.
                Send(_idle.Pop(), rate <= 0 ? now : (long)due);
                due += interval;
            }

            Collect(rate > 0 ? 0 : 100);
        }
    }

    private void Drain()
    {
        for (var round = 0; round < 50 && _idle.Count < _connections.Length; round++)
        {
            Collect(100);
        }
    }

    private void Collect(int milliseconds)
    {
        var events = stackalloc Kernel.PollEvent[256];
        var count = Kernel.Wait(_poll, events, 256, milliseconds);
        for (var i = 0; i < count; i++)
        {
            var connection = _connections[events[i].Index];
            if (connection.Receive(out var status, out var body))
            {
                _latencies.Add((int)Stopwatch.GetElapsedTime(connection.Started).TotalMicroseconds);
                if (!connection.Probe!.Accepts(status, body, connection.Number))
                {
                    Fail(connection, status, body);
                }

                _idle.Push(connection);
            }
        }
    }

    private void Fail(Connection connection, int status, ReadOnlySpan<byte> body)
    {
        _failures++;
        if (_firstFailure is null)
        {
            var request = Encoding.UTF8.GetString(connection.Probe!.Request);
            _firstFailure = $"{request[..request.IndexOf("\r\n", StringComparison.Ordinal)]} -> {status} " +
                Encoding.UTF8.GetString(body[..Math.Min(body.Length, 400)]);
        }
    }

    private void Send(Connection connection, long started)
    {
        var probe = _probes[connection.Next++ % _probes.Length];
        connection.Send(probe, probe.RequestHole < 0 ? 0 : _number++, started);
    }

    private sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _request = new byte[16 * 1024];
        private byte[] _buffer = new byte[64 * 1024];
        private readonly byte[] _number = new byte[Probe.HoleLength];
        private int _filled;

        public Connection(int port, int next)
        {
            _socket.Connect(IPAddress.Loopback, port);
            Descriptor = (int)_socket.Handle;
            Next = next;
        }

        public int Descriptor { get; }

        public int Next { get; set; }

        public long Started { get; private set; }

        public Probe? Probe { get; private set; }

        public ReadOnlySpan<byte> Number => _number;

        public void Send(Probe probe, int number, long started)
        {
            Probe = probe;
            Started = started;
            _filled = 0;
            var request = probe.Request;
            if (probe.RequestHole >= 0)
            {
                _ = number.TryFormat(_number, out _);
                request.CopyTo(_request, 0);
                _number.CopyTo(_request, probe.RequestHole);
                request = _request;
            }

            fixed (byte* bytes = request)
            {
                if (Kernel.Send(Descriptor, bytes, probe.Request.Length, Kernel.NoSignal) != probe.Request.Length)
                {
                    throw new InvalidOperationException("send failed: " + Marshal.GetLastPInvokeErrorMessage());
                }
            }
        }

        public bool Receive(out int status, out ReadOnlySpan<byte> body)
        {
            status = 0;
            body = default;
            fixed (byte* bytes = _buffer)
            {
                var received = Kernel.Receive(Descriptor, bytes + _filled, _buffer.Length - _filled, Kernel.DontWait);
                if (received <= 0)
                {
                    return received < 0 && Marshal.GetLastPInvokeError() is Kernel.TryAgain or Kernel.Interrupted
                        ? false
                        : throw new InvalidOperationException("the server closed the connection");
                }

                _filled += (int)received;
            }

            if (_filled == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            if (!HttpAnswer.TryParse(_buffer.AsSpan(0, _filled), out status, out var range, out _))
            {
                return false;
            }

            body = _buffer.AsSpan()[range];
            return true;
        }

        public void Dispose() => _socket.Dispose();
    }
}

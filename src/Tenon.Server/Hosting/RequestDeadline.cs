using System.Collections.Concurrent;

namespace Tenon.Server.Hosting;

/// <summary>
/// One cancellation per request: the client went away, or the request took too long. Pooled, as every request has one.
///   using RequestDeadline deadline = RequestDeadline.Start(http.RequestAborted, limit, clock);
/// </summary>
internal sealed class RequestDeadline : IDisposable
{
    private const int Kept = 64;

    private static readonly ConcurrentQueue<RequestDeadline> Pool = new();

    private readonly CancellationTokenSource source = new();
    private CancellationToken aborted;
    private CancellationTokenRegistration registration;
    private TimeProvider clock = TimeProvider.System;
    private TimeSpan limit;
    private long started;

    private RequestDeadline() { }

    public CancellationToken Token => source.Token;

    /// <summary>Time ran out while the client was still there.</summary>
    public bool IsPast => source.IsCancellationRequested && !aborted.IsCancellationRequested;

    public static RequestDeadline Start(CancellationToken aborted, TimeSpan limit, TimeProvider clock)
    {
        RequestDeadline deadline = Pool.TryDequeue(out RequestDeadline? pooled) ? pooled : new RequestDeadline();
        deadline.aborted = aborted;
        deadline.clock = clock;
        deadline.limit = limit;
        deadline.started = clock.GetTimestamp();
        deadline.source.CancelAfter(limit);
        deadline.registration = aborted.UnsafeRegister(static state => ((RequestDeadline)state!).source.Cancel(), deadline);
        return deadline;
    }

    /// <summary>From now on at most this long, and never longer than the request's own limit.</summary>
    public void AtMost(TimeSpan rest)
    {
        TimeSpan own = limit - clock.GetElapsedTime(started);
        source.CancelAfter(own < rest ? (own > TimeSpan.Zero ? own : TimeSpan.Zero) : rest);
    }

    public void Dispose()
    {
        registration.Dispose();
        if (Pool.Count < Kept && source.TryReset())
        {
            Pool.Enqueue(this);
        }
        else
        {
            source.Dispose();
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tenon.Sources.Sqlite;

/// <summary>Why a running statement was stopped.</summary>
internal enum StopReason
{
    None,
    Timeout,
    Cancelled,
}

// The guard of the running statement. SQLite polls it every 1,000 virtual machine operations on the thread that runs the
// statement, so stopping can never hit the connection's next user and costs nothing to set up (no timer, no registration).
// RequestStop is for the watchdog of the reader pool, for the few operations that are long without being polled.
internal sealed unsafe partial class SqliteConnection
{
    // The clock costs as much as a short row: it is read at the first look under a guard and at every eighth.
    private const int LooksPerClock = 8;

    private CancellationToken token;
    private int looks;
    private long deadline = long.MaxValue;
    private long tokenFrom;
    private volatile int requested;

    /// <summary>Why the last statement under the present guard was stopped.</summary>
    public StopReason Stopped { get; private set; }

    private string StopMessage =>
        Stopped == StopReason.Timeout
            ? "canceling statement due to statement timeout"
            : "canceling statement due to user request";

    /// <summary>
    /// Sets the guard until <see cref="Unguard"/>: statements stop at the deadline (a timestamp of the options' clock) or
    /// when the token is cancelled, the token being looked at only from <paramref name="honourTokenFrom"/> on.
    /// </summary>
    internal void Guard(CancellationToken cancellation, long until, long honourTokenFrom = 0)
    {
        token = cancellation;
        deadline = until;
        tokenFrom = honourTokenFrom;
        looks = 0;
        requested = 0;
        Stopped = StopReason.None;
    }

    internal void Unguard()
    {
        token = default;
        deadline = long.MaxValue;
        requested = 0;
    }

    /// <summary>Stops what runs now. The caller makes sure that the guard it means is still the one in force.</summary>
    internal void RequestStop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref requested, (int)reason, 0) == 0)
            Native.sqlite3_interrupt(Handle);
    }

    /// <summary>
    /// Throws 57014 when the guard says stop: the check between rows and between statements. It looks at the deadline too:
    /// a function of many statements, each too short to be polled, would else run for ever.
    /// </summary>
    internal void ThrowIfStopped()
    {
        if (requested != 0 || token.IsCancellationRequested)
            ThrowStopped();
        if (deadline != long.MaxValue && (looks++ & (LooksPerClock - 1)) == 0 && Options.Time.GetTimestamp() >= deadline)
        {
            requested = (int)StopReason.Timeout;
            ThrowStopped();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowStopped()
    {
        Stopped = requested != 0 ? (StopReason)requested : StopReason.Cancelled;
        SqliteFailure failure = SqliteErrors.Describe(Native.Interrupt, "interrupted");
        throw new SqliteException(failure with { Message = StopMessage });
    }

    private bool ShouldStop()
    {
        if (requested != 0)
        {
            Stopped = (StopReason)requested;
            return true;
        }
        bool cancelled = token.IsCancellationRequested;
        if (deadline == long.MaxValue && !cancelled)
            return false;
        long now = Options.Time.GetTimestamp();
        if (now >= deadline)
            Stopped = StopReason.Timeout;
        else if (cancelled && now >= tokenFrom)
            Stopped = StopReason.Cancelled;
        return Stopped != StopReason.None;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnProgress(nint app) =>
        GCHandle.FromIntPtr(app).Target is SqliteConnection connection && connection.ShouldStop() ? 1 : 0;
}

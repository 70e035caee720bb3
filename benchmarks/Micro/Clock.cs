using System.Runtime.InteropServices;

namespace Tenon.Benchmarks.Micro;

/// <summary>What one operation cost: processor time and allocated bytes, the median over many batches.</summary>
internal readonly record struct Cost(double Micros, double Bytes);

/// <summary>
/// Times a short operation by the processor time of this thread, which other load on the machine disturbs less than a
/// stopwatch: a warm-up until the compiler is done, then batches of a few milliseconds, and their median.
/// </summary>
internal static partial class Clock
{
    private const int Batches = 25;
    private const int ThreadCpu = 3;

    public static Cost Measure(Action operation)
    {
        // Methods called often are compiled again in the background with what was learned: until it gets no faster.
        var best = double.MaxValue;
        for (var still = 0; still < 8; still++)
        {
            Thread.Sleep(150);
            var cost = Batch(operation, 1_000).Micros;
            still = cost < best * 0.95 ? 0 : still;
            best = Math.Min(best, cost);
        }

        var size = Math.Max(10, (int)(4_000 / Math.Max(0.05, Batch(operation, 200).Micros)));
        var costs = new Cost[Batches];
        for (var i = 0; i < Batches; i++)
        {
            costs[i] = Batch(operation, size);
        }

        return new Cost(Median(costs, c => c.Micros), Median(costs, c => c.Bytes));
    }

    private static Cost Batch(Action operation, int size)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var started = ThreadNanoseconds();
        for (var i = 0; i < size; i++)
        {
            operation();
        }

        var nanoseconds = ThreadNanoseconds() - started;
        return new Cost(nanoseconds / 1e3 / size, (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)size);
    }

    private static double Median(Cost[] costs, Func<Cost, double> of) => costs.Select(of).Order().ElementAt(costs.Length / 2);

    private static long ThreadNanoseconds()
    {
        var time = default(TimeSpec);
        return GetTime(ThreadCpu, ref time) == 0
            ? time.Seconds * 1_000_000_000 + time.Nanoseconds
            : throw new InvalidOperationException("clock_gettime failed: " + Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, ref TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

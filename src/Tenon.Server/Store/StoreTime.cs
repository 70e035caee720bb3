namespace Tenon.Server.Store;

/// <summary>The clock in the store's own precision, so that what was written compares equal to what is read.</summary>
internal static class StoreTime
{
    public static DateTimeOffset Now(TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}

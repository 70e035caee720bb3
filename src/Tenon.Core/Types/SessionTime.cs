namespace Tenon.Core.Types;

/// <summary>
/// What the text of a time leaves open: the moment that 'now' and 'today' mean (µs since 2000 UTC; null: the clock), and the
/// zone of an instant written without one (null: UTC).
/// </summary>
internal readonly record struct SessionTime(long? Now, Zone? Zone)
{
    public static implicit operator SessionTime(long now) => new(now, null);

    public static implicit operator SessionTime(long? now) => new(now, null);

    public long Instant => Now ?? Calendar.FromInstant(TimeProvider.System.GetUtcNow());

    /// <summary>The moment as the zone's clocks show it.</summary>
    public long Local => Instant is var now && Zone is { } zone ? now + zone.OffsetAt(now) : now;

    public long ToUtc(long local) => Zone is { } zone ? zone.ToUtc(local) : local;
}

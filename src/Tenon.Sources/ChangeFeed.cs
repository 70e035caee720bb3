using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Tenon.Sources;

/// <summary>
/// The one stream of committed changes of a source. Engines publish after the commit and before the writer is answered;
/// realtime, caches and the rest read. Publishing never waits: a subscriber that is too slow finds a gap batch in its
/// queue where batches were dropped, never silence.
///   using ChangeSubscription s = feed.Subscribe(); await foreach (ChangeBatch b in s.ReadAllAsync(ct)) …
/// </summary>
internal sealed class ChangeFeed
{
    private readonly Lock gate = new();
    private ChangeSubscription[] subscriptions = [];
    private Action<ChangeBatch>[] observers = [];

    /// <summary>True when a published batch would reach nobody.</summary>
    public bool IsIdle => subscriptions.Length == 0 && observers.Length == 0;

    /// <summary>Starts a subscription that holds at most this many unread batches.</summary>
    public ChangeSubscription Subscribe(int capacity = 1024)
    {
        ChangeSubscription subscription = new(this, capacity);
        lock (gate)
            subscriptions = [.. subscriptions, subscription];
        return subscription;
    }

    /// <summary>
    /// Calls this for every batch before the writer is answered, on the engine's own thread: for caches that must not be
    /// stale when the answer arrives. It must be short and must not throw or write.
    /// </summary>
    public void Observe(Action<ChangeBatch> observer)
    {
        lock (gate)
            observers = [.. observers, observer];
    }

    /// <summary>Hands a batch to everybody; one caller at a time, in commit order.</summary>
    public void Publish(ChangeBatch batch)
    {
        foreach (Action<ChangeBatch> observer in Volatile.Read(ref observers))
            observer(batch);
        foreach (ChangeSubscription subscription in Volatile.Read(ref subscriptions))
            subscription.Offer(batch);
    }

    internal void Remove(ChangeSubscription subscription)
    {
        lock (gate)
            subscriptions = [.. subscriptions.Where(s => s != subscription)];
    }
}

/// <summary>One reader's bounded queue of batches.</summary>
internal sealed class ChangeSubscription : IDisposable
{
    private readonly ChangeFeed feed;
    private readonly Channel<ChangeBatch> channel;
    private readonly int capacity;
    private bool gapIsLast;

    internal ChangeSubscription(ChangeFeed feed, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        this.feed = feed;
        this.capacity = capacity;
        // One place more than the capacity, kept for the gap marker.
        channel = Channel.CreateBounded<ChangeBatch>(new BoundedChannelOptions(capacity + 1) { SingleWriter = true });
    }

    /// <summary>Batches in commit order until the subscription is disposed.</summary>
    public async IAsyncEnumerable<ChangeBatch> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (ChangeBatch batch in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            yield return batch;
    }

    /// <summary>The next batch if one is waiting.</summary>
    public bool TryRead(out ChangeBatch? batch) => channel.Reader.TryRead(out batch);

    internal void Offer(ChangeBatch batch)
    {
        if (channel.Reader.Count < capacity)
            gapIsLast = !channel.Writer.TryWrite(batch) && gapIsLast;
        else if (!gapIsLast)
            gapIsLast = channel.Writer.TryWrite(ChangeBatch.Gap(batch.Source, batch.Position, batch.CommittedAt));
    }

    public void Dispose()
    {
        feed.Remove(this);
        channel.Writer.TryComplete();
    }
}

using System.Threading.Channels;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// The queue of password work. A hash takes 19 MiB and some 13 ms, so the number at once is bounded (half the cores), and
/// so is the number waiting; past it callers get 429 rather than a server without memory. Own threads, so that a rush of
/// sign-ins leaves the request threads free.
/// </summary>
internal sealed class PasswordHasher : IDisposable
{
    private const int Waiting = 64;
    private const int RetryAfterSeconds = 2;

    private readonly Channel<Action> queue = Channel.CreateBounded<Action>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.Wait }
    );
    private long done;

    public PasswordHasher()
    {
        for (int i = 0; i < Math.Max(1, Environment.ProcessorCount / 2); i++)
        {
            new Thread(Work) { IsBackground = true, Name = "passwords" }.Start();
        }
    }

    /// <summary>Hashes and verifications carried out so far: the measure of equal work.</summary>
    public long Done => Interlocked.Read(ref done);

    public Task<string> HashAsync(string password, CancellationToken cancellation) =>
        Enqueue(() => PasswordHash.Create(password), cancellation);

    /// <summary>Verifies; a null hash (no such user, no password) costs as much as a wrong password and is false.</summary>
    public Task<bool> VerifyAsync(string? hash, string password, CancellationToken cancellation) =>
        Enqueue(() => PasswordHash.Verify(hash ?? PasswordHash.OfNobody, password) && hash is not null, cancellation);

    public void Dispose() => queue.Writer.TryComplete();

    private Task<T> Enqueue<T>(Func<T> work, CancellationToken cancellation)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool queued = queue.Writer.TryWrite(() =>
        {
            if (cancellation.IsCancellationRequested)
            {
                result.TrySetCanceled(cancellation);
                return;
            }
            // Counted before anybody hears of it.
            try
            {
                T made = work();
                Interlocked.Increment(ref done);
                result.TrySetResult(made);
            }
            catch (Exception e)
            {
                Interlocked.Increment(ref done);
                result.TrySetException(e);
            }
        });
        return queued ? result.Task : throw AuthErrors.OverRequestRateLimit(RetryAfterSeconds).ToException();
    }

    private void Work()
    {
        // A thread of our own may block on the queue: it has nothing else to do.
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (queue.Reader.TryRead(out Action? job))
            {
                job();
            }
        }
    }
}

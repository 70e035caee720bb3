using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>A message about to be queued: sealed and with its id drawn, so that the write unit can be replayed.</summary>
internal sealed record QueuedMessage(Guid Id, string Channel, string Kind, string Recipient, string Sealed, DateTimeOffset Now, DateTimeOffset ExpiresAt);

/// <summary>
/// Messages go into the store in the same write unit as what they tell of, and are sent by <see cref="OutboxWorker"/> after
/// the commit: nothing is sent for a sign-up that was undone, and nothing is lost when the mail server is away.
/// </summary>
internal sealed class Outbox(Vault vault, TimeProvider clock)
{
    /// <summary>Goes to nobody: queued for an address without a user, so that both cost the same.</summary>
    public const string Nobody = "";

    public const string Email = "email";
    public const string Sms = "sms";

    private readonly SemaphoreSlim signal = new(0, 1);

    public QueuedMessage Prepare(string channel, OutboundMessage message, bool decoy, TimeSpan lifetime)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        var id = Guid.CreateVersion7(now);
        return new QueuedMessage(
            id,
            channel,
            message.Kind,
            decoy ? Nobody : message.To,
            vault.Seal(message.ToJson(), Label(id)),
            now,
            now + lifetime
        );
    }

    public static void Queue(IStoreTransaction unit, QueuedMessage message) =>
        unit.Execute(
            OutboxSql.Insert,
            StoreValues.Of(message.Id),
            Datum.Of(message.Channel),
            Datum.Of(message.Kind),
            Datum.Of(message.Recipient),
            Datum.Of(message.Sealed),
            StoreValues.Of(message.Now),
            StoreValues.Of(message.ExpiresAt)
        );

    public OutboundMessage Open(Guid id, string text) => OutboundMessage.FromJson(vault.Open(text, Label(id)));

    /// <summary>Tells the worker of this process that a message was committed; other nodes find it by their own look.</summary>
    public void Wake()
    {
        try
        {
            signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been told already.
        }
    }

    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellation) => signal.WaitAsync(longest, cancellation);

    private static string Label(Guid id) => $"outbox {id:D}";
}

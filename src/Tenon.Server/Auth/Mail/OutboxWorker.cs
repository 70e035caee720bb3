using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>
/// Sends what lies in the outbox. A message is claimed by moving its due time, so several nodes share the work and a node
/// that dies while sending leaves it to be sent again: at least once, with the same Message-ID.
/// </summary>
internal sealed class OutboxWorker(
    StoreDatabase store,
    Outbox outbox,
    MessageSenders senders,
    TimeProvider clock,
    ILogger<OutboxWorker> logger
) : BackgroundService
{
    private const int MostAttempts = 8;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when the store is ready.</summary>
    public void Begin() => started.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await started.Task.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync(stoppingToken) > 0)
                {
                    continue;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                AuthEvents.OutboxFailed(logger, e);
            }
            await outbox.WaitAsync(Look, stoppingToken);
        }
    }

    /// <summary>Sends what is due now; how many messages it took on.</summary>
    internal async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        int taken = 0;
        List<Datum[]> due = await store.QueryAsync(OutboxSql.Due, new[] { StoreValues.Of(StoreTime.Now(clock)) }, cancellation);
        foreach (Datum[] row in due)
        {
            taken += await TryOneAsync(row[0].Uuid(), cancellation) ? 1 : 0;
        }
        return taken;
    }

    /// <summary>
    /// Sends one message at once, for whom the answer may depend on it. False: the sender refused it for good. Where it is
    /// busy, or another node has taken the message, it goes its way later.
    /// </summary>
    public async Task<bool> SendNowAsync(Guid id) => await OneAsync(id, CancellationToken.None) is not DeliveryResult.Refused;

    private async Task<bool> TryOneAsync(Guid id, CancellationToken cancellation) => await OneAsync(id, cancellation) is not null;

    /// <summary>What became of a message; null: it was not due, or another one was first.</summary>
    private async Task<DeliveryResult?> OneAsync(Guid id, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        List<Datum[]> claimed = await store.WriteAsync(
            unit => unit.Execute(OutboxSql.Claim, StoreValues.Of(id), StoreValues.Of(now), StoreValues.Of(now + Lease)),
            cancellation
        );
        if (claimed is not [var row])
        {
            return null;
        }
        Delivery delivery = await SendAsync(id, row, now, cancellation);
        await SettleAsync(id, delivery, attempts: (int)row[4].Integer, cancellation);
        return delivery.Result;
    }

    private async Task<Delivery> SendAsync(Guid id, Datum[] row, DateTimeOffset now, CancellationToken cancellation)
    {
        if (row[2].Text == Outbox.Nobody)
        {
            return new Delivery(DeliveryResult.Sent);
        }
        if (row[5].Time() <= now)
        {
            return new Delivery(DeliveryResult.Refused, "what it carries has expired");
        }
        try
        {
            return await senders.Of(row[0].Text).SendAsync(id, outbox.Open(id, row[3].Text), cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            AuthEvents.OutboxFailed(logger, e);
            return new Delivery(DeliveryResult.Later, e.GetType().Name);
        }
    }

    private async Task SettleAsync(Guid id, Delivery delivery, int attempts, CancellationToken cancellation)
    {
        bool again = delivery.Result == DeliveryResult.Later && attempts < MostAttempts;
        DateTimeOffset next = StoreTime.Now(clock) + Wait(attempts);
        await store.WriteAsync(
            unit =>
                delivery.Result switch
                {
                    DeliveryResult.Sent => unit.Execute(OutboxSql.Delete, StoreValues.Of(id)),
                    DeliveryResult.Kept => unit.Execute(OutboxSql.ToInbox, StoreValues.Of(id)),
                    _ when again => unit.Execute(OutboxSql.Retry, StoreValues.Of(id), StoreValues.Of(next), StoreValues.OfText(delivery.Reason)),
                    _ => unit.Execute(OutboxSql.Fail, StoreValues.Of(id), StoreValues.OfText(delivery.Reason)),
                },
            cancellation
        );
        if (again)
        {
            AuthEvents.MessageDelayed(logger, id, attempts, delivery.Reason ?? "");
        }
        else if (delivery.Result is DeliveryResult.Later or DeliveryResult.Refused)
        {
            AuthEvents.MessageFailed(logger, id, attempts, delivery.Reason ?? "");
        }
    }

    // 10 s, 20 s, 40 s … at most 10 min.
    internal static TimeSpan Wait(int attempts) =>
        TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Clamp(attempts - 1, 0, 10)));
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Once an hour: the signing key is rotated when due, sessions and tokens nobody can use any more are deleted.</summary>
internal sealed class AuthMaintenance(
    StoreDatabase store,
    SigningKeys signing,
    IEnumerable<AuthPackage> packages,
    AuthOptions options,
    TimeProvider clock,
    ILogger<AuthMaintenance> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    // A used refresh token is kept this long to be recognised when it comes again.
    private static readonly TimeSpan UsedTokens = TimeSpan.FromDays(30);

    // Failed messages stay for whoever looks for the reason; those of the development inbox for whoever develops.
    private static readonly TimeSpan OldMessages = TimeSpan.FromDays(30);

    // An expired key stays in its user's list for a while, to be recognised.
    private static readonly TimeSpan ExpiredKeys = TimeSpan.FromDays(30);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when the store is ready.</summary>
    public void Begin() => started.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await started.Task.WaitAsync(stoppingToken);
        // Not into the rush of a start; a server that restarts often still comes to it.
        await Task.Delay(TimeSpan.FromMinutes(1), clock, stoppingToken);
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                AuthEvents.MaintenanceFailed(logger, e);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task RunOnceAsync(CancellationToken cancellation)
    {
        if (await signing.RotateIfDueAsync(cancellation))
        {
            AuthEvents.SigningKeyRotated(logger, signing.Current.Id);
        }
        DateTimeOffset now = StoreTime.Now(clock);
        DateTimeOffset? idle = options.Sessions.InactivityTimeout > TimeSpan.Zero ? now - options.Sessions.InactivityTimeout : null;
        await store.WriteAsync(
            unit =>
            {
                // A finished session stays for a day, so that its tokens are still answered by what became of them.
                unit.Execute(SessionSql.DeleteExpired, StoreValues.Of(now - TimeSpan.FromDays(1)), StoreValues.Of(idle));
                unit.Execute(SessionSql.DeleteOldTokens, StoreValues.Of(now - UsedTokens));
                unit.Execute(OneTimeSql.DeleteExpired, StoreValues.Of(now - TimeSpan.FromDays(1)));
                unit.Execute(OneTimeSql.DeleteExpiredFlows, StoreValues.Of(now - TimeSpan.FromDays(1)));
                Decoys.Prune(unit, now - TimeSpan.FromHours(1));
                unit.Execute(UserKeySql.DeleteExpired, StoreValues.Of(now - ExpiredKeys));
                unit.Execute(CredentialSql.DeleteExpiredChallenges, StoreValues.Of(now));
                unit.Execute(ExternalSql.DeleteExpiredFlows, StoreValues.Of(now - TimeSpan.FromDays(1)));
                unit.Execute(SharedLimits.DeleteFull, StoreValues.Of(now));
                unit.Execute(OutboxSql.DeleteOld, StoreValues.Of(now - OldMessages));
                foreach (AuthPackage package in packages)
                {
                    package.Maintain(unit, now);
                }
                return true;
            },
            cancellation
        );
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tenon.Server.Auth.Overrides;
using Tenon.Sources;

namespace Tenon.Server.Auth;

/// <summary>
/// Several servers on one database: what one of them, or anyone by SQL, did to sessions, rights, keys and settings is taken over
/// when the database tells of it. A call may be lost, so keys and settings are read anew every few seconds as well, and tokens are believed for
/// no longer than that (<see cref="TokenCache"/>).
/// </summary>
internal sealed class NodeWatch(
    MainDatabase database,
    TokenCache tokens,
    ApiKeys apiKeys,
    SigningKeys signing,
    SettingOverrides overrides,
    AuthOptions options,
    TimeProvider clock,
    ILogger<NodeWatch> logger
)
    : BackgroundService
{
    /// <summary>With the time a request takes to look, an end elsewhere holds here within five seconds.</summary>
    public static readonly TimeSpan BelievedFor = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim keys = new(0, 1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        database.Told += Hear;
        try
        {
            bool failed = false;
            while (!stoppingToken.IsCancellationRequested)
            {
                if (await keys.WaitAsync(Look, stoppingToken))
                {
                    // Calls come in heaps: one reading serves them all.
                    await Task.Delay(Settle, clock, stoppingToken);
                }
                failed = !await TryReadAsync(failed, stoppingToken);
            }
        }
        finally
        {
            database.Told -= Hear;
        }
    }

    private void Hear(string what)
    {
        if (what.StartsWith("user ", StringComparison.Ordinal) && Guid.TryParseExact(what.AsSpan(5), "D", out Guid user))
        {
            tokens.DropUser(user);
            return;
        }
        if (what != "keys")
        {
            tokens.Clear();
        }
        try
        {
            keys.Release();
        }
        catch (SemaphoreFullException)
        {
            // The reading that will come serves this call too.
        }
    }

    private async Task<bool> TryReadAsync(bool failedBefore, CancellationToken cancellation)
    {
        try
        {
            await apiKeys.LoadAsync(cancellation);
            await signing.RefreshAsync(cancellation);
            if (options.Enabled)
            {
                await overrides.LoadAsync(cancellation);
            }
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!failedBefore)
            {
                AuthEvents.KeysNotRead(logger, e);
            }
            return false;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        keys.Dispose();
    }
}

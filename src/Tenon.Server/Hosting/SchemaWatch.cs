using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>
/// Looks every few seconds whether another process (tenon migrate up beside the server) has migrated the database, and takes
/// the new catalog over while requests go on. The other process has warned of open tables; here they are logged again.
/// </summary>
internal sealed class SchemaWatch(Backend backend, TimeProvider clock, ILogger<SchemaWatch> logger) : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            if (!await backend.Database.RefreshAsync(cancellation))
            {
                return;
            }
            HostingEvents.SchemaTakenOver(logger, backend.Database.Applied[^1].Version);
            foreach (OpenTable open in backend.OpenTables)
            {
                HostingEvents.TableOpened(logger, open.ToString());
            }
        }
        catch (Exception e) when (e is TenonException or SourceException && !cancellation.IsCancellationRequested)
        {
            HostingEvents.SchemaNotTakenOver(logger, e);
        }
    }
}

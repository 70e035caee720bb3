using Microsoft.Extensions.Logging;

namespace Tenon.Server.Hosting;

/// <summary>Everything hosting logs.</summary>
internal static partial class HostingEvents
{
    [LoggerMessage(1001, LogLevel.Warning, "schema: what another process changed is in force now; the last migration is {Version}")]
    public static partial void SchemaTakenOver(ILogger logger, string version);

    [LoggerMessage(1002, LogLevel.Error, "schema: what another process changed could not be taken over, the server goes on with the schema it had")]
    public static partial void SchemaNotTakenOver(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "schema: {OpenTable}")]
    public static partial void TableOpened(ILogger logger, string openTable);

    [LoggerMessage(1004, LogLevel.Information, "start: {What}: {Detail}")]
    public static partial void Step(ILogger logger, string what, string detail);
}

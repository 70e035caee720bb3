using Microsoft.Extensions.Logging;

namespace Tenon.Server.Hosting;

/// <summary>Everything hosting logs.</summary>
internal static partial class HostingEvents
{
    [LoggerMessage(1001, LogLevel.Warning, "schema: migrations that another process applied are in force now, up to {Version}")]
    public static partial void SchemaTakenOver(ILogger logger, string version);

    [LoggerMessage(1002, LogLevel.Error, "schema: migrations that another process applied could not be taken over, the server goes on with the schema it had")]
    public static partial void SchemaNotTakenOver(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "schema: {OpenTable}")]
    public static partial void TableOpened(ILogger logger, string openTable);

    [LoggerMessage(1004, LogLevel.Information, "start: {What}: {Detail}")]
    public static partial void Step(ILogger logger, string what, string detail);
}

using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tenon.Core.Errors;
using Tenon.Server.Rest;

namespace Tenon.Server.Hosting;

/// <summary>
/// Around every request: its id in the answer, its line in the log, its activity and measures, and 503 for what still comes over an open connection
/// when the server is stopping.
/// </summary>
internal sealed class RequestEdge(RequestLog log, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public const string IdHeader = "X-Request-Id";

    private static readonly Error Stopping = new(ErrorCodes.AdminShutdown, "the server is shutting down") { RetryAfter = 1 };

    private readonly CancellationToken stopping = lifetime.ApplicationStopping;

    public RequestDelegate Around(RequestDelegate next) => http => log.IsOn || Telemetry.IsWatched ? ObservedAsync(http, next) : RunAsync(http, next);

    private async Task ObservedAsync(HttpContext http, RequestDelegate next)
    {
        long started = clock.GetTimestamp();
        var notes = new RequestNotes();
        http.Features.Set(notes);
        using Activity? activity = Telemetry.Start(http);
        bool threw = true;
        try
        {
            await RunAsync(http, next);
            threw = false;
        }
        finally
        {
            int status = threw ? StatusCodes.Status500InternalServerError : http.Response.StatusCode;
            TimeSpan took = clock.GetElapsedTime(started);
            Telemetry.Stop(activity, http, notes, status, took);
            if (log.IsOn)
            {
                log.Write(http, notes, status, took);
            }
        }
    }

    private Task RunAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers[IdHeader] = http.TraceIdentifier;
        return stopping.IsCancellationRequested ? RefuseAsync(http) : next(http);
    }

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return RestErrors.WriteAsync(http, Stopping, null);
    }
}

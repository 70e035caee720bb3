using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tenon.Core.Errors;
using Tenon.Server.Rest;

namespace Tenon.Server.Hosting;

/// <summary>
/// Around every request: its id in the answer, its line in the log, and 503 for what still comes over an open connection
/// when the server is stopping.
/// </summary>
internal sealed class RequestEdge(RequestLog log, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public const string IdHeader = "X-Request-Id";

    private static readonly Error Stopping = new(ErrorCodes.AdminShutdown, "the server is shutting down") { RetryAfter = 1 };

    private readonly CancellationToken stopping = lifetime.ApplicationStopping;

    public RequestDelegate Around(RequestDelegate next) => log.IsOn ? http => LoggedAsync(http, next) : http => RunAsync(http, next);

    private async Task LoggedAsync(HttpContext http, RequestDelegate next)
    {
        long started = clock.GetTimestamp();
        var notes = new RequestNotes();
        http.Features.Set(notes);
        bool threw = true;
        try
        {
            await RunAsync(http, next);
            threw = false;
        }
        finally
        {
            log.Write(http, notes, threw ? StatusCodes.Status500InternalServerError : http.Response.StatusCode, clock.GetElapsedTime(started));
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

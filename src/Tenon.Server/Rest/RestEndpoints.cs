using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// /rest/v1: every request of the data API enters here, is resolved to a caller, read, planned, run and answered; every
/// refusal on the way becomes an answer in PostgREST's shape.
/// </summary>
internal sealed partial class RestEndpoints(RestSurfaces surfaces, CallerResolver callers, RestRoot root, ILogger<RestEndpoints> log)
{
    public const string Prefix = "/rest/v1";
    private const string CallPrefix = "rpc/";

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder routes) => routes.Map(Prefix + "/{**path}", HandleAsync);

    public async Task HandleAsync(HttpContext http)
    {
        Caller? caller = null;
        RestSurface surface = surfaces.Of(http.Request);
        using RequestDeadline deadline = surface.Runtime.StartDeadline(http.RequestAborted);
        try
        {
            Resolution resolution = await callers.ResolveForDataAsync(http.Request, deadline.Token);
            if (!resolution.TryGet(out caller, out CredentialFailure? failure))
            {
                await RestErrors.WriteAsync(http, failure);
                return;
            }
            if (RequestNotes.Of(http) is { } notes)
            {
                notes.Role = caller.Role.Text;
            }
            await surface.PrepareAsync(deadline.Token);
            await AnswerAsync(surface, RestRequest.Read(http, caller, deadline, surface.Runtime).Value);
        }
        catch (Exception) when (deadline.IsPast)
        {
            await RefuseAsync(http, Limits.RequestTimeout(surface.Runtime.Options.RequestTimeout), caller);
        }
        catch (TenonException refused)
        {
            await RefuseAsync(http, refused.Error, caller);
        }
        catch (SourceException failed) when (!http.RequestAborted.IsCancellationRequested)
        {
            SourceFailed(log, failed, http.Request.Method, LoggedTarget.Of(http), http.TraceIdentifier);
            await RefuseAsync(http, Told(failed, caller, surface.Runtime), caller);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer.
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(http, Payload.Invalid(bad.Message) with { StatusOverride = bad.StatusCode }, caller);
        }
        catch (Exception unforeseen)
        {
            Unforeseen(log, unforeseen, http.Request.Method, LoggedTarget.Of(http), http.TraceIdentifier);
            await RefuseAsync(http, new Error(ErrorCodes.InternalError, "The server met an error it did not foresee; its log has the details"), caller);
        }
    }

    /// <summary>What of a failure this caller is told: all of it, or nothing that names what it has no right on.</summary>
    private static Error Told(SourceException failed, Caller? caller, RestRuntime runtime) =>
        caller is null ? failed.ToError()
        : failed.ToError(new ErrorKnowledge(runtime.Catalog, RestRuntime.PrincipalOf(caller)));

    private static string PathOf(HttpContext http) =>
        (http.Request.Path.Value ?? "") is { } path && path.Length > Prefix.Length ? path[(Prefix.Length + 1)..] : "";

    private async Task AnswerAsync(RestSurface surface, RestRequest request)
    {
        await BeforeAsync(surface.Runtime.Main, request);
        try
        {
            await DispatchAsync(surface, request, PathOf(request.Http));
        }
        catch (SourceException stale) when (stale.IsStaleSchema && !request.Http.Response.HasStarted)
        {
            await AnewAsync(surface, request, stale);
        }
    }

    // Between another process's migration and our next look at it a plan may name what is gone: look now, and plan once more.
    private async Task AnewAsync(RestSurface surface, RestRequest request, SourceException stale)
    {
        RestRuntime runtime = surface.Runtime;
        if (runtime.Refresh is { } refresh)
        {
            await refresh(request.Aborted);
        }
        if (ReferenceEquals(runtime.Catalog, request.Catalog))
        {
            ExceptionDispatchInfo.Throw(stale);
        }
        if (request.Http.Request.Method is not ("GET" or "HEAD" or "DELETE"))
        {
            // The body has been read.
            throw new Error(ErrorCodes.SchemaChanged, "Could not query the database for the schema cache. Retrying.") { RetryAfter = 0 }.ToException();
        }
        await DispatchAsync(surface, RestRequest.Read(request.Http, request.Caller, request.Deadline, runtime).Value, PathOf(request.Http));
    }

    // What is checked before every request is checked before one of another database, too.
    private static ValueTask BeforeAsync(RestRuntime? main, RestRequest request) =>
        main?.PreRequest is { } first && !HttpMethods.IsOptions(request.Http.Request.Method)
            ? first.RunAsync(main.Catalog, RestRuntime.PrincipalOf(request.Caller), request.Arguments([]), request.Aborted)
            : ValueTask.CompletedTask;

    private Task DispatchAsync(RestSurface surface, RestRequest request, string path)
    {
        if (path.Length == 0)
        {
            return ScopeCheck.OfEverything(request.Caller) is { } refused ? throw refused.ToException() : root.RunAsync(request);
        }
        if (path.StartsWith(CallPrefix, StringComparison.Ordinal))
        {
            return CallAsync(surface, request, path[CallPrefix.Length..]);
        }
        return path.Contains('/') ? throw InvalidPath().ToException() : TableAsync(surface, request, path);
    }

    private static Task TableAsync(RestSurface surface, RestRequest request, string table)
    {
        if (request.Catalog.Handlers.IsEmpty || request.Http.Request.Method is not ("GET" or "HEAD"))
        {
            request.DemandAnswer();
        }
        else
        {
            request.NegotiateFor(new QualifiedName(request.Schema, table));
        }
        return request.Http.Request.Method switch
        {
            "GET" or "HEAD" => surface.Reads.RunAsync(request, table),
            "POST" => surface.Writes.RunAsync(request, WriteMethod.Post, table),
            "PATCH" => surface.Writes.RunAsync(request, WriteMethod.Patch, table),
            "DELETE" => surface.Writes.RunAsync(request, WriteMethod.Delete, table),
            "PUT" => surface.Writes.RunAsync(request, WriteMethod.Put, table),
            "OPTIONS" => Methods.OfTable(request, surface.Runtime.PlanOptionsOf(request), table),
            var other => throw new Error(ErrorCodes.MethodNotAllowed, $"Unsupported HTTP method: {other}").ToException(),
        };
    }

    private static Task CallAsync(RestSurface surface, RestRequest request, string function) =>
        request.Http.Request.Method switch
        {
            _ when function.Length == 0 || function.Contains('/') => throw InvalidPath().ToException(),
            "GET" or "HEAD" => surface.Calls.RunAsync(request, function, isPost: false),
            "POST" => surface.Calls.RunAsync(request, function, isPost: true),
            "OPTIONS" => Methods.OfFunction(request, surface.Runtime.PlanOptionsOf(request), function),
            var other => throw new Error(ErrorCodes.RpcMethod, $"Cannot use the {other} method on RPC").ToException(),
        };

    private static Error InvalidPath() => new(ErrorCodes.InvalidPath, "Invalid path specified in request URL");

    // Once the head is out, the only honest end is a broken connection: the JSON must not look whole.
    private static Task RefuseAsync(HttpContext http, Error error, Caller? caller)
    {
        if (!http.Response.HasStarted)
        {
            return RestErrors.WriteAsync(http, error, caller);
        }
        http.Abort();
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 3002, Level = LogLevel.Debug, Message = "the source failed {Method} {Target}, request {RequestId}")]
    private static partial void SourceFailed(ILogger log, Exception exception, string method, string target, string requestId);

    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "unforeseen error in {Method} {Target}, request {RequestId}")]
    private static partial void Unforeseen(ILogger log, Exception exception, string method, string target, string requestId);
}

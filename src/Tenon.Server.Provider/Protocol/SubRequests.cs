using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Grants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>What a user decided of a request: the session that approved it, or null for a denial.</summary>
internal sealed record Decision(User User, Session? ApprovedIn)
{
    /// <summary>The key in HttpContext.Items.</summary>
    public static readonly object Key = new();
}

/// <summary>What the protocol answered to a request of our own.</summary>
internal sealed record SubAnswer(int Status, string? Location, string? ContentType, byte[] Body);

/// <summary>
/// Runs the protocol with a kept request, once its user has decided: OpenIddict answers HTTP requests, and the one it is to
/// answer came minutes ago.
/// </summary>
internal sealed class SubRequests(IServiceScopeFactory scopes, AuthOptions options)
{
    public Task<SubAnswer> RunAsync(HttpContext outer, PendingRequest request, Decision? decision) =>
        request.Kind == PendingRequest.Device
            ? RunAsync<Device>(outer, Paths.DeviceVerification, request.Parameters, decision, static (device, http) => device.VerifyAsync(http))
            : RunAsync<Authorize>(outer, Paths.Authorize, request.Parameters, decision, static (authorize, http) => authorize.HandleAsync(http));

    /// <summary>The request that a user code stands for; null when there is none.</summary>
    public async Task<PendingRequest?> FindDeviceAsync(HttpContext outer, string userCode)
    {
        PendingRequest? found = null;
        string parameters = ReturnAddress.Form(("user_code", userCode));
        await RunAsync<Device>(outer, Paths.DeviceVerification, parameters, null, async (_, http) => found = await Device.FindAsync(http, parameters));
        return found;
    }

    private async Task<SubAnswer> RunAsync<T>(HttpContext outer, string path, string parameters, Decision? decision, Func<T, HttpContext, Task> run)
        where T : notnull
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        var address = new Uri(options.PublicUrl);
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = outer.RequestAborted, TraceIdentifier = outer.TraceIdentifier };
        http.Connection.RemoteIpAddress = outer.Connection.RemoteIpAddress;
        http.Request.Method = HttpMethods.Get;
        http.Request.Scheme = address.Scheme;
        http.Request.Host = new HostString(address.Authority);
        http.Request.PathBase = address.AbsolutePath.TrimEnd('/');
        http.Request.Path = Paths.Prefix + path;
        http.Request.QueryString = new QueryString("?" + parameters);
        http.Request.Headers.UserAgent = outer.Request.Headers.UserAgent;
        http.Response.Body = body;
        if (decision is not null)
        {
            http.Items[Decision.Key] = decision;
        }
        await run(scope.ServiceProvider.GetRequiredService<T>(), http);
        string? location = http.Response.Headers.Location;
        return new SubAnswer(http.Response.StatusCode, location, http.Response.ContentType, body.ToArray());
    }
}

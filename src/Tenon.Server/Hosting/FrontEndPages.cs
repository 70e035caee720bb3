using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Yarp.ReverseProxy.Forwarder;

namespace Tenon.Server.Hosting;

/// <summary>
/// What is not the API: in development the front end's own server behind a proxy, websockets included; elsewhere, and while
/// that server is not up, the files of the built front end.
/// </summary>
internal static class FrontEndPages
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    public static void Map(WebApplication app, BackendOptions options)
    {
        if (options.DevServer is { } server)
        {
            Forward(app, server);
        }
        if (options.StaticFiles is { } folder && Directory.Exists(folder))
        {
            var files = new PhysicalFileProvider(Path.GetFullPath(folder));
            app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
            app.UseStaticFiles(new StaticFileOptions { FileProvider = files });
            app.MapFallback(http => PageAsync(http, files, options.SpaFallback)).WithMetadata(FrontEndPath.Instance);
        }
    }

    /// <summary>True for a request that no route of the API takes.</summary>
    public static bool IsFrontEnd(HttpContext http) =>
        http.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<FrontEndPath>() is not null;

    private static void Forward(WebApplication app, Func<Uri?> server)
    {
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        var client = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                ConnectTimeout = ConnectLimit,
            }
        );
        lifetime.ApplicationStopped.Register(client.Dispose);
        app.Use(next => async http =>
        {
            if (!IsFrontEnd(http) || server() is not { } address)
            {
                await next(http);
                return;
            }
            // An open websocket must not hold up the end of the server.
            ForwarderError error = await forwarder.SendAsync(
                http, address.GetLeftPart(UriPartial.Authority), client, ForwarderRequestConfig.Empty, HttpTransformer.Default, lifetime.ApplicationStopping);
            if (error != ForwarderError.None && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
            {
                http.Response.ContentType = "text/plain; charset=utf-8";
                await http.Response.WriteAsync($"The front end's development server at {address} does not answer; see the terminal.", http.RequestAborted);
            }
        });
    }

    // A page of a single-page app: paths without an extension belong to its own router.
    private static async Task PageAsync(HttpContext http, PhysicalFileProvider files, bool anyPath)
    {
        IFileInfo index = files.GetFileInfo("index.html");
        bool isPage = (anyPath || http.Request.Path == "/") && HttpMethods.IsGet(http.Request.Method) && !Path.HasExtension(http.Request.Path.Value);
        if (!isPage || !index.Exists)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.SendFileAsync(index, http.RequestAborted);
    }

    private sealed class FrontEndPath
    {
        public static readonly FrontEndPath Instance = new();
    }
}

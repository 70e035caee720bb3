using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tenon.Server.Hosting;

/// <summary>A back end behind its own Kestrel: what the commands start and the tests talk to.</summary>
internal sealed class TenonHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Backend backend;

    private TenonHost(WebApplication app, Backend backend)
    {
        this.app = app;
        this.backend = backend;
    }

    public Backend Backend => backend;

    public IServiceProvider Services => app.Services;

    /// <summary>The address it listens on, with the port it got.</summary>
    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Port 0 takes a free one. The task completes when the first request can be answered.</summary>
    public static async Task<TenonHost> StartAsync(
        BackendOptions options,
        string host,
        int port,
        Action<StartStep>? progress = null,
        LogLevel logs = LogLevel.Warning,
        CancellationToken cancellation = default
    )
    {
        Backend backend = await Backend.OpenAsync(options, TimeProvider.System, progress, cancellation);
        try
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.SetMinimumLevel(logs);
            builder.WebHost.UseKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                int line = Math.Max(32 << 10, options.Rest.Limits.UrlLength + (8 << 10));
                kestrel.Limits.MaxRequestBufferSize = Math.Max(1 << 20, 2L * line);
                kestrel.Limits.MaxRequestLineSize = line;
            });
            builder.WebHost.UseUrls($"http://{host}:{port}");
            backend.AddServices(builder.Services);
            WebApplication app = builder.Build();
            backend.Map(app);
            await Backend.StartAsync(app.Services, cancellation);
            await app.StartAsync(cancellation);
            return new TenonHost(app, backend);
        }
        catch
        {
            await backend.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, finishes requests, drains the writer, empties its log into the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await backend.DisposeAsync();
    }
}

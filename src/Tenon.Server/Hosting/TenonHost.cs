using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Tenon.Server.Hosting;

/// <summary>A back end behind its own Kestrel: what the commands start and the tests talk to.</summary>
internal sealed class TenonHost : IAsyncDisposable
{
    /// <summary>How long requests get to finish when the server stops; then their connections are broken.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly WebApplication app;
    private readonly Backend backend;
    private readonly IDisposable? claim;

    private TenonHost(WebApplication app, Backend backend, IDisposable? claim)
    {
        this.app = app;
        this.backend = backend;
        this.claim = claim;
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
        TimeProvider? clock = null,
        CancellationToken cancellation = default
    )
    {
        IDisposable? claim = options.ClaimsDatabase ? DatabaseFiles.Claim(options) : null;
        Backend? backend = null;
        WebApplication? app = null;
        try
        {
            Task rehearsal = Rehearsal.Begin();
            backend = await Backend.OpenAsync(options, clock ?? TimeProvider.System, progress, cancellation);
            // Where it fails the server is as good and a little later.
            await rehearsal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            WebApplicationBuilder builder = Builder(options, host, port, logs);
            backend.AddServices(builder.Services);
            app = builder.Build();
            backend.Map(app);
            await Backend.StartAsync(app.Services, cancellation);
            await app.StartAsync(cancellation);
            return new TenonHost(app, backend, claim);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }
            if (backend is not null)
            {
                await backend.DisposeAsync();
            }
            claim?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Settings come from tenon.toml alone: no appsettings.json of the folder a command was called in, no ASPNETCORE_ variable,
    /// and nothing is read or watched for them.
    /// </summary>
    internal static WebApplicationBuilder Bare()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        return builder;
    }

    private static WebApplicationBuilder Builder(BackendOptions options, string host, int port, LogLevel logs)
    {
        WebApplicationBuilder builder = Bare();
        builder.Logging.SetMinimumLevel(logs);
        // Else the host makes an Activity and a log scope for every request, which nothing here reads.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (options.RequestLog == RequestLogFormat.Json)
        {
            builder.Logging.AddConsole(console => console.FormatterName = EventLines.FormatterName);
            builder.Logging.AddConsoleFormatter<EventLines, ConsoleFormatterOptions>();
        }
        else
        {
            builder.Logging.AddConsole();
        }
        Listen(builder.WebHost, options, host, port);
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = StopLimit);
        return builder;
    }

    private static void Listen(IWebHostBuilder web, BackendOptions options, string host, int port)
    {
        X509Certificate2? certificate = Certificate(options);
        if (certificate is not null)
        {
            web.UseKestrelHttpsConfiguration();
        }
        // Not UseKestrel, which loads QUIC and TLS for a server that listens without them, too.
        web.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            int line = Math.Max(32 << 10, options.Rest.Limits.UrlLength + (8 << 10));
            kestrel.Limits.MaxRequestBufferSize = Math.Max(1 << 20, 2L * line);
            kestrel.Limits.MaxRequestLineSize = line;
            if (certificate is not null)
            {
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate);
            }
        });
        web.UseUrls($"{(certificate is null ? "http" : "https")}://{host}:{port}");
    }

    private static X509Certificate2? Certificate(BackendOptions options)
    {
        if (options.Tls is not { } tls)
        {
            return null;
        }
        try
        {
            using X509Certificate2 read = X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key);
            // Windows' TLS cannot use the key as it comes from a PEM file; through PKCS #12 it can, and elsewhere it does no harm.
            return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefused($"server.tls: {tls.Certificate} and {tls.Key} are not a certificate and its key in PEM: {e.Message}");
        }
    }

    /// <summary>Stops listening, finishes requests, drains the writer, empties its log into the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await backend.DisposeAsync();
        claim?.Dispose();
    }
}

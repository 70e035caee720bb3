using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tenon.Core.Policies;
using Tenon.Server.Auth;

namespace Tenon.Server.Hosting;

/// <summary>
/// A back end inside another application. It is opened before any hosted service of the host starts, so that the first
/// request finds it, and closed after the last has stopped. Its services are its own: of the host's it takes the clock, the
/// log, the lifetime and the hooks.
/// </summary>
internal sealed class EmbeddedTenon(IOptions<TenonOptions> options, EmbeddedOptions translation, IServiceProvider host) : IHostedLifecycleService
{
    private IDisposable? claim;
    private ServiceProvider? services;
    private RequestDelegate? branch;
    private IHostedService[] workers = [];

    /// <summary>Null until the host has started.</summary>
    public Backend? Backend { get; private set; }

    /// <summary>Runs a request whose path and path base are cut at the prefix of MapTenon.</summary>
    public async Task RunAsync(HttpContext http, string rest)
    {
        if (branch is not { } next || services is not { } own)
        {
            throw new InvalidOperationException("Tenon has not started: a request came before the host's start or after its end");
        }
        if (options.Value.Auth.Host.Enabled)
        {
            await HostPrincipal.FindAsync(http, options.Value.Auth.Host);
        }
        Endpoint? outer = http.GetEndpoint();
        (PathString path, PathString pathBase, IServiceProvider before) = (http.Request.Path, http.Request.PathBase, http.RequestServices);
        string whole = path.Value ?? "";
        http.Request.PathBase = pathBase.Add(new PathString(whole[..(whole.Length - rest.Length)].TrimEnd('/')));
        http.Request.Path = "/" + rest;
        http.RequestServices = own;
        http.SetEndpoint(null);
        try
        {
            await next(http);
        }
        finally
        {
            http.SetEndpoint(outer);
            http.RequestServices = before;
            (http.Request.Path, http.Request.PathBase) = (path, pathBase);
        }
    }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        BackendOptions backendOptions = translation.Of(options.Value);
        TimeProvider clock = host.GetService<TimeProvider>() ?? TimeProvider.System;
        ILogger log = host.GetRequiredService<ILoggerFactory>().CreateLogger<EmbeddedTenon>();
        try
        {
            claim = DatabaseFiles.Claim(backendOptions);
            Backend = await Backend.OpenAsync(backendOptions, clock, step => HostingEvents.Step(log, step.What, step.Detail), cancellationToken);
            services = BuildServices(Backend);
            branch = Backend.BuildBranch(services, options.Value.AllowAnyOrigin);
            await Backend.StartAsync(services, cancellationToken);
            foreach (OpenTable open in Backend.OpenTables)
            {
                HostingEvents.TableOpened(log, open.ToString());
            }
            workers = [.. services.GetServices<IHostedService>()];
            foreach (IHostedService worker in workers)
            {
                await worker.StartAsync(cancellationToken);
            }
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    private ServiceProvider BuildServices(Backend backend)
    {
        var inner = new ServiceCollection();
        inner.AddSingleton(host.GetRequiredService<ILoggerFactory>()).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        inner.AddSingleton(host.GetRequiredService<IHostApplicationLifetime>());
        inner.AddSingleton(host.GetService<DiagnosticListener>() ?? new DiagnosticListener(Telemetry.Name));
        inner.AddOptions().AddMetrics().AddRouting();
        backend.AddServices(inner);
        return inner.BuildServiceProvider();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After the last request: workers end, the writer is drained, the database closed.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedService worker in workers.Reverse())
        {
            await worker.StopAsync(cancellationToken);
        }
        await CloseAsync();
    }

    private async Task CloseAsync()
    {
        (workers, branch) = ([], null);
        if (services is not null)
        {
            await services.DisposeAsync();
        }
        if (Backend is not null)
        {
            await Backend.DisposeAsync();
        }
        claim?.Dispose();
        (services, Backend, claim) = (null, null, null);
    }
}

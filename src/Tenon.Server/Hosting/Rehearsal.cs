using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tenon.Server.Hosting;

/// <summary>
/// Answers one request in memory, by the framework alone, while the database is opened: what the first request would have to
/// load and compile is there when it comes. Nothing listens and nothing of the app is touched. Once a process, and only where a
/// second processor would be idle.
/// </summary>
internal static class Rehearsal
{
    private static readonly Lazy<Task> Once = new(() => Task.Run(RunAsync));

    /// <summary>The command calls it first of all; the server's start waits for it.</summary>
    public static Task Begin() => Environment.ProcessorCount > 1 ? Once.Value : Task.CompletedTask;

    private static async Task RunAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var listener = new Listener();
        WebApplicationBuilder builder = TenonHost.Bare();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IConnectionListenerFactory>(listener);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        await using WebApplication app = builder.Build();
        app.MapGet("/{name}", (HttpContext context) => context.Response.WriteAsync("{}", context.RequestAborted));
        await app.StartAsync(limit.Token);
        await listener.AskAsync(limit.Token);
        await app.StopAsync(limit.Token);
    }

    /// <summary>Signals are the server's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>A transport of one connection, between two pipes.</summary>
    private sealed class Listener : IConnectionListenerFactory, IConnectionListener
    {
        private readonly TaskCompletionSource unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Pipe question = new();
        private readonly Pipe answer = new();
        private bool isAccepted;

        public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            EndPoint = endpoint;
            return new ValueTask<IConnectionListener>(this);
        }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            if (isAccepted)
            {
                await unbound.Task.WaitAsync(cancellationToken);
                return null;
            }
            isAccepted = true;
            return new DefaultConnectionContext("rehearsal", new Ends(question.Reader, answer.Writer), new Ends(answer.Reader, question.Writer))
            {
                LocalEndPoint = EndPoint,
                RemoteEndPoint = EndPoint,
            };
        }

        public async Task AskAsync(CancellationToken cancellation)
        {
            await question.Writer.WriteAsync("GET /name?id=eq.1 HTTP/1.1\r\nHost: localhost\r\napikey: none\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellation);
            ReadResult read = await answer.Reader.ReadAtLeastAsync("HTTP/1.1 200"u8.Length, cancellation);
            if (!read.Buffer.FirstSpan.StartsWith("HTTP/1.1 200"u8))
            {
                throw new InvalidOperationException("the framework's own route was not answered");
            }
            answer.Reader.AdvanceTo(read.Buffer.End);
            await question.Writer.CompleteAsync();
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            unbound.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

// The front end's own development server (Vite and its like) as a child behind our address: started on a free port, ended
// with us. When it ends by itself that is said, and the API goes on.
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Tenon.Cli.Commands;

internal sealed partial class DevServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly string command;
    private ChildProcess? child;
    private volatile Uri? announced;
    private volatile Uri? address;
    private volatile bool stopping;

    private DevServer(string command) => this.command = command;

    /// <summary>Where it answers; null while it does not.</summary>
    public Uri? Address => address;

    /// <summary>Starts it and waits until it listens; what it says goes to our output from then on.</summary>
    public static async Task<(DevServer Server, string Said)> StartAsync(FrontEnd web, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        int port = FreePort.Any();
        string number = port.ToString(CultureInfo.InvariantCulture);
        string command = web.DevCommand.Replace("{port}", number, StringComparison.Ordinal);
        var server = new DevServer(command);
        try
        {
            (string, string)[] variables = [("PORT", number), ("HOST", "127.0.0.1"), ("BROWSER", "none"), ("NO_COLOR", "1"), ("FORCE_COLOR", "0")];
            server.child = ChildProcess.Start(command, web.Root, variables, server.Hear);
            server.address = await server.UntilUpAsync(new Uri($"http://localhost:{number}"), cancellation);
            _ = server.WatchAsync();
            return (server, $"{command}  ready {Say.Seconds(TimeProvider.System.GetElapsedTime(started))}");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task<Uri> UntilUpAsync(Uri expected, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        try
        {
            while (!child!.HasExited)
            {
                // One that does not heed PORT says where it is.
                foreach (Uri candidate in announced is { } said ? [said, expected] : new[] { expected })
                {
                    if (await ListensAsync(candidate, limit.Token))
                    {
                        return candidate;
                    }
                }
                await Task.Delay(LookEvery, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"{command} does not listen on {expected} after {Say.Seconds(StartLimit)}; it gets the port as PORT, or write {{port}} into web.dev_command:\n{child!.Output}");
        }
        await child.WaitAsync(cancellation);
        throw new IOException($"{command} ended with code {child.ExitCode}:\n{child.Output}");
    }

    private static async Task<bool> ListensAsync(Uri address, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host.Trim('[', ']'), address.Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task WatchAsync()
    {
        int code = await child!.WaitAsync(CancellationToken.None);
        address = null;
        if (!stopping)
        {
            // What it started may have outlived it.
            await child.DisposeAsync();
            Say.Failure($"{command} ended with code {code}; the API goes on, and the next change starts it again");
        }
    }

    private void Hear(string line)
    {
        if (address is not null && !string.IsNullOrWhiteSpace(line))
        {
            Console.WriteLine("  web          " + line.TrimEnd());
        }
        else if (announced is null && Local().Match(Escapes().Replace(line, "")) is { Success: true } match)
        {
            announced = new Uri(match.Value.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        }
    }

    public async ValueTask DisposeAsync()
    {
        stopping = true;
        address = null;
        if (child is not null)
        {
            await child.DisposeAsync();
        }
    }

    [GeneratedRegex(@"http://(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):\d{2,5}")]
    private static partial Regex Local();

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Escapes();
}

// tenon dev: migrations, seed, front end and server in one process; starts the back end anew when the schema's files or
// the configuration change. A change that cannot be applied is printed, and the next change is waited for.
using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Core.Errors;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

internal sealed class DevCommand(string folder, int? port)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(700);
    private int chosenPort;

    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var port = new Option<int?>("--port") { Description = "The port; the next free one is taken when it is in use." };
        var command = new Command("dev", "Runs an app for development: migrate, seed, build, serve, start anew on change.");
        command.Arguments.Add(folder);
        command.Options.Add(port);
        command.SetAction((parsed, cancellation) =>
            new DevCommand(parsed.GetValue(folder)!, parsed.GetValue(port)).RunAsync(cancellation));
        return command;
    }

    private async Task<int> RunAsync(CancellationToken cancellation)
    {
        bool first = true;
        while (!cancellation.IsCancellationRequested)
        {
            string before = Watched();
            try
            {
                await RunUntilChangeAsync(first, before, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (!first && e is ConfigException or MigrationFailure or TenonException or InvalidDataException)
            {
                Console.Error.WriteLine("tenon: " + e.Message);
                await UntilChangedAsync(before, cancellation);
            }
            first = false;
        }
        return 0;
    }

    private async Task RunUntilChangeAsync(bool first, string before, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        AppFolder app = AppFolder.OpenDevelopment(folder);
        if (first)
        {
            Say.Header(app);
        }
        string host = app.Config.Text("server.host") is { Length: > 0 } given ? given : "127.0.0.1";
        ChoosePort(app, host);
        Keys keys = app.Keys();
        var web = new FrontEnd(app.Config);
        web.PrepareOutput();
        string url = $"http://{host}:{chosenPort}";
        string publicUrl = app.Config.Text("server.public_url") is { Length: > 0 } configured ? configured : url;
        BackendOptions options = BackendSettings.From(app.Config, keys, development: true, publicUrl, web.Output);
        await using TenonHost server = await TenonHost.StartAsync(options, host, chosenPort, Say.Step, cancellation: cancellation);
        DevFile.Write(app, url, keys);
        if (web.NeedsBuild)
        {
            await BuildAsync(web, cancellation);
        }
        Ready(url, keys, web, TimeProvider.System.GetElapsedTime(started));
        await UntilChangedAsync(before, cancellation);
        Console.WriteLine("changed: starting anew");
    }

    private void ChoosePort(AppFolder app, string host)
    {
        if (chosenPort > 0)
        {
            return;
        }
        int wanted = port ?? (app.Variables.TryGetValue("PORT", out string? p) && int.TryParse(p, out int n) ? n : app.Config.Count("server.port"));
        chosenPort = FreePort.From(host, wanted);
        if (chosenPort != wanted)
        {
            Console.WriteLine($"notice  port {wanted} is in use; taking {chosenPort}");
        }
    }

    // The API is up already: a front end that does not build is reported, not fatal.
    private static async Task BuildAsync(FrontEnd web, CancellationToken cancellation)
    {
        try
        {
            Say.Step("web", await web.BuildAsync(cancellation));
        }
        catch (IOException e)
        {
            Console.Error.WriteLine("tenon: " + e.Message);
        }
    }

    private static void Ready(string url, Keys keys, FrontEnd web, TimeSpan took)
    {
        Console.WriteLine($"Ready in {Say.Seconds(took)}");
        if (web.Output is not null)
        {
            Say.Line("App", url + "/");
        }
        Say.Line("API", url + "/rest/v1");
        Say.Line("Publishable", keys.PublishableKey[..18] + "…", "safe in a browser");
        Say.Line("Secret", keys.SecretKey[..13] + "…", "server only   (full keys: tenon status)");
    }

    private async Task UntilChangedAsync(string before, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(LookEvery);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            if (Watched() != before)
            {
                return;
            }
        }
    }

    // Names, times and sizes of what a start reads; polling works on every file system, network mounts included.
    private string Watched()
    {
        var files = Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".toml" or ".sql" || Path.GetFileName(f).StartsWith(".env", StringComparison.Ordinal));
        foreach (string sub in new[] { "migrations", "seed" }.Select(s => Path.Combine(folder, s)).Where(Directory.Exists))
        {
            files = files.Concat(Directory.EnumerateFiles(sub, "*.sql"));
        }
        return string.Join('\n', files.Order(StringComparer.Ordinal).Select(f => new FileInfo(f)).Select(f => $"{f.FullName} {f.LastWriteTimeUtc.Ticks} {f.Length}"));
    }
}

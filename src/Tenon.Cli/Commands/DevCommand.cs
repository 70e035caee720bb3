// tenon dev: migrations, seed, front end and server in one process, kept up to date with the app's files. A change that
// cannot be applied is printed, and the server goes on as it was.
using System.CommandLine;
using System.Runtime.InteropServices;
using Tenon.Cli.Configuration;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

internal sealed class DevCommand(string folder, int? port, bool hot, bool keepData)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    private DevHost host = null!;

    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var port = new Option<int?>("--port") { Description = "The port; the next free one is taken when it is in use." };
        var noHot = new Option<bool>("--no-hot") { Description = "Builds the front end and serves the output, without its development server." };
        var keepData = new Option<bool>("--keep-data") { Description = "Refuses what would need a fresh database: an edited migration or seed." };
        var command = new Command("dev", "Runs an app for development: migrate, seed, serve, front end with hot reload, up to date with its files.");
        command.Arguments.Add(folder);
        command.Options.Add(port);
        command.Options.Add(noHot);
        command.Options.Add(keepData);
        command.SetAction((parsed, cancellation) =>
            new DevCommand(parsed.GetValue(folder)!, parsed.GetValue(port), !parsed.GetValue(noHot), parsed.GetValue(keepData)).RunAsync(cancellation));
        return command;
    }

    private async Task<int> RunAsync(CancellationToken interrupted)
    {
        // A terminal that is closed is a Ctrl-C, too: what runs here must not outlive it.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });
        return await RunUntilAsync(ending.Token);
    }

    private async Task<int> RunUntilAsync(CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        AppFolder app = AppFolder.OpenDevelopment(folder);
        Say.Header(app);
        using FileStream only = DevFile.Lock(app);
        SettingsSchema.Write(app.State);
        var watch = new FileWatch(app);
        await using var opened = host = new DevHost(ChoosePort(app), keepData);
        try
        {
            await host.StartAsync(app, hot, cancellation);
            await host.StartFrontEndAsync(cancellation);
            Ready(app, TimeProvider.System.GetElapsedTime(started));
            await LoopAsync(watch, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C or SIGTERM: everything started here is ended on the way out.
        }
        return 0;
    }

    private async Task LoopAsync(FileWatch watch, CancellationToken cancellation)
    {
        using DevKeys keys = DevKeys.Listen();
        using var timer = new PeriodicTimer(LookEvery);
        for (int look = 1; await timer.WaitForNextTickAsync(cancellation); look++)
        {
            // The front end's sources are many, so they are looked at less often.
            if (look % 4 == 0 && host.FrontEndChanged)
            {
                await TryAsync(() => host.StartFrontEndAsync(cancellation));
            }
            if (keys.Take() is { } key)
            {
                if (key == 'q')
                {
                    return;
                }
                await TryAsync(() => PressAsync(key, cancellation));
            }
            if (watch.Changed() is { } change)
            {
                Console.WriteLine($"changed  {string.Join(", ", change.Names)}");
                await TryAsync(() => ReloadAsync(watch, change, cancellation));
            }
        }
    }

    private Task PressAsync(char key, CancellationToken cancellation) =>
        key switch
        {
            'r' => ResetAsync(cancellation),
            't' => GenerateTypesAsync(cancellation),
            _ => Task.CompletedTask,
        };

    private async Task ReloadAsync(FileWatch watch, FileWatch.Change change, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        AppFolder app = AppFolder.OpenDevelopment(folder);
        watch.Follow(app);
        await host.ReloadAsync(app, change.Configuration, cancellation);
        await host.StartFrontEndAsync(cancellation);
        Say.OpenTables(host.Backend);
        Say.Ready($"Ready in {Say.Seconds(TimeProvider.System.GetElapsedTime(started))}");
    }

    /// <summary>What is wrong with the app's files is said; the loop and the server go on.</summary>
    private static async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (Root.IsExpected(e))
        {
            Say.Failure(e.Message);
        }
    }

    private async Task ResetAsync(CancellationToken cancellation)
    {
        await host.ResetAsync(cancellation);
        Console.WriteLine("the data is reset");
    }

    private async Task GenerateTypesAsync(CancellationToken cancellation)
    {
        string path = host.TypesFile;
        await File.WriteAllTextAsync(path, TypeScript.Generate(host.Backend.Catalog, host.Backend.Options.Rest.Schemas), cancellation);
        Console.WriteLine($"types are written to {path}");
    }

    private int ChoosePort(AppFolder app)
    {
        string address = DevHost.Address(app);
        int wanted = port ?? (app.Variables.TryGetValue("PORT", out string? p) && int.TryParse(p, out int n) ? n : app.Config.Count("server.port"));
        int chosen = FreePort.From(address, wanted);
        if (chosen != wanted)
        {
            Say.Notice($"port {wanted} is in use; taking {chosen}");
        }
        return chosen;
    }

    private void Ready(AppFolder app, TimeSpan took)
    {
        Keys keys = app.Keys();
        Say.Ready($"Ready in {Say.Seconds(took)}");
        if (host.HasFrontEnd)
        {
            Say.Line("App", host.Url + "/");
        }
        Say.Line("API", host.Url + "/rest/v1");
        Say.Line("Inbox", host.Url + "/dev/inbox");
        Say.Line("Publishable", keys.PublishableKey[..18] + "…", "safe in a browser");
        Say.Line("Secret", keys.SecretKey[..13] + "…", "server only   (full keys: tenon status)");
        Say.OpenTables(host.Backend);
        if (!Console.IsInputRedirected)
        {
            Console.WriteLine("r reset data   t gen types   q quit");
        }
    }
}

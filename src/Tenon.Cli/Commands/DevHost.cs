// What tenon dev runs: the server, and the front end beside it. Knows how to go from one state of the app's files to the
// next without losing the running one: what can fail is done first, and the old is given up only then.
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

internal sealed class DevHost(int port, bool keepData) : IAsyncDisposable
{
    private AppFolder app = null!;
    private FrontEnd web = null!;
    private BackendOptions options = null!;
    private TenonHost? server;
    private DevServer? devServer;
    private bool hot;
    private (string Root, string Command) devFrom;
    private DateTime builtFrom;

    public Backend Backend => server?.Backend ?? throw new InvalidOperationException("the server is not running; mend what is said above and save the file again");

    public string Url { get; private set; } = "";

    public bool HasFrontEnd => web.Output is not null || devServer is not null;

    /// <summary>Where the front end keeps the generated types.</summary>
    public string TypesFile => Path.Combine(Directory.Exists(Path.Combine(web.Root, "src")) ? Path.Combine(web.Root, "src") : app.Path, "database.types.ts");

    public static string Address(AppFolder app) => app.Config.Text("server.host") is { Length: > 0 } given ? given : "127.0.0.1";

    public async Task StartAsync(AppFolder opened, bool withDevServer, CancellationToken cancellation)
    {
        hot = withDevServer;
        Take(opened);
        server = await TenonHost.StartAsync(options, Address(app), port, Say.Step, cancellation: cancellation);
        DevFile.Write(app, Url, options.Keys);
    }

    private void Take(AppFolder opened)
    {
        app = opened;
        web = new FrontEnd(app.Config);
        web.PrepareOutput();
        string scheme = app.Config.Text("server.tls.cert_path").Length > 0 ? "https" : "http";
        Url = $"{scheme}://{Address(app)}:{port}";
        options = Options(app, web);
    }

    private BackendOptions Options(AppFolder of, FrontEnd pages)
    {
        Keys keys = of.Keys();
        string publicUrl = of.Config.Text("server.public_url") is { Length: > 0 } configured ? configured : Url;
        return BackendSettings.From(of.Config, keys, development: true, publicUrl, pages.Output) with
        {
            Sources = AttachedSettings.From(of.Config),
            Engines = AttachedSettings.Engines,
            KeepData = keepData,
            DevServer = hot && pages.HasDevServer ? () => devServer?.Address : null,
            RequestLog = BackendSettings.RequestLog(of.Config, RequestLogFormat.Text),
            LogOutput = Console.OpenStandardOutput(),
        };
    }

    /// <summary>After a change of files: a fresh database, new migrations or new settings, whatever it takes.</summary>
    public async Task ReloadAsync(AppFolder changed, bool configuration, CancellationToken cancellation)
    {
        BackendOptions next = Options(changed, new FrontEnd(changed.Config));
        // Before the running server is stopped: files such as mail templates have no older version to go back to.
        AuthFeature.Check(next.Auth);
        if (server is null)
        {
            // Neither the last change nor what was before it could be started: this change may be the mend.
            await StartAsync(changed, hot, cancellation);
        }
        else if (next.DatabaseUrl != options.DatabaseUrl)
        {
            await RestartAsync(changed, null, cancellation);
        }
        else if (Backend.WhyRebuild(next) is { } why)
        {
            if (keepData)
            {
                throw new ConfigException($"{why}, and --keep-data forbids a fresh database; the server goes on as it was");
            }
            Say.Step("rebuild", why);
            await RebuildAsync(changed, next, cancellation);
        }
        else
        {
            await Backend.ApplyAsync(next, Say.Step, cancellation);
            if (configuration)
            {
                await RestartAsync(changed, null, cancellation);
            }
        }
    }

    /// <summary>A fresh database from all migrations and the seed, made while the old one serves.</summary>
    public Task ResetAsync(CancellationToken cancellation) =>
        keepData ? throw new ConfigException("--keep-data keeps the data; start without it to reset") : RebuildAsync(app, options, cancellation);

    private async Task RebuildAsync(AppFolder changed, BackendOptions next, CancellationToken cancellation)
    {
        var files = new DatabaseFiles(next, TimeProvider.System, Say.Step);
        await files.BuildAsync(cancellation);
        await RestartAsync(changed, files.PutInPlace, cancellation);
    }

    /// <summary>Stops the server and starts it with other settings; if that fails, with those it had.</summary>
    private async Task RestartAsync(AppFolder changed, Action? between, CancellationToken cancellation)
    {
        AppFolder before = app;
        if (server is { } running)
        {
            server = null;
            await running.DisposeAsync();
        }
        try
        {
            between?.Invoke();
            await StartAsync(changed, hot, cancellation);
        }
        catch (Exception e) when (Root.IsExpected(e) && server is null)
        {
            await StartAsync(before, hot, cancellation);
            throw;
        }
    }

    /// <summary>Sources changed that nobody but us looks at: those of a built front end, or of a development server that is down.</summary>
    public bool FrontEndChanged =>
        hot && (options.DevServer is null ? web.NeedsBuild : devServer?.Address is null) && web.LastChange() > builtFrom;

    /// <summary>Runs the front end's development server, or builds where there is none; a failure is said, the API goes on.</summary>
    public async Task StartFrontEndAsync(CancellationToken cancellation)
    {
        DateTime last = web.NeedsBuild ? web.LastChange() : default;
        try
        {
            if (options.DevServer is not null)
            {
                await StartDevServerAsync(cancellation);
            }
            else if (web.NeedsBuild && (last > builtFrom && (hot || builtFrom == default)))
            {
                Say.Step("web", await web.BuildAsync(cancellation));
            }
        }
        catch (IOException e)
        {
            Say.Failure(e.Message);
        }
        builtFrom = last;
    }

    private async Task StartDevServerAsync(CancellationToken cancellation)
    {
        if (devServer?.Address is not null && devFrom == (web.Root, web.DevCommand))
        {
            return;
        }
        devFrom = (web.Root, web.DevCommand);
        if (FrontEnd.Missing(web.DevCommand) is { } missing)
        {
            Say.Step("web", $"not started: {missing} is not installed (the API is served all the same)");
            return;
        }
        if (devServer is not null)
        {
            await devServer.DisposeAsync();
        }
        string installed = await web.InstallAsync(cancellation);
        (devServer, string said) = await DevServer.StartAsync(web, cancellation);
        Say.Step("web", installed + said);
    }

    public async ValueTask DisposeAsync()
    {
        // The front end first: its open connections go through the server.
        if (devServer is not null)
        {
            await devServer.DisposeAsync();
        }
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}

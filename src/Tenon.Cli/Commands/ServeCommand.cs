// tenon serve: production. Nothing is made up: keys come from the environment, development keys are refused, and so is what
// would be served unguarded.
using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

internal static class ServeCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var port = new Option<int?>("--port") { Description = "The port to listen on." };
        var includeAll = new Option<bool>("--include-all") { Description = "Applies migrations out of order, too." };
        var command = new Command("serve", "Runs an app for production: no seed, secrets required, unsafe settings refused.");
        command.Arguments.Add(folder);
        command.Options.Add(port);
        command.Options.Add(includeAll);
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed.GetValue(folder)!, parsed.GetValue(port), parsed.GetValue(includeAll), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, int? port, bool includeAll, CancellationToken cancellation)
    {
        _ = Rehearsal.Begin();
        AppFolder app = AppFolder.OpenProduction(folder);
        RequestLogFormat format = BackendSettings.RequestLog(app.Config, RequestLogFormat.Json);
        var lines = new ServeLines(format == RequestLogFormat.Json, TimeProvider.System);
        lines.Header(app);
        Keys keys = Keys.FromEnvironment(name => app.Variables.GetValueOrDefault(name));
        RefuseDevelopmentKeys(app, keys);
        string publicUrl = app.Config.Text("server.public_url");
        if (publicUrl.Length == 0)
        {
            throw new ConfigException("server.public_url is not set: the address clients use (or TENON__SERVER__PUBLIC_URL)");
        }
        string host = app.Config.Text("server.host") is { Length: > 0 } given ? given : "0.0.0.0";
        int listen = port ?? Port(app);
        if (!FreePort.IsFree(host, listen))
        {
            throw new IOException($"port {listen} is in use; choose another with --port");
        }
        BackendOptions options = BackendSettings.From(app.Config, keys, development: false, publicUrl, Web(app, lines)) with
        {
            Sources = AttachedSettings.From(app.Config),
            Engines = AttachedSettings.Engines,
            Strict = true,
            IncludeAll = includeAll,
            RequestLog = format,
            LogOutput = Console.OpenStandardOutput(),
        };
        await using TenonHost server = await TenonHost.StartAsync(options, host, listen, lines.Step, cancellation: cancellation);
        lines.Ready($"Ready at {publicUrl} (listening on {host}:{listen})");
        await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        lines.Stopping();
        return 0;
    }

    private static int Port(AppFolder app)
    {
        string? given = app.Variables.GetValueOrDefault("PORT") ?? app.Variables.GetValueOrDefault("ASPNETCORE_HTTP_PORTS")?.Split(';')[0];
        return given is null ? app.Config.Count("server.port")
            : int.TryParse(given, out int port) ? port : throw new ConfigException($"PORT is not a number: {given}");
    }

    private static string? Web(AppFolder app, ServeLines lines)
    {
        var web = new FrontEnd(app.Config);
        if (web.NeedsBuild && !Directory.Exists(web.Output))
        {
            lines.Notice($"the front end is not built ({web.Output} is missing); only the API is served");
            return null;
        }
        return web.Output;
    }

    private static void RefuseDevelopmentKeys(AppFolder app, Keys keys)
    {
        string path = Path.Combine(app.State, "keys.json");
        if (!File.Exists(path))
        {
            return;
        }
        Keys development = Keys.LoadOrCreateDevelopment(path, TimeProvider.System);
        string? name =
            keys.SecretKey == development.SecretKey ? "SECRET_KEY"
            : keys.PublishableKey == development.PublishableKey ? "PUBLISHABLE_KEY"
            : keys.EncryptionKey.AsSpan().SequenceEqual(development.EncryptionKey) ? "TENON_ENCRYPTION_KEY"
            : keys.JwtSecret is not null && keys.JwtSecret == development.JwtSecret ? "JWT_SECRET"
            : null;
        if (name is not null)
        {
            throw new ConfigException($"{name} is the development key of this folder; make production keys with: tenon key generate");
        }
    }
}

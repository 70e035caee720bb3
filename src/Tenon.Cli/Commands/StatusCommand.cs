using System.CommandLine;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;

namespace Tenon.Cli.Commands;

/// <summary>tenon status: address and keys, for eyes, shells and scripts.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var output = new Option<string>("--output", "-o") { Description = "env or json.", DefaultValueFactory = _ => "env" };
        output.AcceptOnlyFromAmong("env", "json");
        var command = new Command("status", "Prints the app's address and keys.");
        command.Arguments.Add(folder);
        command.Options.Add(output);
        command.SetAction(parsed => Print(AppFolder.OpenAny(parsed.GetValue(folder)!), parsed.GetValue(output)!));
        return command;
    }

    private static int Print(AppFolder app, string output)
    {
        Keys keys = app.Keys();
        string configured = app.Config.Text("server.public_url");
        string url = configured.Length > 0 ? configured : DevFile.Url(app) ?? $"http://127.0.0.1:{app.Config.Count("server.port")}";
        var values = new Dictionary<string, string?>
        {
            ["API_URL"] = url,
            ["ANON_KEY"] = keys.AnonKey,
            ["SERVICE_ROLE_KEY"] = keys.ServiceRoleKey,
            ["PUBLISHABLE_KEY"] = keys.PublishableKey,
            ["SECRET_KEY"] = keys.SecretKey,
            ["JWT_SECRET"] = keys.JwtSecret,
        };
        foreach (string empty in values.Where(v => v.Value is null).Select(v => v.Key).ToArray())
        {
            values.Remove(empty);
        }
        Console.WriteLine(output == "json"
            ? JsonSerializer.Serialize(values)
            : string.Join('\n', values.Select(v => $"{v.Key}=\"{v.Value}\"")));
        return 0;
    }
}

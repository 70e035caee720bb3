using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon user export | erase: a person's data, given out and made to be forgotten.</summary>
internal static class UserDataCommand
{
    public static Command Export()
    {
        var user = new Argument<string>("USER") { Description = "The user's e-mail address or id." };
        Argument<string> folder = AppFolder.Argument();
        var file = new Option<string?>("--file") { Description = "Writes to this file, readable by you alone, instead of standard output." };
        var command = new Command("export", "Prints what the server holds of a person, as JSON, for whoever has to give it to them.");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(file);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement found = await api.FindUserAsync(parsed.GetValue(user)!, cancellation);
            JsonElement data = await api.GetAsync($"users/{Say.Text(found, "id")}/export", cancellation);
            if (parsed.GetValue(file) is not { } path)
            {
                Console.WriteLine(Say.Pretty(data));
                return 0;
            }
            await WriteAsync(path, Say.Pretty(data), cancellation);
            Console.WriteLine(path);
            return 0;
        });
        return command;
    }

    private static async Task WriteAsync(string path, string text, CancellationToken cancellation)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using var writer = new StreamWriter(path, options);
        await writer.WriteLineAsync(text.AsMemory(), cancellation);
    }

    public static Command Erase()
    {
        var user = new Argument<string>("USER") { Description = "The user's e-mail address or id." };
        Argument<string> folder = AppFolder.Argument();
        var sure = new Option<bool>("--yes") { Description = "It cannot be undone: without this nothing is done." };
        var command = new Command("erase", "Deletes a user, and makes the audit log and the outbox forget who it was.");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(sure);
        command.SetAction(async (parsed, cancellation) =>
        {
            string name = parsed.GetValue(user)!;
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement found = await api.FindUserAsync(name, cancellation);
            if (!parsed.GetValue(sure))
            {
                throw new CommandFailure($"erasing {name} cannot be undone; to do it add --yes, and keep the data first with: tenon user export {name}");
            }
            await api.SendAsync(HttpMethod.Delete, $"users/{Say.Text(found, "id")}", new { should_erase = true }, cancellation);
            Console.WriteLine($"{name} erased");
            return 0;
        });
        return command;
    }
}

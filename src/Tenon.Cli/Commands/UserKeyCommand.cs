using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon user key list | delete: the API keys that a user made.</summary>
internal static class UserKeyCommand
{
    public static Command Create()
    {
        var command = new Command("key", "Lists and ends the API keys that a user made.");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Delete());
        return command;
    }

    private static Argument<string> User() => new("USER") { Description = "The user's e-mail address or id." };

    private static Command List()
    {
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists a user's keys; the keys themselves are kept nowhere.");
        list.Arguments.Add(user);
        list.Arguments.Add(folder);
        list.Options.Add(json);
        list.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement found = await api.FindUserAsync(parsed.GetValue(user)!, cancellation);
            JsonElement keys = (await api.GetAsync($"users/{Say.Text(found, "id")}/keys", cancellation)).GetProperty("keys");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(keys.GetRawText());
                return 0;
            }
            var table = new TextTable(["id", "name", "begins with", "scopes", "expires", "last used"]);
            foreach (JsonElement key in keys.EnumerateArray())
            {
                table.Add(Say.Text(key, "id"), Say.Text(key, "name"), Say.Text(key, "prefix"), Say.Text(key, "scopes"), Say.Text(key, "expires_at"), Say.Text(key, "last_used_at"));
            }
            table.Print(Console.Out);
            return 0;
        });
        return list;
    }

    private static Command Delete()
    {
        Argument<string> user = User();
        var key = new Argument<string>("KEY") { Description = "The key's id or name." };
        Argument<string> folder = AppFolder.Argument();
        var delete = new Command("delete", "Ends a key, from the next request on.");
        delete.Arguments.Add(user);
        delete.Arguments.Add(key);
        delete.Arguments.Add(folder);
        delete.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string id = Say.Text(await api.FindUserAsync(parsed.GetValue(user)!, cancellation), "id");
            string wanted = parsed.GetValue(key)!;
            JsonElement keys = (await api.GetAsync($"users/{id}/keys", cancellation)).GetProperty("keys");
            JsonElement found = keys.EnumerateArray().FirstOrDefault(one => Say.Text(one, "id") == wanted || Say.Text(one, "name") == wanted);
            if (found.ValueKind != JsonValueKind.Object)
            {
                throw new CommandFailure($"the user has no key {wanted}; list them with: tenon user key list {parsed.GetValue(user)}");
            }
            await api.SendAsync(HttpMethod.Delete, $"users/{id}/keys/{Say.Text(found, "id")}", null, cancellation);
            Console.WriteLine($"{wanted} deleted");
            return 0;
        });
        return delete;
    }
}

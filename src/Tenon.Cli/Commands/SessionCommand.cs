using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon session list | revoke: where a user is signed in, and the end of it, effective from the next request on.</summary>
internal static class SessionCommand
{
    public static Command Create()
    {
        var command = new Command("session", "Lists and ends a user's sessions.");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Revoke());
        return command;
    }

    private static Argument<string> User() => new("USER") { Description = "The user's e-mail address or id." };

    private static Command List()
    {
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists where a user is signed in.");
        list.Arguments.Add(user);
        list.Arguments.Add(folder);
        list.Options.Add(json);
        list.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string id = await IdAsync(api, parsed.GetValue(user)!, cancellation);
            JsonElement sessions = (await api.GetAsync($"users/{id}/sessions", cancellation)).GetProperty("sessions");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(sessions.GetRawText());
                return 0;
            }
            var table = new TextTable(["id", "signed in", "last used", "ends", "address", "device"]);
            foreach (JsonElement session in sessions.EnumerateArray())
            {
                string[] names = ["id", "created_at", "last_used_at", "not_after", "ip", "user_agent"];
                table.Add([.. names.Select(n => Say.Text(session, n))]);
            }
            table.Print(Console.Out);
            Console.WriteLine($"({table.Count} open)");
            return 0;
        });
        return list;
    }

    private static Command Revoke()
    {
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        var one = new Option<string?>("--session") { Description = "Only the session with this id." };
        Option<bool> json = Say.JsonOption();
        var revoke = new Command("revoke", "Ends all sessions of a user, or one; their tokens are refused from the next request on.");
        revoke.Arguments.Add(user);
        revoke.Arguments.Add(folder);
        revoke.Options.Add(one);
        revoke.Options.Add(json);
        revoke.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string id = await IdAsync(api, parsed.GetValue(user)!, cancellation);
            string? session = parsed.GetValue(one);
            string path = $"users/{id}/sessions" + (session is null ? "" : "/" + Uri.EscapeDataString(session));
            JsonElement answer = await api.SendAsync(HttpMethod.Delete, path, null, cancellation);
            int ended = session is null ? answer.GetProperty("ended").GetInt32() : 1;
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(new { ended }) : $"{ended} session{(ended == 1 ? "" : "s")} ended");
            return 0;
        });
        return revoke;
    }

    private static async Task<string> IdAsync(AdminApi api, string user, CancellationToken cancellation) =>
        (await api.FindUserAsync(user, cancellation)).GetProperty("id").GetString()!;
}

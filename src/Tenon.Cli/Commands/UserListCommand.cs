using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon user list: a page of the accounts, the newest first.</summary>
internal static class UserListCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var filter = new Option<string?>("--filter") { Description = "Only addresses that contain this." };
        var page = new Option<int>("--page") { Description = "Which page.", DefaultValueFactory = _ => 1 };
        var size = new Option<int>("--per-page") { Description = "Users a page, at most 1000.", DefaultValueFactory = _ => 50 };
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists users, the newest first.");
        list.Arguments.Add(folder);
        foreach (Option option in new Option[] { filter, page, size, json })
        {
            list.Options.Add(option);
        }
        list.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string path = string.Create(
                CultureInfo.InvariantCulture,
                $"users?page={parsed.GetValue(page)}&per_page={parsed.GetValue(size)}&filter={Uri.EscapeDataString(parsed.GetValue(filter) ?? "")}"
            );
            JsonElement users = (await api.GetAsync(path, cancellation)).GetProperty("users");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(users.GetRawText());
                return 0;
            }
            Print(users, parsed.GetValue(page), parsed.GetValue(size));
            return 0;
        });
        return list;
    }

    private static void Print(JsonElement users, int page, int size)
    {
        var table = new TextTable(["id", "e-mail", "role", "created", "last sign-in", "state"]);
        foreach (JsonElement user in users.EnumerateArray())
        {
            table.Add(
                Say.Text(user, "id"),
                Say.Text(user, "email"),
                Say.Text(user, "role"),
                Say.Text(user, "created_at"),
                Say.Text(user, "last_sign_in_at"),
                StateOf(user)
            );
        }
        table.Print(Console.Out);
        Console.WriteLine($"({table.Count} user{(table.Count == 1 ? "" : "s")} on page {page}{(table.Count == size ? $"; next: --page {page + 1}" : "")})");
    }

    private static string StateOf(JsonElement user) =>
        user.TryGetProperty("deleted_at", out _) ? "deleted"
        : user.TryGetProperty("banned_until", out JsonElement until) && until.GetDateTimeOffset() > TimeProvider.System.GetUtcNow() ? "banned until " + until.GetString()
        : user.GetProperty("is_anonymous").GetBoolean() ? "anonymous"
        : user.TryGetProperty("confirmed_at", out _) ? "confirmed"
        : "not confirmed";
}

using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon token USER: an access token for curl, signed by the app's own key; its session ends with it.</summary>
internal static class TokenCommand
{
    public static Command Create()
    {
        var user = new Argument<string>("USER") { Description = "The user's e-mail address or id." };
        Argument<string> folder = AppFolder.Argument();
        var expires = new Option<string?>("--expires") { Description = "How long it holds, such as 90m or 24h (at most 168h; default: auth.jwt_expiry)." };
        Option<bool> json = Say.JsonOption();
        var command = new Command("token", "Prints an access token of a user, for curl: -H \"Authorization: Bearer $(tenon token USER)\".");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(expires);
        command.Options.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            await using AdminApi api = await AdminApi.ConnectAsync(app, cancellation);
            JsonElement found = await api.FindUserAsync(parsed.GetValue(user)!, cancellation);
            string path = $"users/{found.GetProperty("id").GetString()}/sessions";
            JsonElement token = await api.SendAsync(HttpMethod.Post, path, new { expires_in = parsed.GetValue(expires) }, cancellation);
            Console.WriteLine(parsed.GetValue(json) ? token.GetRawText() : token.GetProperty("access_token").GetString());
            return 0;
        });
        return command;
    }
}

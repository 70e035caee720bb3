using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon oauth-client list | create | show | rotate | delete: the systems that sign their users in at this server.</summary>
internal static class OAuthClientCommand
{
    public static Command Create()
    {
        var command = new Command("oauth-client", "Manages the systems that use this server as their identity provider.");
        command.Subcommands.Add(List());
        command.Subcommands.Add(New());
        command.Subcommands.Add(OnOne("show", "Shows a client, as JSON.", HttpMethod.Get, "", null));
        command.Subcommands.Add(OnOne("rotate", "Gives a client a new secret, which is shown once; the old one is refused at once.", HttpMethod.Post, "/regenerate_secret", null));
        command.Subcommands.Add(OnOne("delete", "Deletes a client; the tokens it holds are refused from the next request on.", HttpMethod.Delete, "", "deleted"));
        return command;
    }

    private static Command List()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists clients, the newest first.");
        list.Arguments.Add(folder);
        list.Options.Add(json);
        list.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement clients = (await api.GetAsync("oauth/clients?per_page=1000", cancellation)).GetProperty("clients");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(clients.GetRawText());
                return 0;
            }
            var table = new TextTable(["id", "name", "type", "registered", "created"]);
            foreach (JsonElement client in clients.EnumerateArray())
            {
                table.Add([.. new[] { "client_id", "client_name", "client_type", "registration_type", "created_at" }.Select(name => Say.Text(client, name))]);
            }
            table.Print(Console.Out);
            Console.WriteLine($"({table.Count} client{(table.Count == 1 ? "" : "s")})");
            return 0;
        });
        return list;
    }

    private static Command New()
    {
        var name = new Argument<string>("NAME") { Description = "What people read when they are asked for consent." };
        Argument<string> folder = AppFolder.Argument();
        var redirects = new Option<string[]>("--redirect-uri") { Description = "An address the client may be called back at; once for each." };
        var afterLogout = new Option<string[]>("--post-logout-redirect-uri") { Description = "An address people may be sent to after signing out; once for each." };
        var grants = new Option<string[]>("--grant") { Description = "A grant type; without it authorization_code and refresh_token." };
        var scope = new Option<string?>("--scope") { Description = "The scopes it may ask for; without it all." };
        var isPublic = new Option<bool>("--public") { Description = "A program that cannot keep a secret: an app, a page without a server." };
        Option<bool> json = Say.JsonOption();
        var create = new Command("create", "Registers a client; its secret is shown once.");
        create.Arguments.Add(name);
        create.Arguments.Add(folder);
        foreach (Option option in new Option[] { redirects, afterLogout, grants, scope, isPublic, json })
        {
            create.Options.Add(option);
        }
        create.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            var body = new Dictionary<string, object?>
            {
                ["client_name"] = parsed.GetValue(name),
                ["redirect_uris"] = parsed.GetValue(redirects) ?? [],
                ["post_logout_redirect_uris"] = parsed.GetValue(afterLogout) ?? [],
                ["grant_types"] = parsed.GetValue(grants) is { Length: > 0 } given ? given : null,
                ["scope"] = parsed.GetValue(scope),
                ["token_endpoint_auth_method"] = parsed.GetValue(isPublic) ? "none" : "client_secret_basic",
            };
            JsonElement made = await api.SendAsync(HttpMethod.Post, "oauth/clients", body, cancellation);
            Console.WriteLine(parsed.GetValue(json) ? made.GetRawText() : Say.Pretty(made));
            return 0;
        });
        return create;
    }

    private static Command OnOne(string verb, string about, HttpMethod method, string path, string? done)
    {
        var id = new Argument<string>("ID") { Description = "The client's id." };
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var command = new Command(verb, about);
        command.Arguments.Add(id);
        command.Arguments.Add(folder);
        command.Options.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string which = parsed.GetValue(id)!;
            JsonElement answer = await api.SendAsync(method, $"oauth/clients/{Uri.EscapeDataString(which)}{path}", null, cancellation);
            Console.WriteLine(
                done is null ? (parsed.GetValue(json) ? answer.GetRawText() : Say.Pretty(answer))
                : parsed.GetValue(json) ? JsonSerializer.Serialize(new { client_id = which })
                : $"{which} {done}"
            );
            return 0;
        });
        return command;
    }
}

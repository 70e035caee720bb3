using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon user list | create | show | update | delete | ban | unban, and those of other files (import, export, erase, key): the accounts, by the administration's API.</summary>
internal static class UserCommand
{
    private const string ForEver = "876000h";

    public static Command Create()
    {
        var command = new Command("user", "Lists, makes and changes user accounts.");
        command.Subcommands.Add(UserListCommand.Create());
        command.Subcommands.Add(New());
        command.Subcommands.Add(Update());
        command.Subcommands.Add(OnOne("show", "Shows a user with identities and metadata, as JSON.", (api, id, c) => api.GetAsync($"users/{id}", c)));
        command.Subcommands.Add(Delete());
        command.Subcommands.Add(UserImportCommand.Create());
        command.Subcommands.Add(UserDataCommand.Export());
        command.Subcommands.Add(UserDataCommand.Erase());
        command.Subcommands.Add(UserKeyCommand.Create());
        command.Subcommands.Add(Ban());
        command.Subcommands.Add(OnOne("unban", "Lifts a ban.", (api, id, c) => api.SendAsync(HttpMethod.Put, $"users/{id}", new { ban_duration = "none" }, c), "unbanned"));
        return command;
    }

    private static Argument<string> User() => new("USER") { Description = "The user's e-mail address or id." };

    // ---- one user, one call ----

    private static Command OnOne(string name, string about, Func<AdminApi, string, CancellationToken, Task<JsonElement>> call, string? done = null)
    {
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var command = new Command(name, about);
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed.GetValue(folder)!, parsed.GetValue(user)!, parsed.GetValue(json), call, done, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string folder,
        string user,
        bool json,
        Func<AdminApi, string, CancellationToken, Task<JsonElement>> call,
        string? done,
        CancellationToken cancellation
    )
    {
        await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(folder), cancellation);
        JsonElement found = await api.FindUserAsync(user, cancellation);
        JsonElement answer = await call(api, found.GetProperty("id").GetString()!, cancellation);
        Console.WriteLine(json ? answer.GetRawText() : done is null ? Say.Pretty(answer) : $"{user} {done}");
        return 0;
    }

    private static Command Delete()
    {
        var soft = new Option<bool>("--soft") { Description = "Keeps the row for what refers to it, and nothing that tells who it was." };
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var command = new Command("delete", "Deletes a user and ends the user's sessions.");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(soft);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(folder)!,
            parsed.GetValue(user)!,
            parsed.GetValue(json),
            (api, id, c) => api.SendAsync(HttpMethod.Delete, $"users/{id}", new { should_soft_delete = parsed.GetValue(soft) }, c),
            "deleted",
            cancellation
        ));
        return command;
    }

    private static Command Ban()
    {
        var length = new Option<string>("--for") { Description = "How long, such as 24h; without it for good.", DefaultValueFactory = _ => ForEver };
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var command = new Command("ban", "Refuses a user's sign-in and tokens from the next request on.");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(length);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(folder)!,
            parsed.GetValue(user)!,
            parsed.GetValue(json),
            (api, id, c) => api.SendAsync(HttpMethod.Put, $"users/{id}", new { ban_duration = parsed.GetValue(length) }, c),
            "banned",
            cancellation
        ));
        return command;
    }

    // ---- create and update ----

    private sealed record Fields(Option<string?> Password, Option<bool> FromInput, Option<string?> Role, Option<string?> Phone, Option<string?> Metadata, Option<string?> AppMetadata)
    {
        public static Fields AddTo(Command command)
        {
            var fields = new Fields(
                new Option<string?>("--password") { Description = "The password; other users of this machine may see it in the list of processes." },
                new Option<bool>("--password-stdin") { Description = "Reads the password from standard input." },
                new Option<string?>("--role") { Description = "The database role of the user's tokens." },
                new Option<string?>("--phone") { Description = "A phone number in E.164." },
                new Option<string?>("--user-metadata") { Description = "A JSON object the user may change." },
                new Option<string?>("--app-metadata") { Description = "A JSON object only administrators may change." }
            );
            foreach (Option option in new Option[] { fields.Password, fields.FromInput, fields.Role, fields.Phone, fields.Metadata, fields.AppMetadata })
            {
                command.Options.Add(option);
            }
            return fields;
        }

        public Dictionary<string, object?> Read(ParseResult parsed)
        {
            var body = new Dictionary<string, object?>();
            Set(body, "password", parsed.GetValue(FromInput) ? Console.In.ReadLine() : parsed.GetValue(Password));
            Set(body, "role", parsed.GetValue(Role));
            Set(body, "phone", parsed.GetValue(Phone));
            Set(body, "user_metadata", Object("--user-metadata", parsed.GetValue(Metadata)));
            Set(body, "app_metadata", Object("--app-metadata", parsed.GetValue(AppMetadata)));
            return body;
        }

        private static JsonElement? Object(string option, string? text)
        {
            if (text is null)
            {
                return null;
            }
            try
            {
                JsonElement value = JsonElement.Parse(text);
                return value.ValueKind == JsonValueKind.Object ? value : throw new JsonException();
            }
            catch (JsonException)
            {
                throw new CommandFailure($"{option} must be a JSON object, such as '{{\"plan\":\"pro\"}}'");
            }
        }
    }

    private static void Set(Dictionary<string, object?> body, string name, object? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static Command New()
    {
        var email = new Argument<string>("EMAIL") { Description = "The address to sign in with." };
        Argument<string> folder = AppFolder.Argument();
        var unconfirmed = new Option<bool>("--unconfirmed") { Description = "The address is not taken as confirmed." };
        Option<bool> json = Say.JsonOption();
        var command = new Command("create", "Makes a user; without a password one is made up and printed once.");
        command.Arguments.Add(email);
        command.Arguments.Add(folder);
        command.Options.Add(unconfirmed);
        command.Options.Add(json);
        Fields fields = Fields.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, object?> body = fields.Read(parsed);
            string? made = body.ContainsKey("password") ? null : RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20);
            Set(body, "password", made);
            body["email"] = parsed.GetValue(email);
            body["email_confirm"] = !parsed.GetValue(unconfirmed);
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement user = await api.SendAsync(HttpMethod.Post, "users", body, cancellation);
            string id = user.GetProperty("id").GetString()!;
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(new { id, email = user.GetProperty("email").GetString(), password = made })
                : made is null ? id
                : $"{id}\npassword: {made}");
            return 0;
        });
        return command;
    }

    private static Command Update()
    {
        Argument<string> user = User();
        Argument<string> folder = AppFolder.Argument();
        var email = new Option<string?>("--email") { Description = "A new address." };
        var confirm = new Option<bool>("--confirm") { Description = "Takes the address as confirmed." };
        Option<bool> json = Say.JsonOption();
        var command = new Command("update", "Changes a user; metadata is merged. A new password ends all sessions.");
        command.Arguments.Add(user);
        command.Arguments.Add(folder);
        command.Options.Add(email);
        command.Options.Add(confirm);
        command.Options.Add(json);
        Fields fields = Fields.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            Dictionary<string, object?> body = fields.Read(parsed);
            Set(body, "email", parsed.GetValue(email));
            Set(body, "email_confirm", parsed.GetValue(confirm) ? true : null);
            return body.Count == 0
                ? throw new CommandFailure("nothing to change; see: tenon user update --help")
                : RunAsync(parsed.GetValue(folder)!, parsed.GetValue(user)!, parsed.GetValue(json), (api, id, c) => api.SendAsync(HttpMethod.Put, $"users/{id}", body, c), "updated", cancellation);
        });
        return command;
    }
}

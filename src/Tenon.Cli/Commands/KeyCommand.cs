using System.CommandLine;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Cli.Commands;

/// <summary>tenon key generate | list | create | delete | rotate: production's own set, further API keys, the signing keys.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var command = new Command("key", "Makes, lists and withdraws API keys; rotates the signing key.");
        command.Subcommands.Add(Generate());
        command.Subcommands.Add(List());
        command.Subcommands.Add(New());
        command.Subcommands.Add(Delete());
        command.Subcommands.Add(Rotate());
        return command;
    }

    private static Command Generate()
    {
        var legacy = new Option<bool>("--legacy") { Description = "Also the older trio JWT_SECRET, ANON_KEY, SERVICE_ROLE_KEY." };
        var generate = new Command("generate", "Prints new production keys; they are kept nowhere.");
        generate.Options.Add(legacy);
        generate.SetAction(parsed =>
        {
            Keys keys = Keys.Create(TimeProvider.System);
            Console.WriteLine($"TENON_ENCRYPTION_KEY={Convert.ToHexStringLower(keys.EncryptionKey)}");
            Console.WriteLine($"PUBLISHABLE_KEY={keys.PublishableKey}");
            Console.WriteLine($"SECRET_KEY={keys.SecretKey}");
            if (parsed.GetValue(legacy))
            {
                Console.WriteLine($"JWT_SECRET={keys.JwtSecret}");
                Console.WriteLine($"ANON_KEY={keys.AnonKey}");
                Console.WriteLine($"SERVICE_ROLE_KEY={keys.ServiceRoleKey}");
            }
            return 0;
        });
        return generate;
    }

    private static Command List()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists the API keys kept in the store (not the two of the environment) and the signing keys.");
        list.Arguments.Add(folder);
        list.Options.Add(json);
        list.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            JsonElement keys = (await api.GetAsync("keys", cancellation)).GetProperty("keys");
            JsonElement signing = (await api.GetAsync("signing-keys", cancellation)).GetProperty("keys");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { keys, signing_keys = signing }));
                return 0;
            }
            var table = new TextTable(["name", "type", "begins with", "created"]);
            foreach (JsonElement key in keys.EnumerateArray())
            {
                table.Add(Say.Text(key, "name"), Say.Text(key, "type"), Say.Text(key, "prefix"), Say.Text(key, "created_at"));
            }
            table.Print(Console.Out);
            Console.WriteLine();
            PrintSigning(signing);
            return 0;
        });
        return list;
    }

    private static void PrintSigning(JsonElement keys)
    {
        var table = new TextTable(["signing key", "algorithm", "state", "created", "verifies until"]);
        foreach (JsonElement key in keys.EnumerateArray())
        {
            table.Add(Say.Text(key, "id"), Say.Text(key, "algorithm"), Say.Text(key, "status"), Say.Text(key, "created_at"), Say.Text(key, "verify_until"));
        }
        table.Print(Console.Out);
    }

    private static Command New()
    {
        var name = new Argument<string>("NAME") { Description = "What the key is for." };
        Argument<string> folder = AppFolder.Argument();
        var secret = new Option<bool>("--secret") { Description = "A secret key (service_role); without it a publishable one (anon)." };
        Option<bool> json = Say.JsonOption();
        var create = new Command("create", "Makes an API key and prints it once; the store keeps its hash.");
        create.Arguments.Add(name);
        create.Arguments.Add(folder);
        create.Options.Add(secret);
        create.Options.Add(json);
        create.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            var body = new { name = parsed.GetValue(name), type = parsed.GetValue(secret) ? "secret" : "publishable" };
            JsonElement made = await api.SendAsync(HttpMethod.Post, "keys", body, cancellation);
            Console.WriteLine(parsed.GetValue(json) ? made.GetRawText() : made.GetProperty("api_key").GetString());
            return 0;
        });
        return create;
    }

    private static Command Delete()
    {
        var name = new Argument<string>("NAME") { Description = "The key's name." };
        Argument<string> folder = AppFolder.Argument();
        var delete = new Command("delete", "Withdraws an API key; it is refused from the next request on.");
        delete.Arguments.Add(name);
        delete.Arguments.Add(folder);
        delete.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            await api.SendAsync(HttpMethod.Delete, "keys/" + Uri.EscapeDataString(parsed.GetValue(name)!), null, cancellation);
            Console.WriteLine($"{parsed.GetValue(name)} deleted");
            return 0;
        });
        return delete;
    }

    private static Command Rotate()
    {
        Argument<string> folder = AppFolder.Argument();
        var algorithm = new Option<string?>("--alg") { Description = "ES256, RS256 or EdDSA; without it the standby key's own." };
        var now = new Option<bool>("--now") { Description = "A key of another algorithm signs at once, before others had time to read it." };
        Option<bool> json = Say.JsonOption();
        var rotate = new Command("rotate", "The standby key signs from now on; tokens of the old one are good until they expire.");
        rotate.Arguments.Add(folder);
        rotate.Options.Add(algorithm);
        rotate.Options.Add(now);
        rotate.Options.Add(json);
        rotate.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            string? asked = parsed.GetValue(algorithm);
            object body = asked is null ? new { } : new { algorithm = asked, at_once = parsed.GetValue(now) };
            JsonElement keys = (await api.SendAsync(HttpMethod.Post, "signing-keys/rotate", body, cancellation)).GetProperty("keys");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(keys.GetRawText());
                return 0;
            }
            PrintSigning(keys);
            PrintStaged(keys);
            return 0;
        });
        return rotate;
    }

    // A key of another algorithm is published first, so that nobody's copy of the key list lacks it when it begins to sign.
    private static void PrintStaged(JsonElement keys)
    {
        JsonElement standby = keys.EnumerateArray().First(key => Say.Text(key, "status") == "standby");
        JsonElement current = keys.EnumerateArray().First(key => Say.Text(key, "status") == "current");
        if (Say.Text(standby, "algorithm") != Say.Text(current, "algorithm"))
        {
            Console.WriteLine();
            Console.WriteLine($"the {Say.Text(standby, "algorithm")} key is published; a running server signs with it within the hour, or after the next: tenon key rotate");
        }
    }
}

using System.CommandLine;
using Tenon.Server.Auth;

namespace Tenon.Cli.Commands;

/// <summary>tenon key generate: a fresh set for production, as lines of an environment file.</summary>
internal static class KeyCommand
{
    public static Command Create()
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
        var command = new Command("key", "Makes API keys.");
        command.Subcommands.Add(generate);
        foreach (string name in new[] { "list", "create", "delete" })
        {
            command.Subcommands.Add(Root.NotBuilt(name, "key "));
        }
        return command;
    }
}

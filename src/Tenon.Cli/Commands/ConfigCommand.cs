using System.CommandLine;
using System.Globalization;
using Tenon.Cli.Configuration;

namespace Tenon.Cli.Commands;

/// <summary>tenon config print: the settings as they are read; text that names a variable stays as written.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var defaults = new Option<bool>("--defaults") { Description = "Only the defaults; needs no app folder." };
        var print = new Command("print", "Prints every setting, one a line, as TOML.");
        print.Arguments.Add(folder);
        print.Options.Add(defaults);
        print.SetAction(parsed =>
        {
            var values = KnownSettings.All.Where(s => s.Default is not null).ToDictionary(s => s.Path, s => s.Default);
            if (!parsed.GetValue(defaults))
            {
                foreach (ConfigEntry entry in AppFolder.OpenAny(parsed.GetValue(folder)!).Config.Entries)
                {
                    values[entry.Path] = entry.Value;
                }
            }
            foreach ((string path, object? value) in values)
            {
                Console.WriteLine($"{path} = {Toml(value)}");
            }
            return 0;
        });
        var command = new Command("config", "Shows the configuration.");
        command.Subcommands.Add(print);
        return command;
    }

    private static string Toml(object? value) =>
        value switch
        {
            bool flag => flag ? "true" : "false",
            string text => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
            object?[] items => $"[{string.Join(", ", items.Select(Toml))}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
}

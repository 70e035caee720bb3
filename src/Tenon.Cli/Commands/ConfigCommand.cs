using System.CommandLine;
using Tenon.Cli.Configuration;

namespace Tenon.Cli.Commands;

/// <summary>tenon config print: the settings as they are read; text that names a variable stays as written, secrets are masked.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        var command = new Command("config", "Shows the configuration.");
        Option<bool> only = Defaults();
        command.Options.Add(only);
        command.Subcommands.Add(Print());
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(only))
            {
                Print(KnownSettings.All.Where(HasDefault).Select(s => (s.Path, s.Default)));
                return 0;
            }
            Console.Error.WriteLine("tenon: say what to show: tenon config print [DIR], or tenon config --defaults");
            return 2;
        });
        return command;
    }

    /// <summary>Settings under a name of the app's choice have their defaults only where that name is.</summary>
    private static bool HasDefault(Setting setting) => setting.Default is not null && !setting.Path.Contains('*', StringComparison.Ordinal);

    private static Option<bool> Defaults() => new("--defaults") { Description = "Only the defaults; needs no app folder." };

    private static Command Print()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> defaults = Defaults();
        var print = new Command("print", "Prints every setting, one a line, as TOML; secrets are masked.");
        print.Arguments.Add(folder);
        print.Options.Add(defaults);
        print.SetAction(parsed =>
        {
            var values = KnownSettings.All.Where(HasDefault).ToDictionary(s => s.Path, s => s.Default);
            if (!parsed.GetValue(defaults))
            {
                foreach (ConfigEntry entry in AppFolder.OpenAny(parsed.GetValue(folder)!).Config.Entries)
                {
                    values[entry.Path] = MaskedSettings.Shown(entry);
                }
            }
            Print(values.Select(v => (v.Key, v.Value)));
            return 0;
        });
        return print;
    }

    // Keys without a section first, then each section once, as TOML wants it.
    private static void Print(IEnumerable<(string Path, object? Value)> values)
    {
        foreach (var section in values.GroupBy(v => SectionOf(v.Path)).OrderBy(s => s.Key.Length > 0))
        {
            if (section.Key.Length > 0)
            {
                Console.WriteLine($"\n[{section.Key}]");
            }
            foreach ((string path, object? value) in section)
            {
                Console.WriteLine($"{path[(path.LastIndexOf('.') + 1)..]} = {TomlValue.Of(value)}");
            }
        }
    }

    private static string SectionOf(string path) => path.LastIndexOf('.') is >= 0 and int dot ? path[..dot] : "";
}

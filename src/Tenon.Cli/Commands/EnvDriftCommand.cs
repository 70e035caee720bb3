using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon env drift: what holds in one environment beside what its files say, and the way back to the files.</summary>
internal static class EnvDriftCommand
{
    public static Command Create()
    {
        var side = new Argument<string>("ENV") { Description = "An environment of DIR (staging), a folder (../other@production), or the https address of a server." };
        Argument<string> folder = AppFolder.Argument();
        var key = new Option<string>("--key") { Description = "The service key of an address: env(NAME)." };
        var reset = new Option<string[]>("--reset") { Description = "A setting or template to be what the files say again, by its name; once for each.", AllowMultipleArgumentsPerToken = true };
        Option<bool> json = Say.JsonOption();
        var drift = new Command("drift", "Shows what was changed on ENV by env apply and is not in its files.") { side, folder, key, reset, json };
        drift.SetAction(async (parsed, cancellation) =>
        {
            var at = EnvSide.Open(parsed.GetValue(side)!, parsed.GetValue(folder)!, parsed.GetValue(key), "--key");
            EnvSnapshot now = await at.SnapshotAsync(cancellation);
            if (parsed.GetValue(reset) is { Length: > 0 } names)
            {
                await at.ResetAsync([.. names.Select(name => Named(name, now))], cancellation);
                now = await at.SnapshotAsync(cancellation);
            }
            Print(at.Name, now.Drift, parsed.GetValue(json));
            return 0;
        });
        return drift;
    }

    private static EnvDrift Named(string name, EnvSnapshot now) =>
        now.Drift.FirstOrDefault(d => d.Key == name) switch
        {
            null => throw new CommandFailure($"{name} is as the files say; what is not: tenon env drift"),
            { Area: EnvStep.Access } => throw new CommandFailure($"{name} is a rule of the database: undo it in a migration, or by env apply from an environment without it"),
            var found => found,
        };

    private static void Print(string name, IReadOnlyList<EnvDrift> drift, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { environment = name, drift = drift.Select(d => new { area = d.Area, key = d.Key, files = d.Files, now = d.Now }) }));
            return;
        }
        foreach (EnvDrift one in drift)
        {
            string values = one.Area == EnvStep.Settings ? $"  files {one.Files ?? "(not set)"}, now {one.Now}"
                : one.Area == EnvStep.Templates ? ""
                : one.Now is null ? "  taken away by env apply; a migration may still make it"
                : "  made by env apply; write it into a migration too";
            Console.WriteLine($"{one.Area,-9} {one.Key}{values}");
        }
        Console.WriteLine(drift.Count == 0 ? $"{name} is as its files say" : $"{drift.Count} differ from the files of {name}");
    }
}

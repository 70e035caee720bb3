using System.CommandLine;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon env: what one environment has of sign-in settings, templates, providers and access rules that another lacks.</summary>
internal static class EnvCommand
{
    private sealed record Words(
        Argument<string> From,
        Argument<string> To,
        Argument<string> Folder,
        Option<string> FromKey,
        Option<string> ToKey,
        Option<string[]> Secrets,
        Option<bool> Json
    );

    private sealed record Compared(EnvSide From, EnvSide To, EnvSnapshot Before, IReadOnlyList<EnvStep> Steps, IReadOnlyDictionary<string, string> Secrets);

    public static Command Create() =>
        new("env", "Compares two environments and carries from one to the other what belongs to both.") { Plan(), Apply(), EnvDriftCommand.Create() };

    private static Words AddTo(Command command)
    {
        const string Sides = "An environment of DIR (staging), a folder (../other@production), or the https address of a server.";
        var words = new Words(
            new Argument<string>("FROM") { Description = Sides },
            new Argument<string>("TO") { Description = Sides },
            AppFolder.Argument(),
            new Option<string>("--from-key") { Description = "The service key of a FROM that is an address: env(NAME)." },
            new Option<string>("--to-key") { Description = "The service key of a TO that is an address: env(NAME)." },
            new Option<string[]>("--secret") { Description = "The client secret of a provider that TO does not have: custom:NAME=env(NAME).", AllowMultipleArgumentsPerToken = true },
            Say.JsonOption()
        );
        command.Arguments.Add(words.From);
        command.Arguments.Add(words.To);
        command.Arguments.Add(words.Folder);
        foreach (Option option in (Option[])[words.FromKey, words.ToKey, words.Secrets, words.Json])
        {
            command.Options.Add(option);
        }
        return words;
    }

    private static Command Plan()
    {
        var plan = new Command("plan", "Shows what TO lacks of FROM, changes nothing.");
        Words words = AddTo(plan);
        plan.SetAction(async (parsed, cancellation) =>
        {
            Compared compared = await CompareAsync(parsed, words, cancellation);
            if (parsed.GetValue(words.Json))
            {
                Console.WriteLine(Json(compared, null));
                return 0;
            }
            Print(compared.Steps);
            Console.WriteLine(compared.Steps.Count == 0 ? $"{compared.To.Name} has all that {compared.From.Name} has" : $"{compared.Steps.Count} steps from {compared.From.Name} to {compared.To.Name}");
            return 0;
        });
        return plan;
    }

    private static Command Apply()
    {
        var allow = new Option<string[]>("--allow") { Description = "A step that removes something, by its name in the plan; once for each.", AllowMultipleArgumentsPerToken = true };
        var apply = new Command("apply", "Makes TO what FROM is; stops before anything when a step that removes something is not named.") { allow };
        Words words = AddTo(apply);
        apply.SetAction(async (parsed, cancellation) =>
        {
            Compared compared = await CompareAsync(parsed, words, cancellation);
            string[] allowed = parsed.GetValue(allow) ?? [];
            EnvStep[] possible = [.. compared.Steps.Where(s => s.Blocked is null)];
            if (possible.FirstOrDefault(s => s.IsDestructive && !allowed.Contains(s.Key)) is { } unnamed)
            {
                int others = possible.Count(s => s.IsDestructive && !allowed.Contains(s.Key)) - 1;
                throw new CommandFailure($"would remove {unnamed.Key}{(others > 0 ? $" (and {others} more)" : "")}; nothing was changed. Name what may go: --allow \"{unnamed.Key}\"");
            }
            await compared.To.ApplyAsync(possible, compared.Before, compared.Secrets, cancellation);
            EnvStep[] left = [.. compared.Steps.Where(s => s.Blocked is not null)];
            if (parsed.GetValue(words.Json))
            {
                Console.WriteLine(Json(compared, possible));
            }
            else
            {
                Print(left);
                Console.WriteLine($"{possible.Length} steps applied{(left.Length > 0 ? $", {left.Length} left" : "")}");
            }
            return left.Length > 0 ? 1 : 0;
        });
        return apply;
    }

    private static async Task<Compared> CompareAsync(ParseResult parsed, Words words, CancellationToken cancellation)
    {
        string folder = parsed.GetValue(words.Folder)!;
        var from = EnvSide.Open(parsed.GetValue(words.From)!, folder, parsed.GetValue(words.FromKey), "--from-key");
        var to = EnvSide.Open(parsed.GetValue(words.To)!, folder, parsed.GetValue(words.ToKey), "--to-key");
        Dictionary<string, string> secrets = (parsed.GetValue(words.Secrets) ?? [])
            .Select(s => s.Split('=', 2) is [var name, var value] ? (name, value) : throw new CommandFailure($"--secret is written custom:NAME=env(NAME), not {s}"))
            .ToDictionary(s => s.name, s => EnvSide.Reference(s.value, "--secret"));
        EnvSnapshot source = await from.SnapshotAsync(cancellation);
        EnvSnapshot before = await to.SnapshotAsync(cancellation);
        return new Compared(from, to, before, EnvPlan.Between(source, before, to.IsRemote, secrets), secrets);
    }

    private static void Print(IReadOnlyList<EnvStep> steps)
    {
        foreach (EnvStep step in steps)
        {
            string sign = step.Action switch { "add" => "+", "remove" => "-", _ => "~" };
            string values = step.Area == EnvStep.Settings ? $"  {step.To ?? "(not set)"} -> {step.From ?? "(not set)"}" : "";
            Console.WriteLine($"{sign} {step.Area,-9} {step.Key}{values}{(step.IsDestructive ? "  removes" : "")}");
            if (step.Blocked is { } why)
            {
                Console.WriteLine($"            by hand: {why}");
            }
        }
    }

    private static string Json(Compared compared, EnvStep[]? applied) =>
        JsonSerializer.Serialize(new
        {
            from = compared.From.Name,
            to = compared.To.Name,
            steps = compared.Steps.Select(s => new
            {
                area = s.Area,
                key = s.Key,
                action = s.Action,
                destructive = s.IsDestructive,
                from = s.From,
                to = s.To,
                blocked = s.Blocked,
                applied = applied is null ? (bool?)null : applied.Contains(s),
            }),
        });
}

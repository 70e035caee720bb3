using System.CommandLine;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon source add | list | test | inspect: the databases that [sources] of tenon.toml attaches. None of them is changed.</summary>
internal static class SourceCommand
{
    public static Command Create()
    {
        var command = new Command("source", "Adds, lists, tests and inspects attached databases.");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Test());
        command.Subcommands.Add(SourceInspect.Create());
        command.Subcommands.Add(SourceAdd.Create());
        return command;
    }

    // ---- list ----

    private static Command List()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var list = new Command("list", "Lists the attached databases, as tenon.toml says it; none is asked.");
        list.Arguments.Add(folder);
        list.Options.Add(json);
        list.SetAction(parsed =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            IReadOnlyList<AttachedOptions> sources = AttachedSettings.From(app.Config);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(sources.Select(s => Row(app, s))));
                return 0;
            }
            var table = new TextTable(["name", "url", "schemas", "tables", "writable", "policies"]);
            foreach (AttachedOptions source in sources)
            {
                table.Add(source.Name, ShownUrl(app, source.Name), string.Join(", ", source.Schemas), string.Join(", ", source.Tables), source.Writable ? "yes" : "no", PoliciesOf(source) ?? "none");
            }
            table.Print(Console.Out);
            Console.WriteLine($"({table.Count} source{(table.Count == 1 ? "" : "s")})");
            return 0;
        });
        return list;
    }

    private static object Row(AppFolder app, AttachedOptions source) =>
        new
        {
            name = source.Name,
            url = ShownUrl(app, source.Name),
            schemas = source.Schemas,
            tables = source.Tables,
            writable = source.Writable,
            policies = PoliciesOf(source),
            pool_size = source.PoolSize,
            timeout_seconds = source.Timeout.TotalSeconds,
        };

    private static string? PoliciesOf(AttachedOptions source) => source.Policies.Length > 0 ? FileOf(source.Name) : null;

    public static string FileOf(string source) => $"sources/{source}/policies.sql";

    /// <summary>As it is written down: the variable's name where it comes from one, never a password.</summary>
    private static string ShownUrl(AppFolder app, string source) =>
        app.Config.Entries.Where(e => e.Path == $"sources.{source}.url").Select(MaskedSettings.Shown).FirstOrDefault() as string ?? "";

    /// <summary>The source of this name, or an error that names those there are.</summary>
    public static AttachedOptions Find(AppFolder app, string name)
    {
        IReadOnlyList<AttachedOptions> sources = AttachedSettings.From(app.Config);
        return sources.FirstOrDefault(s => s.Name == name)
            ?? throw new CommandFailure(
                $"{app.Shown} has no source {name}; "
                    + (sources.Count == 0 ? "attach one with: tenon source add NAME" : $"there is: {string.Join(", ", sources.Select(s => s.Name))}")
            );
    }

    // ---- test ----

    private static Command Test()
    {
        var name = new Argument<string?>("NAME") { Description = "One source; without it all.", Arity = ArgumentArity.ZeroOrOne };
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var test = new Command("test", "Connects to the attached databases and says what would keep their tables from being answered; exit code 1 when something does.");
        test.Arguments.Add(name);
        test.Arguments.Add(folder);
        test.Options.Add(json);
        test.SetAction((parsed, cancellation) =>
        {
            (string? source, string place) = (parsed.GetValue(name), parsed.GetValue(folder)!);
            // A single argument may be the app folder.
            if (place == "." && source is { } only && File.Exists(Path.Combine(only, "tenon.toml")))
            {
                (source, place) = (null, only);
            }
            return TestAsync(AppFolder.OpenAny(place), source, parsed.GetValue(json), cancellation);
        });
        return test;
    }

    private static async Task<int> TestAsync(AppFolder app, string? name, bool json, CancellationToken cancellation)
    {
        IReadOnlyList<AttachedOptions> sources = name is null ? AttachedSettings.From(app.Config) : [Find(app, name)];
        var checks = new List<SourceCheck>();
        foreach (AttachedOptions source in sources)
        {
            checks.Add(await SourceCheck.RunAsync(source, cancellation));
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(checks.Select(c => c.Row())));
        }
        else if (checks.Count == 0)
        {
            Console.WriteLine("no sources; attach one with: tenon source add NAME");
        }
        else
        {
            checks.ForEach(c => c.Print());
        }
        return checks.TrueForAll(c => c.IsWell) ? 0 : 1;
    }

    /// <summary>An error of the database or of the app's file, as one line and its mend.</summary>
    public static (string What, string Mend) Told(AttachedOptions source, Error error)
    {
        string place = error.Position is { } at ? $"{FileOf(source.Name)}:{new Span(at, 0).LineAndColumn(source.Policies).Line}: " : "";
        return (place + error.Message, error.Hint ?? "");
    }

    public static string Words(Privileges rights) =>
        string.Join(", ", new[] { Privileges.Select, Privileges.Insert, Privileges.Update, Privileges.Delete }.Where(r => rights.HasFlag(r)).Select(r => r.ToString().ToLowerInvariant()));
}

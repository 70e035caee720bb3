using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon migrate up | status | new: the schema's life cycle. Each file is one transaction.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Applies, lists and makes migrations.");
        command.Subcommands.Add(Up());
        command.Subcommands.Add(Status());
        command.Subcommands.Add(New());
        return command;
    }

    private static Command Up()
    {
        Argument<string> folder = AppFolder.Argument();
        var up = new Command("up", "Applies the migrations that are not applied yet.");
        up.Arguments.Add(folder);
        up.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
            await using Backend backend = await Backend.OpenAsync(options, TimeProvider.System, Say.Step, cancellation);
            Say.OpenTables(backend);
            return 0;
        });
        return up;
    }

    private static Command Status()
    {
        Argument<string> folder = AppFolder.Argument();
        var status = new Command("status", "Lists the migrations and whether each is applied; exit code 1 when one is edited.");
        Option<bool> json = Say.JsonOption();
        status.Arguments.Add(folder);
        status.Options.Add(json);
        status.SetAction(async (parsed, _) => await StatusAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), parsed.GetValue(json)));
        return status;
    }

    private static async Task<int> StatusAsync(AppFolder app, bool json)
    {
        IReadOnlyList<MigrationFile> files = MigrationFile.List(app.Path, app.Config.List("db.migrations.paths"));
        List<AppliedMigration> applied = await AppliedAsync(BackendSettings.MainDatabase(app.Config));
        var rows = new List<(string State, string Name)>();
        foreach (MigrationFile file in files)
        {
            string state = file.IsEdited(applied) ? "edited" : applied.Any(a => a.Version == file.Version) ? "applied" : "pending";
            rows.Add((state, file.Name));
        }
        foreach (AppliedMigration gone in applied.Where(a => files.All(f => f.Version != a.Version) && !a.Version.StartsWith("tenon:", StringComparison.Ordinal)))
        {
            rows.Add(("missing", gone.Name));
        }
        Console.WriteLine(json
            ? JsonSerializer.Serialize(rows.Select(r => new { state = r.State, name = r.Name }))
            : string.Join('\n', rows.Select(r => $"{r.State,-8} {r.Name}")));
        return rows.Any(r => r.State == "edited") ? 1 : 0;
    }

    private static async Task<List<AppliedMigration>> AppliedAsync(MainDatabaseOptions main)
    {
        if (!SourceRegistry.MainExists(main))
        {
            return [];
        }
        await using MainDatabase database = await SourceRegistry.OpenMainAsync(main);
        return [.. database.Applied];
    }

    private static Command New()
    {
        var name = new Argument<string>("NAME") { Description = "What it does, e.g. add_notes." };
        Argument<string> folder = AppFolder.Argument();
        var command = new Command("new", "Makes an empty migration file.");
        command.Arguments.Add(name);
        command.Arguments.Add(folder);
        command.SetAction(parsed =>
        {
            string word = string.Concat(parsed.GetValue(name)!.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
            string stamp = TimeProvider.System.GetUtcNow().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
            string path = Path.Combine(parsed.GetValue(folder)!, "migrations", $"{stamp}_{word}.sql");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var stream = new FileStream(path, FileMode.CreateNew);
            Console.WriteLine(path);
            return 0;
        });
        return command;
    }
}

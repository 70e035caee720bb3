using System.CommandLine;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon db move URL: the app's whole database to another engine; the app goes on there unchanged.</summary>
internal static class DbMoveCommand
{
    public static Command Create()
    {
        var url = new Argument<string>("URL") { Description = "An empty database: postgres://…, sqlite:PATH, or env(NAME)." };
        Argument<string> folder = AppFolder.Argument();
        var trial = new Option<bool>("--dry-run") { Description = "Reads and checks everything, runs the migrations on the target and takes them back." };
        Option<bool> json = Say.JsonOption();
        var move = new Command("move", "Carries schema, rows and accounts to an empty database of another engine.") { url, folder, trial, json };
        move.SetAction((parsed, cancellation) =>
            RunAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), parsed.GetValue(url)!, parsed.GetValue(trial), parsed.GetValue(json), cancellation)
        );
        return move;
    }

    private static async Task<int> RunAsync(AppFolder app, string url, bool trial, bool json, CancellationToken cancellation)
    {
        MainDatabaseOptions here = BackendSettings.MainDatabase(app.Config);
        MainDatabaseOptions there = here with { Url = app.Config.Expand("the URL", url) };
        MoveReport report = await new DatabaseMove(here, there, TimeProvider.System, json ? null : Say.Step).RunAsync(trial, cancellation);
        if (json)
        {
            var tables = report.Tables.Select(t => new { name = t.Name.ToString(), rows = t.Rows, checksum = t.Checksum });
            Console.WriteLine(JsonSerializer.Serialize(new { from = report.From, to = report.To, moved = !trial, migrations = report.Migrations, tables }));
            return 0;
        }
        Say.Ready(trial ? $"Dry run: {report.To} was left as it was" : $"Moved from {report.From} to {report.To}");
        if (!trial)
        {
            Console.WriteLine($"  now set in tenon.toml: [db] url = \"{(url.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) ? url : "env(DATABASE_URL)")}\"");
            Console.WriteLine("  the source is as it was; keep it until you have seen the app run");
        }
        return 0;
    }
}

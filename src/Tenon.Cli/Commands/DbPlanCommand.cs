using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Server.Hosting;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon db plan: what Tenon would make in an existing database, as SQL that an administrator may run; nothing is changed.</summary>
internal static class DbPlanCommand
{
    /// <summary>Something is missing; 1 is kept for a plan that could not be made.</summary>
    private const int SomethingMissing = 3;

    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var plan = new Command("plan", "Prints what Tenon would make in the database, as SQL, and changes nothing; exit code 3 when something is missing.") { folder, json };
        plan.SetAction((parsed, cancellation) => RunAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), parsed.GetValue(json), cancellation));
        return plan;
    }

    private sealed record Pending(ImmutableArray<StoreMigration> Own, ImmutableArray<string> Files, ImmutableArray<string> InTheWay);

    private static async Task<int> RunAsync(AppFolder app, bool json, CancellationToken cancellation)
    {
        MainDatabaseOptions main = BackendSettings.MainDatabase(app.Config);
        if (!(await SourceRegistry.PlanAsync(main, cancellation)).TryGet(out DatabasePlan plan, out Error failed))
        {
            throw new CommandFailure($"{failed.Message}. {failed.Hint}".TrimEnd());
        }
        Pending pending = PendingIn(app, plan);
        ImmutableArray<string> facts =
        [
            .. plan.Facts,
            .. DatabaseReport.Policies(plan.Catalog, app.Config.List("api.schemas"), BackendSettings.Security(app.Config)),
        ];
        bool missing = plan.Missing.Any(p => !p.Optional) || !pending.Own.IsEmpty || !pending.Files.IsEmpty;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                place = plan.Place,
                complete = !missing,
                facts,
                missing = plan.Missing.Select(p => new { name = p.Name, reason = p.Reason, optional = p.Optional, sql = p.Sql }),
                missingRights = plan.MissingRights,
                inTheWay = pending.InTheWay,
                ownMigrations = pending.Own.Select(m => m.Name),
                appMigrations = pending.Files,
            }));
        }
        else
        {
            Print(plan, pending, facts, missing);
        }
        return missing ? SomethingMissing : 0;
    }

    private static Pending PendingIn(AppFolder app, DatabasePlan plan)
    {
        ImmutableArray<StoreMigration> own = [.. StoreMigrations.All.Where(m => !plan.Applied.Contains(SchemaFiles.VersionOf(m)))];
        string[] patterns = app.Config.Switch("db.migrations.enabled") ? app.Config.List("db.migrations.paths") : [];
        IEnumerable<MigrationFile> files = MigrationFile.List(app.Path, patterns).Where(f => !plan.Applied.Contains(f.Version));
        return new Pending(own, [.. files.Select(f => f.Name)], [.. own.SelectMany(Made).Where(t => plan.Catalog.Find(t) is not null).Select(t => t.ToString()!)]);
    }

    private static IEnumerable<QualifiedName> Made(StoreMigration migration) =>
        SchemaParser.ParseScript(migration.Sql).Value.OfType<CreateTable>().Where(t => !t.IfNotExists).Select(t => t.Name);

    private static void Print(DatabasePlan plan, Pending pending, ImmutableArray<string> facts, bool missing)
    {
        void Remark(string text) => Console.WriteLine(string.Join('\n', text.Split('\n').Select(line => $"-- {line}".TrimEnd())));
        Remark($"tenon db plan   {plan.Place}");
        facts.ToList().ForEach(Remark);
        plan.MissingRights.ToList().ForEach(right => Remark($"missing right: {right}"));
        pending.InTheWay.ToList().ForEach(table => Remark($"in the way: {table} is there and was not made by Tenon; tenon serve cannot start on this database"));
        foreach (PlannedPart part in plan.Missing)
        {
            Remark($"\n{part.Name}{(part.Optional ? " (Tenon does without)" : "")}: {part.Reason}");
            Console.WriteLine(part.Sql);
        }
        if (!pending.Own.IsEmpty)
        {
            Remark("\nTenon makes these tables of its own itself when it starts, as the user of the url:");
            pending.Own.ToList().ForEach(m => Remark($"{m.Name}\n{m.Sql.Trim()}"));
        }
        if (!pending.Files.IsEmpty)
        {
            Remark($"\nmigrations of the app that are to be applied: {string.Join(", ", pending.Files)}");
        }
        Remark(missing ? "\nsomething is missing" : "\nnothing is missing");
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Server.Hosting;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon db diff: the schema all migration files make, beside the schema the database has.</summary>
internal static class DbDiffCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        Option<bool> json = Say.JsonOption();
        var diff = new Command("diff", "Shows what the migration files would change: - is in the database only, + in the files only.") { folder, json };
        diff.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            BackendOptions options = LocalDatabase.Options(app, app.Keys());
            if (SourceRegistry.DumpProgram(options.MainDatabase(TimeProvider.System), SchemaAlone) is { } program)
            {
                await CompareAsync(app, program, parsed.GetValue(json), cancellation);
                return 0;
            }
            await using Backend backend = await LocalDatabase.OpenAsync(app, cancellation);
            ImmutableArray<string> database = Statements(backend.Catalog);
            ImmutableArray<string> files = Statements(OfFiles(app, options));
            Print([.. database.Except(files)], [.. files.Except(database)], parsed.GetValue(json));
            return 0;
        });
        return diff;
    }

    private static readonly DumpRequest SchemaAlone = new(Schema: true, Rows: false, []);

    /// <summary>An engine that prints its own schemas: the files make a database beside this one, and both are printed.</summary>
    private static async Task CompareAsync(AppFolder app, ProcessStartInfo program, bool json, CancellationToken cancellation)
    {
        BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
        MainDatabaseOptions main = options.MainDatabase(TimeProvider.System);
        await new DatabaseFiles(options, TimeProvider.System, null).BuildAsync(cancellation);
        try
        {
            ImmutableArray<string> database = await DumpProgram.StatementsAsync(program, cancellation);
            ProcessStartInfo beside = SourceRegistry.DumpProgram(SourceRegistry.Beside(main).Value, SchemaAlone)!;
            ImmutableArray<string> files = await DumpProgram.StatementsAsync(beside, cancellation);
            Print([.. database.Except(files)], [.. files.Except(database)], json);
        }
        finally
        {
            SourceRegistry.DiscardBeside(main);
        }
    }

    private static Catalog OfFiles(AppFolder app, BackendOptions options)
    {
        var schema = new SchemaOptions { AutoExposeNewTables = options.AutoExposeNewTables };
        Catalog catalog = StoreMigrations.Catalog();
        string[] patterns = app.Config.Switch("db.migrations.enabled") ? app.Config.List("db.migrations.paths") : [];
        foreach (MigrationFile file in MigrationFile.List(app.Path, patterns))
        {
            string text = file.Read();
            Outcome<SchemaChange> change = SchemaParser.ParseScript(text) is { Failed: false } parsed
                ? SchemaBuilder.Apply(catalog, parsed.Value, schema)
                : SchemaParser.ParseScript(text).Error!;
            catalog = change.Error is { } refused ? throw new MigrationFailure(file.Name, text, refused) : change.Value.Catalog;
        }
        return catalog;
    }

    private static ImmutableArray<string> Statements(Catalog catalog) => new SchemaDump(catalog, StoreMigrations.Catalog()).Statements();

    private static void Print(string[] removed, string[] added, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { removed, added }));
            return;
        }
        if (removed.Length + added.Length == 0)
        {
            Console.WriteLine("the database has what the migration files make");
        }
        foreach ((string sign, string statement) in removed.Select(s => ("- ", s)).Concat(added.Select(s => ("+ ", s))))
        {
            Console.WriteLine(string.Join('\n', statement.Split('\n').Select(line => sign + line)));
        }
    }
}

using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>tenon db reset: a new development database from migrations and seed; the old one is kept beside it.</summary>
internal static class DbCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var reset = new Command("reset", "Makes the development database anew from migrations and seed (the old one is kept as .before).");
        reset.Arguments.Add(folder);
        reset.SetAction((parsed, cancellation) => ResetAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation));
        var command = new Command("db", "Works on the main database.");
        command.Subcommands.Add(reset);
        command.Subcommands.Add(DbDumpCommand.Create());
        command.Subcommands.Add(DbDiffCommand.Create());
        command.Subcommands.Add(DbMoveCommand.Create());
        command.Subcommands.Add(DbPlanCommand.Create());
        return command;
    }

    private static async Task<int> ResetAsync(AppFolder app, CancellationToken cancellation)
    {
        if (app.Environment != "development")
        {
            throw new ConfigException($"db reset is for development; this is {app.Environment}");
        }
        using FileStream only = DevFile.Lock(app);
        BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: true, "http://127.0.0.1", null);
        using IDisposable claim = DatabaseFiles.Claim(options);
        await new DatabaseFiles(options, TimeProvider.System, Say.Step).ReplaceAsync(cancellation);
        return 0;
    }
}

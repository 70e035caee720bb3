using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Core.Codegen;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>tenon gen types typescript: the Database type that supabase-js takes, on standard output.</summary>
internal static class GenCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var typescript = new Command("typescript", "The Database type for supabase-js, after applying pending migrations.");
        typescript.Arguments.Add(folder);
        typescript.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
            await using Backend backend = await Backend.OpenAsync(options, TimeProvider.System, cancellation: cancellation);
            Console.Write(TypeScript.Generate(backend.Catalog, options.Rest.Schemas));
            return 0;
        });
        var types = new Command("types", "Generates types for a client.");
        types.Subcommands.Add(typescript);
        types.Subcommands.Add(Root.NotBuilt("csharp", "gen types "));
        var command = new Command("gen", "Generates code from the schema.");
        command.Subcommands.Add(types);
        command.Subcommands.Add(Root.NotBuilt("openapi", "gen "));
        return command;
    }
}

using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Core.Codegen;
using Tenon.Core.Types;
using Tenon.Server.Hosting;
using Tenon.Server.Rest;

namespace Tenon.Cli.Commands;

/// <summary>tenon gen: what clients are made from, on standard output.</summary>
internal static class GenCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var typescript = new Command("typescript", "The Database type for supabase-js; in development pending migrations are applied first.");
        typescript.Arguments.Add(folder);
        typescript.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
            await using Backend backend = await LocalDatabase.OpenSchemaAsync(app, cancellation);
            Console.Write(TypeScript.Generate(backend.Catalog, options.Rest.Schemas));
            return 0;
        });
        var types = new Command("types", "Generates types for a client.");
        types.Subcommands.Add(typescript);
        types.Subcommands.Add(Root.NotBuilt("csharp", "gen types "));
        var command = new Command("gen", "Generates code from the schema.");
        command.Subcommands.Add(types);
        command.Subcommands.Add(OpenApiDocument());
        return command;
    }

    private static Command OpenApiDocument()
    {
        Argument<string> folder = AppFolder.Argument();
        var schema = new Option<string?>("--schema") { Description = "The schema to describe; the first of [api] schemas without it." };
        var role = new Option<string?>("--role") { Description = "Only what this role may use, such as anon; everything without it." };
        var openapi = new Command("openapi", "The OpenAPI 2 document of the data API; in development pending migrations are applied first.") { folder, schema, role };
        openapi.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
            await using Backend backend = await LocalDatabase.OpenSchemaAsync(app, cancellation);
            RoleName? seenBy = parsed.GetValue(role) is { } name ? new RoleName(name) : null;
            byte[] document = OpenApi.Generate(backend.Catalog, parsed.GetValue(schema) ?? options.Rest.Schemas[0], seenBy, RestEndpoints.Prefix);
            await using Stream output = Console.OpenStandardOutput();
            await output.WriteAsync(document, cancellation);
            return 0;
        });
        return openapi;
    }
}

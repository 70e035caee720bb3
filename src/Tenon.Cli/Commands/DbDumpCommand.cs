using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Types;
using Tenon.Server.Hosting;
using Tenon.Server.Prompt;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon db dump: schema and rows as PostgreSQL's SQL, in an order that loads again.</summary>
internal static class DbDumpCommand
{
    /// <summary>Of the server's own tables the accounts are the app's data; sessions, keys and logs are not.</summary>
    private static readonly QualifiedName[] Accounts = [new("auth", "users"), new("auth", "identities")];

    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var schema = new Option<bool>("--schema") { Description = "Only the schema." };
        var data = new Option<bool>("--data") { Description = "Only the rows: those of the app's tables and the accounts, password hashes included." };
        var file = new Option<string?>("--file", "-f") { Description = "Writes to this file; without it to standard output." };
        var dump = new Command("dump", "Prints schema and rows as PostgreSQL's SQL.");
        dump.Arguments.Add(folder);
        dump.Options.Add(schema);
        dump.Options.Add(data);
        dump.Options.Add(file);
        dump.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            bool both = parsed.GetValue(schema) == parsed.GetValue(data);
            var request = new DumpRequest(both || parsed.GetValue(schema), both || parsed.GetValue(data), WithoutRows());
            if (SourceRegistry.DumpProgram(BackendSettings.MainDatabase(app.Config), request) is { } program)
            {
                await using Stream into = parsed.GetValue(file) is { } target ? OwnerOnly(target).BaseStream : Console.OpenStandardOutput();
                await DumpProgram.RunAsync(program, into, cancellation);
                return 0;
            }
            await using Backend backend = await LocalDatabase.OpenAsync(app, cancellation);
            using TextWriter output = parsed.GetValue(file) is { } path ? OwnerOnly(path) : new StreamWriter(Console.OpenStandardOutput());
            await WriteAsync(backend, output, both || parsed.GetValue(schema), both || parsed.GetValue(data), cancellation);
            return 0;
        });
        return dump;
    }

    private static QualifiedName[] WithoutRows() => [.. StoreMigrations.Catalog().Tables.Keys.Except(Accounts)];

    private static async Task WriteAsync(Backend backend, TextWriter output, bool schema, bool data, CancellationToken cancellation)
    {
        Catalog own = StoreMigrations.Catalog();
        Catalog catalog = backend.Catalog;
        var rows = new RowDump(backend.Database.Source, catalog);
        var dump = new SchemaDump(schema && data ? await rows.WithIdentitiesAsync(cancellation) : catalog, own);
        output.Write($"-- tenon db dump {(schema && data ? "(schema and rows)" : schema ? "(schema)" : "(rows)")}\n");
        if (schema)
        {
            output.Write(dump.BeforeRows());
        }
        if (data)
        {
            output.Write("\n");
            IEnumerable<Table> tables = catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table && (own.Find(t.Name) is null || Accounts.Contains(t.Name)));
            await rows.WriteAsync(SchemaDump.TablesByReference(tables), output, cancellation);
        }
        if (schema)
        {
            output.Write("\n" + dump.AfterRows());
        }
    }

    // The rows may hold password hashes: nobody but the owner reads the file.
    private static StreamWriter OwnerOnly(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return new StreamWriter(path, options);
    }
}

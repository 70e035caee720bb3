// tenon sql: statements of an argument, of standard input or of a prompt, with the rights of the owner or of --as.
using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Core.Errors;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Prompt;
using Tenon.Server.Store;

namespace Tenon.Cli.Commands;

internal sealed class SqlCommand(SqlPrompt prompt, Backend backend, SqlOutput output)
{
    public static Command Create()
    {
        var query = new Argument<string?>("QUERY") { Description = "One or more statements; without it they come from standard input or a prompt.", Arity = ArgumentArity.ZeroOrOne };
        Argument<string> folder = AppFolder.Argument();
        var caller = new Option<string?>("--as") { Description = "With whose rights: a user's e-mail address or id, anon, authenticated, service_role; without it the owner's." };
        Option<bool> json = Say.JsonOption();
        var command = new Command("sql", "Runs PostgreSQL's SQL on the app's database, with policies and grants of the caller.");
        command.Arguments.Add(query);
        command.Arguments.Add(folder);
        command.Options.Add(caller);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            (string? text, string app) = Sort(parsed.GetValue(query), parsed.GetValue(folder)!);
            return RunAsync(AppFolder.OpenAny(app), text, parsed.GetValue(caller), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    // tenon sql apps/hiring: a folder with a tenon.toml is no query.
    private static (string? Query, string Folder) Sort(string? query, string folder) =>
        query is not null && folder == "." && File.Exists(Path.Combine(query, "tenon.toml")) ? (null, query) : (query, folder);

    private static async Task<int> RunAsync(AppFolder app, string? text, string? name, bool json, CancellationToken cancellation)
    {
        await using Backend backend = await LocalDatabase.OpenAsync(app, cancellation);
        Caller? caller = name is null ? null : await CallerAsync(app, backend, name, cancellation);
        var prompt = new SqlPrompt(backend.Database.Source, () => backend.Catalog, caller, TimeProvider.System);
        var command = new SqlCommand(prompt, backend, new SqlOutput(Console.Out, Console.Error, json));
        text ??= Console.IsInputRedirected ? await Console.In.ReadToEndAsync(cancellation) : null;
        return text is null ? await command.AskAsync(name ?? "owner", cancellation) : await command.RunAsync(text, cancellation);
    }

    private static async Task<Caller> CallerAsync(AppFolder app, Backend backend, string name, CancellationToken cancellation)
    {
        var store = new CompiledStore(backend.Database.Source, () => backend.Catalog, TimeProvider.System);
        AuthOptions options = LocalDatabase.Options(app, app.Keys()).Auth;
        return await CallersByName.FindAsync(name, store, options, TimeProvider.System, cancellation)
            ?? throw new CommandFailure($"--as {name}: no user has this address or id, and it is no role of the API; list users with: tenon user list");
    }

    /// <summary>All statements in order, up to the first that fails.</summary>
    private async Task<int> RunAsync(string text, CancellationToken cancellation)
    {
        (var statements, Error? unreadable) = SqlScript.Cut(text);
        foreach (ScriptStatement statement in statements)
        {
            Outcome<PromptResult> outcome = await prompt.RunAsync(statement, cancellation);
            if (outcome.Error is { } error)
            {
                output.Fail(error with { Position = error.Position + statement.Start }, text);
                return 1;
            }
            output.Show(outcome.Value);
        }
        if (unreadable is not null)
        {
            output.Fail(unreadable, text);
            return 1;
        }
        return 0;
    }

    private async Task<int> AskAsync(string who, CancellationToken cancellation)
    {
        Console.WriteLine($"tenon {Say.Version}   {who}   end statements with ;   \\d tables   \\d NAME columns   \\q quits");
        string typed = "";
        while (!cancellation.IsCancellationRequested)
        {
            Console.Write(typed.Length == 0 ? "sql=> " : "sql-> ");
            if (Console.ReadLine() is not { } line || (typed.Length == 0 && line.Trim() is "\\q" or "exit" or "quit"))
            {
                break;
            }
            if (typed.Length == 0 && line.TrimStart().StartsWith('\\'))
            {
                Describe(line.Trim());
                continue;
            }
            typed += line + "\n";
            if (string.IsNullOrWhiteSpace(typed) || SqlScript.IsComplete(typed))
            {
                await RunAsync(typed, cancellation);
                typed = "";
            }
        }
        return 0;
    }

    private void Describe(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words[0] is not ("\\d" or "\\dt"))
        {
            Console.Error.WriteLine($"{words[0]} is not known here: \\d, \\d NAME, \\q");
        }
        else if (words.Length == 1)
        {
            CatalogTables.List(backend.Catalog, Console.Out);
        }
        else if (!CatalogTables.Describe(backend.Catalog, words[1], Console.Out))
        {
            Console.Error.WriteLine($"no table or view is named {words[1]}");
        }
    }
}

using System.CommandLine;
using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Cli.Commands;

/// <summary>tenon policy explain: what a role may do with a table, and which rows, in words.</summary>
internal static class PolicyCommands
{
    public static Command Create()
    {
        var command = new Command("policy", "Explains grants and row policies.");
        command.Subcommands.Add(Explain());
        command.Subcommands.Add(Root.NotBuilt("test", "policy "));
        return command;
    }

    private static Command Explain()
    {
        var table = new Argument<string>("TABLE") { Description = "A table or view, such as notes or public.notes." };
        Argument<string> folder = AppFolder.Argument();
        var caller = new Option<string?>("--as") { Description = "A role, or a user by e-mail address or id; without it anon and authenticated." };
        Option<bool> json = Say.JsonOption();
        var explain = new Command("explain", "Says who may do what with a table, which rows, and by which policy.") { table, folder, caller, json };
        explain.SetAction((parsed, cancellation) =>
            RunAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), parsed.GetValue(table)!, parsed.GetValue(caller), parsed.GetValue(json), cancellation));
        return explain;
    }

    private static async Task<int> RunAsync(AppFolder app, string name, string? caller, bool json, CancellationToken cancellation)
    {
        await using Backend backend = await LocalDatabase.OpenAsync(app, cancellation);
        string[] parts = name.Split('.');
        Table table = backend.Catalog.Resolve(parts.Length > 1 ? parts[0] : null, parts[^1])
            ?? throw new CommandFailure($"no table or view is named {name}; list them with: tenon sql, then \\d");
        RoleName[] roles = caller is null ? [RoleName.Anon, RoleName.Authenticated] : [await RoleAsync(app, backend, caller, cancellation)];
        var reports = roles.Select(r => (Role: r, Commands: PolicyReport.Of(backend.Catalog, table, Principal.Of(r)))).ToList();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(reports.SelectMany(r => r.Commands.Select(c => Row(r.Role, c)))));
            return 0;
        }
        string security = table.Kind == RelationKind.View ? "view" : $"row level security {(table.RowSecurity ? "on" : "off")}";
        Console.WriteLine($"{table.Name}   {security}");
        foreach ((RoleName role, var commands) in reports)
        {
            Console.WriteLine($"\n{role}");
            foreach (CommandInWords command in commands)
            {
                Print(command);
            }
        }
        return 0;
    }

    private static async Task<RoleName> RoleAsync(AppFolder app, Backend backend, string name, CancellationToken cancellation)
    {
        var store = new CompiledStore(backend.Database.Source, () => backend.Catalog, TimeProvider.System);
        AuthOptions options = LocalDatabase.Options(app, app.Keys()).Auth;
        Caller? caller = await CallersByName.FindAsync(name, store, options, TimeProvider.System, cancellation);
        return caller?.Role ?? throw new CommandFailure($"--as {name}: no user has this address or id, and it is no role of the API");
    }

    private static object Row(RoleName role, CommandInWords command) =>
        new
        {
            role = role.Text,
            command = Word(command),
            granted = command.Granted,
            columns = command.Columns,
            rows = command.Verdict,
            hint = command.Denied?.Hint,
            policies = command.Policies.Select(p => new { name = p.Name, permissive = p.Permissive, @using = p.Rows, check = p.NewRows, owners_rights = p.OwnersRights }),
        };

    private static string Word(CommandInWords command) => command.Command.ToString().ToLowerInvariant();

    private static void Print(CommandInWords command)
    {
        string columns = command.Columns.IsEmpty ? "" : $" (columns {string.Join(", ", command.Columns)})";
        Console.WriteLine($"  {Word(command),-7}{command.Verdict}{columns}");
        if (command.Denied?.Hint is { } hint)
        {
            Console.WriteLine($"         {hint}");
        }
        foreach (PolicyInWords policy in command.Policies)
        {
            Console.WriteLine($"         \"{policy.Name}\"{(policy.Permissive ? "" : " (restrictive)")}");
            if (policy.Rows is { } rows)
            {
                Console.WriteLine($"           rows where {rows}");
            }
            if (policy.NewRows is { } made)
            {
                Console.WriteLine($"           written rows must have: {made}");
            }
            foreach (string function in policy.OwnersRights)
            {
                Console.WriteLine($"           {function} reads with its owner's rights");
            }
        }
    }
}

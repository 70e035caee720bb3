// All commands, and the one place where a failure becomes one line and an exit code: 1 failed, 2 wrong use or not built.
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Tenon.Cli.Configuration;
using Tenon.Core.Errors;
using Tenon.Core.Planning;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

internal static class Root
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("A whole back end in one server: secured API, sign-in and database from one folder.");
        foreach (Command command in Commands(args))
        {
            root.Subcommands.Add(command);
        }
        var settings = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
        try
        {
            ParseResult parsed = root.Parse(args);
            if (parsed.Action is ParseErrorAction)
            {
                Say.Failure(WrongUse(parsed));
                return 2;
            }
            return await parsed.InvokeAsync(settings);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception e) when (IsExpected(e))
        {
            Say.Failure(e.Message);
            return 1;
        }
    }

    /// <summary>What is wrong with the words of a command, in one line that names the help.</summary>
    private static string WrongUse(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        var path = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult one && one.Parent is not null; at = one.Parent)
        {
            path.Insert(0, one.Command.Name + " ");
        }
        string what = parsed.Errors[0].Message.TrimEnd('.');
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            string? near = NearMiss.Find(word, command.Subcommands.Select(c => c.Name));
            what = word.StartsWith('-') || command.Subcommands.Count == 0
                ? $"{word} is not known to tenon {string.Concat(path)}".TrimEnd()
                : $"there is no command {string.Concat(path)}{word}{(near is null ? "" : $"; did you mean {near}?")}";
        }
        return $"{what}; see: tenon {string.Concat(path)}--help";
    }

    /// <summary>Failures whose message is for the person who runs the command; any other is a mistake of ours.</summary>
    internal static bool IsExpected(Exception e) =>
        e is ConfigException or CommandFailure or StartRefused or MigrationFailure or TenonException or SourceException or IOException
            or UnauthorizedAccessException or InvalidDataException or InvalidOperationException or SocketException;

    // A server is started by its command alone: making the others takes a tenth of its start.
    private static IEnumerable<Command> Commands(string[] args) =>
        args is ["serve", ..] ? [ServeCommand.Create()]
        : args is ["dev", ..] ? [DevCommand.Create()]
        : All();

    private static IEnumerable<Command> All()
    {
        yield return DevCommand.Create();
        yield return ServeCommand.Create();
        yield return StatusCommand.Create();
        yield return MigrateCommand.Create();
        yield return DbCommand.Create();
        yield return KeyCommand.Create();
        yield return NewCommand.Create();
        yield return DoctorCommand.Create();
        yield return ConfigCommand.Create();
        yield return EnvCommand.Create();
        yield return GenCommand.Create();
        yield return SqlCommand.Create();
        yield return TokenCommand.Create();
        yield return UserCommand.Create();
        yield return SessionCommand.Create();
        yield return AuditCommand.Create();
        yield return OAuthClientCommand.Create();
        yield return PolicyCommands.Create();
        yield return SourceCommand.Create();
        foreach (string name in new[] { "import", "backup", "logs", "docs" })
        {
            yield return NotBuilt(name);
        }
    }

    /// <summary>A command of the contract that this version does not have: it says so instead of being unknown.</summary>
    internal static Command NotBuilt(string name, string parent = "")
    {
        var command = new Command(name, "Not built yet.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(_ =>
        {
            Console.Error.WriteLine($"tenon: '{parent}{name}' is not built yet");
            return 2;
        });
        return command;
    }
}

using System.Text.RegularExpressions;
using Tenon.Server.Tests.Architecture;

namespace Tenon.Server.Tests.Cli;

/// <summary>What every command has: help, exit codes, errors of one line.</summary>
public sealed partial class HelpTests
{
    [Theory]
    [InlineData("sql")]
    [InlineData("token")]
    [InlineData("user", "create")]
    [InlineData("session", "revoke")]
    [InlineData("key", "rotate")]
    [InlineData("db", "dump")]
    [InlineData("config", "print")]
    [InlineData("gen", "types", "typescript")]
    public async Task A_command_explains_itself(params string[] command)
    {
        CommandRun run = await CommandRun.RunAsync([.. command, "--help"]);
        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user", "create")]
    [InlineData("token")]
    [InlineData("sql", "select 1", ".", "--nonsense")]
    [InlineData("db", "move")]
    [InlineData("logs")]
    public async Task Wrong_use_and_what_is_not_built_end_with_two(params string[] command) =>
        Assert.Equal(2, (await CommandRun.RunAsync(command)).Code);

    [Theory]
    [InlineData("tenon: there is no command migrte; did you mean migrate?; see: tenon --help", "migrte")]
    [InlineData("tenon: there is no command db rest; did you mean reset?; see: tenon db --help", "db", "rest")]
    [InlineData("tenon: --nonsense is not known to tenon sql; see: tenon sql --help", "sql", "select 1", ".", "--nonsense")]
    [InlineData("tenon: Required command was not provided; see: tenon gen types --help", "gen", "types")]
    public async Task Wrong_use_is_told_in_one_line_that_names_the_help(string line, params string[] command)
    {
        CommandRun run = await CommandRun.RunAsync(command);
        Assert.Equal((2, line, ""), (run.Code, run.Errors.Trim(), run.Output));
    }

    [GeneratedRegex(@"(?<![\w/])(?:\./)?tenon (?<line>[a-z][^`\n#|]*)")]
    private static partial Regex Mention();

    [Fact]
    public async Task Every_command_and_option_that_the_documents_name_exists()
    {
        var helps = new Dictionary<string, string>();
        var wrong = new List<string>();
        foreach (string document in SourceTree.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (string code in CodeOf(SourceTree.Read(document)))
            {
                foreach (Match mention in Mention().Matches(code))
                {
                    if (await WrongAsync(mention.Groups["line"].Value, helps) is { } what)
                    {
                        wrong.Add($"{document}: tenon {mention.Groups["line"].Value}: {what}");
                    }
                }
            }
        }
        Assert.Empty(wrong);
        Assert.InRange(helps.Count, 15, 100);
    }

    /// <summary>Lines of fenced blocks and the insides of backticks.</summary>
    private static IEnumerable<string> CodeOf(string document) =>
        document.Split("```").SelectMany((part, i) =>
            i % 2 == 1 ? part.Split('\n') : Regex.Matches(part, "`([^`]+)`").Select(m => m.Groups[1].Value.ReplaceLineEndings(" ")));

    private static async Task<string?> WrongAsync(string line, Dictionary<string, string> helps)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var path = new List<string>();
        string help = await HelpAsync(path, helps);
        foreach (string word in words)
        {
            string[] below = [.. Regex.Matches(help, @"^  ([a-z]+(?:-[a-z]+)*)\b", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];
            if (!help.Contains("\nCommands:", StringComparison.Ordinal) || !Regex.IsMatch(word, "^[a-z]+(-[a-z]+)*$"))
            {
                break;
            }
            if (!below.Contains(word))
            {
                return $"there is no command {word}";
            }
            path.Add(word);
            help = await HelpAsync(path, helps);
        }
        string? unknown = Regex.Matches(line, @"--[a-z][a-z-]*").Select(m => m.Value).FirstOrDefault(o => !help.Contains(o, StringComparison.Ordinal));
        return unknown is null ? null : $"it has no option {unknown}";
    }

    private static async Task<string> HelpAsync(List<string> path, Dictionary<string, string> helps)
    {
        string name = string.Join(' ', path);
        if (!helps.TryGetValue(name, out string? help))
        {
            CommandRun run = await CommandRun.RunAsync([.. path, "--help"]);
            Assert.Equal(0, run.Code);
            helps[name] = help = run.Output.ReplaceLineEndings("\n");
        }
        return help;
    }

    [Fact]
    public async Task A_folder_that_is_no_app_is_named()
    {
        CommandRun run = await CommandRun.RunAsync("sql", "select 1", "/nowhere/at/all");
        Assert.Equal((1, "tenon: /nowhere/at/all: no such folder"), (run.Code, run.Errors.Trim()));
    }
}

namespace Tenon.Server.Tests.Cli;

/// <summary>What every command has: help, exit codes, errors of one line.</summary>
public sealed class HelpTests
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

    [Fact]
    public async Task A_folder_that_is_no_app_is_named()
    {
        CommandRun run = await CommandRun.RunAsync("sql", "select 1", "/nowhere/at/all");
        Assert.Equal((1, "tenon: /nowhere/at/all: no such folder"), (run.Code, run.Errors.Trim()));
    }
}

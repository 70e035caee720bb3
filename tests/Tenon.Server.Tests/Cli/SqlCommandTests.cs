namespace Tenon.Server.Tests.Cli;

/// <summary>tenon sql as a shell runs it.</summary>
public sealed class SqlCommandTests
{
    [Fact]
    public async Task Statements_print_tables_and_command_tags()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun run = await app.RunAsync(
            "sql",
            "insert into notes (body) values ('one'), ('two; three'); select id, body, owner from notes order by id; delete from notes where id = 2"
        );
        Assert.Equal("", run.Errors);
        Assert.Equal(
            """
            INSERT 0 2
             id |    body    | owner
            ----+------------+-------
              1 | one        |
              2 | two; three |
            (2 rows)

            DELETE 1

            """,
            run.Output.ReplaceLineEndings("\n")
        );
    }

    [Fact]
    public async Task Policies_and_grants_hold_for_the_caller_named_by_as()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.RunAsync("user", "create", "ann@x.test", "--password", "blue-giraffe-42");
        await app.RunAsync("user", "create", "bob@x.test", "--password", "blue-giraffe-42");
        Assert.Equal(0, (await app.RunAsync("sql", "insert into notes (body) values ('of ann')", "--as", "ann@x.test")).Code);
        CommandRun ann = await app.RunAsync("sql", "select body from notes", "--as", "ann@x.test", "--json");
        Assert.Equal("""[{"body":"of ann"}]""", ann.Output.Trim());
        Assert.Equal("[]", (await app.RunAsync("sql", "select body from notes", "--as", "bob@x.test", "--json")).Output.Trim());
        Assert.Equal("""[{"count":1}]""", (await app.RunAsync("sql", "select count(*) from notes", "--as", "service_role", "--json")).Output.Trim());

        CommandRun anon = await app.RunAsync("sql", "select body from notes", "--as", "anon");
        Assert.Equal(1, anon.Code);
        Assert.Contains("permission denied for table notes (42501)", anon.Errors, StringComparison.Ordinal);
        CommandRun forged = await app.RunAsync("sql", "insert into notes (owner, body) values (gen_random_uuid(), 'x')", "--as", "ann@x.test");
        Assert.Contains("row-level security", forged.Errors, StringComparison.Ordinal);
        Assert.Contains("no user has this address", (await app.RunAsync("sql", "select 1", "--as", "eve@x.test")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_shows_its_line_with_a_caret_and_ends_the_run()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun run = await CommandRun.RunWithInputAsync(
            "insert into notes (body) values ('kept');\nselect body,\n  nope from notes;\ninsert into notes (body) values ('never');\n",
            "sql",
            app.Folder
        );
        Assert.Equal(1, run.Code);
        Assert.Equal(
            """
            ERROR:  column "nope" does not exist (42703)
            LINE 3:   nope from notes;
                      ^
            """,
            run.Errors.Trim().ReplaceLineEndings("\n")
        );
        Assert.Equal("""[{"body":"kept"}]""", (await app.RunAsync("sql", "select body from notes", "--json")).Output.Trim());
    }

    [Fact]
    public async Task A_function_that_writes_is_called_by_select()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        Assert.Equal("""[{"add_note":1}]""", (await app.RunAsync("sql", "select add_note('a' || 'b')", "--json")).Output.Trim());
        Assert.Equal("""[{"n":2}]""", (await app.RunAsync("sql", "select n from add_note('c') as n", "--json")).Output.Trim());
        Assert.Equal("""[{"body":"ab"},{"body":"c"}]""", (await app.RunAsync("sql", "select body from notes order by id", "--json")).Output.Trim());
    }

    [Theory]
    [InlineData("create table x (id int)", "tenon migrate new")]
    [InlineData("begin", "transaction of its own")]
    [InlineData("explain select 1", "not supported")]
    [InlineData("select $1", "there is no parameter")]
    [InlineData("select 'open", "unterminated")]
    [InlineData("selec 1", "syntax error")]
    public async Task What_the_prompt_does_not_take_is_refused_with_the_mend(string statement, string words)
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun run = await app.RunAsync("sql", statement);
        Assert.Equal(1, run.Code);
        Assert.Contains(words, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_server_sees_what_the_prompt_wrote_and_both_keep_writing()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        await app.RunAsync("user", "create", "ann@x.test", "--password", "blue-giraffe-42");
        string token = (await app.RunAsync("token", "ann@x.test")).Output.Trim();
        string many = string.Join(';', Enumerable.Range(0, 100).Select(i => $"insert into notes (body) values ('prompt {i}')"));
        Task<CommandRun> prompt = app.RunAsync("sql", many, "--as", "ann@x.test");
        Task<int>[] requests = [.. Enumerable.Range(0, 100).Select(i => PostAsync(app, token, $"request {i}"))];
        Assert.All(await Task.WhenAll(requests), status => Assert.Equal(201, status));
        CommandRun run = await prompt;
        Assert.True(run.Code == 0, run.Errors);
        CommandRun count = await app.RunAsync("sql", "select count(*) from notes", "--json");
        Assert.Equal("""[{"count":200}]""", count.Output.Trim());
    }

    private static async Task<int> PostAsync(CommandApp app, string token, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Url + "/rest/v1/notes");
        request.Headers.Add("apikey", app.DevFile.GetProperty("publishableKey").GetString());
        request.Headers.Add("Authorization", "Bearer " + token);
        request.Content = new StringContent($$"""{"body":"{{body}}"}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}

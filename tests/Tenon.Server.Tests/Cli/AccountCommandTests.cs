using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Sources.Sqlite;

namespace Tenon.Server.Tests.Cli;

/// <summary>user, session, token and key as a shell runs them, with a server on the same database and without.</summary>
public sealed class AccountCommandTests
{
    [Fact]
    public async Task A_user_is_made_listed_changed_banned_and_deleted_without_a_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun made = await app.RunAsync("user", "create", "Ann@x.test", "--password", "blue-giraffe-42", "--json");
        Assert.Equal("ann@x.test", made.Json.GetProperty("email").GetString());
        CommandRun taken = await app.RunAsync("user", "create", "ann@x.test");
        Assert.Equal(1, taken.Code);
        Assert.Equal("tenon: A user with this email address has already been registered", taken.Errors.Trim());

        await app.RunAsync("user", "update", "ann@x.test", "--app-metadata", """{"plan":"pro"}""");
        JsonElement shown = (await app.RunAsync("user", "show", "ann@x.test")).Json;
        Assert.Equal("pro", shown.GetProperty("app_metadata").GetProperty("plan").GetString());

        Assert.Equal(0, (await app.RunAsync("user", "ban", "ann@x.test", "--for", "24h")).Code);
        Assert.Contains("banned until", (await app.RunAsync("user", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await app.RunAsync("token", "ann@x.test")).Code);
        Assert.Equal(0, (await app.RunAsync("user", "unban", "ann@x.test")).Code);

        Assert.Equal(0, (await app.RunAsync("user", "delete", "ann@x.test")).Code);
        CommandRun gone = await app.RunAsync("user", "show", "ann@x.test");
        Assert.Equal(1, gone.Code);
        Assert.Equal("tenon: no user has the address or id ann@x.test; list them with: tenon user list", gone.Errors.Trim());
    }

    [Fact]
    public async Task Users_are_listed_by_pages()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        foreach (string name in new[] { "a", "b", "c" })
        {
            await app.RunAsync("user", "create", $"{name}@x.test", "--password", "blue-giraffe-42");
        }
        Assert.Equal(2, (await app.RunAsync("user", "list", "--per-page", "2", "--json")).Json.GetArrayLength());
        JsonElement second = (await app.RunAsync("user", "list", "--per-page", "2", "--page", "2", "--json")).Json;
        Assert.Equal("a@x.test", Assert.Single(second.EnumerateArray()).GetProperty("email").GetString());
        Assert.Equal(1, (await app.RunAsync("user", "list", "--filter", "b@", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task What_takes_rights_away_holds_at_once_in_a_running_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        await app.RunAsync("user", "create", "ann@x.test", "--password", "blue-giraffe-42");
        string token = (await app.RunAsync("token", "ann@x.test", "--expires", "5m")).Output.Trim();
        Assert.Equal((200, "[]"), await app.ReadNotesAsync(token));

        JsonElement session = Assert.Single((await app.RunAsync("session", "list", "ann@x.test", "--json")).Json.EnumerateArray());
        CommandRun revoked = await app.RunAsync("session", "revoke", "ann@x.test", "--session", session.GetProperty("id").GetString()!);
        Assert.Equal("1 session ended", revoked.Output.Trim());
        Assert.Equal(401, (await app.ReadNotesAsync(token)).Status);

        string second = (await app.RunAsync("token", "ann@x.test")).Output.Trim();
        Assert.Equal(200, (await app.ReadNotesAsync(second)).Status);
        await app.RunAsync("user", "ban", "ann@x.test");
        Assert.Equal(401, (await app.ReadNotesAsync(second)).Status);
    }

    [Fact]
    public async Task An_api_key_is_made_used_listed_and_withdrawn_and_the_signing_key_rotated_under_a_running_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        string key = (await app.RunAsync("key", "create", "ci", "--secret")).Output.Trim();
        Assert.StartsWith("sb_secret_", key, StringComparison.Ordinal);
        Assert.Equal(200, (await app.ReadNotesAsync("", key)).Status);
        CommandRun listed = await app.RunAsync("key", "list");
        Assert.Contains("ci", listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key, listed.Output, StringComparison.Ordinal);
        Assert.Contains("exists", (await app.RunAsync("key", "create", "ci")).Errors, StringComparison.Ordinal);

        await app.RunAsync("user", "create", "ann@x.test", "--password", "blue-giraffe-42");
        string before = (await app.RunAsync("token", "ann@x.test")).Output.Trim();
        CommandRun rotated = await app.RunAsync("key", "rotate", "--json");
        Assert.Equal(["current", "previous", "standby"], rotated.Json.EnumerateArray().Select(k => k.GetProperty("status").GetString()).Order());
        Assert.Equal(200, (await app.ReadNotesAsync(before)).Status);

        Assert.Equal(0, (await app.RunAsync("key", "delete", "ci")).Code);
        Assert.Equal(401, (await app.ReadNotesAsync("", key)).Status);
        Assert.Equal("tenon: No API key has that name", (await app.RunAsync("key", "delete", "ci")).Errors.Trim());
    }

    [Fact]
    public async Task A_persons_keys_are_listed_and_ended_their_data_is_exported_and_they_are_erased()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        await app.RunAsync("user", "create", "ann@x.test", "--password", "blue-giraffe-42");
        string token = (await app.RunAsync("token", "ann@x.test")).Output.Trim();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Url + "/auth/v1/keys");
        request.Headers.Add("apikey", app.DevFile.GetProperty("publishableKey").GetString());
        request.Headers.Add("Authorization", "Bearer " + token);
        request.Content = new StringContent("""{"name":"script","scopes":"*"}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage made = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string key = JsonElement.Parse(await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("api_key").GetString()!;
        Assert.Equal(200, (await app.ReadNotesAsync("", key)).Status);

        CommandRun listed = await app.RunAsync("user", "key", "list", "ann@x.test", "--json");
        Assert.Equal("script", Assert.Single(listed.Json.EnumerateArray()).GetProperty("name").GetString());
        Assert.DoesNotContain(key, listed.Output, StringComparison.Ordinal);
        Assert.Equal("script deleted", (await app.RunAsync("user", "key", "delete", "ann@x.test", "script")).Output.Trim());
        Assert.Equal(401, (await app.ReadNotesAsync("", key)).Status);
        Assert.Contains("has no key script", (await app.RunAsync("user", "key", "delete", "ann@x.test", "script")).Errors, StringComparison.Ordinal);

        string file = Path.Combine(app.Folder, "ann.json");
        Assert.Equal(0, (await app.RunAsync("user", "export", "ann@x.test", "--file", file)).Code);
        JsonElement data = JsonElement.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal("ann@x.test", data.GetProperty("user").GetProperty("email").GetString());
        Assert.Single(data.GetProperty("sessions").EnumerateArray());

        CommandRun unsure = await app.RunAsync("user", "erase", "ann@x.test");
        Assert.Equal(1, unsure.Code);
        Assert.Contains("--yes", unsure.Errors, StringComparison.Ordinal);
        Assert.Equal(200, (await app.ReadNotesAsync(token)).Status);
        Assert.Equal("ann@x.test erased", (await app.RunAsync("user", "erase", "ann@x.test", "--yes")).Output.Trim());
        Assert.Equal(401, (await app.ReadNotesAsync(token)).Status);
        Assert.Equal("""[{"n":0}]""", (await app.RunAsync("sql", "select count(*) as n from auth.audit_log_entries where actor_username = 'ann@x.test'", "--json")).Output.Trim());
        Assert.Equal(0, (await app.RunAsync("audit", "verify")).Code);
    }

    [Fact]
    public async Task The_audit_log_is_verified_and_is_not_changed_by_the_prompt()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        foreach (string name in new[] { "a", "b", "c" })
        {
            await app.RunAsync("user", "create", $"{name}@x.test", "--password", "blue-giraffe-42");
        }
        CommandRun whole = await app.RunAsync("audit", "verify");
        Assert.StartsWith("3 entries, unbroken", whole.Output, StringComparison.Ordinal);
        JsonElement json = (await app.RunAsync("audit", "verify", "--json")).Json;
        Assert.Equal((true, 3), (json.GetProperty("valid").GetBoolean(), json.GetProperty("entries").GetInt64()));
        string anchor = json.GetProperty("anchor").GetString()!;
        foreach (string sql in new[] { "delete from auth.audit_log_entries", "update auth.audit_log_entries set action = 'x'", "update auth.audit_log_entries set ip_address = 'x'" })
        {
            CommandRun refused = await app.RunAsync("sql", sql);
            Assert.Equal(1, refused.Code);
            Assert.Contains("entries of the audit log are not", refused.Errors, StringComparison.Ordinal);
        }
        using (SqliteConnection file = SqliteConnection.Open(new SqliteOptions(Path.Combine(app.Folder, ".tenon/data.db")), SqliteMode.Writer))
        {
            file.ExecuteScript("delete from \"auth.audit_log_entries\" where seq = 2");
        }
        CommandRun broken = await app.RunAsync("audit", "verify", "--anchor", anchor);
        Assert.Equal((1, "tenon: the audit log is not as it was written: entry 2: the entry is missing"), (broken.Code, broken.Errors.Trim()));
        CommandRun said = await app.RunAsync("audit", "verify", "--json");
        Assert.Equal(1, said.Code);
        Assert.Equal(2, said.Json.GetProperty("finding").GetProperty("seq").GetInt64());
    }

    [Fact]
    public async Task Without_a_database_a_command_says_how_to_make_one()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-commands-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), "", TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.RunAsync("user", "list", folder);
        Assert.Equal(1, run.Code);
        Assert.Equal($"tenon: {folder} has no database yet; make it with: tenon migrate up {folder}", run.Errors.Trim());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_secret_key_is_not_sent_to_another_program_on_the_port()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        var heard = new List<string>();
        var builder = Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls(builder.WebHost, "http://127.0.0.1:0");
        await using Microsoft.AspNetCore.Builder.WebApplication stranger = builder.Build();
        Microsoft.AspNetCore.Builder.RunExtensions.Run(
            stranger,
            http =>
            {
                heard.AddRange(http.Request.Headers.Select(h => h.Value.ToString()));
                return Microsoft.AspNetCore.Http.HttpResponseJsonExtensions.WriteAsJsonAsync(http.Response, new { proof = "made up", users = Array.Empty<string>() });
            }
        );
        await stranger.StartAsync(TestContext.Current.CancellationToken);
        await app.RunAsync("key", "list");
        JsonElement keys = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(app.Folder, ".tenon", "keys.json"), TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(
            Path.Combine(app.Folder, ".tenon", "dev.json"),
            JsonSerializer.Serialize(new { url = stranger.Urls.First() }),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(0, (await app.RunAsync("user", "list")).Code);
        Assert.NotEmpty(heard);
        Assert.DoesNotContain(keys.GetProperty("secretKey").GetString(), heard);
    }
}

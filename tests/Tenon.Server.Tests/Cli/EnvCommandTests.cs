using System.Net.Http.Json;
using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon env: two environments compared, and one made like the other.</summary>
public sealed class EnvCommandTests
{
    private const string Settings = """

        [auth]
        minimum_password_length = 12 # longer than usual
        rate_limit = { token_refresh = 99 }

        [auth.email.smtp]
        pass = "canary-of-the-mail-server"

        [auth.external.github]
        enabled = false
        client_id = "env(NOT_SET_ANYWHERE)"
        secret = "canary-of-github"

        """;

    private const string Rules = """
        create role editor;
        grant select on public.notes to editor;
        grant select (body) on public.notes to anon;
        drop policy "own notes" on public.notes;
        create policy "own notes" on public.notes using (owner = auth.uid() and body <> '') with check (owner = auth.uid());
        create policy "editors" on public.notes for select to editor using (true);
        """;

    private const string Own = """
        create policy "of the target" on public.notes for select to authenticated using (body = 'shared');
        grant delete on public.notes to authenticated;
        """;

    private static async Task MigrateAsync(CommandApp app, string sql)
    {
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "migrations", "2_rules.sql"), sql);
        CommandRun up = await app.RunAsync("migrate", "up");
        Assert.True(up.Code == 0, up.Errors);
    }

    private static string[] Steps(CommandRun run)
    {
        Assert.True(run.Code == 0, run.Errors);
        return [.. run.Json.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("action").GetString()} {s.GetProperty("area").GetString()} {s.GetProperty("key").GetString()}")];
    }

    [Fact]
    public async Task A_folder_is_made_like_another_and_a_second_time_changes_nothing()
    {
        await using CommandApp from = await CommandApp.MakeAsync();
        await using CommandApp to = await CommandApp.MakeAsync();
        await MigrateAsync(from, Rules);
        await MigrateAsync(to, Own);
        await File.AppendAllTextAsync(Path.Combine(from.Folder, "tenon.toml"), Settings, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(to.Folder, "tenon.development.toml"), "# what development differs in\n[auth]\nminimum_password_length = 9 # short\njwt_expiry = 3600\n", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(from.Folder, "emails"));
        await File.WriteAllTextAsync(Path.Combine(from.Folder, "emails", "recovery.html"), "<p>Here: {{ .ConfirmationURL }}</p>", TestContext.Current.CancellationToken);

        string[] env = [from.Folder, to.Folder];
        CommandRun plan = await CommandRun.RunAsync(["env", "plan", .. env, "--json"]);
        Assert.DoesNotContain("canary", plan.Output, StringComparison.Ordinal);
        Assert.Equal(
            [
                "add access grant select (body) on public.notes to anon",
                "add access grant select on public.notes to editor",
                "add access policy editors on public.notes",
                "add access role editor",
                "add setting auth.external.github.client_id",
                "add setting auth.external.github.enabled",
                "add template recovery",
                "change access policy \"own notes\" on public.notes",
                "change setting auth.minimum_password_length",
                "change setting auth.rate_limit.token_refresh",
                "remove access grant delete on public.notes to authenticated",
                "remove access policy \"of the target\" on public.notes",
            ],
            Steps(plan).Order(StringComparer.Ordinal)
        );

        CommandRun stopped = await CommandRun.RunAsync(["env", "apply", .. env]);
        Assert.Equal(1, stopped.Code);
        Assert.Contains("would remove", stopped.Errors, StringComparison.Ordinal);
        Assert.Equal(Steps(plan), Steps(await CommandRun.RunAsync(["env", "plan", .. env, "--json"])));

        string[] named = ["--allow", "grant delete on public.notes to authenticated", "--allow", "policy \"of the target\" on public.notes"];
        CommandRun applied = await CommandRun.RunAsync(["env", "apply", .. env, .. named]);
        Assert.True(applied.Code == 0, applied.Errors + applied.Output);
        Assert.Empty(Steps(await CommandRun.RunAsync(["env", "plan", .. env, "--json"])));
        Assert.Contains("0 steps applied", (await CommandRun.RunAsync(["env", "apply", .. env])).Output, StringComparison.Ordinal);
        string overlay = await File.ReadAllTextAsync(Path.Combine(to.Folder, "tenon.development.toml"), TestContext.Current.CancellationToken);
        Assert.StartsWith("# what development differs in\n[auth]\n", overlay, StringComparison.Ordinal);
        Assert.Contains("minimum_password_length = 12", overlay, StringComparison.Ordinal);
        Assert.Contains("client_id = \"env(NOT_SET_ANYWHERE)\"", overlay, StringComparison.Ordinal);
        Assert.Equal("<p>Here: {{ .ConfirmationURL }}</p>", await File.ReadAllTextAsync(Path.Combine(to.Folder, "emails", "recovery.html"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_setting_inside_an_inline_table_is_left_to_people_and_the_file_stays()
    {
        await using CommandApp from = await CommandApp.MakeAsync();
        await using CommandApp to = await CommandApp.MakeAsync();
        await File.AppendAllTextAsync(Path.Combine(from.Folder, "tenon.toml"), "[auth.rate_limit]\ntoken_refresh = 99\n", TestContext.Current.CancellationToken);
        const string Overlay = "auth = { rate_limit = { token_refresh = 7 } }\n";
        string file = Path.Combine(to.Folder, "tenon.development.toml");
        await File.WriteAllTextAsync(file, Overlay, TestContext.Current.CancellationToken);
        CommandRun refused = await CommandRun.RunAsync("env", "apply", from.Folder, to.Folder);
        Assert.Equal(1, refused.Code);
        Assert.Contains("set it by hand: auth.rate_limit.token_refresh = 99", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(Overlay, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_rule_that_the_target_has_no_table_for_changes_nothing_and_says_so()
    {
        await using CommandApp from = await CommandApp.MakeAsync();
        await using CommandApp to = await CommandApp.MakeAsync();
        await MigrateAsync(from, "create role reader; create table public.extra (id int primary key); grant select on public.extra to anon;");
        CommandRun refused = await CommandRun.RunAsync("env", "apply", from.Folder, to.Folder);
        Assert.Equal(1, refused.Code);
        Assert.Contains("nothing was changed", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("tenon migrate up", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("add access role reader", Steps(await CommandRun.RunAsync("env", "plan", from.Folder, to.Folder, "--json")));
    }

    private static readonly object Corp = new
    {
        identifier = "custom:corp", provider_type = "oauth2", name = "Corp", client_id = "tenon", client_secret = "canary-of-corp",
        authorization_url = "https://sso.corp.example/authorize", token_url = "https://sso.corp.example/token", userinfo_url = "https://sso.corp.example/me",
    };

    [Fact]
    public async Task A_running_server_is_taken_over_by_another_that_keeps_running()
    {
        await using CommandApp from = await CommandApp.MakeAsync();
        await using CommandApp to = await CommandApp.MakeAsync();
        await MigrateAsync(from, "create policy \"everyone\" on public.notes for select to anon using (true); grant select on public.notes to anon;");
        await File.AppendAllTextAsync(Path.Combine(from.Folder, "tenon.toml"), "\n[auth]\nminimum_password_length = 11\n", TestContext.Current.CancellationToken);
        await from.StartServerAsync();
        await to.StartServerAsync();
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("apikey", from.DevFile.GetProperty("secretKey").GetString());
        using HttpResponseMessage made = await http.PostAsJsonAsync(
            new Uri(from.Url + "/auth/v1/admin/custom-providers"),
            Corp,
            TestContext.Current.CancellationToken
        );
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        string name = $"TENON_TEST_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(name, from.DevFile.GetProperty("secretKey").GetString());
        Environment.SetEnvironmentVariable(name + "_CORP", "canary-of-corp");
        string[] env = [from.Url, to.Folder, "--from-key", $"env({name})"];
        CommandRun plan = await CommandRun.RunAsync(["env", "plan", .. env, "--json"]);
        Assert.DoesNotContain("canary", plan.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["add access grant select on public.notes to anon", "add access policy everyone on public.notes", "add provider custom:corp", "change setting auth.minimum_password_length"],
            Steps(plan).Order(StringComparer.Ordinal)
        );
        CommandRun blocked = await CommandRun.RunAsync(["env", "apply", .. env]);
        Assert.Equal(1, blocked.Code);
        Assert.Contains("--secret", blocked.Output, StringComparison.Ordinal);
        CommandRun applied = await CommandRun.RunAsync(["env", "apply", .. env, "--secret", $"custom:corp=env({name}_CORP)"]);
        Assert.True(applied.Code == 0, applied.Errors + applied.Output);
        Assert.Empty(Steps(await CommandRun.RunAsync(["env", "plan", .. env, "--json"])));

        (int status, string body) = (0, "");
        for (int i = 0; i < 150 && status != 200; i++)
        {
            (status, body) = await to.ReadNotesAsync("");
            await Task.Delay(status == 200 ? 0 : 200, TestContext.Current.CancellationToken);
        }
        Assert.Equal((200, "[]"), (status, body));
        // The other way round it is a server elsewhere: what is its files' and its database's is left to people.
        CommandRun remote = await CommandRun.RunAsync("env", "plan", to.Folder, from.Url, "--to-key", $"env({name})", "--json");
        Assert.Empty(Steps(remote));
        Assert.Equal(1, (await CommandRun.RunAsync("env", "plan", "http://server.example", to.Folder, "--from-key", $"env({name})")).Code);
        Assert.Equal(1, (await CommandRun.RunAsync("env", "plan", from.Url, to.Folder, "--from-key", "the-key-itself")).Code);
    }

    [Fact]
    public async Task An_address_is_made_like_a_folder_as_one_change_and_drift_tells_of_it()
    {
        await using CommandApp from = await CommandApp.MakeAsync();
        await using CommandApp to = await CommandApp.MakeAsync();
        await MigrateAsync(from, "create policy \"everyone\" on public.notes for select to anon using (body <> 'it''s hidden'); grant select (body) on public.notes to anon;");
        await MigrateAsync(to, Own);
        await File.AppendAllTextAsync(
            Path.Combine(from.Folder, "tenon.toml"),
            "[auth]\nminimum_password_length = 20\n[auth.email]\notp_length = 8\n[auth.captcha]\nprovider = \"hcaptcha\"\n",
            TestContext.Current.CancellationToken
        );
        Directory.CreateDirectory(Path.Combine(from.Folder, "emails"));
        await File.WriteAllTextAsync(Path.Combine(from.Folder, "emails", "recovery.html"), "<p>Here: {{ .ConfirmationURL }}</p>", TestContext.Current.CancellationToken);
        await to.StartServerAsync();
        string name = $"TENON_TEST_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(name, to.DevFile.GetProperty("secretKey").GetString());
        string[] env = [from.Folder, to.Url, "--to-key", $"env({name})"];

        CommandRun stopped = await CommandRun.RunAsync(["env", "apply", .. env]);
        Assert.Contains("would remove", stopped.Errors, StringComparison.Ordinal);
        string[] named = ["--allow", "grant delete on public.notes to authenticated", "--allow", "policy \"of the target\" on public.notes"];
        CommandRun applied = await CommandRun.RunAsync(["env", "apply", .. env, .. named]);
        Assert.True(applied.Code == 1, applied.Errors + applied.Output);
        Assert.Contains("7 steps applied, 1 left", applied.Output, StringComparison.Ordinal);
        Assert.Equal(["change setting auth.captcha.provider"], Steps(await CommandRun.RunAsync(["env", "plan", .. env, "--json"])));
        Assert.Equal((200, "[]"), await to.ReadNotesAsync(""));

        string[] at = [to.Url, "--key", $"env({name})"];
        CommandRun drift = await CommandRun.RunAsync(["env", "drift", .. at]);
        Assert.Contains("setting   auth.minimum_password_length  files 8, now 20", drift.Output, StringComparison.Ordinal);
        Assert.Contains("template  recovery", drift.Output, StringComparison.Ordinal);
        Assert.Contains("access    policy everyone on public.notes  made by env apply", drift.Output, StringComparison.Ordinal);
        Assert.Contains("access    policy \"of the target\" on public.notes  taken away", drift.Output, StringComparison.Ordinal);
        CommandRun reset = await CommandRun.RunAsync(["env", "drift", .. at, "--reset", "auth.minimum_password_length", "--reset", "recovery", "--json"]);
        Assert.DoesNotContain("minimum_password_length", reset.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("recovery", reset.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await CommandRun.RunAsync(["env", "drift", .. at, "--reset", "auth.minimum_password_length"])).Code);
    }
}

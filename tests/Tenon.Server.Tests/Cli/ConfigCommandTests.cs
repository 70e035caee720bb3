using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon config and the schema of tenon.toml for editors.</summary>
public sealed class ConfigCommandTests
{
    [Fact]
    public async Task The_defaults_are_a_tenon_toml_that_changes_nothing()
    {
        CommandRun defaults = await CommandRun.RunAsync("config", "--defaults");
        Assert.Equal(0, defaults.Code);
        Assert.Contains("\n[auth.rate_limit]\nemail_sent = 30\n", defaults.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        string folder = Directory.CreateTempSubdirectory("tenon-config-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), defaults.Output, TestContext.Current.CancellationToken);
        CommandRun printed = await CommandRun.RunAsync("config", "print", folder);
        Assert.Equal((0, defaults.Output, ""), (printed.Code, printed.Output, printed.Errors));
        Assert.Equal(defaults.Output, (await CommandRun.RunAsync("config", "print", "--defaults")).Output);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Config_alone_says_what_to_write() =>
        Assert.Equal((2, "tenon: say what to show: tenon config print [DIR], or tenon config --defaults"), await ErrorOf("config"));

    [Fact]
    public async Task A_new_app_names_a_schema_that_knows_every_setting_and_nothing_else()
    {
        string folder = Path.Combine(Directory.CreateTempSubdirectory("tenon-config-").FullName, "app");
        Assert.Equal(0, (await CommandRun.RunAsync("new", folder)).Code);
        string[] toml = await File.ReadAllLinesAsync(Path.Combine(folder, "tenon.toml"), TestContext.Current.CancellationToken);
        Assert.Equal("#:schema ./.tenon/tenon.schema.json", toml[0]);
        Assert.Equal(0, (await CommandRun.RunAsync("config", "print", folder)).Code);
        JsonElement schema = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(folder, ".tenon", "tenon.schema.json"), TestContext.Current.CancellationToken));

        JsonElement section = schema;
        foreach (string line in (await CommandRun.RunAsync("config", "--defaults")).Output.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith('['))
            {
                section = line.Trim('[', ']').Split('.').Aggregate(schema, (at, part) => at.GetProperty("properties").GetProperty(part));
            }
            else if (line.Length > 0)
            {
                string[] pair = line.Split(" = ", 2);
                JsonElement setting = section.GetProperty("properties").GetProperty(pair[0]);
                Assert.Equal(pair[1].Replace(", ", ",", StringComparison.Ordinal), JsonSerializer.Serialize(setting.GetProperty("default")));
                Assert.Contains(pair[1][0] is '"' ? "string" : pair[1][0] is '[' ? "array" : char.IsDigit(pair[1][0]) ? "integer" : "boolean", setting.GetRawText(), StringComparison.Ordinal);
            }
        }
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
        Assert.False(schema.GetProperty("properties").GetProperty("auth").GetProperty("additionalProperties").GetBoolean());
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Fact]
    public async Task Secrets_are_printed_as_the_variable_that_holds_them_or_not_at_all()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-config-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), """
            db = { url = "postgres://app:canary@p/w@db.internal:5432/app?sslmode=require" }
            [auth]
            sms = { secret = "canary-sms", test_otp = { 4915550000 = "canary-code" } }
            captcha = { provider = "turnstile", secret = "canary-captcha" }
            external.github = { client_id = "shown-id", secret = "canary-github" }
            hook.send_email = { uri = "https://mail.internal/hook", secrets = "v1,whsec_canary" }
            [auth.email]
            smtp = { host = "mail.internal", pass = "env(SMTP_PASS)" }
            [storage]
            s3 = { endpoint = "https://s3.internal", secret_key = "canary-s3" }
            [sources.crm]
            connection_string = "Server=crm.internal;User=reader;Password=canary-crm;Database=crm"
            [sources.rates]
            http = { headers = { Authorization = "Bearer canary-rates" } }
            [sources.old]
            url = "mysql://${CRM_USER}:${CRM_PASSWORD}@crm.internal/crm"
            """, TestContext.Current.CancellationToken);
        CommandRun printed = await CommandRun.RunAsync("config", "print", folder);
        Assert.Equal((0, ""), (printed.Code, printed.Errors));
        Assert.DoesNotContain("canary", printed.Output, StringComparison.Ordinal);
        foreach (string shown in new[]
        {
            "url = \"postgres://app:***@db.internal:5432/app?sslmode=require\"",
            "pass = \"env(SMTP_PASS)\"",
            "client_id = \"shown-id\"",
            "uri = \"https://mail.internal/hook\"",
            "connection_string = \"Server=crm.internal;User=reader;Password=***;Database=crm\"",
            "url = \"mysql://${CRM_USER}:${CRM_PASSWORD}@crm.internal/crm\"",
        })
        {
            Assert.Contains(shown, printed.Output, StringComparison.Ordinal);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("[auth.external.acme]\nclient_idd = \"x\"", "tenon.toml:2: unknown key auth.external.acme.client_idd; did you mean auth.external.acme.client_id?")]
    [InlineData("[auth.external]\nenabled = true", "tenon.toml:2: unknown key auth.external.enabled")]
    [InlineData("[auth.third_party.entra]\nrole_clain = \"x\"", "tenon.toml:2: unknown key auth.third_party.entra.role_clain; did you mean auth.third_party.entra.role_claim?")]
    public async Task Names_of_providers_are_the_apps_and_their_keys_are_not(string toml, string said)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-config-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), toml, TestContext.Current.CancellationToken);
        (int code, string error) = await ErrorOf("gen", "openapi", folder);
        Assert.NotEqual(0, code);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<(int, string)> ErrorOf(params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(arguments);
        return (run.Code, run.Errors.Trim());
    }
}

using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

public sealed class WireTests
{
    [Fact]
    public async Task Errors_have_the_shape_of_the_version_the_client_names()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer old = await host.SignInAsync("nobody@b.test");
        Assert.Equal("""{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}""", old.Body);
        Answer now = await host.SendAsync(
            "POST",
            "/auth/v1/token?grant_type=password",
            """{"email":"nobody@b.test","password":"blue-giraffe-42"}""",
            headers: h => h.Add("X-Supabase-Api-Version", "2024-01-01")
        );
        Assert.Equal("""{"code":"invalid_credentials","message":"Invalid login credentials"}""", now.Body);
        Assert.Equal("2024-01-01", now.Header("X-Supabase-Api-Version"));
        Answer weak = await host.SignUpAsync("a@b.test", "short");
        Assert.Equal("length", weak.Json.GetProperty("weak_password").GetProperty("reasons")[0].GetString());
    }

    [Theory]
    [InlineData("GET", "/auth/v1/sso")]
    [InlineData("POST", "/auth/v1/token?grant_type=web3")]
    public async Task What_is_not_built_says_so(string verb, string path)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer answer = await host.SendAsync(verb, path, verb == "POST" ? "{}" : null);
        Assert.Equal("501 feature_disabled", answer.Refusal);
        Assert.EndsWith("is not built yet", answer.Text("msg"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_settings_and_discovery_tell_the_truth()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("GoTrue", (await host.SendAsync("GET", "/auth/v1/health")).Text("name"));
        JsonElement settings = (await host.SendAsync("GET", "/auth/v1/settings")).Json;
        Assert.True(settings.GetProperty("external").GetProperty("email").GetBoolean());
        Assert.False(settings.GetProperty("external").GetProperty("anonymous_users").GetBoolean());
        Assert.True(settings.GetProperty("mailer_autoconfirm").GetBoolean());
        Answer discovery = await host.SendAsync("GET", "/auth/v1/.well-known/openid-configuration");
        Assert.Equal("http://127.0.0.1:54321/auth/v1", discovery.Text("issuer"));
        Assert.Equal("404 unknown", (await host.SendAsync("GET", "/auth/v1/nowhere")).Refusal);
    }

    [Fact]
    public void Confirmation_by_mail_is_refused_at_start_in_production_without_a_mail_server()
    {
        var options = new AuthOptions { Email = { EnableConfirmations = true } };
        var e = Assert.Throws<InvalidOperationException>(() => AuthFeature.Validate(options));
        Assert.Contains("[auth.email.smtp]", e.Message, StringComparison.Ordinal);
        options.Development = true;
        AuthFeature.Validate(options);
    }

    [Fact]
    public void Every_code_is_in_the_closed_list_and_in_the_docs()
    {
        string[] used =
        [
            .. typeof(AuthErrors)
                .GetFields(BindingFlags.Static | BindingFlags.Public)
                .Select(field => field.GetValue(null))
                .OfType<AuthError>()
                .Select(error => error.Code),
        ];
        Assert.Empty(used.Except(AuthErrors.Codes));
        string docs = File.ReadAllText(Path.Combine(Root(), "docs", "errors-auth.md"));
        Assert.Empty(AuthErrors.Codes.Where(code => !docs.Contains($"`{code}`", StringComparison.Ordinal)));
        string tests = string.Concat(Directory.GetFiles(Path.Combine(Root(), "tests/Tenon.Server.Tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.Empty(AuthErrors.Codes.Where(code => !Regex.IsMatch(tests, $"\\d {code}\"")));
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Tenon.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder!;
    }
}

using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>/admin/custom-providers: providers made at run time.</summary>
public sealed class CustomProviderTests
{
    private const string Path = "/auth/v1/admin/custom-providers";

    private static string Body(ExternalVisit visit, string more = "") =>
        $$"""{"provider_type":"oidc","identifier":"custom:mine","name":"Mine","client_id":"tenon","client_secret":"top-secret-7","issuer":"{{visit.Issuer.Url}}"{{more}}}""";

    [Fact]
    public async Task A_provider_is_made_used_switched_off_and_deleted_while_the_server_runs()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Answer made = await visit.Host.AdminAsync("POST", Path, Body(visit, ""","custom_claims_allowlist":["department"],"authorization_params":{"prompt":"login"}"""));
        Assert.Equal(HttpStatusCode.Created, made.Status);
        visit.Issuer.Person["department"] = "sales";
        JsonElement user = (await visit.SessionAsync("custom:mine")).GetProperty("user");
        Assert.Equal("sales", user.GetProperty("user_metadata").GetProperty("custom_claims").GetProperty("department").GetString());
        Assert.Equal("custom:mine", user.GetProperty("app_metadata").GetProperty("provider").GetString());
        Assert.Equal("login", Assert.Single(visit.Issuer.Authorizations)["prompt"]);
        Assert.Equal("Mine", (await visit.Host.AdminAsync("GET", Path + "/custom:mine")).Text("name"));
        Assert.Single((await visit.Host.AdminAsync("GET", Path + "?type=oidc")).Json.GetProperty("providers").EnumerateArray());
        Assert.Empty((await visit.Host.AdminAsync("GET", Path + "?type=oauth2")).Json.GetProperty("providers").EnumerateArray());
        Answer off = await visit.Host.AdminAsync("PUT", Path + "/custom:mine", """{"enabled":false,"name":"Ours"}""");
        Assert.Equal("Ours", off.Text("name"));
        Assert.Equal("400 validation_failed", (await visit.Host.SendAsync("GET", ExternalVisit.Path("custom:mine", pkce: true))).Refusal);
        Assert.Equal(HttpStatusCode.NoContent, (await visit.Host.AdminAsync("DELETE", Path + "/custom:mine")).Status);
        Assert.Equal("404 custom_provider_not_found", (await visit.Host.AdminAsync("GET", Path + "/custom:mine")).Refusal);
        Assert.Equal("404 custom_provider_not_found", (await visit.Host.AdminAsync("DELETE", Path + "/custom:mine")).Refusal);
    }

    [Fact]
    public async Task The_secret_is_sealed_in_the_database_and_told_to_nobody()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Answer made = await visit.Host.AdminAsync("POST", Path, Body(visit));
        string row = await visit.Host.Store.ScalarAsync<string>("select custom_providers::text from auth.custom_providers");
        Answer read = await visit.Host.AdminAsync("GET", Path + "/custom:mine");
        Assert.All([made.Body, row, read.Body], text => Assert.DoesNotContain("top-secret-7", text, StringComparison.Ordinal));
        await visit.SessionAsync("custom:mine");
        string basic = Assert.Single(visit.Issuer.Exchanges)["authorization"].Replace("Basic ", "", StringComparison.Ordinal);
        Assert.Equal("tenon:top-secret-7", System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(basic)));
    }

    [Fact]
    public async Task Claims_of_an_oauth2_provider_are_mapped()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string url = visit.Issuer.Url;
        string body = $$"""
            {"provider_type":"oauth2","identifier":"custom:two","name":"Two","client_id":"tenon","client_secret":"s",
             "authorization_url":"{{url}}/authorize","token_url":"{{url}}/token","userinfo_url":"{{url}}/userinfo",
             "attribute_mapping":{"email":"mail","email_verified":"mail_ok"} }
            """;
        Assert.Equal(HttpStatusCode.Created, (await visit.Host.AdminAsync("POST", Path, body)).Status);
        visit.Issuer.Person["mail"] = "mapped@b.test";
        visit.Issuer.Person["mail_ok"] = true;
        Assert.Equal("mapped@b.test", (await visit.SessionAsync("custom:two")).GetProperty("user").GetProperty("email").GetString());
    }

    [Theory]
    [InlineData("identifier", "mine")]
    [InlineData("identifier", "custom:")]
    [InlineData("identifier", "custom:A")]
    [InlineData("provider_type", "saml")]
    [InlineData("name", "")]
    [InlineData("client_id", "")]
    [InlineData("client_secret", "")]
    [InlineData("issuer", "")]
    [InlineData("issuer", "https://10.0.0.1")]
    [InlineData("issuer", "ftp://a.test")]
    [InlineData("discovery_url", "http://10.0.0.1/x")]
    [InlineData("scopes", "openid")]
    [InlineData("authorization_params", "{\"redirect_uri\":\"https://evil.test\"}")]
    [InlineData("attribute_mapping", "{\"role\":\"admin\"}")]
    public async Task What_cannot_work_is_refused_and_nothing_is_kept(string member, string value)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        var body = JsonSerializer.Deserialize<Dictionary<string, object>>(Body(visit))!;
        body[member] = value.StartsWith('{') ? JsonElement.Parse(value) : value;
        Assert.Equal("400 validation_failed", (await visit.Host.AdminAsync("POST", Path, JsonSerializer.Serialize(body))).Refusal);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.custom_providers"));
    }

    [Fact]
    public async Task Only_the_service_key_may_and_an_identifier_is_given_once()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Assert.Equal("403 not_admin", (await visit.Host.PostAsync(Path, Body(visit))).Refusal);
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        Assert.Equal("403 not_admin", (await visit.Host.SendAsync("GET", Path, token: token)).Refusal);
        await visit.Host.AdminAsync("POST", Path, Body(visit));
        Assert.Equal("400 validation_failed", (await visit.Host.AdminAsync("POST", Path, Body(visit))).Refusal);
        Assert.Equal("400 validation_failed", (await visit.Host.AdminAsync("PUT", Path + "/custom:mine", """{"provider_type":"oauth2"}""")).Refusal);
    }
}

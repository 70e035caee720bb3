using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>What the known providers do each in their own way.</summary>
public sealed class PresetTests
{
    private const string Tenant = "2b1f6a51-7c4f-4f0c-9f53-6f3a8b1b6d11";
    private const string Consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";

    private static Task<ExternalVisit> StartAsync(string name, Action<AuthExternalOptions>? configure = null, string path = "") =>
        ExternalVisit.StartAsync((options, issuer) =>
        {
            var external = new AuthExternalOptions { Enabled = true, ClientId = "tenon", Secret = "s", Url = issuer.Url + path };
            configure?.Invoke(external);
            options.External[name] = external;
        });

    [Fact]
    public async Task GitHub_is_asked_for_the_primary_address_and_whether_it_is_verified()
    {
        await using ExternalVisit visit = await StartAsync("github");
        visit.Issuer.Person.Clear();
        foreach ((string name, object value) in new Dictionary<string, object> { ["id"] = 583231, ["login"] = "octocat", ["email"] = "public@b.test", ["avatar_url"] = "https://a.test/1.png" })
        {
            visit.Issuer.Person[name] = value;
        }
        JsonElement user = (await visit.SessionAsync("github")).GetProperty("user");
        Assert.Equal("primary@b.test", user.GetProperty("email").GetString());
        Assert.Equal("583231", user.GetProperty("identities")[0].GetProperty("id").GetString());
        Assert.Equal("octocat", user.GetProperty("user_metadata").GetProperty("user_name").GetString());
        Assert.Equal("https://a.test/1.png", user.GetProperty("user_metadata").GetProperty("avatar_url").GetString());
        Dictionary<string, string> exchange = Assert.Single(visit.Issuer.Exchanges);
        Assert.Equal("s", exchange["client_secret"]);
        Assert.True(exchange["code_verifier"].Length >= 43);
        visit.Issuer.Person["id"] = 2;
        visit.Issuer.PrimaryVerified = false;
        Assert.Equal("302 provider_email_needs_verification", ExternalVisit.Refusal(await visit.SignInAsync("github")));
    }

    [Fact]
    public async Task Discord_says_verified_where_others_say_email_verified()
    {
        await using ExternalVisit visit = await StartAsync("discord");
        visit.Issuer.Person.Remove("sub");
        visit.Issuer.Person.Remove("email_verified");
        visit.Issuer.Person["id"] = "80351110224678912";
        Assert.Equal("302 provider_email_needs_verification", ExternalVisit.Refusal(await visit.SignInAsync("discord")));
        visit.Issuer.Person["verified"] = true;
        Assert.Equal("ann@b.test", (await visit.SessionAsync("discord")).GetProperty("user").GetProperty("email").GetString());
    }

    [Theory]
    [InlineData("/common", Tenant, Tenant, true, "none")]
    [InlineData("/common", Consumers, Consumers, "1", "none")]
    [InlineData("/common", Tenant, Consumers, true, "302 bad_oauth_callback")]
    [InlineData("/common", "not-a-tenant", "not-a-tenant", true, "302 bad_oauth_callback")]
    [InlineData("/common", null, Tenant, true, "302 bad_oauth_callback")]
    [InlineData("/common", Tenant, Tenant, null, "302 provider_email_needs_verification")]
    [InlineData("/organizations", Tenant, Tenant, true, "none")]
    [InlineData("/organizations", Consumers, Consumers, true, "302 bad_oauth_callback")]
    public async Task Microsofts_issuer_is_that_of_the_tokens_tenant_and_its_addresses_are_verified_by_xms_edov(string path, string? tenant, string inIssuer, object? edov, string outcome)
    {
        await using ExternalVisit visit = await StartAsync("azure", path: path);
        visit.Issuer.Discovery["issuer"] = visit.Issuer.Url + "/{tenantid}/v2.0";
        visit.Issuer.Wrong["iss"] = $"{visit.Issuer.Url}/{inIssuer}/v2.0";
        visit.Issuer.Wrong["tid"] = tenant;
        visit.Issuer.Wrong["xms_edov"] = edov;
        Assert.Equal(outcome, ExternalVisit.Refusal(await visit.SignInAsync("azure")));
    }

    [Fact]
    public async Task Apple_gets_a_secret_signed_with_the_teams_key_and_is_asked_for_a_form()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using ExternalVisit visit = await StartAsync("apple", options =>
        {
            options.Secret = "";
            options.TeamId = "TEAM123";
            options.KeyId = "KEY456";
            options.PrivateKey = key.ExportPkcs8PrivateKeyPem();
        });
        visit.Issuer.Wrong["email_verified"] = "true";
        await visit.SessionAsync("apple");
        IQueryCollection asked = Assert.Single(visit.Issuer.Authorizations);
        Assert.Equal("form_post", asked["response_mode"]);
        string secret = Assert.Single(visit.Issuer.Exchanges)["client_secret"];
        TokenValidationResult result = await new JsonWebTokenHandler().ValidateTokenAsync(
            secret,
            new TokenValidationParameters { IssuerSigningKey = new ECDsaSecurityKey(key) { KeyId = "KEY456" }, ValidIssuer = "TEAM123", ValidAudience = visit.Issuer.Url }
        );
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal("tenon", result.Claims["sub"]);
    }

    [Fact]
    public async Task An_address_that_only_userinfo_tells_is_taken_if_it_is_about_the_same_subject()
    {
        await using ExternalVisit visit = await StartAsync("keycloak");
        visit.Issuer.EmailOnlyInUserInfo = true;
        Assert.Equal("ann@b.test", (await visit.SessionAsync("keycloak")).GetProperty("user").GetProperty("email").GetString());
        visit.Issuer.UserInfoSubject = "somebody-else";
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync("keycloak")));
    }

    [Fact]
    public async Task Any_oauth2_provider_works_by_its_three_addresses()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, issuer) =>
            options.External["plain"] = new AuthExternalOptions
            {
                Enabled = true,
                ClientId = "tenon",
                Secret = "s",
                AuthorizationUrl = issuer.Url + "/authorize",
                TokenUrl = issuer.Url + "/token",
                UserInfoUrl = issuer.Url + "/userinfo",
            });
        Assert.Equal("ann@b.test", (await visit.SessionAsync("plain")).GetProperty("user").GetProperty("email").GetString());
    }

    [Theory]
    [InlineData("acme", "", "https://a.test", "client_id")]
    [InlineData("acme", "x", "", "needs url")]
    [InlineData("acme", "x", "http://a.test", "https address")]
    [InlineData("acme", "x", "https://user@a.test", "https address")]
    [InlineData("email", "x", "https://a.test", "taken by the server")]
    [InlineData("custom:x", "x", "https://a.test", "taken by the server")]
    [InlineData("apple", "x", "", "team_id, key_id and private_key")]
    public async Task A_provider_that_cannot_work_stops_the_start(string name, string client, string url, string said)
    {
        var options = new AuthExternalOptions { Enabled = true, ClientId = client, Url = url, KeyId = name == "apple" ? "half" : "" };
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => AuthHost.StartAsync(auth => auth.External[name] = options));
        Assert.Contains($"[auth.external.{name}]", e.Message, StringComparison.Ordinal);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_do_not_go_to_addresses_inside_the_network_outside_development()
    {
        await using TestIssuer issuer = await TestIssuer.StartAsync();
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => AuthHost.StartAsync(options =>
        {
            options.Development = false;
            options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "x", Url = issuer.Url };
        }));
        Assert.Contains("https address", e.Message, StringComparison.Ordinal);
        // A name that leads there is found out when the call is made.
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.Development = false;
            options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "x", Url = issuer.Url.Replace("http://127.0.0.1", "https://localhost", StringComparison.Ordinal) };
        });
        Assert.Equal("503 unexpected_failure", (await host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true))).Refusal);
        Assert.Empty(issuer.Authorizations);
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>POST /token?grant_type=id_token.</summary>
public sealed class IdTokenGrantTests
{
    private static Task<Answer> GrantAsync(ExternalVisit visit, object body, string? token = null) =>
        visit.Host.PostAsync("/auth/v1/token?grant_type=id_token", JsonSerializer.Serialize(body), token);

    [Fact]
    public async Task A_token_of_a_known_client_signs_in_the_person_it_names()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Answer first = await GrantAsync(visit, new { provider = "acme", id_token = visit.Issuer.IdToken("tenon-ios", nonce: null) });
        Assert.Equal("ann@b.test", first.Json.GetProperty("user").GetProperty("email").GetString());
        Answer second = await GrantAsync(visit, new { provider = "acme", id_token = visit.Issuer.IdToken("tenon", nonce: null) });
        Assert.Equal(first.Json.GetProperty("user").GetProperty("id").GetString(), second.Json.GetProperty("user").GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_nonce_of_the_request_is_the_one_whose_hash_is_in_the_token()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("secret-nonce")));
        string token = visit.Issuer.IdToken("tenon", hash);
        Assert.Equal("invalid_grant", (await GrantAsync(visit, new { provider = "acme", id_token = token })).Text("error"));
        Assert.Equal("invalid_grant", (await GrantAsync(visit, new { provider = "acme", id_token = token, nonce = "other" })).Text("error"));
        Assert.Equal("invalid_grant", (await GrantAsync(visit, new { provider = "acme", id_token = token, nonce = hash })).Text("error"));
        Assert.Equal("invalid_grant", (await GrantAsync(visit, new { provider = "acme", id_token = visit.Issuer.IdToken("tenon", null), nonce = "secret-nonce" })).Text("error"));
        Assert.Equal(HttpStatusCode.OK, (await GrantAsync(visit, new { provider = "acme", id_token = token, nonce = "secret-nonce" })).Status);
    }

    [Fact]
    public async Task A_provider_without_id_tokens_and_an_unknown_one_are_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, issuer) =>
            options.External["github"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon", Secret = "s", Url = issuer.Url });
        string token = visit.Issuer.IdToken("tenon", nonce: null);
        Assert.Equal("400 provider_disabled", (await GrantAsync(visit, new { provider = "github", id_token = token })).Refusal);
        Assert.Equal("400 provider_disabled", (await GrantAsync(visit, new { provider = "nobody", id_token = token })).Refusal);
        Assert.Equal("invalid_request", (await GrantAsync(visit, new { id_token = token, issuer = visit.Issuer.Url })).Text("error"));
    }

    [Fact]
    public async Task A_signed_in_user_links_by_an_id_token_where_that_is_switched_on()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) => options.EnableManualLinking = true);
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        var body = new { provider = "acme", id_token = visit.Issuer.IdToken("tenon", nonce: null), link_identity = true };
        Answer linked = await GrantAsync(visit, body, token);
        Assert.Equal("me@b.test", linked.Json.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal(2, linked.Json.GetProperty("user").GetProperty("identities").GetArrayLength());
        Assert.Equal("422 identity_already_exists", (await GrantAsync(visit, body, token)).Refusal);
        Assert.Equal("401 no_authorization", (await GrantAsync(visit, body)).Refusal);
    }
}

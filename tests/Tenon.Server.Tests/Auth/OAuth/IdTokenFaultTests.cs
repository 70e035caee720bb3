using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>ID tokens with one fault each, on the way of a sign-in and at /token?grant_type=id_token.</summary>
public sealed class IdTokenFaultTests
{
    private static async Task RefusedAsync(ExternalVisit visit)
    {
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
        Answer grant = await GrantAsync(visit, visit.Issuer.IdToken("tenon", nonce: null));
        Assert.Equal(HttpStatusCode.BadRequest, grant.Status);
        Assert.Equal("invalid_grant", grant.Text("error"));
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    private static Task<Answer> GrantAsync(ExternalVisit visit, string token, string more = "") =>
        visit.Host.PostAsync("/auth/v1/token?grant_type=id_token", $$"""{"provider":"acme","id_token":"{{token}}"{{more}}}""");

    [Theory]
    [InlineData("iss", "https://evil.test")]
    [InlineData("iss", null)]
    [InlineData("aud", "somebody-else")]
    [InlineData("aud", null)]
    [InlineData("exp", 1000)]
    [InlineData("exp", null)]
    [InlineData("iat", 4000000000)]
    [InlineData("nbf", 4000000000)]
    [InlineData("sub", null)]
    [InlineData("sub", "")]
    [InlineData("nonce", "another")]
    public async Task A_claim_that_is_wrong_or_missing_is_refused(string claim, object? value)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Wrong[claim] = value;
        await RefusedAsync(visit);
    }

    [Fact]
    public async Task A_token_of_a_sign_in_without_its_nonce_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Wrong["nonce"] = null;
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Fact]
    public async Task A_token_that_belongs_to_another_access_token_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Wrong["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA";
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
        visit.Issuer.Wrong.Clear();
        string token = visit.Issuer.IdToken("tenon", nonce: null, accessToken: "mine");
        Assert.Equal("invalid_grant", (await GrantAsync(visit, token, ""","access_token":"other" """)).Text("error"));
        Assert.Equal(HttpStatusCode.OK, (await GrantAsync(visit, token, ""","access_token":"mine" """)).Status);
    }

    [Fact]
    public async Task A_token_for_several_audiences_names_ours_as_the_client_it_was_issued_to()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Wrong["aud"] = new[] { "tenon", "other" };
        visit.Issuer.Wrong["azp"] = "other";
        await RefusedAsync(visit);
        visit.Issuer.Wrong["azp"] = "tenon";
        await visit.SessionAsync();
    }

    [Fact]
    public async Task Another_key_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.SignWithStranger = true;
        await RefusedAsync(visit);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    public async Task An_unsigned_token_and_the_public_key_as_a_secret_are_refused(string algorithm)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Forge = token => visit.Issuer.Sign(Claims(token), algorithm == "None" ? "none" : algorithm, algorithm == "None" ? new() { ["alg"] = "None" } : null);
        await RefusedAsync(visit);
    }

    [Theory]
    [InlineData("kid", "no-such-key")]
    [InlineData("crit", "exp")]
    [InlineData("alg", "RS1")]
    [InlineData("alg", "ES256")]
    public async Task A_header_that_names_another_key_or_algorithm_is_refused(string member, string value)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Forge = token => visit.Issuer.Sign(Claims(token), header: new() { [member] = member == "crit" ? new[] { value } : value });
        await RefusedAsync(visit);
    }

    [Fact]
    public async Task Keys_and_addresses_of_keys_in_the_header_are_not_looked_at()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        await using TestIssuer evil = await TestIssuer.StartAsync();
        visit.Issuer.Forge = token => evil.Sign(Claims(token), header: new() { ["jku"] = evil.Url + "/jwks", ["x5u"] = evil.Url + "/jwks", ["jwk"] = new { kty = "RSA" } });
        await RefusedAsync(visit);
        Assert.Equal(0, evil.KeyReads);
    }

    [Theory]
    [InlineData("acme")]
    [InlineData("azure")]
    public async Task A_token_of_an_issuer_of_the_attackers_own_is_refused_whatever_the_request_says(string provider)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, issuer) =>
            options.External["azure"] = new() { Enabled = true, ClientId = "tenon", Url = issuer.Url + "/common", EmailOptional = true });
        await using TestIssuer evil = await TestIssuer.StartAsync();
        const string tenant = "2b1f6a51-7c4f-4f0c-9f53-6f3a8b1b6d11";
        if (provider == "azure")
        {
            visit.Issuer.Discovery["issuer"] = visit.Issuer.Url + "/{tenantid}/v2.0";
            evil.Wrong["iss"] = $"{evil.Url}/{tenant}/v2.0";
            evil.Wrong["tid"] = tenant;
        }
        Answer answer = await visit.Host.PostAsync(
            "/auth/v1/token?grant_type=id_token",
            JsonSerializer.Serialize(new { provider, id_token = evil.IdToken("tenon", nonce: null), issuer = evil.Url, client_id = "tenon" })
        );
        Assert.Equal("invalid_grant", answer.Text("error"));
        Assert.Equal(0, evil.KeyReads);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public async Task A_token_that_is_none_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string good = visit.Issuer.IdToken("tenon", nonce: null);
        string twice = Base64Url.EncodeToString(Encoding.ASCII.GetBytes("""{"alg":"RS256","alg":"none"}""")) + good[good.IndexOf('.')..];
        foreach (string token in (string[])["x", "a.b", "a.b.c", good + ".d", good[..^4] + "AAAA", twice])
        {
            Assert.Equal("invalid_grant", (await GrantAsync(visit, token)).Text("error"));
        }
        Assert.Equal("invalid_request", (await GrantAsync(visit, "")).Text("error"));
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_found_and_invented_ones_do_not_make_requests()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        await visit.SessionAsync();
        Assert.Equal(1, visit.Issuer.KeyReads);
        visit.Issuer.RotateKey();
        visit.Host.Clock.Advance(TimeSpan.FromMinutes(1));
        await visit.SessionAsync();
        Assert.Equal(2, visit.Issuer.KeyReads);
        string claims = visit.Issuer.IdToken("tenon", nonce: null);
        for (int i = 0; i < 20; i++)
        {
            string token = visit.Issuer.Sign(Claims(claims), header: new() { ["kid"] = $"invented-{i}" });
            Assert.Equal("invalid_grant", (await GrantAsync(visit, token)).Text("error"));
        }
        Assert.Equal(2, visit.Issuer.KeyReads);
    }

    private static Dictionary<string, object?> Claims(string token) =>
        JsonSerializer.Deserialize<Dictionary<string, object?>>(Base64Url.DecodeFromChars(token.Split('.')[1]))!;
}

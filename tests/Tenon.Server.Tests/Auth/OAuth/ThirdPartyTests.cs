using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>Access tokens of other issuers on the API itself ([auth.third_party.NAME]).</summary>
public sealed class ThirdPartyTests
{
    private static Task<ExternalVisit> StartAsync(Action<AuthThirdPartyOptions>? configure = null) => ExternalVisit.StartAsync((options, issuer) =>
    {
        options.AdditionalRoles.Add("editor");
        options.ThirdParty["entra"] = new AuthThirdPartyOptions { Enabled = true, Issuer = issuer.Url, Audience = "our-api" };
        configure?.Invoke(options.ThirdParty["entra"]);
    });

    private static async Task<string> MeAsync(ExternalVisit visit)
    {
        Answer answer = await visit.Host.MeAsync(visit.Issuer.IdToken("our-api", nonce: null));
        return answer.Status == HttpStatusCode.OK ? answer.Text("role") : $"{(int)answer.Status} {answer.Text("message")}";
    }

    [Fact]
    public async Task A_token_for_our_audience_is_taken_and_verified_once()
    {
        await using ExternalVisit visit = await StartAsync();
        visit.Issuer.Person["sub"] = "5f0f9a51-2f4f-4f0c-9f53-6f3a8b1b6d11";
        string token = visit.Issuer.IdToken("our-api", nonce: null);
        Answer me = await visit.Host.MeAsync(token);
        Assert.Equal("authenticated", me.Text("role"));
        Assert.Equal("5f0f9a51-2f4f-4f0c-9f53-6f3a8b1b6d11", me.Text("sub"));
        visit.Issuer.Down = true;
        Assert.Equal("authenticated", (await visit.Host.MeAsync(token)).Text("role"));
        visit.Host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(HttpStatusCode.Unauthorized, (await visit.Host.MeAsync(token)).Status);
    }

    [Theory]
    [InlineData("aud", "another-api", "meant for another audience")]
    [InlineData("aud", null, "meant for another audience")]
    [InlineData("exp", 1000, "expired")]
    [InlineData("exp", null, "expired")]
    [InlineData("nbf", 4000000000, "not valid yet")]
    public async Task A_claim_that_is_wrong_or_missing_is_refused(string claim, object? value, string said)
    {
        await using ExternalVisit visit = await StartAsync();
        visit.Issuer.Wrong[claim] = value;
        Assert.Contains(said, await MeAsync(visit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_another_algorithm_and_another_type_are_refused()
    {
        await using ExternalVisit visit = await StartAsync();
        visit.Issuer.SignWithStranger = true;
        Assert.StartsWith("401", await MeAsync(visit), StringComparison.Ordinal);
        visit.Issuer.SignWithStranger = false;
        foreach (string algorithm in (string[])["none", "HS256"])
        {
            visit.Issuer.Forge = token => visit.Issuer.Sign(Claims(token), algorithm);
            Assert.StartsWith("401", await MeAsync(visit), StringComparison.Ordinal);
        }
        visit.Issuer.Forge = token => visit.Issuer.Sign(Claims(token), header: new() { ["typ"] = "logout+jwt" });
        Assert.StartsWith("401", await MeAsync(visit), StringComparison.Ordinal);
        visit.Issuer.Forge = token => visit.Issuer.Sign(Claims(token), header: new() { ["typ"] = "at+jwt" });
        Assert.Equal("authenticated", await MeAsync(visit));
    }

    [Fact]
    public async Task An_issuer_that_is_not_listed_is_not_asked()
    {
        await using ExternalVisit visit = await StartAsync();
        await using TestIssuer other = await TestIssuer.StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await visit.Host.MeAsync(other.IdToken("our-api", nonce: null))).Status);
        Assert.Equal(0, other.KeyReads);
    }

    [Theory]
    [InlineData("editor", "editor")]
    [InlineData("authenticated", "authenticated")]
    [InlineData(null, "authenticated")]
    [InlineData("service_role", "401")]
    [InlineData("anon", "401")]
    [InlineData("postgres", "401")]
    [InlineData(7, "401")]
    public async Task The_role_claim_names_a_role_that_requests_may_take_but_never_one_past_the_policies(object? claim, string role)
    {
        await using ExternalVisit visit = await StartAsync();
        visit.Issuer.Wrong["role"] = claim;
        Assert.StartsWith(role, await MeAsync(visit), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["reader","hr-admin"]""", "editor")]
    [InlineData("""["reader"]""", "authenticated")]
    [InlineData("""["boss"]""", "authenticated")]
    [InlineData("""["editor"]""", "authenticated")]
    public async Task Values_of_a_nested_claim_are_mapped_to_roles(string values, string role)
    {
        await using ExternalVisit visit = await StartAsync(party =>
        {
            party.RoleClaim = "realm_access.roles";
            party.Roles["hr-admin"] = "editor";
            party.Roles["boss"] = "service_role";
        });
        visit.Issuer.Wrong["realm_access"] = new { roles = JsonElement.Parse(values) };
        Assert.Equal(role, await MeAsync(visit));
    }

    [Fact]
    public async Task A_user_of_another_issuer_has_no_account_here()
    {
        await using ExternalVisit visit = await StartAsync();
        string mine = (await visit.Host.SignUpAsync("me@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        visit.Issuer.Person["sub"] = mine;
        string token = visit.Issuer.IdToken("our-api", nonce: null);
        Assert.Equal("403 session_not_found", (await visit.Host.SendAsync("GET", "/auth/v1/user", token: token)).Refusal);
        Assert.Equal("403 session_not_found", (await visit.Host.SendAsync("PUT", "/auth/v1/user", """{"password":"new-password-1"}""", token)).Refusal);
    }

    [Fact]
    public async Task A_party_without_audience_or_with_a_bad_issuer_stops_the_start()
    {
        foreach (Action<AuthThirdPartyOptions> fault in (Action<AuthThirdPartyOptions>[])
            [party => party.Audience = "", party => party.Issuer = "http://login.test", party => party.Issuer = "http://127.0.0.1:54321/auth/v1"])
        {
            var e = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(fault));
            Assert.Contains("[auth.third_party.entra]", e.Message, StringComparison.Ordinal);
        }
    }

    private static Dictionary<string, object?> Claims(string token) =>
        JsonSerializer.Deserialize<Dictionary<string, object?>>(Base64Url.DecodeFromChars(token.Split('.')[1]))!;
}

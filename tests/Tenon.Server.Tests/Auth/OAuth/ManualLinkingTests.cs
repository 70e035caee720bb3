using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>Linking and unlinking by the user: /user/identities.</summary>
public sealed class ManualLinkingTests
{
    private static Task<ExternalVisit> StartAsync() => ExternalVisit.StartAsync((options, issuer) =>
    {
        options.EnableManualLinking = true;
        options.EnableAnonymousSignIns = true;
        options.External["globex"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon", Url = issuer.Url };
    });

    private static async Task<Uri> LinkAsync(ExternalVisit visit, string token, string provider = "acme")
    {
        string path = ExternalVisit.Path(provider, pkce: false).Replace("/authorize", "/user/identities/authorize", StringComparison.Ordinal);
        Answer begun = await visit.Host.SendAsync("GET", path + "&skip_http_redirect=true", token: token);
        Assert.True(begun.Status == HttpStatusCode.OK, begun.Body);
        return await visit.ReturnAsync(await visit.AskAsync(begun.Text("url")));
    }

    private static async Task<JsonElement> UserAsync(ExternalVisit visit, string token) => (await visit.Host.SendAsync("GET", "/auth/v1/user", token: token)).Json;

    private static async Task<Answer> UnlinkAsync(ExternalVisit visit, string token, string provider)
    {
        JsonElement identity = (await UserAsync(visit, token)).GetProperty("identities").EnumerateArray().First(one => one.GetProperty("provider").GetString() == provider);
        return await visit.Host.SendAsync("DELETE", "/auth/v1/user/identities/" + identity.GetProperty("identity_id").GetString(), token: token);
    }

    [Fact]
    public async Task A_user_links_an_identity_and_takes_it_off_again()
    {
        await using ExternalVisit visit = await StartAsync();
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        Uri end = await LinkAsync(visit, token);
        Assert.Contains("access_token", ExternalVisit.Fragment(end).Keys);
        JsonElement user = await UserAsync(visit, token);
        Assert.Equal("me@b.test", user.GetProperty("email").GetString());
        Assert.Equal(2, user.GetProperty("identities").GetArrayLength());
        string identity = user.GetProperty("identities")[0].GetProperty("identity_id").GetString()!;
        Answer other = await visit.Host.SendAsync("DELETE", "/auth/v1/user/identities/" + identity, token: token, headers: headers => headers.Add("X-JWT-AUD", "other"));
        Assert.Equal("403 unexpected_audience", other.Refusal);
        Assert.Equal(HttpStatusCode.OK, (await UnlinkAsync(visit, token, "acme")).Status);
        Assert.Equal("422 single_identity_not_deletable", (await UnlinkAsync(visit, token, "email")).Refusal);
        Assert.Equal("""["email"]""", (await UserAsync(visit, token)).GetProperty("app_metadata").GetProperty("providers").GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_identity_of_anybody_is_not_linked_a_second_time()
    {
        await using ExternalVisit visit = await StartAsync();
        await visit.SessionAsync();
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        Assert.Equal("302 identity_already_exists", ExternalVisit.Refusal(await LinkAsync(visit, token)));
        visit.Issuer.Person["sub"] = "person-2";
        Assert.Equal("none", ExternalVisit.Refusal(await LinkAsync(visit, token)));
        Assert.Equal("302 identity_already_exists", ExternalVisit.Refusal(await LinkAsync(visit, token)));
    }

    [Fact]
    public async Task An_anonymous_user_becomes_a_permanent_one_unless_the_address_is_taken()
    {
        await using ExternalVisit visit = await StartAsync();
        string token = (await visit.Host.PostAsync("/auth/v1/signup", "{}")).Text("access_token");
        await LinkAsync(visit, token);
        JsonElement user = await UserAsync(visit, token);
        Assert.False(user.GetProperty("is_anonymous").GetBoolean());
        Assert.Equal("ann@b.test", user.GetProperty("email").GetString());
        string second = (await visit.Host.PostAsync("/auth/v1/signup", "{}")).Text("access_token");
        visit.Issuer.Person["sub"] = "person-2";
        Assert.Equal("302 email_exists", ExternalVisit.Refusal(await LinkAsync(visit, second)));
        Assert.True((await UserAsync(visit, second)).GetProperty("is_anonymous").GetBoolean());
    }

    [Fact]
    public async Task The_address_goes_with_its_identity_and_the_next_verified_one_takes_its_place()
    {
        await using ExternalVisit visit = await StartAsync();
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        await LinkAsync(visit, token);
        Assert.Equal(HttpStatusCode.OK, (await UnlinkAsync(visit, token, "email")).Status);
        JsonElement user = await UserAsync(visit, token);
        Assert.Equal("ann@b.test", user.GetProperty("email").GetString());
        Assert.Equal("acme", user.GetProperty("app_metadata").GetProperty("provider").GetString());
        Assert.Equal("400 invalid_credentials", (await visit.Host.SignInAsync("me@b.test")).Refusal);
    }

    [Fact]
    public async Task An_identity_whose_going_would_need_somebody_elses_address_stays()
    {
        await using ExternalVisit visit = await StartAsync();
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        await LinkAsync(visit, token);
        await visit.Host.SignUpAsync("ann@b.test");
        Assert.Equal("422 email_conflict_identity_not_deletable", (await UnlinkAsync(visit, token, "email")).Refusal);
        Assert.Equal("me@b.test", (await UserAsync(visit, token)).GetProperty("email").GetString());
    }

    [Fact]
    public async Task Of_two_removals_at_once_one_identity_stays()
    {
        await using ExternalVisit visit = await StartAsync();
        for (int round = 0; round < 5; round++)
        {
            visit.Issuer.Person["sub"] = "person-" + round;
            string token = (await visit.Host.SignUpAsync($"me{round}@b.test")).Text("access_token");
            visit.Issuer.Person["email"] = $"other{round}@b.test";
            await LinkAsync(visit, token);
            Answer[] answers = await Task.WhenAll(UnlinkAsync(visit, token, "email"), UnlinkAsync(visit, token, "acme"));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.Single((await UserAsync(visit, token)).GetProperty("identities").EnumerateArray());
        }
    }

    [Fact]
    public async Task An_identity_of_somebody_else_and_one_that_is_none_are_refused()
    {
        await using ExternalVisit visit = await StartAsync();
        string ann = (await visit.SessionAsync()).GetProperty("access_token").GetString()!;
        string theirs = (await UserAsync(visit, ann)).GetProperty("identities")[0].GetProperty("identity_id").GetString()!;
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        visit.Issuer.Person["sub"] = "person-2";
        visit.Issuer.Person["email"] = "x@b.test";
        await LinkAsync(visit, token, "globex");
        Assert.Equal("422 identity_not_found", (await visit.Host.SendAsync("DELETE", "/auth/v1/user/identities/" + theirs, token: token)).Refusal);
        Assert.Equal("400 validation_failed", (await visit.Host.SendAsync("DELETE", "/auth/v1/user/identities/x", token: token)).Refusal);
        Assert.Single((await UserAsync(visit, ann)).GetProperty("identities").EnumerateArray());
    }

    [Fact]
    public async Task Linking_is_off_unless_it_is_switched_on_and_needs_a_user()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string token = (await visit.Host.SignUpAsync("me@b.test")).Text("access_token");
        Assert.Equal("404 manual_linking_disabled", (await visit.Host.SendAsync("GET", "/auth/v1/user/identities/authorize?provider=acme", token: token)).Refusal);
        Assert.Equal("404 manual_linking_disabled", (await visit.Host.SendAsync("DELETE", "/auth/v1/user/identities/x", token: token)).Refusal);
        Assert.Equal("401 no_authorization", (await visit.Host.SendAsync("GET", "/auth/v1/user/identities/authorize?provider=acme")).Refusal);
    }
}

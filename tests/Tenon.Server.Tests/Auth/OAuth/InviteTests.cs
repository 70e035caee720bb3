using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>An invited user comes in by an external provider: /authorize?invite_token=….</summary>
public sealed class InviteTests
{
    private static async Task<string> InviteAsync(ExternalVisit visit, string email = "ann@b.test") =>
        (await visit.Host.AdminAsync("POST", "/auth/v1/admin/generate_link", $$"""{"type":"invite","email":"{{email}}"}""")).Text("hashed_token");

    private static string Path(string token) => ExternalVisit.Path("acme", pkce: true) + "&invite_token=" + token;

    private static async Task<Uri> AcceptAsync(ExternalVisit visit, string token)
    {
        (string callback, string? cookie) = await visit.BeginAsync(Path(token));
        return await visit.ReturnAsync(callback, cookie);
    }

    [Fact]
    public async Task The_invited_user_is_the_one_who_comes_in_and_the_invitation_is_used_up()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) => options.EnableSignup = false);
        string token = await InviteAsync(visit);
        Guid invited = await visit.Host.Store.ScalarAsync<Guid>("select id from auth.users");
        JsonElement user = (await visit.ExchangeAsync(await AcceptAsync(visit, token))).Json.GetProperty("user");
        Assert.Equal(invited.ToString("D"), user.GetProperty("id").GetString());
        Assert.True(user.TryGetProperty("email_confirmed_at", out _));
        Assert.Equal("acme", Assert.Single(user.GetProperty("identities").EnumerateArray()).GetProperty("provider").GetString());
        Assert.Equal("404 user_not_found", (await visit.Host.SendAsync("GET", Path(token))).Refusal);
        Answer link = await visit.Host.SendAsync("GET", $"/auth/v1/verify?type=invite&token={token}");
        Assert.Contains("error_code=otp_expired", link.Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invitation_that_went_meanwhile_is_not_found()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string token = await InviteAsync(visit);
        (string callback, string? cookie) = await visit.BeginAsync(Path(token));
        await InviteAsync(visit);
        Assert.Equal("302 invite_not_found", ExternalVisit.Refusal(await visit.ReturnAsync(callback, cookie)));
        Assert.Equal(0, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.identities where provider = 'acme'"));
        string second = await InviteAsync(visit);
        (callback, cookie) = await visit.BeginAsync(Path(second));
        await visit.Host.Store.RunAsync("update auth.one_time_tokens set expires_at = now() - interval '1 hour'");
        Assert.Equal("302 invite_not_found", ExternalVisit.Refusal(await visit.ReturnAsync(callback, cookie)));
    }

    [Theory]
    [InlineData("nothing", "404 user_not_found")]
    [InlineData("../x", "404 user_not_found")]
    [InlineData("%00", "400 validation_failed")]
    public async Task What_is_no_invitation_does_not_reach_the_provider(string token, string refusal)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Assert.Equal(refusal, (await visit.Host.SendAsync("GET", Path(token))).Refusal);
        // A token of another kind is no invitation.
        await visit.Host.SignUpAsync("bob@b.test");
        string recovery = (await visit.Host.AdminAsync("POST", "/auth/v1/admin/generate_link", """{"type":"recovery","email":"bob@b.test"}""")).Text("hashed_token");
        Assert.Equal("404 user_not_found", (await visit.Host.SendAsync("GET", Path(recovery))).Refusal);
        Assert.Equal(0, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.external_flows"));
    }

    [Fact]
    public async Task Somebody_elses_address_or_one_nobody_verified_leaves_the_invitation_as_it_is()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string token = await InviteAsync(visit, "bob@b.test");
        Assert.Equal("302 validation_failed", ExternalVisit.Refusal(await AcceptAsync(visit, token)));
        visit.Issuer.Person["email"] = "bob@b.test";
        visit.Issuer.Person["email_verified"] = false;
        Assert.Equal("302 validation_failed", ExternalVisit.Refusal(await AcceptAsync(visit, token)));
        visit.Issuer.Person["email_verified"] = true;
        Assert.Equal(HttpStatusCode.OK, (await visit.ExchangeAsync(await AcceptAsync(visit, token))).Status);
    }

    [Fact]
    public async Task An_identity_of_another_user_does_not_change_hands()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        await visit.SessionAsync();
        visit.Issuer.Person["email"] = "bob@b.test";
        Assert.Equal("302 identity_already_exists", ExternalVisit.Refusal(await AcceptAsync(visit, await InviteAsync(visit, "bob@b.test"))));
    }
}

using System.Net;

namespace Tenon.Server.Tests.Auth;

public sealed class RefreshTests
{
    [Fact]
    public async Task Each_refresh_swaps_the_token_and_the_new_one_works()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string first = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        Answer second = await host.RefreshAsync(first);
        Assert.NotEqual(first, second.Text("refresh_token"));
        Answer third = await host.RefreshAsync(second.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.OK, third.Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(third.Text("access_token"))).Status);
    }

    [Fact]
    public async Task Fifty_refreshes_of_one_token_at_once_rotate_it_exactly_once()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string first = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.RefreshAsync(first)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(answers.Select(answer => answer.Text("refresh_token")).Distinct());
        Assert.Equal(2L, await host.Store.ScalarAsync<long>("select count(*) from auth.refresh_tokens"));
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.refresh_tokens where not revoked"));
    }

    [Fact]
    public async Task The_parent_of_the_active_token_gets_the_active_token_again_even_late()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string first = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        string second = (await host.RefreshAsync(first)).Text("refresh_token");
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(second, (await host.RefreshAsync(first)).Text("refresh_token"));
    }

    [Fact]
    public async Task A_grandparent_is_forgiven_within_the_interval_and_never_branches()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string first = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        string second = (await host.RefreshAsync(first)).Text("refresh_token");
        string third = (await host.RefreshAsync(second)).Text("refresh_token");
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(third, (await host.RefreshAsync(first)).Text("refresh_token"));
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.refresh_tokens where not revoked"));
    }

    [Fact]
    public async Task Reuse_after_the_interval_ends_the_session_its_tokens_and_its_access_token_at_once()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string first = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        string second = (await host.RefreshAsync(first)).Text("refresh_token");
        Answer third = await host.RefreshAsync(second);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(third.Text("access_token"))).Status);
        host.Clock.Advance(TimeSpan.FromSeconds(11));

        Answer reuse = await host.RefreshAsync(first);
        Assert.Equal("400 refresh_token_already_used", reuse.Refusal);
        Assert.Equal("Invalid Refresh Token: Already Used", reuse.Text("msg"));
        Assert.Equal("400 refresh_token_already_used", (await host.RefreshAsync(third.Text("refresh_token"))).Refusal);
        Answer me = await host.MeAsync(third.Text("access_token"));
        Assert.Equal("PGRST303", me.Text("code"));
    }

    [Fact]
    public async Task Unknown_missing_and_malformed_tokens_are_refused()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("400 refresh_token_not_found", (await host.RefreshAsync("unknown")).Refusal);
        Assert.Equal("400 refresh_token_not_found", (await host.RefreshAsync("übel")).Refusal);
        Answer missing = await host.PostAsync("/auth/v1/token?grant_type=refresh_token", "{}");
        Assert.Equal(HttpStatusCode.BadRequest, missing.Status);
        Assert.Equal("invalid_request", missing.Text("error"));
        Answer typed = await host.PostAsync("/auth/v1/token?grant_type=refresh_token", """{"refresh_token":{"a":1}}""");
        Assert.Equal("400 validation_failed", typed.Refusal);
        Answer grant = await host.PostAsync("/auth/v1/token?grant_type=magic", "{}");
        Assert.Equal("unsupported_grant_type", grant.Text("error"));
    }

    [Fact]
    public async Task A_session_past_its_box_or_idle_too_long_is_expired()
    {
        await using AuthHost boxed = await AuthHost.StartAsync(o => o.Sessions.Timebox = TimeSpan.FromMinutes(30));
        Answer session = await boxed.SignUpAsync("a@b.test");
        Assert.True(session.Json.GetProperty("expires_in").GetInt32() <= 1800);
        boxed.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal("400 session_expired", (await boxed.RefreshAsync(session.Text("refresh_token"))).Refusal);

        await using AuthHost idle = await AuthHost.StartAsync(o => o.Sessions.InactivityTimeout = TimeSpan.FromMinutes(30));
        string token = (await idle.SignUpAsync("a@b.test")).Text("refresh_token");
        idle.Clock.Advance(TimeSpan.FromMinutes(20));
        token = (await idle.RefreshAsync(token)).Text("refresh_token");
        idle.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal("400 session_expired", (await idle.RefreshAsync(token)).Refusal);
    }

    [Fact]
    public async Task Without_rotation_the_token_stays()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.EnableRefreshTokenRotation = false);
        string token = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        Assert.Equal(token, (await host.RefreshAsync(token)).Text("refresh_token"));
    }

    [Fact]
    public async Task The_database_holds_no_token_that_could_be_used()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("refresh_token");
        string row = await host.Store.ScalarAsync<string>("select t::text from auth.refresh_tokens t");
        Assert.DoesNotContain(token, row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refreshes_past_the_limit_get_429_and_a_time_to_wait()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.RateLimit.TokenRefresh = 2);
        await host.RefreshAsync("x");
        await host.RefreshAsync("x");
        Answer third = await host.RefreshAsync("x");
        Assert.Equal("429 over_request_rate_limit", third.Refusal);
        Assert.True(int.Parse(third.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture) >= 1);
    }
}

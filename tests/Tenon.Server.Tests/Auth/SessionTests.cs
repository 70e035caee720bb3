using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth;

public sealed class SessionTests
{
    [Theory]
    [InlineData("global", false, false)]
    [InlineData("local", false, true)]
    [InlineData("others", true, false)]
    public async Task Logout_ends_the_sessions_of_its_scope_from_the_next_request_on(string scope, bool mine, bool other)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string one = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string two = (await host.SignInAsync("a@b.test")).Text("access_token");
        // Both are cached as verified before the logout.
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(one)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(two)).Status);
        Answer logout = await host.SendAsync("POST", $"/auth/v1/logout?scope={scope}", token: one);
        Assert.Equal(HttpStatusCode.NoContent, logout.Status);
        Assert.Equal(mine ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, (await host.MeAsync(one)).Status);
        Assert.Equal(other ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, (await host.MeAsync(two)).Status);
    }

    [Theory]
    [InlineData("delete from auth.sessions")]
    [InlineData("update auth.users set banned_until = now() + interval '1 hour'")]
    [InlineData("update auth.users set deleted_at = now()")]
    [InlineData("update auth.users set role = 'nobody'")]
    public async Task What_somebody_ends_by_SQL_ends_for_a_known_token_within_a_second(string sql)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        Assert.Equal(1, await host.Store.ScalarAsync<int>(sql + " returning 1"));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
    }

    [Fact]
    public async Task Of_many_requests_with_a_known_token_one_looks_at_its_session_again()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => (o.TokensBelievedFor, o.JwtExpiry) = (TimeSpan.FromHours(1), TimeSpan.FromDays(1)));
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        await host.MeAsync(token);
        long before = host.Store.Statements;
        host.Clock.Advance(TimeSpan.FromMinutes(50));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.MeAsync(token)));
        Assert.Equal(0, host.Store.Statements - before);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.MeAsync(token)));
        Assert.Equal(1, host.Store.Statements - before);
    }

    [Fact]
    public async Task After_logout_the_user_call_and_the_refresh_are_refused()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("a@b.test");
        await host.SendAsync("POST", "/auth/v1/logout", token: session.Text("access_token"));
        Assert.Equal("403 session_not_found", (await host.SendAsync("GET", "/auth/v1/user", token: session.Text("access_token"))).Refusal);
        Assert.Equal("400 refresh_token_not_found", (await host.RefreshAsync(session.Text("refresh_token"))).Refusal);
        Answer odd = await host.SendAsync("POST", "/auth/v1/logout?scope=galaxy", token: session.Text("access_token"));
        Assert.Equal("400 validation_failed", odd.Refusal);
    }

    [Fact]
    public async Task A_user_lists_the_own_sessions_and_ends_one_of_them()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string one = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string two = (await host.SignInAsync("a@b.test")).Text("access_token");
        string stranger = (await host.SignUpAsync("c@d.test")).Text("access_token");
        Answer list = await host.SendAsync("GET", "/auth/v1/sessions", token: one, headers: h => h.UserAgent.ParseAdd("Lynx/2"));
        JsonElement[] sessions = [.. list.Json.GetProperty("sessions").EnumerateArray()];
        Assert.Equal(2, sessions.Length);
        JsonElement other = sessions.Single(session => !session.GetProperty("current").GetBoolean());
        Assert.Equal("127.0.0.1", other.Text("ip"));
        string path = "/auth/v1/sessions/" + other.Text("id");
        Assert.Equal("404 session_not_found", (await host.SendAsync("DELETE", path, token: stranger)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(two)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync("DELETE", path, token: one)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(two)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(one)).Status);
        Assert.Equal("404 session_not_found", (await host.SendAsync("DELETE", path, token: one)).Refusal);
        Assert.Equal("404 session_not_found", (await host.SendAsync("DELETE", "/auth/v1/sessions/nonsense", token: one)).Refusal);
    }

    [Fact]
    public async Task A_single_session_per_user_ends_the_earlier_one_at_sign_in()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.Sessions.SinglePerUser = true);
        string one = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(one)).Status);
        string two = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(one)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(two)).Status);
    }

    [Fact]
    public async Task A_new_password_ends_the_other_sessions_and_replaces_the_old_password()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string one = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string two = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(two)).Status);
        Answer same = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"blue-giraffe-42"}""", one);
        Assert.Equal("422 same_password", same.Refusal);
        Answer wrong = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-giraffe-43","current_password":"no"}""", one);
        Assert.Equal("400 current_password_invalid", wrong.Refusal);
        Answer done = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-giraffe-43","current_password":"blue-giraffe-42"}""", one);
        Assert.Equal(HttpStatusCode.OK, done.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(two)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(one)).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("a@b.test")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test", "red-giraffe-43")).Status);
    }

    [Fact]
    public async Task Of_several_password_changes_at_once_one_wins_and_the_others_are_told()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Answer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => host.SendAsync("PUT", "/auth/v1/user", $$"""{"password":"giraffe-number-{{i}}"}""", token))
        );
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Contains(answers, answer => answer.Refusal == "409 conflict");
    }

    [Fact]
    public async Task A_user_changes_metadata_and_address_but_not_to_a_taken_one()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        await host.SignUpAsync("taken@b.test");
        Assert.Equal("422 email_exists", (await host.SendAsync("PUT", "/auth/v1/user", """{"email":"TAKEN@b.test"}""", token)).Refusal);
        await host.SendAsync("PUT", "/auth/v1/user", """{"data":{"a":1,"b":2}}""", token);
        Answer merged = await host.SendAsync("PUT", "/auth/v1/user", """{"data":{"a":null,"c":3},"email":"new@b.test"}""", token);
        Assert.Equal("""{"b":2,"c":3}""", merged.Json.GetProperty("user_metadata").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("new@b.test", merged.Json.GetProperty("identities")[0].Text("email"));
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("new@b.test")).Status);
        Assert.Equal("422 phone_provider_disabled", (await host.SendAsync("PUT", "/auth/v1/user", """{"phone":"15551234"}""", token)).Refusal);
    }

    [Fact]
    public async Task A_secure_password_change_needs_a_recent_sign_in()
    {
        await using AuthHost host = await AuthHost.StartAsync(o =>
        {
            o.Email.SecurePasswordChange = true;
            o.JwtExpiry = TimeSpan.FromDays(3);
        });
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        host.Clock.Advance(TimeSpan.FromHours(25));
        Answer answer = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-giraffe-43"}""", token);
        Assert.Equal("400 reauthentication_needed", answer.Refusal);
    }

    [Fact]
    public async Task The_user_call_tells_a_missing_token_from_a_bad_one_and_from_a_key()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("401 no_authorization", (await host.SendAsync("GET", "/auth/v1/user")).Refusal);
        Assert.Equal("403 bad_jwt", (await host.SendAsync("GET", "/auth/v1/user", token: "nonsense")).Refusal);
        Assert.Equal("403 bad_jwt", (await host.SendAsync("GET", "/auth/v1/user", token: host.Keys.AnonKey)).Refusal);
        Assert.Equal("401 no_authorization", (await host.SendAsync("GET", "/auth/v1/user", token: "x", apikey: "sb_publishable_no")).Refusal);
    }
}

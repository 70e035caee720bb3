using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>Sign-in by an external issuer (RFC 9700, RFC 9207, OpenID Connect Core §3.1): the way there and back.</summary>
public sealed class ExternalSignInTests
{
    [Fact]
    public async Task A_pkce_flow_ends_in_a_session_that_alone_carries_the_issuers_tokens()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        JsonElement session = await visit.SessionAsync();
        Assert.StartsWith("access-", session.GetProperty("provider_token").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("refresh-", session.GetProperty("provider_refresh_token").GetString(), StringComparison.Ordinal);
        JsonElement user = session.GetProperty("user");
        Assert.Equal("ann@b.test", user.GetProperty("email").GetString());
        Assert.NotNull(user.GetProperty("email_confirmed_at").GetString());
        Assert.Equal("""{"provider":"acme","providers":["acme"]}""", user.GetProperty("app_metadata").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("Ann", user.GetProperty("user_metadata").GetProperty("full_name").GetString());
        JsonElement identity = Assert.Single(user.GetProperty("identities").EnumerateArray());
        Assert.Equal("person-1", identity.GetProperty("id").GetString());
        Assert.Equal(visit.Issuer.Url, identity.GetProperty("identity_data").GetProperty("iss").GetString());
        string token = session.GetProperty("access_token").GetString()!;
        Assert.Equal("oauth", TokenPart(token).GetProperty("amr")[0].GetProperty("method").GetString());
        Answer refreshed = await visit.Host.RefreshAsync(session.GetProperty("refresh_token").GetString()!);
        Assert.DoesNotContain("provider_token", refreshed.Body, StringComparison.Ordinal);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.flow_state where sealed_provider_tokens is not null"));
    }

    [Fact]
    public async Task An_implicit_flow_ends_with_the_session_in_the_fragment()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Uri end = await visit.SignInAsync(pkce: false);
        Assert.StartsWith(ExternalVisit.Home + "#access_token=", end.OriginalString, StringComparison.Ordinal);
        Dictionary<string, string> fragment = ExternalVisit.Fragment(end);
        Assert.StartsWith("access-", fragment["provider_token"], StringComparison.Ordinal);
        Assert.Equal("authenticated", (await visit.Host.MeAsync(fragment["access_token"])).Text("role"));
        Assert.Equal(HttpStatusCode.OK, (await visit.Host.RefreshAsync(fragment["refresh_token"])).Status);
    }

    [Fact]
    public async Task The_issuer_is_asked_with_state_nonce_pkce_and_the_scopes_but_nobody_replaces_ours()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string path = ExternalVisit.Path("acme", pkce: true) + "&scopes=calendar%20files&prompt=consent&client_id=evil&state=mine&response_type=token&redirect_uri=https://evil.test";
        (string callback, _) = await visit.BeginAsync(path);
        IQueryCollection asked = Assert.Single(visit.Issuer.Authorizations);
        Assert.Equal("tenon", asked["client_id"]);
        Assert.Equal("code", asked["response_type"]);
        Assert.Equal("openid email profile calendar files", asked["scope"]);
        Assert.Equal("consent", asked["prompt"]);
        Assert.Equal("http://127.0.0.1:54321/auth/v1/callback", asked["redirect_uri"]);
        Assert.Equal("S256", asked["code_challenge_method"]);
        // The challenge towards the issuer is ours, not the application's.
        Assert.NotEqual(ExternalVisit.Challenge, asked["code_challenge"].ToString());
        Assert.NotEqual("mine", asked["state"].ToString());
        Assert.True(asked["nonce"].ToString().Length >= 43);
        await visit.ReturnAsync(callback);
        Dictionary<string, string> exchange = Assert.Single(visit.Issuer.Exchanges);
        Assert.Equal(Convert.ToBase64String(Encoding.ASCII.GetBytes("tenon:s3cret%2F%2B")), exchange["authorization"].Replace("Basic ", "", StringComparison.Ordinal));
        Assert.DoesNotContain("client_secret", exchange.Keys);
    }

    [Fact]
    public async Task The_address_can_be_had_without_going_there()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Answer answer = await visit.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true) + "&skip_http_redirect=true");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.StartsWith(visit.Issuer.Url + "/authorize?", answer.Text("url"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_works_once_also_for_twenty_at_once()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        (string callback, _) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: true));
        Uri[] ends = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => visit.ReturnAsync(callback)));
        Assert.Single(ends, end => ExternalVisit.Query(end).ContainsKey("code"));
        Assert.Equal(19, ends.Count(end => ExternalVisit.Refusal(end) == "302 bad_oauth_state"));
    }

    [Fact]
    public async Task A_state_that_is_unknown_missing_or_late_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Uri unknown = await visit.ReturnAsync("/auth/v1/callback?code=x&state=unknown");
        Assert.StartsWith("http://127.0.0.1:54321/?error=invalid_request&error_code=bad_oauth_state", unknown.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(ExternalVisit.Query(unknown), ExternalVisit.Fragment(unknown));
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.ReturnAsync("/auth/v1/callback?code=x")));
        (string callback, _) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: true));
        visit.Host.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("302 bad_oauth_state", ExternalVisit.Refusal(await visit.ReturnAsync(callback)));
        Assert.Empty(visit.Issuer.Exchanges);
    }

    [Fact]
    public async Task An_implicit_flow_works_in_the_browser_alone_that_began_it()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        (string first, string? cookie) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: false));
        Assert.Equal("302 bad_oauth_state", ExternalVisit.Refusal(await visit.ReturnAsync(first)));
        (string second, _) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: false));
        Assert.Equal("302 bad_oauth_state", ExternalVisit.Refusal(await visit.ReturnAsync(second, cookie)));
        Assert.Empty(visit.Issuer.Exchanges);
    }

    [Fact]
    public async Task A_callback_by_form_is_asked_once_more_by_get()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        (string callback, string? cookie) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: false));
        using var form = new FormUrlEncodedContent(ExternalVisit.Query(new Uri("http://x" + callback)));
        using HttpResponseMessage posted = await visit.Host.Client.PostAsync("/auth/v1/callback", form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Uri end = await visit.ReturnAsync(posted.Headers.Location!.PathAndQuery, cookie);
        Assert.Contains("access_token", ExternalVisit.Fragment(end).Keys);
        Answer json = await visit.Host.PostAsync("/auth/v1/callback", "{}");
        Assert.Equal("400 bad_oauth_callback", json.Refusal);
    }

    [Fact]
    public async Task An_error_of_the_issuer_is_passed_on()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.CallbackQuery = "error=access_denied&error_description=The+user+said+no";
        Uri end = await visit.SignInAsync();
        Assert.StartsWith(ExternalVisit.Home + "?error=access_denied&error_description=The+user+said+no#error=access_denied", end.AbsoluteUri, StringComparison.Ordinal);
        visit.Issuer.CallbackQuery = "nothing=1";
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Fact]
    public async Task A_code_that_the_issuer_refuses_and_one_that_was_used_are_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.CallbackQuery = "code=invented";
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
        visit.Issuer.CallbackQuery = null;
        (string callback, _) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: true));
        await visit.ReturnAsync(callback);
        string used = ExternalVisit.Query(new Uri("http://x" + callback))["code"];
        visit.Issuer.CallbackQuery = "code=" + used;
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Theory]
    [InlineData(true, null, "302 bad_oauth_callback")]
    [InlineData(true, "https://evil.test", "302 bad_oauth_callback")]
    [InlineData(false, "https://evil.test", "302 bad_oauth_callback")]
    [InlineData(true, "right", "none")]
    [InlineData(false, "right", "none")]
    [InlineData(false, null, "none")]
    public async Task An_answer_that_names_another_issuer_or_none_where_one_is_promised_is_refused(bool promised, string? named, string refusal)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Discovery["authorization_response_iss_parameter_supported"] = promised;
        visit.Issuer.Iss = named == "right" ? visit.Issuer.Url : named;
        Assert.Equal(refusal, ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Fact]
    public async Task A_target_that_is_not_allowed_becomes_the_site()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        (string callback, string? cookie) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: false, "https://evil.test/steal"));
        Assert.StartsWith("http://127.0.0.1:54321/#access_token=", (await visit.ReturnAsync(callback, cookie)).AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_unknown_or_switched_off_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) =>
            options.External["off"] = new AuthExternalOptions { Enabled = false, ClientId = "x", Url = "https://off.test" });
        foreach (string name in (string[])["", "nobody", "off", "email", "custom:none"])
        {
            Assert.Equal("400 validation_failed", (await visit.Host.SendAsync("GET", ExternalVisit.Path(name, pkce: true))).Refusal);
        }
        Answer half = await visit.Host.SendAsync("GET", "/auth/v1/authorize?provider=acme&code_challenge=" + ExternalVisit.Challenge);
        Assert.Equal("400 validation_failed", half.Refusal);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.external_flows"));
        JsonElement external = (await visit.Host.SendAsync("GET", "/auth/v1/settings")).Json.GetProperty("external");
        Assert.False(external.GetProperty("google").GetBoolean());
    }

    [Fact]
    public async Task An_issuer_that_is_down_fails_its_own_sign_ins_and_its_documents_serve_for_a_day()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Down = true;
        Assert.Equal("503 unexpected_failure", (await visit.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true))).Refusal);
        visit.Issuer.Down = false;
        visit.Host.Clock.Advance(TimeSpan.FromSeconds(3));
        (string callback, _) = await visit.BeginAsync(ExternalVisit.Path("acme", pkce: true));
        visit.Issuer.Down = true;
        Uri end = await visit.ReturnAsync(callback);
        Assert.Equal("302 unexpected_failure", ExternalVisit.Refusal(end));
        Assert.Equal("temporarily_unavailable", ExternalVisit.Query(end)["error"]);
        visit.Host.Clock.Advance(TimeSpan.FromHours(20));
        Assert.Equal(HttpStatusCode.Found, (await visit.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true))).Status);
        visit.Host.Clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal("503 unexpected_failure", (await visit.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true))).Refusal);
    }

    [Theory]
    [InlineData("issuer", "https://evil.test")]
    [InlineData("token_endpoint", "http://10.0.0.1/token")]
    [InlineData("jwks_uri", "file:///etc/passwd")]
    [InlineData("authorization_endpoint", null)]
    public async Task A_discovery_document_of_another_issuer_or_with_addresses_that_calls_may_not_go_to_is_refused(string member, string? value)
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Discovery[member] = value;
        Assert.Equal("503 unexpected_failure", (await visit.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true))).Refusal);
    }

    [Fact]
    public async Task The_database_keeps_neither_state_nor_nonce_nor_verifier()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        await visit.BeginAsync(ExternalVisit.Path("acme", pkce: false));
        IQueryCollection asked = Assert.Single(visit.Issuer.Authorizations);
        string row = await visit.Host.Store.ScalarAsync<string>("select external_flows::text from auth.external_flows");
        Assert.DoesNotContain(asked["state"].ToString(), row, StringComparison.Ordinal);
        Assert.DoesNotContain(asked["nonce"].ToString(), row, StringComparison.Ordinal);
    }

    private static JsonElement TokenPart(string token) => JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));
}

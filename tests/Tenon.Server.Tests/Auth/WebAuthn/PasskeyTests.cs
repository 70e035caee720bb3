using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>Passkeys from end to end, honestly used, with the levels they earn.</summary>
public sealed class PasskeyTests
{
    [Fact]
    public async Task A_passkey_is_added_signs_in_without_a_name_is_renamed_and_deleted()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        Answer signedUp = await host.SignUpAsync("a@b.test");
        string token = signedUp.Text("access_token");
        Answer asked = await host.PostAsync("/auth/v1/passkeys/registration/options", "{}", token);
        JsonElement options = asked.Json.GetProperty("options");
        Assert.Equal("localhost", options.GetProperty("rp").Text("id"));
        Assert.Equal("a@b.test", options.GetProperty("user").Text("name"));
        Assert.Equal("required", options.GetProperty("authenticatorSelection").Text("residentKey"));
        Assert.Equal("required", options.GetProperty("authenticatorSelection").Text("userVerification"));
        Assert.Equal("none", options.Text("attestation"));
        Answer added = await host.AnswerAsync("registration", asked, browser.Create(options), token);
        Assert.Equal(HttpStatusCode.OK, added.Status);
        Assert.Equal("Passkey", added.Text("friendly_name"));
        Assert.True(added.Json.TryGetProperty("created_at", out _));

        Answer signedIn = await host.SignInByPasskeyAsync(browser);
        Assert.Equal(HttpStatusCode.OK, signedIn.Status);
        Assert.Equal(signedUp.Json.GetProperty("user").Text("id"), signedIn.Json.GetProperty("user").Text("id"));
        JsonElement claims = AuthHost.Claims(signedIn.Text("access_token"));
        Assert.Equal("aal2", claims.Text("aal"));
        Assert.Equal("passkey", Assert.Single(claims.GetProperty("amr").EnumerateArray()).Text("method"));
        Answer refreshed = await host.RefreshAsync(signedIn.Text("refresh_token"));
        Assert.Equal("aal2", AuthHost.Claims(refreshed.Text("access_token")).Text("aal"));

        token = refreshed.Text("access_token");
        JsonElement listed = Assert.Single((await host.SendAsync("GET", "/auth/v1/passkeys", token: token)).Json.EnumerateArray());
        Assert.Equal(added.Text("id"), listed.Text("id"));
        Assert.True(listed.TryGetProperty("last_used_at", out _));
        Assert.Equal(4, listed.EnumerateObject().Count());
        Answer renamed = await host.SendAsync("PATCH", $"/auth/v1/passkeys/{added.Text("id")}", """{"friendly_name":"desk"}""", token);
        Assert.Equal("desk", renamed.Text("friendly_name"));
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{added.Text("id")}", token: token)).Status);
        Assert.Equal("404 validation_failed", (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{added.Text("id")}", token: token)).Refusal);
        Assert.Empty((await host.SendAsync("GET", "/auth/v1/passkeys", token: token)).Json.EnumerateArray());
        Assert.Equal("400 webauthn_verification_failed", (await host.SignInByPasskeyAsync(browser)).Refusal);
        // What the passkey had proven went with it.
        Answer lowered = await host.RefreshAsync(refreshed.Text("refresh_token"));
        Assert.Equal("aal1", AuthHost.Claims(lowered.Text("access_token")).Text("aal"));
    }

    [Fact]
    public async Task The_options_of_a_sign_in_name_nobody()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer asked = await host.PostAsync("/auth/v1/passkeys/authentication/options", """{"gotrue_meta_security":{}}""");
        JsonElement options = asked.Json.GetProperty("options");
        Assert.Empty(options.GetProperty("allowCredentials").EnumerateArray());
        Assert.Equal("localhost", options.Text("rpId"));
        Assert.Equal("required", options.Text("userVerification"));
        Assert.True(asked.Json.GetProperty("expires_at").GetInt64() > host.Clock.GetUtcNow().ToUnixTimeSeconds() + 290);
    }

    [Fact]
    public async Task An_anonymous_user_signs_up_by_passkey_and_keeps_the_last_one()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.EnableAnonymousSignIns = true);
        using var browser = new SoftAuthenticator();
        Answer nobody = await host.PostAsync("/auth/v1/signup", "{}");
        Answer added = await host.AddPasskeyAsync(browser, nobody.Text("access_token"));
        Assert.Equal(HttpStatusCode.OK, added.Status);
        Answer signedIn = await host.SignInByPasskeyAsync(browser);
        JsonElement user = signedIn.Json.GetProperty("user");
        Assert.Equal(nobody.Json.GetProperty("user").Text("id"), user.Text("id"));
        Assert.False(user.GetProperty("is_anonymous").GetBoolean());
        Assert.Equal("passkey", user.GetProperty("app_metadata").Text("provider"));
        Assert.False(AuthHost.Claims(signedIn.Text("access_token")).GetProperty("is_anonymous").GetBoolean());
        string token = signedIn.Text("access_token");
        Answer last = await host.SendAsync("DELETE", $"/auth/v1/passkeys/{added.Text("id")}", token: token);
        Assert.Equal("422 single_identity_not_deletable", last.Refusal);
        using var second = new SoftAuthenticator();
        await host.AddPasskeyAsync(second, token);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{added.Text("id")}", token: token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInByPasskeyAsync(second)).Status);
    }

    [Fact]
    public async Task An_anonymous_user_does_not_sign_up_by_passkey_where_sign_up_is_off()
    {
        var set = new AuthOptions[1];
        await using AuthHost host = await AuthHost.StartAsync(o => (set[0] = o).EnableAnonymousSignIns = true);
        Answer nobody = await host.PostAsync("/auth/v1/signup", "{}");
        set[0].EnableSignup = false;
        Answer asked = await host.PostAsync("/auth/v1/passkeys/registration/options", "{}", nobody.Text("access_token"));
        Assert.Equal("422 signup_disabled", asked.Refusal);
    }

    [Fact]
    public async Task A_passkey_added_before_the_second_factor_does_not_stand_in_for_it_and_one_added_after_does()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var planted = new SoftAuthenticator();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        await host.AddPasskeyAsync(planted, token);
        Answer early = await host.SignInByPasskeyAsync(planted);
        Assert.Equal("aal2", AuthHost.Claims(early.Text("access_token")).Text("aal"));
        string raised = (await host.RaiseByTotpAsync(token)).Text("access_token");
        // Whoever had planted it is out, and comes back no further than a password would.
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(early.Text("access_token"))).Status);
        Answer later = await host.SignInByPasskeyAsync(planted);
        Assert.Equal("aal1", AuthHost.Claims(later.Text("access_token")).Text("aal"));
        using var own = new SoftAuthenticator();
        Assert.Equal("403 insufficient_aal", (await host.PostAsync("/auth/v1/passkeys/registration/options", "{}", later.Text("access_token"))).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.AddPasskeyAsync(own, raised)).Status);
        Answer strong = await host.SignInByPasskeyAsync(own);
        Assert.Equal("aal2", AuthHost.Claims(strong.Text("access_token")).Text("aal"));
        string id = (await host.SendAsync("GET", "/auth/v1/passkeys", token: later.Text("access_token"))).Json[0].Text("id");
        Assert.Equal("403 insufficient_aal", (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{id}", token: later.Text("access_token"))).Refusal);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{id}", token: strong.Text("access_token"))).Status);
    }

    [Fact]
    public async Task Signing_in_by_passkey_asks_what_every_sign_in_asks()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        Answer signedUp = await host.SignUpAsync("a@b.test");
        string user = signedUp.Json.GetProperty("user").Text("id");
        await host.AddPasskeyAsync(browser, signedUp.Text("access_token"));
        await host.AdminAsync("PUT", $"/auth/v1/admin/users/{user}", """{"ban_duration":"1h"}""");
        Assert.Equal("403 user_banned", (await host.SignInByPasskeyAsync(browser)).Refusal);
        await host.AdminAsync("PUT", $"/auth/v1/admin/users/{user}", """{"ban_duration":"none"}""");
        await host.Store.RunAsync("update auth.users set email_confirmed_at = null");
        Assert.Equal("400 email_not_confirmed", (await host.SignInByPasskeyAsync(browser)).Refusal);
        await host.AdminAsync("DELETE", $"/auth/v1/admin/users/{user}", """{"should_soft_delete":true}""");
        Assert.Equal("400 webauthn_verification_failed", (await host.SignInByPasskeyAsync(browser)).Refusal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.webauthn_credentials"));
    }

    [Fact]
    public async Task A_user_has_ten_passkeys_at_most_and_sees_none_of_anybody_elses()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string other = (await host.SignUpAsync("c@d.test")).Text("access_token");
        string id = "";
        for (int i = 0; i < 10; i++)
        {
            using var browser = new SoftAuthenticator();
            id = (await host.AddPasskeyAsync(browser, token)).Text("id");
        }
        Assert.Equal("422 too_many_passkeys", (await host.PostAsync("/auth/v1/passkeys/registration/options", "{}", token)).Refusal);
        Assert.Empty((await host.SendAsync("GET", "/auth/v1/passkeys", token: other)).Json.EnumerateArray());
        Assert.Equal("404 validation_failed", (await host.SendAsync("PATCH", $"/auth/v1/passkeys/{id}", """{"friendly_name":"x"}""", other)).Refusal);
        Assert.Equal("404 validation_failed", (await host.SendAsync("DELETE", $"/auth/v1/passkeys/{id}", token: other)).Refusal);
        Assert.Equal("404 validation_failed", (await host.SendAsync("DELETE", "/auth/v1/passkeys/x", token: other)).Refusal);
        Assert.Equal("400 validation_failed", (await host.SendAsync("PATCH", $"/auth/v1/passkeys/{id}", """{"friendly_name":" "}""", token)).Refusal);
        Assert.Equal("401 no_authorization", (await host.SendAsync("GET", "/auth/v1/passkeys")).Refusal);
    }

    [Fact]
    public async Task The_service_key_lists_and_takes_passkeys_and_the_export_names_them()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        Answer signedUp = await host.SignUpAsync("a@b.test");
        string path = $"/auth/v1/admin/users/{signedUp.Json.GetProperty("user").Text("id")}/passkeys";
        string id = (await host.AddPasskeyAsync(browser, signedUp.Text("access_token"))).Text("id");
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", path, token: signedUp.Text("access_token"))).Refusal);
        Assert.Equal(id, Assert.Single((await host.AdminAsync("GET", path)).Json.EnumerateArray()).Text("id"));
        Answer export = await host.AdminAsync("GET", path.Replace("/passkeys", "/export", StringComparison.Ordinal));
        Assert.Equal(id, Assert.Single(export.Json.GetProperty("passkeys").EnumerateArray()).Text("id"));
        Assert.DoesNotContain("public_key", export.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await host.AdminAsync("DELETE", $"{path}/{id}")).Status);
        Assert.Equal("404 validation_failed", (await host.AdminAsync("DELETE", $"{path}/{id}")).Refusal);
        Assert.Equal(
            "passkey_created,passkey_deleted",
            await host.Store.ScalarAsync<string>("select string_agg(action, ',' order by id) from auth.audit_log_entries where action like 'passkey%'")
        );
    }

    [Fact]
    public async Task Switched_off_or_without_a_domain_there_are_no_passkeys()
    {
        await using AuthHost off = await AuthHost.StartAsync(o => o.Passkeys.Enabled = false);
        Assert.Equal("404 passkey_disabled", (await off.PostAsync("/auth/v1/passkeys/authentication/options", "{}")).Refusal);
        Assert.False((await off.SendAsync("GET", "/auth/v1/settings")).Json.GetProperty("passkeys_enabled").GetBoolean());
        await using AuthHost nowhere = await AuthHost.StartAsync(o => o.SiteUrl = "http://intranet.test");
        Assert.Equal("404 passkey_disabled", (await nowhere.PostAsync("/auth/v1/passkeys/authentication/verify", "{}")).Refusal);
        await using AuthHost on = await AuthHost.StartAsync();
        Assert.True((await on.SendAsync("GET", "/auth/v1/settings")).Json.GetProperty("passkeys_enabled").GetBoolean());
    }
}

using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>Which user an external identity becomes; each condition of linking on its own.</summary>
public sealed class AccountLinkingTests
{
    private static async Task<ExternalVisit> TwoIssuersAsync(Action<AuthOptions>? configure = null) =>
        await ExternalVisit.StartAsync((options, issuer) =>
        {
            options.External["globex"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon", Url = issuer.Url };
            configure?.Invoke(options);
        });

    private static string Id(JsonElement session) => session.GetProperty("user").GetProperty("id").GetString()!;

    private static string[] ProvidersOf(JsonElement session) =>
        [.. session.GetProperty("user").GetProperty("app_metadata").GetProperty("providers").EnumerateArray().Select(one => one.GetString()!)];

    private static async Task<JsonElement> UnconfirmedAsync(ExternalVisit visit)
    {
        Answer made = await visit.Host.SignUpAsync("ann@b.test");
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.False(made.Json.TryGetProperty("access_token", out _));
        return made.Json;
    }

    [Fact]
    public async Task A_verified_address_links_to_the_user_who_confirmed_it()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string user = (await visit.Host.SignUpAsync("ann@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        JsonElement session = await visit.SessionAsync();
        Assert.Equal(user, Id(session));
        Assert.Equal(["email", "acme"], ProvidersOf(session));
        Assert.Equal(HttpStatusCode.OK, (await visit.Host.SignInAsync("ann@b.test")).Status);
    }

    [Fact]
    public async Task An_address_the_issuer_did_not_verify_links_to_nobody()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) => options.External["acme"].EmailOptional = true);
        string user = (await visit.Host.SignUpAsync("ann@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        foreach (object? verified in (object?[])[false, "false", "yes", 1, null])
        {
            visit.Issuer.Person["sub"] = "person-" + verified;
            visit.Issuer.Wrong["email_verified"] = verified;
            JsonElement session = await visit.SessionAsync();
            Assert.NotEqual(user, Id(session));
            // Nor does the new user get the address.
            Assert.Equal("", session.GetProperty("user").GetProperty("email").GetString());
        }
    }

    [Fact]
    public async Task Nobody_signs_up_with_an_address_the_issuer_did_not_verify_unless_addresses_are_optional()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        visit.Issuer.Wrong["email_verified"] = false;
        Uri end = await visit.SignInAsync();
        Assert.Equal("302 provider_email_needs_verification", ExternalVisit.Refusal(end));
        Assert.Equal("access_denied", ExternalVisit.Query(end)["error"]);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public async Task An_unconfirmed_account_is_not_kept_with_its_password_metadata_or_identity()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) => options.Email.EnableConfirmations = true);
        string body = """{"email":"ann@b.test","password":"planted-by-mallory","data":{"role":"boss"}}""";
        await visit.Host.PostAsync("/auth/v1/signup", body);
        string code = (await visit.Host.MailsAsync("ann@b.test"))[0].GetProperty("code").GetString()!;
        JsonElement session = await visit.SessionAsync();
        Assert.Equal(["acme"], ProvidersOf(session));
        Assert.Single(session.GetProperty("user").GetProperty("identities").EnumerateArray());
        Assert.False(session.GetProperty("user").GetProperty("user_metadata").TryGetProperty("role", out _));
        Assert.Equal("400 invalid_credentials", (await visit.Host.SignInAsync("ann@b.test", "planted-by-mallory")).Refusal);
        Answer old = await visit.Host.PostAsync("/auth/v1/verify", $$"""{"type":"signup","email":"ann@b.test","token":"{{code}}"}""");
        Assert.Equal("403 otp_expired", old.Refusal);
    }

    [Fact]
    public async Task Sessions_keys_passkeys_and_factors_of_an_unconfirmed_account_end_when_its_address_finds_its_owner()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Answer planted = await visit.Host.SignUpAsync("ann@b.test");
        string token = planted.Text("access_token");
        await visit.Host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"x"}""", token);
        await visit.Host.Store.RunAsync(
            "insert into auth.user_keys select gen_random_uuid(), id, 1, 'planted', 'p', 'h', '[]', 1, now() + interval '1 day', null, now() from auth.users"
        );
        await visit.Host.Store.RunAsync(
            "insert into auth.webauthn_credentials select gen_random_uuid(), id, null, 'planted', 'k', 0, '[]', false, false, '', 'aal1', now(), now(), null from auth.users"
        );
        await visit.Host.Store.RunAsync("update auth.users set email_confirmed_at = null");
        Assert.Equal("authenticated", (await visit.Host.MeAsync(token)).Text("role"));
        await visit.SessionAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await visit.Host.MeAsync(token)).Status);
        Assert.Equal("400 refresh_token_not_found", (await visit.Host.RefreshAsync(planted.Text("refresh_token"))).Refusal);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.mfa_factors"));
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.user_keys"));
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.webauthn_credentials"));
    }

    [Fact]
    public async Task An_account_proven_by_telephone_keeps_itself_and_loses_the_address_it_never_confirmed()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string planted = (await visit.Host.SignUpAsync("ann@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        await visit.Host.Store.RunAsync("update auth.users set email_confirmed_at = null, phone = '15005550006', phone_confirmed_at = now()");
        JsonElement session = await visit.SessionAsync();
        Assert.NotEqual(planted, Id(session));
        Assert.Equal("ann@b.test", session.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal(1L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users where phone = '15005550006' and email is null"));
    }

    [Fact]
    public async Task A_known_identity_is_its_users_whatever_address_the_issuer_names_now()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        string ann = Id(await visit.SessionAsync());
        await visit.Host.SignUpAsync("boss@b.test");
        visit.Issuer.Person["email"] = "boss@b.test";
        JsonElement again = await visit.SessionAsync();
        Assert.Equal(ann, Id(again));
        Assert.Equal("ann@b.test", again.GetProperty("user").GetProperty("email").GetString());
    }

    [Fact]
    public async Task The_same_address_at_two_issuers_is_one_user_and_the_same_subject_is_two()
    {
        await using ExternalVisit visit = await TwoIssuersAsync();
        JsonElement first = await visit.SessionAsync();
        JsonElement second = await visit.SessionAsync("globex");
        Assert.Equal(Id(first), Id(second));
        Assert.Equal(["acme", "globex"], ProvidersOf(second));
        Assert.Equal("acme", second.GetProperty("user").GetProperty("app_metadata").GetProperty("provider").GetString());
        visit.Issuer.Person["sub"] = "person-2";
        visit.Issuer.Person["email"] = "bob@b.test";
        Assert.NotEqual(Id(first), Id(await visit.SessionAsync()));
    }

    [Fact]
    public async Task The_same_subject_of_another_issuer_behind_the_same_name_is_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        await visit.SessionAsync();
        await visit.Host.Store.RunAsync("""update auth.identities set identity_data = jsonb_set(identity_data, '{iss}', '"https://before.test"')""");
        Assert.Equal("302 bad_oauth_callback", ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Fact]
    public async Task A_banned_user_and_a_new_one_while_sign_up_is_closed_are_refused()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, _) => options.EnableSignup = false);
        Assert.Equal("302 signup_disabled", ExternalVisit.Refusal(await visit.SignInAsync()));
        Answer made = await visit.Host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"ann@b.test","email_confirm":true}""");
        Assert.Equal(HttpStatusCode.OK, made.Status);
        await visit.SessionAsync();
        await visit.Host.AdminAsync("PUT", "/auth/v1/admin/users/" + made.Text("id"), """{"ban_duration":"24h"}""");
        Assert.Equal("302 user_banned", ExternalVisit.Refusal(await visit.SignInAsync()));
    }

    [Fact]
    public async Task The_hook_before_a_user_is_created_is_asked_about_new_users_alone()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync((options, issuer) =>
            options.Hooks[HookName.BeforeUserCreated] = new AuthHookOptions { Enabled = true, Uri = issuer.Url + "/hook", Secrets = "v1,whsec_" + Convert.ToBase64String(new byte[32]) });
        visit.Issuer.HookAnswer = """{"error":{"http_code":403,"message":"Only our own people"}}""";
        Uri end = await visit.SignInAsync();
        Assert.Equal("Only our own people", ExternalVisit.Query(end)["error_description"]);
        Assert.Equal(0L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        visit.Issuer.HookAnswer = "{}";
        await visit.SessionAsync();
        Assert.Equal(2, visit.Issuer.HookCalls);
        visit.Issuer.HookAnswer = """{"error":{"http_code":403,"message":"closed"}}""";
        await visit.SessionAsync();
        Assert.Equal(2, visit.Issuer.HookCalls);
    }

    [Fact]
    public async Task Ten_first_sign_ins_at_once_are_one_user()
    {
        await using ExternalVisit visit = await ExternalVisit.StartAsync();
        Uri[] ends = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => visit.SignInAsync()));
        Assert.All(ends, end => Assert.Equal("none", ExternalVisit.Refusal(end)));
        Assert.Equal(1L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        Assert.Equal(1L, await visit.Host.Store.ScalarAsync<long>("select count(*) from auth.identities"));
    }
}

using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>Changing the address, inviting, proving again, links for administrators.</summary>
public sealed class EmailChangeTests
{
    private static string CodeIn(JsonElement mail) => mail.GetProperty("code").GetString()!;

    private static async Task<(AuthHost Host, string Token)> SignedInAsync(Action<AuthOptions>? configure = null)
    {
        AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.Email.EnableConfirmations = true;
            configure?.Invoke(options);
        });
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"old@b.test","password":"blue-giraffe-42","email_confirm":true}""");
        return (host, (await host.SignInAsync("old@b.test")).Text("access_token"));
    }

    private static Task<Answer> ChangeAsync(AuthHost host, string token, string email) =>
        host.SendAsync("PUT", "/auth/v1/user", JsonSerializer.Serialize(new { email }), token);

    private static Task<Answer> VerifyAsync(AuthHost host, string email, string token) =>
        host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type = "email_change", email, token }));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_holds_when_both_mailboxes_agree_in_any_order(bool newFirst)
    {
        (AuthHost host, string token) = await SignedInAsync();
        await using AuthHost _ = host;
        Answer pending = await ChangeAsync(host, token, "new@b.test");
        Assert.Equal("new@b.test", pending.Text("new_email"));
        Assert.Equal("old@b.test", pending.Text("email"));
        string atNew = CodeIn((await host.MailsAsync("new@b.test"))[0]);
        string atOld = CodeIn((await host.MailsAsync("old@b.test"))[0]);
        Answer half = newFirst ? await VerifyAsync(host, "new@b.test", atNew) : await VerifyAsync(host, "old@b.test", atOld);
        Assert.Equal("200", half.Text("code"));
        Assert.Contains("other email", half.Text("msg"), StringComparison.Ordinal);
        Assert.Equal("old@b.test", (await host.SendAsync("GET", "/auth/v1/user", token: token)).Text("email"));
        Answer whole = newFirst ? await VerifyAsync(host, "old@b.test", atOld) : await VerifyAsync(host, "new@b.test", atNew);
        JsonElement user = whole.Json.GetProperty("user");
        Assert.Equal("new@b.test", user.GetProperty("email").GetString());
        Assert.False(user.TryGetProperty("new_email", out JsonElement _));
        Assert.Equal("new@b.test", user.GetProperty("identities")[0].GetProperty("email").GetString());
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("new@b.test")).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("old@b.test")).Refusal);
    }

    [Fact]
    public async Task One_mailbox_cannot_agree_for_both()
    {
        (AuthHost host, string token) = await SignedInAsync();
        await using AuthHost _ = host;
        await ChangeAsync(host, token, "new@b.test");
        Assert.Equal("200", (await VerifyAsync(host, "new@b.test", CodeIn((await host.MailsAsync("new@b.test"))[0]))).Text("code"));
        await host.PostAsync("/auth/v1/resend", """{"type":"email_change","email":"old@b.test"}""");
        Answer again = await VerifyAsync(host, "new@b.test", CodeIn((await host.MailsAsync("new@b.test", 2))[0]));
        Assert.Equal("200", again.Text("code"));
        Assert.Equal("old@b.test", (await host.SendAsync("GET", "/auth/v1/user", token: token)).Text("email"));
    }

    [Fact]
    public async Task Codes_of_an_abandoned_change_are_worth_nothing()
    {
        (AuthHost host, string token) = await SignedInAsync();
        await using AuthHost _ = host;
        await ChangeAsync(host, token, "first@b.test");
        string first = CodeIn((await host.MailsAsync("first@b.test"))[0]);
        string agreed = CodeIn((await host.MailsAsync("old@b.test"))[0]);
        await ChangeAsync(host, token, "second@b.test");
        Assert.Equal("403 otp_expired", (await VerifyAsync(host, "first@b.test", first)).Refusal);
        Assert.Equal("403 otp_expired", (await VerifyAsync(host, "old@b.test", agreed)).Refusal);
    }

    [Fact]
    public async Task Both_halves_at_once_come_to_one_change()
    {
        (AuthHost host, string token) = await SignedInAsync();
        await using AuthHost _ = host;
        await ChangeAsync(host, token, "new@b.test");
        string atNew = CodeIn((await host.MailsAsync("new@b.test"))[0]);
        string atOld = CodeIn((await host.MailsAsync("old@b.test"))[0]);
        Answer[] answers = await Task.WhenAll(VerifyAsync(host, "new@b.test", atNew), VerifyAsync(host, "old@b.test", atOld));
        Assert.Single(answers, answer => answer.Body.Contains("access_token", StringComparison.Ordinal));
        Assert.Equal("new@b.test", (await host.SendAsync("GET", "/auth/v1/user", token: token)).Text("email"));
    }

    [Fact]
    public async Task Single_confirmation_asks_the_new_mailbox_alone_and_a_taken_address_is_refused()
    {
        (AuthHost host, string token) = await SignedInAsync(options => options.Email.DoubleConfirmChanges = false);
        await using AuthHost _ = host;
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"taken@b.test","email_confirm":true}""");
        Assert.Equal("422 email_exists", (await ChangeAsync(host, token, "taken@b.test")).Refusal);
        await ChangeAsync(host, token, "new@b.test");
        string code = CodeIn((await host.MailsAsync("new@b.test"))[0]);
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync("old@b.test", 0));
        // Taken while the mail was under way.
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"new@b.test","email_confirm":true}""");
        Assert.Equal("422 email_exists", (await VerifyAsync(host, "new@b.test", code)).Refusal);
    }

    [Fact]
    public async Task An_anonymous_user_becomes_permanent_when_the_mailbox_agrees()
    {
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.EnableAnonymousSignIns = true;
            options.Email.EnableConfirmations = true;
        });
        Answer anonymous = await host.PostAsync("/auth/v1/signup", "{}");
        string token = anonymous.Text("access_token");
        Assert.Equal("400 validation_failed", (await host.SendAsync("PUT", "/auth/v1/user", """{"email":"a@b.test","password":"blue-giraffe-42"}""", token)).Refusal);
        Answer pending = await ChangeAsync(host, token, "a@b.test");
        Assert.True(pending.Json.GetProperty("is_anonymous").GetBoolean());
        Answer whole = await VerifyAsync(host, "a@b.test", CodeIn((await host.MailsAsync("a@b.test"))[0]));
        Assert.False(whole.Json.GetProperty("user").GetProperty("is_anonymous").GetBoolean());
        Assert.Equal(anonymous.Json.GetProperty("user").GetProperty("id").GetString(), whole.Json.GetProperty("user").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_new_password_from_an_old_session_needs_the_code_of_reauthenticate()
    {
        (AuthHost host, string token) = await SignedInAsync(options => { options.Email.SecurePasswordChange = true; options.JwtExpiry = TimeSpan.FromDays(3); });
        await using AuthHost _ = host;
        host.Clock.Advance(TimeSpan.FromHours(25));
        const string change = """{"password":"fresh-giraffe-43"}""";
        Assert.Equal("400 reauthentication_needed", (await host.SendAsync("PUT", "/auth/v1/user", change, token)).Refusal);
        Assert.Equal("{}", (await host.SendAsync("GET", "/auth/v1/reauthenticate", token: token)).Body);
        string code = CodeIn((await host.MailsAsync("old@b.test"))[0]);
        string wrong = code == "000000" ? "000001" : "000000";
        Assert.Equal("422 reauthentication_not_valid", (await host.SendAsync("PUT", "/auth/v1/user", JsonSerializer.Serialize(new { password = "fresh-giraffe-43", nonce = wrong }), token)).Refusal);
        string right = JsonSerializer.Serialize(new { password = "fresh-giraffe-43", nonce = code });
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("PUT", "/auth/v1/user", right, token)).Status);
        Assert.Equal("422 reauthentication_not_valid", (await host.SendAsync("PUT", "/auth/v1/user", right.Replace("43", "44", StringComparison.Ordinal), token)).Refusal);
    }

    [Fact]
    public async Task The_password_in_force_can_be_asked_for()
    {
        (AuthHost host, string token) = await SignedInAsync(options => options.Email.RequireCurrentPassword = true);
        await using AuthHost _ = host;
        Assert.Equal("400 current_password_required", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"fresh-giraffe-43"}""", token)).Refusal);
        Assert.Equal("400 current_password_invalid", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"fresh-giraffe-43","current_password":"wrong-giraffe-1"}""", token)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"fresh-giraffe-43","current_password":"blue-giraffe-42"}""", token)).Status);
    }

    [Fact]
    public async Task An_invitation_lets_its_mailbox_in_and_nobody_else()
    {
        (AuthHost host, string token) = await SignedInAsync();
        await using AuthHost _ = host;
        Assert.Equal("403 not_admin", (await host.PostAsync("/auth/v1/invite", """{"email":"new@b.test"}""", token)).Refusal);
        Answer invited = await host.AdminAsync("POST", "/auth/v1/invite", """{"email":"new@b.test","data":{"team":"blue"}}""");
        Assert.True(invited.Json.TryGetProperty("invited_at", out JsonElement _));
        Assert.Equal("422 email_exists", (await host.AdminAsync("POST", "/auth/v1/invite", """{"email":"old@b.test"}""")).Refusal);
        string code = CodeIn((await host.MailsAsync("new@b.test"))[0]);
        Answer session = await host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type = "invite", email = "new@b.test", token = code }));
        Assert.Equal("blue", session.Json.GetProperty("user").GetProperty("user_metadata").GetProperty("team").GetString());
    }

    [Theory]
    [InlineData("signup", "fresh@b.test", "signup")]
    [InlineData("invite", "fresh@b.test", "invite")]
    [InlineData("magiclink", "fresh@b.test", "signup")]
    [InlineData("magiclink", "old@b.test", "magiclink")]
    [InlineData("recovery", "old@b.test", "recovery")]
    public async Task An_administrator_gets_links_that_work_and_nothing_is_sent(string type, string email, string becomes)
    {
        (AuthHost host, string _) = await SignedInAsync();
        await using AuthHost running = host;
        Answer made = await host.AdminAsync("POST", "/auth/v1/admin/generate_link", JsonSerializer.Serialize(new { type, email, password = "blue-giraffe-42" }));
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Equal(becomes, made.Text("verification_type"));
        Assert.Equal(email, made.Text("email"));
        Answer session = await host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type = becomes, token_hash = made.Text("hashed_token") }));
        Assert.Equal(HttpStatusCode.OK, session.Status);
        Answer used = await host.SendAsync("GET", new Uri(made.Text("action_link")).PathAndQuery);
        Assert.Contains("error_code=otp_expired", used.Header("Location"), StringComparison.Ordinal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.outbox"));
    }

    [Fact]
    public async Task Links_for_a_change_of_address_need_both_and_refusals_have_their_codes()
    {
        (AuthHost host, string _) = await SignedInAsync();
        await using AuthHost running = host;
        async Task<Answer> Make(string type) =>
            await host.AdminAsync("POST", "/auth/v1/admin/generate_link", JsonSerializer.Serialize(new { type, email = "old@b.test", new_email = "new@b.test" }));
        Answer current = await Make("email_change_current");
        Answer changed = await Make("email_change_new");
        Task<Answer> Show(Answer made) => host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type = "email_change", token_hash = made.Text("hashed_token") }));
        Assert.Equal("200", (await Show(current)).Text("code"));
        Assert.Equal("new@b.test", (await Show(changed)).Json.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal("404 user_not_found", (await host.AdminAsync("POST", "/auth/v1/admin/generate_link", """{"type":"recovery","email":"no@b.test"}""")).Refusal);
        Assert.Equal("422 email_exists", (await host.AdminAsync("POST", "/auth/v1/admin/generate_link", """{"type":"signup","email":"new@b.test","password":"blue-giraffe-42"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/admin/generate_link", """{"type":"nonsense","email":"new@b.test"}""")).Refusal);
        Assert.Equal("403 not_admin", (await host.PostAsync("/auth/v1/admin/generate_link", """{"type":"recovery","email":"new@b.test"}""")).Refusal);
    }

    [Fact]
    public async Task A_mailbox_alone_does_not_get_past_a_second_factor()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        await host.Store.RunAsync(
            """
            insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at)
            select gen_random_uuid(), id, 'app', 'totp', 'verified', now(), now() from auth.users
            """
        );
        await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""");
        string body = JsonSerializer.Serialize(new { type = "recovery", email = "a@b.test", token = CodeIn((await host.MailsAsync("a@b.test"))[0]) });
        string token = (await host.PostAsync("/auth/v1/verify", body)).Text("access_token");
        Assert.Equal("401 insufficient_aal", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"fresh-giraffe-43"}""", token)).Refusal);
        Assert.Equal("401 insufficient_aal", (await host.SendAsync("PUT", "/auth/v1/user", """{"email":"new@b.test"}""", token)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("PUT", "/auth/v1/user", """{"data":{"x":1}}""", token)).Status);
    }
}

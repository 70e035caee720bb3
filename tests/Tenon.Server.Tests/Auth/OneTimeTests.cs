using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Tests.Auth;

/// <summary>Codes and links by mail: every way they are asked for, and every way they are shown again.</summary>
public sealed class OneTimeTests
{
    private static readonly Action<AuthOptions> Confirming = options => options.Email.EnableConfirmations = true;

    private static string LinkIn(JsonElement mail) => WebUtility.HtmlDecode(mail.GetProperty("html").GetString()!).Split("href=\"")[1].Split('"')[0];

    private static string CodeIn(JsonElement mail) => mail.GetProperty("code").GetString()!;

    private static string Json(object body) => JsonSerializer.Serialize(body);

    private static async Task<Answer> FollowAsync(AuthHost host, string link)
    {
        // The link names the public address; the test's server listens on another port.
        Assert.StartsWith("http://127.0.0.1:54321/auth/v1/verify?", link, StringComparison.Ordinal);
        return await host.SendAsync("GET", new Uri(link).PathAndQuery, apikey: "");
    }

    private static Task<Answer> CodeAsync(AuthHost host, string type, string email, string code) =>
        host.PostAsync("/auth/v1/verify", Json(new { type, email, token = code }));

    [Fact]
    public async Task A_sign_up_is_confirmed_by_the_link_of_its_mail_and_only_once()
    {
        await using AuthHost host = await AuthHost.StartAsync(Confirming);
        Answer signUp = await host.SignUpAsync("a@b.test");
        Assert.Equal(HttpStatusCode.OK, signUp.Status);
        Assert.False(signUp.Json.TryGetProperty("access_token", out _));
        Assert.True(signUp.Json.TryGetProperty("confirmation_sent_at", out _));
        Assert.Equal("email", signUp.Json.GetProperty("identities")[0].GetProperty("provider").GetString());
        Assert.Equal("400 email_not_confirmed", (await host.SignInAsync("a@b.test")).Refusal);

        string link = LinkIn((await host.MailsAsync("a@b.test"))[0]);
        Answer go = await FollowAsync(host, link);
        Assert.Equal(HttpStatusCode.SeeOther, go.Status);
        string fragment = go.Header("Location")!.Split('#')[1];
        Assert.StartsWith("http://127.0.0.1:54321/#access_token=", go.Header("Location"), StringComparison.Ordinal);
        Assert.Contains("&token_type=bearer&type=signup", fragment, StringComparison.Ordinal);
        string token = fragment.Split('&')[0]["access_token=".Length..];
        Assert.Equal(signUp.Text("id"), (await host.MeAsync(token)).Text("sub"));

        Answer again = await FollowAsync(host, link);
        Assert.Equal(
            "http://127.0.0.1:54321/#error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid+or+has+expired",
            again.Header("Location")
        );
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test")).Status);
    }

    [Fact]
    public async Task A_taken_address_signs_up_like_a_free_one_for_the_same_work_and_nobody_gets_a_mail()
    {
        await using AuthHost host = await AuthHost.StartAsync(Confirming);
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"a@b.test","password":"blue-giraffe-42","email_confirm":true}""");
        var hasher = host.Get<PasswordHasher>();
        async Task<(Answer Answer, long Hashes, long Statements, long Mails)> Measure(string email)
        {
            await host.DrainAsync();
            (long hashes, long statements) = (hasher.Done, host.Store.Statements);
            Answer answer = await host.SignUpAsync(email, "other-giraffe-42");
            return (answer, hasher.Done - hashes, host.Store.Statements - statements, await host.Store.ScalarAsync<long>("select count(*) from auth.one_time_tokens"));
        }
        var free = await Measure("new@b.test");
        var taken = await Measure("a@b.test");
        Assert.Equal((free.Answer.Status, free.Hashes, free.Statements), (taken.Answer.Status, taken.Hashes, taken.Statements));
        Assert.Equal(free.Mails + 1, taken.Mails);
        string[] Names(Answer answer) => [.. answer.Json.EnumerateObject().Select(member => member.Name)];
        Assert.Equal(Names(free.Answer), Names(taken.Answer));
        Assert.Empty(taken.Answer.Json.GetProperty("identities").EnumerateArray());
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync("a@b.test", 0));
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("a@b.test", "other-giraffe-42")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test")).Status);
    }

    [Fact]
    public async Task Who_signs_up_with_a_strangers_address_does_not_choose_the_password_of_its_owner()
    {
        await using AuthHost host = await AuthHost.StartAsync(Confirming);
        await host.SignUpAsync("victim@b.test", "attackers-word-1");
        string first = CodeIn((await host.MailsAsync("victim@b.test"))[0]);
        // The owner signs up later: the newest mail alone counts, and its password.
        await host.SignUpAsync("victim@b.test", "owners-word-22");
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "signup", "victim@b.test", first)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "signup", "victim@b.test", CodeIn((await host.MailsAsync("victim@b.test", 2))[0]))).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("victim@b.test", "attackers-word-1")).Refusal);

        // Or comes in by a one-time code: then the stranger's password is gone.
        await host.SignUpAsync("second@b.test", "attackers-word-1");
        await host.PostAsync("/auth/v1/otp", """{"email":"second@b.test"}""");
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "email", "second@b.test", CodeIn((await host.MailsAsync("second@b.test", 2))[0]))).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("second@b.test", "attackers-word-1")).Refusal);
    }

    [Fact]
    public async Task A_one_time_code_signs_in_a_new_and_a_known_user_for_the_same_work()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        async Task<(long Statements, long Hashes)> Measure()
        {
            await host.DrainAsync();
            (long statements, long hashes) = (host.Store.Statements, host.Get<PasswordHasher>().Done);
            Assert.Equal("{}", (await host.PostAsync("/auth/v1/otp", """{"email":"A@b.test","data":{"name":"Ada"}}""")).Body);
            return (host.Store.Statements - statements, host.Get<PasswordHasher>().Done - hashes);
        }
        var unknown = await Measure();
        Answer first = await CodeAsync(host, "email", "a@b.test", CodeIn((await host.MailsAsync("a@b.test"))[0]));
        Assert.Equal("Ada", first.Json.GetProperty("user").GetProperty("user_metadata").GetProperty("name").GetString());
        Assert.True(first.Json.GetProperty("user").TryGetProperty("email_confirmed_at", out _));
        var known = await Measure();
        Assert.Equal(unknown, known);
        Answer second = await CodeAsync(host, "magiclink", "a@b.test", CodeIn((await host.MailsAsync("a@b.test", 2))[0]));
        Assert.Equal(first.Json.GetProperty("user").GetProperty("id").GetString(), second.Json.GetProperty("user").GetProperty("id").GetString());
        Assert.Equal("otp", JsonElement.Parse(Payload(second.Text("access_token"))).GetProperty("amr")[0].GetProperty("method").GetString());
    }

    [Theory]
    [InlineData("email", "\"create_user\":false", true)]
    [InlineData("email", "\"create_user\":true", false)]
    [InlineData("phone", "\"create_user\":false", true)]
    public async Task A_code_for_an_address_that_may_make_no_user_is_the_same_answer_for_the_same_work(string kind, string asked, bool open)
    {
        await using AuthHost host = await AuthHost.StartAsync(options => (options.EnableSignup, options.Sms.EnableSignup) = (open, true));
        (string known, string unknown) = kind == "email" ? ("a@b.test", "nobody@b.test") : ("41791234567", "41790000000");
        await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"{{kind}}":"{{known}}","{{kind}}_confirm":true}""");
        async Task<(HttpStatusCode Status, string Body, long Statements, long Hashes, long Mails)> Measure(string address)
        {
            await host.DrainAsync();
            (long statements, long hashes) = (host.Store.Statements, host.Get<PasswordHasher>().Done);
            Answer answer = await host.PostAsync("/auth/v1/otp", $$"""{"{{kind}}":"{{address}}",{{asked}}}""");
            long tokens = await host.Store.ScalarAsync<long>("select count(*) from auth.one_time_tokens");
            return (answer.Status, answer.Body, host.Store.Statements - statements, host.Get<PasswordHasher>().Done - hashes, tokens);
        }
        var told = await Measure(known);
        var silent = await Measure(unknown);
        Assert.Equal((HttpStatusCode.OK, "{}", 0), (told.Status, told.Body, told.Hashes));
        Assert.Equal(told with { Mails = told.Mails + 1 }, silent);
        await host.DrainAsync();
        Assert.Single(await host.MailsAsync(known));
        Assert.Empty(await host.MailsAsync(unknown, 0));
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    private static byte[] Payload(string token) => System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]);

    [Fact]
    public async Task Recovery_of_an_unknown_address_is_the_same_answer_for_the_same_work()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        async Task<(string Body, long Statements, long Tokens)> Measure(string email)
        {
            await host.DrainAsync();
            long statements = host.Store.Statements;
            Answer answer = await host.PostAsync("/auth/v1/recover", Json(new { email }));
            return (answer.Body, host.Store.Statements - statements, await host.Store.ScalarAsync<long>("select count(*) from auth.one_time_tokens where created_at > now() - interval '1 hour'"));
        }
        var known = await Measure("a@b.test");
        var unknown = await Measure("nobody@b.test");
        Assert.Equal(("{}", known.Statements, known.Tokens + 1), unknown);
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync("nobody@b.test", 0));
        Answer session = await CodeAsync(host, "recovery", "a@b.test", CodeIn((await host.MailsAsync("a@b.test"))[0]));
        Answer changed = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"fresh-giraffe-43"}""", session.Text("access_token"));
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test", "fresh-giraffe-43")).Status);
    }

    [Fact]
    public async Task Neither_code_nor_link_nor_address_lies_in_the_database()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.PostAsync("/auth/v1/recover", """{"email":"nobody@b.test"}""");
        await host.SignUpAsync("a@b.test");
        await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""");
        JsonElement mail = (await host.MailsAsync("a@b.test"))[0];
        string all = await host.Store.ScalarAsync<string>(
            "select string_agg(t::text, ' ') || (select string_agg(o::text, ' ') from auth.outbox o) from auth.one_time_tokens t"
        );
        string link = LinkIn(mail).Split("token=")[1].Split('&')[0];
        Assert.DoesNotContain(link, all, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody@b.test", all, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(link))), all, StringComparison.Ordinal);
        Assert.DoesNotContain(",1" + CodeIn(mail), all, StringComparison.Ordinal);
        Assert.DoesNotContain("href", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_fifty_redemptions_at_once_exactly_one_succeeds()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        for (int round = 1; round <= 4; round++)
        {
            await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
            JsonElement mail = (await host.MailsAsync("a@b.test", round))[0];
            string hash = LinkIn(mail).Split("token=")[1].Split('&')[0];
            string body = round % 2 == 0
                ? Json(new { type = "email", email = "a@b.test", token = CodeIn(mail) })
                : Json(new { type = "email", token_hash = hash });
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.PostAsync("/auth/v1/verify", body)));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal("403 otp_expired", answer.Refusal));
        }
    }

    [Fact]
    public async Task In_a_thousand_rounds_a_token_is_never_redeemed_twice()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Guid user = Guid.Parse((await host.SignUpAsync("a@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!);
        var tokens = host.Get<OneTimeTokens>();
        StoreDatabase store = host.Store;
        for (int round = 0; round < 1000; round++)
        {
            NewToken token = tokens.Create(TokenType.Recovery, user, "a@b.test");
            DateTimeOffset now = token.CreatedAt;
            await store.WriteAsync(unit => { tokens.Save(unit, token, TimeSpan.Zero, AuthErrors.OverEmailSendRateLimit); return true; }, TestContext.Current.CancellationToken);
            RedeemedToken?[] redeemed = await Task.WhenAll(
                Enumerable.Range(0, 5).Select(i =>
                    store.WriteAsync(
                        unit => (i + round) % 2 == 0
                            ? tokens.RedeemLink(unit, token.Link, [TokenType.Recovery], now)
                            : tokens.RedeemCode(unit, "a@b.test", token.Code, [TokenType.Recovery], now),
                        TestContext.Current.CancellationToken
                    ).AsTask()
                )
            );
            Assert.Single(redeemed, one => one is not null);
        }
    }

    [Fact]
    public async Task Five_wrong_guesses_end_a_code_and_time_ends_it_too()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        JsonElement mail = (await host.MailsAsync("a@b.test"))[0];
        string wrong = CodeIn(mail) == "000000" ? "000001" : "000000";
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("403 otp_expired", (await CodeAsync(host, "email", "a@b.test", wrong)).Refusal);
        }
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "email", "a@b.test", CodeIn(mail))).Refusal);
        // Nobody guesses a link: the owner's mail still works.
        Assert.Contains("access_token=", (await FollowAsync(host, LinkIn(mail))).Header("Location"), StringComparison.Ordinal);

        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        JsonElement late = (await host.MailsAsync("a@b.test", 2))[0];
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "email", "a@b.test", CodeIn(late))).Refusal);
        Assert.Contains("error_code=otp_expired", (await FollowAsync(host, LinkIn(late))).Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_is_good_for_its_address_and_its_kind_only()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        await host.SignUpAsync("other@b.test");
        await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""");
        string code = CodeIn((await host.MailsAsync("a@b.test"))[0]);
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "recovery", "other@b.test", code)).Refusal);
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "invite", "a@b.test", code)).Refusal);
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "email_change", "a@b.test", code)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "recovery", " A@B.test ", code[..3] + "-" + code[3..])).Status);
    }

    [Theory]
    [InlineData("""{"password":"fresh-giraffe-43"}""")]
    [InlineData("""{"email":"other@b.test"}""")]
    public async Task What_an_administrator_changes_ends_the_codes_under_way(string change)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string id = (await host.SignUpAsync("a@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""");
        JsonElement mail = (await host.MailsAsync("a@b.test"))[0];
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("PUT", "/auth/v1/admin/users/" + id, change)).Status);
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "recovery", "a@b.test", CodeIn(mail))).Refusal);
        Assert.Contains("error_code=otp_expired", (await FollowAsync(host, LinkIn(mail))).Header("Location"), StringComparison.Ordinal);
        Answer phone = await host.AdminAsync("PUT", "/auth/v1/admin/users/" + id, """{"phone":"41791234567","phone_confirm":true}""");
        Assert.Equal(2, phone.Json.GetProperty("identities").GetArrayLength());
    }

    [Fact]
    public async Task A_banned_user_is_refused_with_a_good_code()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string id = (await host.SignUpAsync("a@b.test")).Json.GetProperty("user").GetProperty("id").GetString()!;
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await host.AdminAsync("PUT", "/auth/v1/admin/users/" + id, """{"ban_duration":"1h"}""");
        Assert.Equal("403 user_banned", (await CodeAsync(host, "email", "a@b.test", CodeIn((await host.MailsAsync("a@b.test"))[0]))).Refusal);
    }

    [Fact]
    public async Task Closed_doors_answer_their_own_code()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => (options.TellUnknownAddresses, options.Email.Otp.MaxFrequency) = (true, TimeSpan.FromMinutes(1)));
        Assert.Equal("422 otp_disabled", (await host.PostAsync("/auth/v1/otp", """{"email":"n@b.test","create_user":false}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", "{}")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", """{"email":"n@b.test","phone":"123"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test\r\nBcc: c@d.test"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/recover", "{}")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/resend", """{"type":"nonsense","email":"a@b.test"}""")).Refusal);
        foreach (string address in new[] { "known@b.test", "nobody@b.test" })
        {
            if (address == "known@b.test")
            {
                await host.SignUpAsync(address);
            }
            Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", Json(new { email = address }))).Status);
            Answer soon = await host.PostAsync("/auth/v1/recover", Json(new { email = address }));
            Assert.Equal("429 over_email_send_rate_limit", soon.Refusal);
            Assert.NotNull(soon.Header("Retry-After"));
        }
    }

    [Fact]
    public async Task Mails_are_limited_by_client_and_by_mailbox()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.RateLimit.EmailSent = 3);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", Json(new { email = $"u{i}@b.test" }))).Status);
        }
        Assert.Equal("429 over_email_send_rate_limit", (await host.PostAsync("/auth/v1/recover", """{"email":"u9@b.test"}""")).Refusal);
        // An administrator is no client address; a mailbox is protected from both.
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("POST", "/auth/v1/invite", """{"email":"new@b.test"}""")).Status);
        }
        Assert.Equal("429 over_email_send_rate_limit", (await host.AdminAsync("POST", "/auth/v1/invite", """{"email":"new@b.test"}""")).Refusal);
    }

    [Fact]
    public async Task Verify_refuses_what_it_cannot_read()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string[] bodies =
        [
            "{}",
            """{"type":"email"}""",
            """{"type":"email","token":"123456"}""",
            """{"type":"email","token":"123456","token_hash":"x","email":"a@b.test"}""",
            """{"type":"email","token_hash":"x","email":"a@b.test"}""",
            """{"type":"email","token":"123456","email":"a@b.test","phone":"123"}""",
            """{"type":"nonsense","token":"123456","email":"a@b.test"}""",
            """{"type":"email","token":123456,"email":"a@b.test"}""",
            """{"type":"email","token":{"$ne":""},"email":"a@b.test"}""",
        ];
        foreach (string body in bodies)
        {
            Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/verify", body)).Refusal);
        }
        Answer get = await host.SendAsync("GET", "/auth/v1/verify?type=signup&redirect_to=https://evil.test/");
        Assert.StartsWith("http://127.0.0.1:54321/#error=access_denied&error_code=validation_failed", get.Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_lead_to_the_configured_address_whatever_the_request_calls_this_host()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.AdditionalRedirectUrls.Add("https://app.test/**"));
        await host.SendAsync(
            "POST",
            "/auth/v1/otp?redirect_to=" + Uri.EscapeDataString("https://evil.test/x"),
            """{"email":"a@b.test"}""",
            headers: h =>
            {
                h.Host = "evil.test";
                h.Add("X-Forwarded-Host", "evil.test");
                h.Add("X-Forwarded-Proto", "https");
                h.Add("Forwarded", "host=evil.test");
                h.Add("Referer", "https://evil.test/");
                h.Add("Origin", "https://evil.test");
            }
        );
        JsonElement mail = (await host.MailsAsync("a@b.test"))[0];
        Assert.DoesNotContain("evil", mail.GetRawText(), StringComparison.Ordinal);
        await host.PostAsync("/auth/v1/otp?redirect_to=" + Uri.EscapeDataString("https://app.test/home?x=1"), """{"email":"a@b.test"}""");
        Answer go = await FollowAsync(host, LinkIn((await host.MailsAsync("a@b.test", 2))[0]));
        Assert.StartsWith("https://app.test/home?x=1#access_token=", go.Header("Location"), StringComparison.Ordinal);
        // The address in the link is judged again: who edits it is sent home.
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        string edited = LinkIn((await host.MailsAsync("a@b.test", 3))[0]).Split("&redirect_to")[0] + "&redirect_to=https%3A%2F%2Fevil.test%2F";
        Assert.StartsWith("http://127.0.0.1:54321/#access_token=", (await FollowAsync(host, edited)).Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_mail_server_production_says_so()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.Development = false);
        Assert.Equal("500 unexpected_failure", (await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""")).Refusal);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync("GET", "/dev/inbox")).Status);
    }
}

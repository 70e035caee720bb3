using System.Net;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Tests.Auth;

public sealed class PasswordSignInTests
{
    private static string Bcrypt => BCrypt.Net.BCrypt.HashPassword("blue-giraffe-42", 4);

    [Fact]
    public async Task An_unknown_user_and_a_wrong_password_are_the_same_answer_for_the_same_work()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("a@b.test");
        var hasher = host.Get<PasswordHasher>();
        async Task<(string Body, string Refusal, long Hashes, long Statements)> Measure(string email)
        {
            (long hashes, long statements) = (hasher.Done, host.Store.Statements);
            Answer answer = await host.SignInAsync(email, "wrong-giraffe-42");
            return (answer.Body, answer.Refusal, hasher.Done - hashes, host.Store.Statements - statements);
        }
        var wrong = await Measure("a@b.test");
        Assert.Equal("400 invalid_credentials", wrong.Refusal);
        Assert.Equal((1L, 1L), (wrong.Hashes, wrong.Statements));
        Assert.Equal(wrong, await Measure("nobody@b.test"));
    }

    [Fact]
    public async Task A_banned_or_unconfirmed_user_is_told_so_only_with_the_right_password()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"un@b.test","password":"blue-giraffe-42"}""");
        Assert.Equal("400 email_not_confirmed", (await host.SignInAsync("un@b.test")).Refusal);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("un@b.test", "wrong-giraffe-42")).Refusal);
        await host.AdminAsync(
            "POST",
            "/auth/v1/admin/users",
            """{"email":"ban@b.test","password":"blue-giraffe-42","email_confirm":true,"ban_duration":"24h"}"""
        );
        Assert.Equal("400 user_banned", (await host.SignInAsync("ban@b.test")).Refusal);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("ban@b.test", "wrong-giraffe-42")).Refusal);
        host.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("ban@b.test")).Status);
    }

    [Fact]
    public async Task An_imported_bcrypt_hash_signs_in_and_becomes_argon2id()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer created = await host.AdminAsync(
            "POST",
            "/auth/v1/admin/users",
            $$"""{"email":"old@b.test","password_hash":"{{Bcrypt}}","email_confirm":true}"""
        );
        Assert.Equal(HttpStatusCode.OK, created.Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("old@b.test", "wrong-giraffe-42")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("old@b.test")).Status);
        string hash = await host.Store.ScalarAsync<string>("select encrypted_password from auth.users");
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("old@b.test")).Status);
    }

    [Theory]
    [InlineData("plain text")]
    [InlineData("$argon2id$v=19$m=9999999,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g")]
    [InlineData("$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz012345")]
    public async Task A_hash_that_cannot_be_verified_safely_is_refused_at_import(string hash)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer answer = await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"email":"x@b.test","password_hash":"{{hash}}"}""");
        Assert.Equal("400 validation_failed", answer.Refusal);
    }

    [Fact]
    public async Task Requests_past_the_limit_of_one_client_get_429()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.RateLimit.SignInSignUps = 3);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("400 invalid_credentials", (await host.SignInAsync($"u{i}@b.test")).Refusal);
        }
        Answer fourth = await host.SendAsync(
            "POST",
            "/auth/v1/token?grant_type=password",
            """{"email":"u9@b.test","password":"blue-giraffe-42"}""",
            headers: h => h.Add("X-Forwarded-For", "203.0.113.9")
        );
        Assert.Equal("429 over_request_rate_limit", fourth.Refusal);
        Assert.NotNull(fourth.Header("Retry-After"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_forwarded_client_is_counted_and_cannot_be_forged()
    {
        await using AuthHost host = await AuthHost.StartAsync(o =>
        {
            o.RateLimit.SignInSignUps = 1;
            o.TrustedProxies.Add("127.0.0.0/8");
        });
        Task<Answer> From(string chain) =>
            host.SendAsync(
                "POST",
                "/auth/v1/token?grant_type=password",
                """{"email":"u@b.test","password":"blue-giraffe-42"}""",
                headers: h => h.Add("X-Forwarded-For", chain)
            );
        Assert.Equal("400 invalid_credentials", (await From("203.0.113.1")).Refusal);
        Assert.Equal("400 invalid_credentials", (await From("203.0.113.2")).Refusal);
        // The left end is the client's own writing.
        Assert.Equal("429 over_request_rate_limit", (await From("198.51.100.7, 203.0.113.1")).Refusal);
    }

    [Fact]
    public async Task Wrong_passwords_at_one_account_are_throttled_whether_it_exists_or_not()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        var limits = host.Get<Tenon.Server.Auth.AuthLimits>();
        for (int i = 0; i < 60; i++)
        {
            await limits.CountFailureAsync("nobody@b.test");
        }
        Assert.Equal("429 over_request_rate_limit", (await host.SignInAsync("Nobody@b.test")).Refusal);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("other@b.test")).Refusal);
    }

    [Fact]
    public async Task Who_guesses_at_an_account_does_not_keep_its_user_out_where_they_have_come_in_before()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.TrustedProxies.Add("127.0.0.0/8"));
        Task<Answer> From(string ip, string email, string password = "blue-giraffe-42") =>
            host.SendAsync(
                "POST",
                "/auth/v1/token?grant_type=password",
                $$"""{"email":"{{email}}","password":"{{password}}"}""",
                headers: h => h.Add("X-Forwarded-For", ip)
            );
        await host.SignUpAsync("ann@b.test");
        Answer home = await From("203.0.113.1", "ann@b.test");
        Assert.Equal(HttpStatusCode.OK, home.Status);
        // Signed out everywhere: it is not the session that is remembered.
        await host.PostAsync("/auth/v1/logout?scope=global", "{}", home.Text("access_token"));
        var limits = host.Get<Tenon.Server.Auth.AuthLimits>();
        foreach (string account in new[] { "ann@b.test", "nobody@b.test" })
        {
            for (int i = 0; i < 60; i++)
            {
                await limits.CountFailureAsync(account);
            }
        }
        Assert.Equal("429 over_request_rate_limit", (await From("198.51.100.7", "ann@b.test")).Refusal);
        Assert.Equal("429 over_request_rate_limit", (await From("203.0.113.1", "nobody@b.test")).Refusal);
        Assert.Equal("400 invalid_credentials", (await From("203.0.113.1", "ann@b.test", "not-the-password")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await From("203.0.113.1", "ann@b.test")).Status);
    }

    [Fact]
    public async Task A_full_queue_of_hashes_answers_429_and_the_rest_are_served()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => host.SignInAsync($"u{i}@b.test")));
        Assert.All(answers, a => Assert.Contains(a.Refusal, new[] { "400 invalid_credentials", "429 over_request_rate_limit" }));
        Assert.All(answers.Where(a => (int)a.Status == 429), a => Assert.NotNull(a.Header("Retry-After")));
        Assert.True(answers.Count(a => (int)a.Status == 400) >= 64);
    }

    [Fact]
    public async Task Missing_and_odd_members_are_refused_by_name()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Task<Answer> Token(string body) => host.PostAsync("/auth/v1/token?grant_type=password", body);
        Assert.Equal("400 validation_failed", (await Token("{}")).Refusal);
        Assert.Equal("422 phone_provider_disabled", (await Token("""{"phone":"1555","password":"x"}""")).Refusal);
        Assert.Equal("400 invalid_credentials", (await Token("""{"email":"not an address","password":"x"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await Token("""{"email":{"a":1},"password":"x"}""")).Refusal);
        Assert.Equal("400 bad_json", (await Token("email=a")).Refusal);
    }

    [Fact]
    public async Task A_database_that_is_busy_or_broken_is_said_without_its_words()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        host.Store.FailNextWrite = new Core.Errors.Error(Core.Errors.ErrorCodes.DiskFull, "secret path full").ToException();
        Answer busy = await host.SignUpAsync("a@b.test");
        Assert.Equal("503 unexpected_failure", busy.Refusal);
        Assert.Equal("1", busy.Header("Retry-After"));
        host.Store.FailNextWrite = new InvalidOperationException("secret stack");
        Answer broken = await host.SignUpAsync("a@b.test");
        Assert.Equal("500 unexpected_failure", broken.Refusal);
        Assert.DoesNotContain("secret", busy.Body + broken.Body, StringComparison.Ordinal);
    }
}

using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using OtpNet;
using Tenon.Server.Auth;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Tests.Auth;

/// <summary>What a new password may not be: the offline lists, names of the user and the site, lengths with and without a factor.</summary>
public sealed class PasswordRuleTests
{
    private static readonly AuthOptions Options = new() { SiteUrl = "https://portal.acme-hiring.example", PublicUrl = "https://api.wonderland.example" };

    private static string? Reason(string password, string contact = "ann.miller@bigcorp.test") =>
        Record.Exception(() => PasswordRules.Require(password, Options, contact)) is AuthException refused ? refused.Error.WeakPasswordReasons.FirstOrDefault() ?? "other" : null;

    [Theory]
    // From the lists, and with a little around them.
    [InlineData("serenity")]
    [InlineData("Serenity7")]
    [InlineData("!FireBall99")]
    [InlineData("87654321vv")]
    [InlineData("montgomery")]
    [InlineData("Photography!")]
    [InlineData("s3r3nity")]
    // The user's own name, the mailbox's host, the site's hosts.
    [InlineData("ann.miller")]
    [InlineData("Ann.Miller2024")]
    [InlineData("ann.miller@bigcorp.test")]
    [InlineData("bigcorp2024!!!")]
    [InlineData("portal.acme-hiring.example")]
    [InlineData("Acme-Hiring-2024")]
    [InlineData("wonderland123456")]
    public void A_password_of_the_lists_or_of_the_context_is_refused(string password) => Assert.Equal("pwned", Reason(password));

    [Theory]
    [InlineData("blue-giraffe-42")]
    [InlineData("correct horse battery")]
    [InlineData("serenity over the hills")]
    [InlineData("montgomery burns twice")]
    [InlineData("Grüße, 2 Vögel!")]
    [InlineData("8ad1f6c0e2b94d17")]
    [InlineData("my acme-hiring pass phrase")]
    public void A_password_of_several_words_or_of_chance_is_accepted(string password) => Assert.Null(Reason(password));

    [Fact]
    public async Task Sign_up_and_change_refuse_a_common_password_with_its_reasons_and_make_nothing()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        foreach (string password in new[] { "photography", "Montgomery!", "s3r3nity" })
        {
            Answer made = await host.SignUpAsync("new@b.test", password);
            Assert.Equal("422 weak_password", made.Refusal);
            Assert.Equal("pwned", Assert.Single(made.Json.GetProperty("weak_password").GetProperty("reasons").EnumerateArray()).GetString());
            Answer changed = await host.SendAsync("PUT", "/auth/v1/user", $$"""{"password":"{{password}}"}""", token);
            Assert.Equal("422 weak_password", changed.Refusal);
        }
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test")).Status);
    }

    [Theory]
    [InlineData("red", "length,characters")]
    [InlineData("", "length,characters")]
    [InlineData("violet-giraffe-zebra", "characters")]
    [InlineData("photography", "characters,pwned")]
    [InlineData("Montgomery1!", "pwned")]
    [InlineData("Ann.Miller2024", "pwned")]
    [InlineData("walrus-battery-91", "pwned")]
    [InlineData("pass12", "length,pwned")]
    public async Task A_password_that_an_administrator_sets_is_held_to_all_rules_and_every_reason_is_told(string password, string reasons)
    {
        string blocked = Path.GetTempFileName();
        await File.WriteAllTextAsync(blocked, "walrus-battery-91\n", TestContext.Current.CancellationToken);
        await using AuthHost host = await AuthHost.StartAsync(o => (o.PasswordRequirements, o.BlockedPasswordsPath) = ("letters_digits", blocked));
        string id = (await host.SignUpAsync("ann.miller@b.test")).Json.GetProperty("user").Text("id");
        Answer refused = await host.AdminAsync("PUT", "/auth/v1/admin/users/" + id, $$$"""{"password":"{{{password}}}","user_metadata":{"n":1}}""");
        Assert.Equal("422 weak_password", refused.Refusal);
        Assert.Equal(["code", "error_code", "msg", "weak_password"], refused.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal($$"""{"reasons":["{{reasons.Replace(",", "\",\"", StringComparison.Ordinal)}}"]}""", refused.Json.GetProperty("weak_password").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(reasons.Split(',').Length, refused.Text("msg").Split(". ").Length);
        // Nothing changed, and the sessions go on.
        Answer session = await host.SignInAsync("ann.miller@b.test");
        Assert.False(session.Json.GetProperty("user").GetProperty("user_metadata").TryGetProperty("n", out _));
        File.Delete(blocked);
    }

    [Fact]
    public async Task An_administrators_new_user_needs_a_long_enough_password_and_a_link_to_sign_up_a_good_one()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("422 weak_password", (await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"a@b.test","password":"giraffe"}""")).Refusal);
        // As GoTrue, which takes what an administrator brings along.
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"a@b.test","password":"photography"}""")).Status);
        const string link = "/auth/v1/admin/generate_link";
        Assert.Equal("422 weak_password", (await host.AdminAsync("POST", link, """{"type":"signup","email":"c@b.test","password":"photography"}""")).Refusal);
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("POST", link, """{"type":"signup","email":"c@b.test","password":"blue-giraffe-42"}""")).Status);
    }

    [Fact]
    public void None_of_ten_thousand_random_passwords_is_refused()
    {
        const string characters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.!+";
        var random = new Random(11);
        for (int i = 0; i < 10_000; i++)
        {
            string password = new(random.GetItems<char>(characters, random.Next(12, 25)));
            Assert.True(Reason(password) is null, password);
        }
    }

    [Fact]
    public void The_list_is_the_one_that_the_tool_made_and_is_small_in_memory()
    {
        Assert.Equal(87_134, CommonPasswords.Count);
        Assert.Equal(261_432, CommonPasswords.Size);
        using Stream stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.bloom")!;
        Assert.Equal("e5f82c8dd3022d46ac900311b7d6b1a4f4efddcab0e5a3aac06edcd3b9ce1f3a", Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    [Fact]
    public void Few_other_passwords_are_taken_for_one_of_the_list()
    {
        var random = new Random(7);
        int taken = Enumerable.Range(0, 200_000).Count(_ => CommonPasswords.Contains(random.NextInt64().ToString("x16", CultureInfo.InvariantCulture)));
        Assert.InRange(taken, 0, 20);
    }

    [Fact]
    public async Task A_password_that_stands_alone_may_have_to_be_longer_than_one_beside_a_second_factor()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.MinimumPasswordLengthAlone = 15);
        Answer shorter = await host.SignUpAsync("a@b.test", "red-lynx-17-xx");
        Assert.Equal("422 weak_password", shorter.Refusal);
        Assert.Equal("Password should be at least 15 characters.", shorter.Text("msg"));
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 weak_password", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-lynx"}""", token)).Refusal);

        // A factor counts once it is verified, whatever its name.
        Answer enrolled = await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"verified"}""", token);
        Assert.Equal("422 weak_password", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-lynx"}""", token)).Refusal);
        string factor = enrolled.Text("id");
        string challenge = (await host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", token)).Text("id");
        string code = new Totp(Base32Encoding.ToBytes(enrolled.Json.GetProperty("totp").GetProperty("secret").GetString())).ComputeTotp(host.Clock.GetUtcNow().UtcDateTime);
        Answer raised = await host.PostAsync($"/auth/v1/factors/{factor}/verify", $$"""{"challenge_id":"{{challenge}}","code":"{{code}}"}""", token);
        Answer changed = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"red-lynx"}""", raised.Text("access_token"));
        Assert.True(changed.Status == HttpStatusCode.OK, changed.Body);
        Assert.Equal("422 weak_password", (await host.SendAsync("PUT", "/auth/v1/user", """{"password":"lynx-17"}""", raised.Text("access_token"))).Refusal);
    }
}

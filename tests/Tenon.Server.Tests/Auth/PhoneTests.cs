using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Tests.Auth;

/// <summary>Sign-in by telephone: the rules of mail, over text messages.</summary>
public sealed class PhoneTests
{
    private static readonly Action<AuthOptions> ByPhone = options => options.Sms.EnableSignup = true;

    private static Task<Answer> CodeAsync(AuthHost host, string phone, string token, string type = "sms") =>
        host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type, phone, token }));

    private static async Task<string> CodeOfAsync(AuthHost host, string phone, int count = 1) =>
        (await host.MailsAsync(phone, count))[0].GetProperty("code").GetString()!;

    [Fact]
    public async Task A_code_by_text_message_signs_in_a_new_and_a_known_user_for_the_same_work()
    {
        await using AuthHost host = await AuthHost.StartAsync(ByPhone);
        async Task<long> Measure()
        {
            await host.DrainAsync();
            long statements = host.Store.Statements;
            Assert.Equal("{}", (await host.PostAsync("/auth/v1/otp", """{"phone":"+41 79 123 45 67"}""")).Body);
            return host.Store.Statements - statements;
        }
        long unknown = await Measure();
        string code = await CodeOfAsync(host, "41791234567");
        Assert.Equal($"Your code is {code}", (await host.MailsAsync("41791234567"))[0].GetProperty("text").GetString());
        Answer first = await CodeAsync(host, "+41791234567", code);
        JsonElement user = first.Json.GetProperty("user");
        Assert.Equal("41791234567", user.GetProperty("phone").GetString());
        Assert.True(user.TryGetProperty("phone_confirmed_at", out _));
        Assert.Equal("phone", user.GetProperty("app_metadata").GetProperty("provider").GetString());
        Assert.Equal("phone", user.GetProperty("identities")[0].GetProperty("provider").GetString());
        Assert.True(user.GetProperty("identities")[0].GetProperty("identity_data").GetProperty("phone_verified").GetBoolean());
        Assert.Equal(unknown, await Measure());
        Answer second = await CodeAsync(host, "41791234567", await CodeOfAsync(host, "41791234567", 2));
        Assert.Equal(user.GetProperty("id").GetString(), second.Json.GetProperty("user").GetProperty("id").GetString());
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "41791234567", code)).Refusal);
    }

    [Fact]
    public async Task A_password_with_a_number_waits_for_the_text_message()
    {
        await using AuthHost host = await AuthHost.StartAsync(ByPhone);
        const string body = """{"phone":"41791234567","password":"blue-giraffe-42"}""";
        Answer signUp = await host.PostAsync("/auth/v1/signup", body);
        Assert.False(signUp.Json.TryGetProperty("access_token", out _));
        Assert.Equal("400 phone_not_confirmed", (await host.PostAsync("/auth/v1/token?grant_type=password", body)).Refusal);
        Assert.Equal("400 invalid_credentials", (await host.PostAsync("/auth/v1/token?grant_type=password", body.Replace("blue", "pink", StringComparison.Ordinal))).Refusal);
        await host.PostAsync("/auth/v1/resend", """{"type":"sms","phone":"41791234567"}""");
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "41791234567", await CodeOfAsync(host, "41791234567", 2))).Status);
        Answer signIn = await host.PostAsync("/auth/v1/token?grant_type=password", body);
        Assert.Equal(signUp.Text("id"), signIn.Json.GetProperty("user").GetProperty("id").GetString());
        // Taken now: the same answer as for a free number, and no message.
        Answer again = await host.PostAsync("/auth/v1/signup", body);
        Assert.Empty(again.Json.GetProperty("identities").EnumerateArray());
        await host.DrainAsync();
        Assert.Equal(2, (await host.MailsAsync("41791234567", 2)).Count);
    }

    [Fact]
    public async Task A_number_is_added_and_changed_by_its_own_text_message()
    {
        await using AuthHost host = await AuthHost.StartAsync(ByPhone);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Answer pending = await host.SendAsync("PUT", "/auth/v1/user", """{"phone":"+41791234567"}""", token);
        Assert.Equal("41791234567", pending.Text("new_phone"));
        Assert.Equal("", pending.Text("phone"));
        await host.PostAsync("/auth/v1/resend", """{"type":"phone_change","phone":"41799999999"}""");
        string code = await CodeOfAsync(host, "41791234567");
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "41791234567", code)).Refusal);
        Answer changed = await CodeAsync(host, "41791234567", code, "phone_change");
        Assert.Equal("41791234567", changed.Json.GetProperty("user").GetProperty("phone").GetString());
        Assert.Equal(2, changed.Json.GetProperty("user").GetProperty("identities").GetArrayLength());
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/token?grant_type=password", """{"phone":"41791234567","password":"blue-giraffe-42"}""")).Status);
        string other = (await host.SignUpAsync("other@b.test")).Text("access_token");
        Assert.Equal("422 phone_exists", (await host.SendAsync("PUT", "/auth/v1/user", """{"phone":"41791234567"}""", other)).Refusal);
    }

    [Fact]
    public async Task A_user_without_address_reauthenticates_by_text_message()
    {
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            ByPhone(options);
            options.Email.SecurePasswordChange = true;
            options.JwtExpiry = TimeSpan.FromDays(3);
        });
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"phone":"41791234567","phone_confirm":true}""");
        await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""");
        string token = (await CodeAsync(host, "41791234567", await CodeOfAsync(host, "41791234567"))).Text("access_token");
        host.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal("{}", (await host.SendAsync("GET", "/auth/v1/reauthenticate", token: token)).Body);
        string nonce = await CodeOfAsync(host, "41791234567", 2);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("PUT", "/auth/v1/user", JsonSerializer.Serialize(new { password = "fresh-giraffe-43", nonce }), token)).Status);
    }

    [Fact]
    public async Task Test_numbers_have_their_code_and_nothing_is_sent()
    {
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            ByPhone(options);
            options.Sms.TestOtp["15005550006"] = "123456";
        });
        await host.PostAsync("/auth/v1/otp", """{"phone":"15005550006"}""");
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync("15005550006", 0));
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "15005550006", "123456")).Status);
        Assert.Equal("403 otp_expired", (await CodeAsync(host, "15005550006", "123456")).Refusal);
    }

    [Fact]
    public async Task Refusals_have_their_codes()
    {
        await using AuthHost closed = await AuthHost.StartAsync();
        Assert.Equal("422 phone_provider_disabled", (await closed.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""")).Refusal);
        Assert.Equal("422 phone_provider_disabled", (await closed.PostAsync("/auth/v1/signup", """{"phone":"41791234567","password":"blue-giraffe-42"}""")).Refusal);
        Assert.Equal("422 phone_provider_disabled", (await closed.PostAsync("/auth/v1/token?grant_type=password", """{"phone":"41791234567","password":"x"}""")).Refusal);
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            ByPhone(options);
            options.TellUnknownAddresses = true;
            options.Sms.MaxFrequency = TimeSpan.FromMinutes(1);
        });
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", """{"phone":"12;drop"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567","channel":"pigeon"}""")).Refusal);
        Assert.Equal("422 otp_disabled", (await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567","create_user":false}""")).Refusal);
        Assert.Equal("400 validation_failed", (await CodeAsync(host, "41791234567", "123456", "email")).Refusal);
        await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""");
        Assert.Equal("429 over_sms_send_rate_limit", (await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""")).Refusal);
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"phone":"41790000000","password":"blue-giraffe-42"}""");
        Answer unproven = await host.PostAsync("/auth/v1/token?grant_type=password", """{"phone":"41790000000","password":"blue-giraffe-42"}""");
        Assert.Equal("400 phone_not_confirmed", unproven.Refusal);
    }

    [Fact]
    public async Task Text_messages_are_posted_signed_and_tried_again()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        var calls = new List<(string Id, string Time, string Signature, string Body)>();
        int answer = 503;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using WebApplication sender = builder.Build();
        sender.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            lock (calls)
            {
                calls.Add((context.Request.Headers["webhook-id"]!, context.Request.Headers["webhook-timestamp"]!, context.Request.Headers["webhook-signature"]!, body));
            }
            context.Response.StatusCode = answer;
            answer = 200;
        });
        await sender.StartAsync(TestContext.Current.CancellationToken);
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            ByPhone(options);
            options.Sms.Uri = sender.Urls.First() + "/sms";
            options.Sms.Secret = "v1,whsec_" + Convert.ToBase64String(secret);
        });
        await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""");
        for (int i = 0; i < 200 && await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where last_error is not null") == 0; i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        await host.Get<Tenon.Server.Auth.Mail.OutboxWorker>().RunOnceAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, calls.Count);
        Assert.Equal(calls[0].Id, calls[1].Id);
        foreach ((string id, string time, string signature, string body) in calls)
        {
            byte[] expected = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{id}.{time}.{body}"));
            Assert.Equal("v1," + Convert.ToBase64String(expected), signature);
        }
        JsonElement message = JsonElement.Parse(calls[1].Body);
        Assert.Equal("+41791234567", message.GetProperty("phone").GetString());
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(host, "41791234567", message.GetProperty("otp").GetString()!)).Status);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("ff02::1", false)]
    public void Only_public_addresses_are_called(string address, bool allowed) => Assert.Equal(allowed, PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("https://user:pass@example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("/relative")]
    public void An_address_to_call_in_production_is_https(string uri) =>
        Assert.Throws<InvalidOperationException>(() => SafeHttp.Require(uri, "[auth.sms] uri", development: false));

    [Fact]
    public async Task Production_does_not_call_this_machine_whatever_the_name()
    {
        using var http = new SafeHttp(new AuthOptions(), TimeProvider.System);
        var signature = new WebhookSignature("v1,whsec_" + Convert.ToBase64String(new byte[32]), "secret");
        foreach (string uri in new[] { "https://localhost:1/", "https://127.0.0.1:1/", "https://[::ffff:127.0.0.1]:1/" })
        {
            var e = await Assert.ThrowsAsync<HttpRequestException>(
                () => http.PostAsync(new Uri(uri), "{}"u8.ToArray(), Guid.NewGuid(), signature, TestContext.Current.CancellationToken)
            );
            Assert.Contains("not a public one", e.ToString(), StringComparison.Ordinal);
        }
    }
}

using System.Net;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>Addresses that mails do not go to: refused before anybody is looked up, nothing is made and nothing queued.</summary>
public sealed class MailboxTests
{
    private static async Task<string> StateAsync(AuthHost host) =>
        await host.Store.ScalarAsync<string>(
            "select concat_ws('|', (select count(*) from auth.users), (select count(*) from auth.one_time_tokens), (select count(*) from auth.outbox where recipient <> 'ann@b.test'))"
        );

    private static async Task RefusesEverywhereAsync(AuthHost host, string address, string refusal)
    {
        string before = await StateAsync(host);
        string email = $$"""{"email":"{{address}}"}""";
        foreach (string path in new[] { "otp", "magiclink", "recover" })
        {
            Assert.Equal((path, refusal), (path, (await host.PostAsync("/auth/v1/" + path, email)).Refusal));
        }
        Assert.Equal(refusal, (await host.PostAsync("/auth/v1/resend", $$"""{"type":"signup","email":"{{address}}"}""")).Refusal);
        Assert.Equal(refusal, (await host.SignUpAsync(address)).Refusal);
        Assert.Equal(refusal, (await host.AdminAsync("POST", "/auth/v1/invite", email)).Refusal);
        string token = (await host.SignInAsync("ann@b.test")).Text("access_token");
        Answer change = await host.SendAsync("PUT", "/auth/v1/user", email, token);
        Assert.Equal(refusal, change.Refusal);
        Assert.Contains(address, change.Text("msg"), StringComparison.Ordinal);
        Assert.Equal(before, await StateAsync(host));
    }

    private static async Task<AuthHost> StartAsync(Action<AuthEmailOptions> configure)
    {
        AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.Email.EnableConfirmations = true;
            configure(options.Email);
        });
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"ann@b.test","password":"blue-giraffe-42","email_confirm":true}""");
        return host;
    }

    [Fact]
    public async Task With_a_list_of_addresses_mails_go_to_those_alone()
    {
        await using AuthHost host = await StartAsync(email => email.AuthorizedAddresses.AddRange(["Ann@b.test", "old@b.test"]));
        await RefusesEverywhereAsync(host, "eve@b.test", "400 email_address_not_authorized");
        await RefusesEverywhereAsync(host, "ann@b.test.evil.org", "400 email_address_not_authorized");
        await RefusesEverywhereAsync(host, "+ann@b.test", "400 email_address_not_authorized");
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", """{"email":"ann@b.test"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("ann+shop@b.test")).Status);
        Assert.Equal("ann+shop@b.test", (await host.MailsAsync("ann+shop@b.test"))[0].GetProperty("to").GetString());
        // Who is known and who is not, the list alone decides.
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", """{"email":"old@b.test"}""")).Status);
    }

    [Fact]
    public async Task Extended_validation_refuses_names_that_reach_nobody()
    {
        await using AuthHost host = await StartAsync(email => email.ExtendedValidation = true);
        foreach (string address in new[] { "a@example.com", "a@mail.example.org", "a@shop.test", "a@x.invalid", "a@localhost", "a@printer.local", "a@intranet" })
        {
            await RefusesEverywhereAsync(host, address, "400 email_address_invalid");
        }
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("a@myexample.com")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("a@test.acme.io")).Status);
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>A sender of text messages that refuses a number: told to the user whose number it is, and to nobody else.</summary>
public sealed class SendRefusalTests
{
    private const string Number = "41791234567";

    private sealed class Sender : IAsyncDisposable
    {
        private readonly WebApplication app;

        private Sender(WebApplication app) => this.app = app;

        public int Answer { get; set; } = 400;
        public int Calls;

        public string Uri => app.Urls.First() + "/sms";

        public static async Task<Sender> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            var sender = new Sender(builder.Build());
            sender.app.Run(context =>
            {
                Interlocked.Increment(ref sender.Calls);
                context.Response.StatusCode = sender.Answer;
                return Task.CompletedTask;
            });
            await sender.app.StartAsync(TestContext.Current.CancellationToken);
            return sender;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }

    private static Task<AuthHost> StartAsync(Sender sender) =>
        AuthHost.StartAsync(options =>
        {
            options.Sms.EnableSignup = true;
            options.Sms.Uri = sender.Uri;
            options.Sms.Secret = "v1,whsec_" + Convert.ToBase64String(new byte[32]);
            options.Mfa.PhoneEnrollEnabled = true;
            options.Mfa.PhoneVerifyEnabled = true;
        });

    [Fact]
    public async Task A_new_number_that_the_sender_refuses_is_not_pending()
    {
        await using Sender sender = await Sender.StartAsync();
        await using AuthHost host = await StartAsync(sender);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 sms_send_failed", (await host.SendAsync("PUT", "/auth/v1/user", $$"""{"phone":"{{Number}}"}""", token)).Refusal);
        Assert.False((await host.SendAsync("GET", "/auth/v1/user", token: token)).Json.TryGetProperty("new_phone", out _));
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.one_time_tokens"));
        Assert.Equal(1, sender.Calls);
        sender.Answer = 200;
        Answer pending = await host.SendAsync("PUT", "/auth/v1/user", $$"""{"phone":"{{Number}}"}""", token);
        Assert.Equal(Number, pending.Text("new_phone"));
        Assert.Equal(2, sender.Calls);
    }

    [Fact]
    public async Task A_busy_sender_is_no_refusal()
    {
        await using Sender sender = await Sender.StartAsync();
        sender.Answer = 503;
        await using AuthHost host = await StartAsync(sender);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal(Number, (await host.SendAsync("PUT", "/auth/v1/user", $$"""{"phone":"{{Number}}"}""", token)).Text("new_phone"));
        Assert.Equal(1, await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where state = 'waiting' and last_error is not null"));
    }

    [Fact]
    public async Task A_second_factor_and_a_reauthentication_by_telephone_say_so()
    {
        await using Sender sender = await Sender.StartAsync();
        await using AuthHost host = await StartAsync(sender);
        await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"phone":"{{Number}}","phone_confirm":true,"password":"blue-giraffe-42"}""");
        string token = (await host.PostAsync("/auth/v1/token?grant_type=password", $$"""{"phone":"{{Number}}","password":"blue-giraffe-42"}""")).Text("access_token");
        Assert.Equal("422 sms_send_failed", (await host.SendAsync("GET", "/auth/v1/reauthenticate", token: token)).Refusal);
        string factor = (await host.PostAsync("/auth/v1/factors", """{"factor_type":"phone","phone":"41790000000"}""", token)).Text("id");
        Assert.Equal("422 sms_send_failed", (await host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", token)).Refusal);
        Assert.Equal(2, sender.Calls);
    }

    [Fact]
    public async Task Strangers_are_answered_alike_whatever_the_sender_says()
    {
        await using Sender sender = await Sender.StartAsync();
        await using AuthHost host = await StartAsync(sender);
        await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"phone":"{{Number}}","phone_confirm":true}""");
        foreach (string phone in new[] { Number, "41790000000" })
        {
            Assert.Equal("{}", (await host.PostAsync("/auth/v1/otp", $$"""{"phone":"{{phone}}","create_user":false}""")).Body);
        }
    }

    [Fact]
    public async Task An_account_managed_by_its_organisation_changes_nothing_it_comes_in_by()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.Sms.EnableSignup = true);
        Answer made = await host.SignUpAsync("a@b.test");
        string token = made.Text("access_token");
        await host.Store.RunAsync("update auth.users set is_sso_user = true");
        foreach (string body in new[] { """{"email":"b@b.test"}""", $$"""{"phone":"{{Number}}"}""", """{"password":"other-giraffe-43"}""", """{"nonce":"123456"}""" })
        {
            Assert.Equal("422 user_sso_managed", (await host.SendAsync("PUT", "/auth/v1/user", body, token)).Refusal);
        }
        Answer named = await host.SendAsync("PUT", "/auth/v1/user", """{"data":{"name":"Ann"},"email":"a@b.test"}""", token);
        Assert.Equal(HttpStatusCode.OK, named.Status);
        Assert.Equal("Ann", named.Json.GetProperty("user_metadata").GetProperty("name").GetString());
    }
}

using System.Net;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>Where there is no user to write to, as much is written in its place; and what is written says nothing of anybody.</summary>
public sealed class DecoyTests
{
    private const string Known = "known@b.test";

    private static async Task<AuthHost> StartAsync()
    {
        AuthHost host = await AuthHost.StartAsync(options => options.Email.EnableConfirmations = true);
        await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"email":"{{Known}}","password":"blue-giraffe-42","email_confirm":true}""");
        return host;
    }

    private static Task<long> TouchedAsync(AuthHost host) =>
        host.Store.ScalarAsync<long>("select (select count(*) from auth.decoys where recovery_sent_at is not null) + (select count(*) from auth.users where recovery_sent_at is not null)");

    [Theory]
    [InlineData("recover", "{}")]
    [InlineData("otp", """{"create_user":false}""")]
    [InlineData("resend", """{"type":"signup"}""")]
    public async Task A_message_to_nobody_is_noted_somewhere_too(string path, string more)
    {
        foreach (string address in new[] { Known, "nobody@b.test" })
        {
            await using AuthHost host = await StartAsync();
            long before = await host.Store.ScalarAsync<long>("select count(*) from auth.decoys");
            Answer answer = await host.PostAsync("/auth/v1/" + path, $$"""{"email":"{{address}}",{{more[1..]}}""".Replace(",}", "}", StringComparison.Ordinal));
            Assert.Equal((HttpStatusCode.OK, "{}"), (answer.Status, answer.Body));
            Assert.Equal(1, await TouchedAsync(host));
            Assert.Equal(before, await host.Store.ScalarAsync<long>("select count(*) from auth.decoys"));
        }
    }

    [Theory]
    [InlineData("signup")]
    [InlineData("otp")]
    public async Task Where_a_free_address_makes_a_user_a_taken_one_makes_rows_that_say_nothing_and_go_again(string path)
    {
        await using AuthHost host = await StartAsync();
        const string password = "other-giraffe-43";
        long before = await host.Store.ScalarAsync<long>("select count(*) from auth.decoys");
        string Body(string address) => $$$"""{"email":"{{{address}}}","password":"{{{password}}}","data":{"full_name":"Ann Secret"}}""";
        await host.PostAsync("/auth/v1/" + path, Body("free@b.test"));
        Assert.Equal(before, await host.Store.ScalarAsync<long>("select count(*) from auth.decoys"));
        await host.PostAsync("/auth/v1/" + path, Body(Known));
        Assert.Equal(before + 2, await host.Store.ScalarAsync<long>("select count(*) from auth.decoys"));
        Assert.Equal(2, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        string kept = await host.Store.ScalarAsync<string>("select string_agg(d::text, ' ') from auth.decoys d");
        foreach (string trace in new[] { Known, "Secret", "argon2", password })
        {
            Assert.DoesNotContain(trace, kept, StringComparison.Ordinal);
        }
        host.Clock.Advance(TimeSpan.FromHours(2));
        await host.Get<AuthMaintenance>().RunOnceAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before, await host.Store.ScalarAsync<long>("select count(*) from auth.decoys"));
    }
}

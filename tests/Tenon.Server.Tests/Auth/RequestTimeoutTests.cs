using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Tests.Auth;

/// <summary>[server] request_timeout holds for sign-in too.</summary>
public sealed class RequestTimeoutTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_body_that_does_not_come_to_its_end_is_not_waited_for()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.RequestTimeout = Short);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        const string head = "POST /auth/v1/otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"email\":";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        string answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 504 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"error_code\":\"request_timeout\"", answer, StringComparison.Ordinal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public async Task A_hook_that_does_not_answer_in_time_makes_no_user()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using WebApplication slow = builder.Build();
        slow.Run(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await slow.StartAsync(TestContext.Current.CancellationToken);
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.RequestTimeout = Short;
            options.Hooks[HookName.BeforeUserCreated] = new AuthHookOptions
            {
                Enabled = true,
                Uri = slow.Urls.First() + "/hook",
                Secrets = "v1,whsec_" + Convert.ToBase64String(new byte[32]),
            };
        });
        Answer late = await host.SignUpAsync("a@b.test");
        Assert.Equal("504 request_timeout", late.Refusal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        // The next request has a time of its own.
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("a@b.test")).Refusal);
    }
}

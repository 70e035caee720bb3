using System.Net;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Tests.Auth.Mail;

/// <summary>Messages outlive the request that caused them, a mail server that is away, and the node that sends them.</summary>
public sealed class OutboxTests
{
    private static void Use(AuthOptions options, SmtpServer server)
    {
        options.Email.Smtp.Enabled = true;
        options.Email.Smtp.Host = "127.0.0.1";
        options.Email.Smtp.Port = server.Port;
        options.Email.Smtp.AdminEmail = "no-reply@app.test";
        options.Email.Smtp.SenderName = "The App";
    }

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        for (int i = 0; i < 400; i++)
        {
            if (await done())
            {
                return;
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException();
    }

    [Fact]
    public async Task A_mail_goes_to_the_server_with_both_texts_and_leaves_the_outbox()
    {
        using var server = new SmtpServer();
        await using AuthHost host = await AuthHost.StartAsync(options => Use(options, server));
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        string mail = await server.WaitAsync();
        Assert.Contains("MAIL FROM:<no-reply@app.test>", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("RCPT TO:<a@b.test>", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("From: The App <no-reply@app.test>", mail, StringComparison.Ordinal);
        Assert.Contains("Subject: Your sign-in link", mail, StringComparison.Ordinal);
        Assert.Contains("Auto-Submitted: auto-generated", mail, StringComparison.Ordinal);
        Assert.Contains("text/plain", mail, StringComparison.Ordinal);
        Assert.Contains("text/html", mail, StringComparison.Ordinal);
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox") == 0);
        // The same server twice: a mail for nobody never connects.
        await host.PostAsync("/auth/v1/recover", """{"email":"nobody@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox") == 0);
        Assert.Single(server.Mails);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_busy_server_is_tried_again_later_with_the_same_message_id()
    {
        using var server = new SmtpServer();
        server.RefuseOnce("451 later");
        await using AuthHost host = await AuthHost.StartAsync(options => Use(options, server));
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where last_error is not null") == 1);
        Assert.Empty(server.Mails);
        var worker = host.Get<OutboxWorker>();
        Assert.Equal(0, await worker.RunOnceAsync(TestContext.Current.CancellationToken));
        string id = (await host.Store.ScalarAsync<Guid>("select id from auth.outbox")).ToString("N");
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(1, await worker.RunOnceAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"Message-Id: <{id}@app.test>", await server.WaitAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_refusal_for_good_is_kept_without_its_text()
    {
        using var server = new SmtpServer();
        server.RefuseOnce("550 nobody here");
        await using AuthHost host = await AuthHost.StartAsync(options => Use(options, server));
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where state = 'failed' and sealed_message = ''") == 1);
        Assert.Equal("the mail server refused: 550", await host.Store.ScalarAsync<string>("select last_error from auth.outbox"));
    }

    [Fact]
    public async Task Two_nodes_send_a_message_once_and_a_dead_nodes_claim_ends()
    {
        using var server = new SmtpServer();
        await using AuthHost host = await AuthHost.StartAsync(options => Use(options, server));
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await server.WaitAsync();
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox") == 0);
        // Written by another node, which told nobody: five workers look at once.
        server.RefuseOnce("451 later");
        await host.PostAsync("/auth/v1/otp", """{"email":"b@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where last_error is not null") == 1);
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        int[] taken = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => host.Get<OutboxWorker>().RunOnceAsync(TestContext.Current.CancellationToken))
        );
        Assert.True(taken.Sum() <= 1);
        await server.WaitAsync(2);
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox") == 0);
        Assert.Equal(2, server.Mails.Count);
        // A claim whose node died: its time comes again.
        server.RefuseOnce("451 later");
        await host.PostAsync("/auth/v1/otp", """{"email":"c@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where last_error is not null") == 1);
        await host.Store.RunAsync("update auth.outbox set due_at = now() + interval '2 minutes'");
        host.Clock.Advance(TimeSpan.FromMinutes(3));
        await host.Get<OutboxWorker>().RunOnceAsync(TestContext.Current.CancellationToken);
        Assert.Contains("c@b.test", await server.WaitAsync(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mail_whose_code_has_expired_is_not_sent_any_more()
    {
        using var server = new SmtpServer();
        server.RefuseOnce("451 later");
        await using AuthHost host = await AuthHost.StartAsync(options => Use(options, server));
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where last_error is not null") == 1);
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        await host.Get<OutboxWorker>().RunOnceAsync(TestContext.Current.CancellationToken);
        await UntilAsync(async () => await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where state = 'failed'") == 1);
        Assert.Empty(server.Mails);
    }

    [Fact]
    public void Waiting_grows_and_is_bounded()
    {
        Assert.Equal([10, 20, 40, 80, 160, 320, 600, 600], Enumerable.Range(1, 8).Select(attempt => (int)OutboxWorker.Wait(attempt).TotalSeconds));
    }

    [Fact]
    public async Task The_inbox_shows_what_would_have_been_sent_as_page_and_as_text()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.PostAsync("/auth/v1/otp", """{"email":"a+<x>@b.test"}""");
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        string id = (await host.MailsAsync("a@b.test"))[0].GetProperty("id").GetString()!;
        Answer list = await host.SendAsync("GET", "/dev/inbox");
        Assert.Contains("<th scope=\"col\">", list.Body, StringComparison.Ordinal);
        Assert.Contains($"/dev/inbox/{id}", list.Body, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", list.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Answer page = await host.SendAsync("GET", $"/dev/inbox/{id}");
        Assert.Contains("As text", page.Body, StringComparison.Ordinal);
        Answer html = await host.SendAsync("GET", $"/dev/inbox/{id}/html");
        Assert.StartsWith("sandbox", html.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, (await host.SendAsync("POST", "/dev/inbox/empty")).Status);
        Assert.Empty(await host.MailsAsync("a@b.test", 0));
    }

    [Theory]
    [InlineData("Host", "evil.test")]
    [InlineData("Host", "127.0.0.1.evil.test")]
    [InlineData("Origin", "https://evil.test")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("X-Forwarded-For", "203.0.113.9")]
    public async Task The_inbox_opens_to_nobody_elses_page_or_name(string header, string value)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        foreach (string path in new[] { "/dev/inbox", "/dev/inbox/messages.json" })
        {
            Answer answer = await host.SendAsync("GET", path, headers: h => h.TryAddWithoutValidation(header, value));
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        }
    }

    [Theory]
    [InlineData("a@b.test\r\nBcc: c@d.test")]
    [InlineData("a@b.test\nX: y")]
    [InlineData("a@b.test,c@d.test")]
    [InlineData("<a@b.test>")]
    [InlineData("\"a b\"@b.test")]
    [InlineData("a@b.test>")]
    [InlineData("a@b@c.test")]
    public async Task An_address_that_could_begin_a_header_is_refused_and_nothing_is_written(string address)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string body = System.Text.Json.JsonSerializer.Serialize(new { email = address, password = "blue-giraffe-42" });
        foreach (string path in new[] { "/auth/v1/signup", "/auth/v1/otp", "/auth/v1/magiclink", "/auth/v1/recover" })
        {
            Assert.Equal("400 validation_failed", (await host.PostAsync(path, body)).Refusal);
        }
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/invite", body)).Refusal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select (select count(*) from auth.users) + (select count(*) from auth.outbox)"));
    }
}

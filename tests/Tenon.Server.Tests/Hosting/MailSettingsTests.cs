using System.Text.Json;
using Tenon.Server.Tests.Auth.Mail;

namespace Tenon.Server.Tests.Hosting;

/// <summary>The settings of mail, text messages and hooks as an app writes them, in the built tool.</summary>
public sealed class MailSettingsTests
{
    private const string Otp = "/auth/v1/otp";

    private static string Settings(int port) =>
        $"""
        project_id = "mail"
        [auth]
        site_url = "https://app.example"
        additional_redirect_urls = ["https://*.app.example/**"]
        [auth.email]
        otp_length = 8
        max_frequency = "0s"
        [auth.email.smtp]
        enabled = true
        host = "127.0.0.1"
        port = {port}
        admin_email = "no-reply@app.example"
        sender_name = "The App"
        [auth.email.template.magic_link]
        subject = "Come in"
        content_path = "./mails/link.html"
        [auth.sms]
        enable_signup = true
        [auth.sms.test_otp]
        "15005550006" = "123456"
        [auth.hook.custom_access_token]
        enabled = true
        uri = "pg-functions://postgres/public/claims"

        """;

    [Fact]
    public async Task An_app_sends_its_own_mails_and_adds_its_own_claims()
    {
        using var server = new SmtpServer();
        using var app = new AppOfFiles(
            ("tenon.toml", Settings(server.Port)),
            ("mails/link.html", "<p>Code {{ .Token }} for {{ .Data.name }} of {{ .SiteURL }}</p><a href=\"{{ .ConfirmationURL }}\">in</a>"),
            (
                "migrations/0001_claims.sql",
                "create function public.claims(event jsonb) returns jsonb language sql stable as $$ select jsonb_build_object('claims', (event->'claims') || '{\"team\":\"blue\"}'::jsonb) $$;\n"
            )
        );
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        string target = Uri.EscapeDataString("https://pr-1.app.example/welcome");
        Assert.Equal(200, (await tenon.AskAsync($"{Otp}?redirect_to={target}", """{"email":"a@b.test","data":{"name":"Ada"}}""")).Status);
        string mail = (await server.WaitAsync()).Replace("=\r\n", "", StringComparison.Ordinal).ReplaceLineEndings("");
        Assert.Contains("Subject: Come in", mail, StringComparison.Ordinal);
        Assert.Matches("Code [0-9]{8} for Ada of https://app.example", mail);
        Assert.Contains("pr-1.app.example", mail, StringComparison.Ordinal);

        Assert.Equal(200, (await tenon.AskAsync(Otp, """{"phone":"+15005550006"}""")).Status);
        (int status, string body, string? _) = await tenon.AskAsync("/auth/v1/verify", """{"type":"sms","phone":"+15005550006","token":"123456"}""");
        Assert.True(status == 200, body);
        string token = JsonElement.Parse(body).GetProperty("access_token").GetString()!;
        JsonElement claims = JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));
        Assert.Equal("blue", claims.GetProperty("team").GetString());
        Assert.Contains("/dev/inbox", tenon.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_with_a_mistake_is_named_and_dev_waits_for_it_to_be_mended()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        app.Write("emails/recovery.html", "<p>{{ .Token }}</p>");
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        app.Write("emails/recovery.html", "<p>\n{{ oops .Token }}</p>");
        await tenon.SaysAsync("recovery.html: line 2: there is no function \"oops\"");
        app.Write("emails/recovery.html", "<p>\n{{ .Token }}</p>");
        await tenon.SaysAsync("Ready in", 2);
    }
}

using System.Globalization;
using System.Text.Json;
using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of mails, text messages and the codes in them.</summary>
internal static class MessageEffects
{
    private static async Task<Told> LinkAsync(Site site, string email) => await site.SendAsync("POST", "/admin/generate_link", new { type = "magiclink", email }, admin: true);

    private static async Task<string> LengthAsync(Site site) =>
        (await LinkAsync(site, await site.UserAsync())).Text("email_otp").Length.ToString(CultureInfo.InvariantCulture);

    /// <summary>A code that is six minutes old.</summary>
    private static async Task<string> LateAsync(Site site)
    {
        string email = await site.UserAsync();
        string token = (await LinkAsync(site, email)).Text("email_otp");
        site.Clock.Advance(TimeSpan.FromMinutes(6));
        return (await site.PostAsync("/verify", new { type = "email", email, token })).Status;
    }

    /// <summary>The second message to one address or number, half a minute after the first.</summary>
    private static async Task<string> AgainAsync(Site site, string path, object body)
    {
        await site.PostAsync(path, body);
        site.Clock.Advance(TimeSpan.FromSeconds(30));
        return (await site.PostAsync(path, body)).Status;
    }

    private static async Task<string> AgainAsync(Site site) => await AgainAsync(site, "/recover", new { email = await site.UserAsync() });

    /// <summary>Has a mail of a kind sent; to whom.</summary>
    private static async Task<string> SendAsync(Site site, string template)
    {
        string email = template is "confirmation" or "invite" ? Site.NewEmail() : await site.UserAsync();
        if (template is "email_change" or "reauthentication")
        {
            string token = (await site.SessionAsync(email)).Text("access_token");
            return template == "reauthentication"
                ? (await site.SendAsync("GET", "/reauthenticate", token: token)).Status == "200" ? email : "refused"
                : await ChangeAsync(site, token);
        }
        Told told = template switch
        {
            "confirmation" => await site.PostAsync("/signup", new { email, password = Site.Password }),
            "invite" => await site.SendAsync("POST", "/invite", new { email }, admin: true),
            "magic_link" => await site.PostAsync("/otp", new { email }),
            _ => await site.PostAsync("/recover", new { email }),
        };
        Assert.Equal("200", told.Status);
        return email;
    }

    private static async Task<string> ChangeAsync(Site site, string token)
    {
        string email = Site.NewEmail();
        Assert.Equal("200", (await site.SendAsync("PUT", "/user", new { email }, token)).Status);
        return email;
    }

    private static async Task<string> MailAsync(Site site, string template, string part) => (await site.MessageAsync(await SendAsync(site, template))).GetProperty(part).GetString()!;

    /// <summary>An invitation as one of the two mail servers got it, and which; or "inbox".</summary>
    private static async Task<(string Where, string Mail)> InvitedAsync(Site site)
    {
        if (site.Refused.Length > 0)
        {
            return ("refused", site.Refused);
        }
        string email = await SendAsync(site, "invite");
        for (int i = 0; i < 2400; i++)
        {
            foreach ((string where, List<string> mails) in ((string, List<string>)[])[("A", site.Outside.MailA.Mails), ("B", site.Outside.MailB.Mails)])
            {
                if (mails.Find(mail => mail.Contains(email, StringComparison.Ordinal)) is { } found)
                {
                    return (where, found);
                }
            }
            if ((await site.SendAsync("GET", "/dev/inbox/messages.json?to=" + Uri.EscapeDataString(email))).Json.GetArrayLength() > 0)
            {
                return ("inbox", "");
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("no invitation came");
    }

    private static async Task<string> LineAsync(Site site, string begin)
    {
        string line = (await InvitedAsync(site)).Mail.Split('\n').First(line => line.StartsWith(begin, StringComparison.Ordinal));
        return line[begin.Length..].Trim();
    }

    private static async Task<Called> TextedAsync(Site site)
    {
        string phone = Site.NewPhone();
        Assert.Equal("200", (await site.PostAsync("/otp", new { phone })).Status);
        return await site.Outside.CallAsync(phone);
    }

    private static async Task<string> ChangedAsync(Site site)
    {
        string token = await site.TokenAsync();
        string email = await ChangeAsync(site, token);
        string link = (await site.MessageAsync(email)).GetProperty("code").GetString()!;
        await site.PostAsync("/verify", new { type = "email_change", email, token = link });
        return ((await site.SendAsync("GET", "/user", token: token)).Text("email") == email).ToString();
    }

    public static readonly Effect[] All =
    [
        new("email.authorized_addresses", "200", "400 email_address_not_authorized", async site => (await site.SendAsync("POST", "/invite", new { email = $"{Guid.NewGuid():N}@other.example" }, admin: true)).Status),
        new("email.extended_validation", "200", "400 email_address_invalid", async site => (await site.PostAsync("/otp", new { email = Site.NewEmail() })).Status) { In = "strict" },
        new("email.double_confirm_changes", "False", "True", ChangedAsync) { In = "single", Beside = "careful" },
        new("email.otp.length", "6", "8", LengthAsync),
        new("email.otp.expiry", "200", "403 otp_expired", LateAsync) { In = "other" },
        new("email.otp.max_frequency", "200", "429 over_email_send_rate_limit", AgainAsync) { In = "other" },
        new("email.otp_length", "6", "8", LengthAsync) { In = "flat" },
        new("email.otp_expiry", "200", "403 otp_expired", LateAsync) { In = "flat" },
        new("email.max_frequency", "200", "429 over_email_send_rate_limit", AgainAsync) { In = "flat" },
        .. MailTemplates.Names.SelectMany(name => (Effect[])[
            new($"email.template.{name}.subject", "False", "True", async site => (await MailAsync(site, name, "subject") == "Our " + name).ToString()) { In = "letters", Beside = "careful" },
            new($"email.template.{name}.content_path", "False", "True", async site => (await MailAsync(site, name, "html")).Contains("Words of our own", StringComparison.Ordinal).ToString()) { In = "letters", Beside = "careful" },
        ]),
        new("email.smtp.enabled", "inbox", "A", async site => (await InvitedAsync(site)).Where) { In = "sender a" },
        new("email.smtp.host", "refused", "A", async site => (await InvitedAsync(site)).Where) { In = "sender a", Beside = "sender nowhere" },
        new("email.smtp.port", "B", "A", async site => (await InvitedAsync(site)).Where) { In = "sender a", Beside = "sender b" },
        new("email.smtp.user", "user-B", "user-A", async site => (await LineAsync(site, "AUTH ")).Split(' ')[0]) { In = "sender a", Beside = "sender b" },
        new("email.smtp.pass", "secret-b", "secret-a", async site => (await LineAsync(site, "AUTH ")).Split(' ')[1]) { In = "sender a", Beside = "sender b" },
        new("email.smtp.admin_email", "<post-B@b.example>", "<post-A@b.example>", async site => (await LineAsync(site, "MAIL FROM:")).Split(' ')[0]) { In = "sender a", Beside = "sender b" },
        new("email.smtp.sender_name", "Post B", "Post A", async site => (await LineAsync(site, "From: ")).Split(" <")[0].Trim('"')) { In = "sender a", Beside = "sender b" },
        new("sms.provider", "", "auth.sms.provider must be \"http\"", site => Task.FromResult(site.Refused.Split(':')[0])) { In = "sms of another" },
        new("sms.uri", "/sms-B", "/sms-A", async site => (await TextedAsync(site)).Path) { In = "sender a", Beside = "sender b" },
        new("sms.secret", "HOOK_B", "HOOK_A", async site => (await TextedAsync(site)).Secret) { In = "sender a", Beside = "sender b" },
        new("sms.template", "Your code is", "Say", async site =>
        {
            string phone = Site.NewPhone();
            await site.PostAsync("/otp", new { phone });
            string text = (await site.MessageAsync(phone)).GetProperty("text").GetString()!;
            return text[..text.IndexOfAny([.. "0123456789"])].Trim();
        }) { In = "other", Beside = "hooks off" },
        new("sms.max_frequency", "200", "429 over_sms_send_rate_limit", site => AgainAsync(site, "/otp", new { phone = Site.NewPhone() })) { In = "other", Beside = "set" },
    ];
}

using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Sign-up, sign-in, codes and mails, as strangers call them.</summary>
public sealed class PublicBadInputTests
{
    private static readonly Call[] All =
        [
            new("POST", "/auth/v1/signup", """{"email":"new@b.test","password":"blue-giraffe-42","data":{}}"""),
            new("POST", "/auth/v1/token?grant_type=password", """{"email":"ann@b.test","password":"blue-giraffe-42"}"""),
            new("POST", "/auth/v1/token?grant_type=refresh_token", """{"refresh_token":"unknown"}""") { Good = 400, MayBeOAuth = true },
            new("POST", "/auth/v1/token?grant_type=pkce", """{"auth_code":"11111111-1111-4111-8111-111111111111","code_verifier":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""") { Good = 404 },
            new("POST", "/auth/v1/otp", """{"email":"ann@b.test","create_user":true,"data":{}}"""),
            new("POST", "/auth/v1/magiclink", """{"email":"ann@b.test","data":{}}"""),
            new("POST", "/auth/v1/recover", """{"email":"ann@b.test"}"""),
            new("POST", "/auth/v1/resend", """{"type":"signup","email":"ann@b.test"}"""),
            new("POST", "/auth/v1/verify", """{"type":"email","email":"ann@b.test","token":"123456"}""") { Good = 403 },
        ];

    public static TheoryData<string> Calls => [.. All.Select(call => call.ToString())];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call)
    {
        await using AuthHost host = await BadInputs.StartAsync();
        await BadInputs.RefusesAsync(host, All.Single(one => one.ToString() == call));
    }

    [Fact]
    public async Task Members_that_only_an_administrator_may_set_have_no_effect()
    {
        await using AuthHost host = await BadInputs.StartAsync();
        Answer made = await host.PostAsync(
            "/auth/v1/signup",
            """
            {"email":"eve@b.test","password":"blue-giraffe-42","role":"service_role","id":"11111111-1111-4111-8111-111111111111","is_super_admin":true,
             "app_metadata":{"plan":"pro"},"raw_app_meta_data":{"plan":"pro"},"email_confirm":true,"phone_confirm":true,"aud":"x","aal":"aal2","is_anonymous":true,"banned_until":null}
            """
        );
        JsonElement user = made.Json.GetProperty("user");
        Assert.NotEqual("11111111-1111-4111-8111-111111111111", user.GetProperty("id").GetString());
        Assert.Equal("authenticated", user.GetProperty("role").GetString());
        Assert.False(user.GetProperty("app_metadata").TryGetProperty("plan", out _));
        Assert.Equal("authenticated", (await host.MeAsync(made.Text("access_token"))).Text("role"));
        Answer updated = await host.SendAsync(
            "PUT",
            "/auth/v1/user",
            """{"data":{"name":"Eve"},"role":"service_role","app_metadata":{"plan":"pro"},"is_super_admin":true,"email_confirmed_at":"2020-01-01T00:00:00Z"}""",
            made.Text("access_token")
        );
        Assert.Equal(HttpStatusCode.OK, updated.Status);
        Assert.Equal("authenticated", updated.Text("role"));
        Assert.False(updated.Json.GetProperty("app_metadata").TryGetProperty("plan", out _));
    }

    public static TheoryData<string, string> Senders =>
        new()
        {
            { "/auth/v1/signup", """{"email":ADDRESS,"password":"blue-giraffe-42"}""" },
            { "/auth/v1/otp", """{"email":ADDRESS}""" },
            { "/auth/v1/magiclink", """{"email":ADDRESS}""" },
            { "/auth/v1/recover", """{"email":ADDRESS}""" },
            { "/auth/v1/resend", """{"type":"signup","email":ADDRESS}""" },
            { "/auth/v1/invite", """{"email":ADDRESS}""" },
            { "/auth/v1/admin/generate_link", """{"type":"magiclink","email":ADDRESS}""" },
            { "/auth/v1/admin/users", """{"email":ADDRESS,"password":"blue-giraffe-42"}""" },
        };

    [Theory]
    [MemberData(nameof(Senders))]
    public async Task An_address_that_carries_header_lines_or_a_second_address_reaches_nobody(string path, string body)
    {
        await using AuthHost host = await BadInputs.StartAsync();
        string before = await BadInputs.StateAsync(host);
        string[] hostile =
        [
            "a@b.test\r\nBcc: eve@evil.test", "a@b.test\nSubject: x", "a\r\n@b.test", "a@b.test\u2028Bcc: eve@evil.test", "a@b.test\u0085x",
            "a@b.test,eve@evil.test", "a@b.test;eve@evil.test", "a@b.test eve@evil.test", "<a@b.test>", "A <a@b.test>", "\"a b\"@b.test", "a@b.test@evil.test",
            "a@[127.0.0.1]", "a@b_c.test", "a@-b.test", "@b.test", "a@", "a", "a@b..test", "a@b.test.", "а@b.test", "a@exаmple.test", new string('a', 300) + "@b.test",
        ];
        bool admin = path.Contains("admin", StringComparison.Ordinal) || path.EndsWith("invite", StringComparison.Ordinal);
        foreach (string address in hostile)
        {
            string json = body.Replace("ADDRESS", JsonSerializer.Serialize(address), StringComparison.Ordinal);
            Answer answer = admin ? await host.AdminAsync("POST", path, json) : await host.PostAsync(path, json);
            Assert.True(answer.Refusal == "400 validation_failed", $"{address}: {answer.Refusal}");
            Assert.True(await BadInputs.StateAsync(host) == before, address);
        }
    }

    [Fact]
    public async Task A_hostile_return_address_gives_way_to_the_site_in_every_mail_and_redirect()
    {
        await using AuthHost host = await BadInputs.StartAsync();
        string[] hostile =
        [
            "https://evil.test/", "//evil.test", "https:evil.test", "https://127.0.0.1:54321@evil.test/", "http://127.0.0.1:54321.evil.test/", "javascript:alert(1)",
            "data:text/html,x", "http://127.0.0.1:54321/\r\nSet-Cookie: a=b", "http://127.0.0.1:54321\\@evil.test", "\\\\evil.test", "https://evil.test#http://127.0.0.1:54321",
        ];
        int sent = 0;
        foreach (string target in hostile)
        {
            string query = "?redirect_to=" + Uri.EscapeDataString(target);
            foreach ((string path, string body) in new[] { ("/otp", """{"email":"ann@b.test"}"""), ("/recover", """{"email":"ann@b.test"}""") })
            {
                Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1" + path + query, body)).Status);
                sent++;
            }
            Answer link = await host.SendAsync("GET", "/auth/v1/verify" + query + "&type=magiclink&token=wrong");
            Assert.Equal(HttpStatusCode.SeeOther, link.Status);
            Assert.StartsWith("http://127.0.0.1:54321", link.Header("Location"), StringComparison.Ordinal);
            Assert.Equal("127.0.0.1", new Uri(link.Header("Location")!).Host);
            Assert.Null(link.Header("Set-Cookie"));
        }
        foreach (JsonElement mail in await host.MailsAsync("ann@b.test", sent))
        {
            Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("javascript", mail.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_forged_host_is_in_no_mail_no_redirect_and_no_token()
    {
        await using AuthHost host = await BadInputs.StartAsync();
        void Forge(System.Net.Http.Headers.HttpRequestHeaders headers)
        {
            headers.Host = "evil.test";
            headers.Add("X-Forwarded-Host", "evil.test");
            headers.Add("X-Forwarded-Proto", "gopher");
            headers.Add("X-Forwarded-Prefix", "/evil");
            headers.Add("Forwarded", "host=evil.test");
            headers.Add("X-Original-Host", "evil.test");
            headers.Add("Origin", "https://evil.test");
            headers.Add("Referer", "https://evil.test/");
        }

        foreach ((string path, string body) in new[] { ("/recover", """{"email":"ann@b.test"}"""), ("/otp", """{"email":"ann@b.test"}"""), ("/otp", """{"email":"new@b.test"}""") })
        {
            Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("POST", "/auth/v1" + path, body, headers: Forge)).Status);
        }
        List<JsonElement> mails = [.. await host.MailsAsync("ann@b.test", 2), .. await host.MailsAsync("new@b.test")];
        Assert.All(mails, mail => Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal));
        Assert.All(mails, mail => Assert.Contains("http://127.0.0.1:54321/auth/v1/verify", mail.ToString(), StringComparison.Ordinal));
        Answer link = await host.SendAsync("GET", "/auth/v1/verify?type=magiclink&token=wrong", headers: Forge);
        Assert.DoesNotContain("evil", link.Header("Location"), StringComparison.Ordinal);
        Answer session = await host.SendAsync("POST", "/auth/v1/token?grant_type=password", """{"email":"ann@b.test","password":"blue-giraffe-42"}""", headers: Forge);
        Assert.DoesNotContain("evil", session.Body, StringComparison.Ordinal);
        byte[] claims = System.Buffers.Text.Base64Url.DecodeFromChars(session.Text("access_token").Split('.')[1]);
        Assert.Equal("http://127.0.0.1:54321/auth/v1", JsonElement.Parse(claims).GetProperty("iss").GetString());
        Answer discovery = await host.SendAsync("GET", "/auth/v1/.well-known/openid-configuration", headers: Forge);
        Assert.DoesNotContain("evil", discovery.Body, StringComparison.Ordinal);
    }
}

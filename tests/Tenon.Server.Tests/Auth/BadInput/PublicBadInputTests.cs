using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Sign-up, sign-in, codes and mails, as strangers call them.</summary>
public sealed class PublicBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    private static readonly Call[] All =
        [
            new("POST", "/auth/v1/signup", """{"email":"{new}","password":"blue-giraffe-42","data":{}}"""),
            new("POST", "/auth/v1/token?grant_type=password", """{"email":"{me}","password":"blue-giraffe-42"}"""),
            new("POST", "/auth/v1/token?grant_type=refresh_token", """{"refresh_token":"unknown"}""") { Good = 400, MayBeOAuth = true },
            new("POST", "/auth/v1/token?grant_type=pkce", """{"auth_code":"11111111-1111-4111-8111-111111111111","code_verifier":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""") { Good = 404 },
            new("POST", "/auth/v1/token?grant_type=id_token", """{"provider":"acme","id_token":"a.b.c","access_token":"x","nonce":"y"}""") { Good = 400, MayBeOAuth = true },
            new("POST", "/auth/v1/otp", """{"email":"{me}","create_user":true,"data":{}}"""),
            new("POST", "/auth/v1/magiclink", """{"email":"{me}","data":{}}"""),
            new("POST", "/auth/v1/recover", """{"email":"{me}"}"""),
            new("POST", "/auth/v1/resend", """{"type":"signup","email":"{me}"}"""),
            new("POST", "/auth/v1/verify", """{"type":"email","email":"{me}","token":"123456"}""") { Good = 403 },
        ];

    public static TheoryData<string> Calls => BadInputs.Names(All);

    [Theory]
    [MemberData(nameof(Calls))]
    public Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call) => BadInputs.RefusesAsync(fixture, All, call);

    [Fact]
    public async Task Members_that_only_an_administrator_may_set_have_no_effect()
    {
        AuthHost host = fixture.Host;
        Answer made = await host.PostAsync(
            "/auth/v1/signup",
            """
            {"email":"EVE","password":"blue-giraffe-42","role":"service_role","id":"11111111-1111-4111-8111-111111111111","is_super_admin":true,
             "app_metadata":{"plan":"pro"},"raw_app_meta_data":{"plan":"pro"},"email_confirm":true,"phone_confirm":true,"aud":"x","aal":"aal2","is_anonymous":true,"banned_until":null}
            """.Replace("EVE", fixture.NewEmail(), StringComparison.Ordinal)
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

    [Theory]
    [InlineData("POST", "/auth/v1/signup", """{"email":"{new}","password":"blue-giraffe-42","data":DATA}""")]
    [InlineData("POST", "/auth/v1/signup", """{"email":"{new}","password":"blue-giraffe-42","data":{"a":[DATA]}}""")]
    [InlineData("POST", "/auth/v1/otp", """{"email":"{new}","data":DATA}""")]
    [InlineData("POST", "/auth/v1/magiclink", """{"email":"{new}","data":DATA}""")]
    [InlineData("PUT", "/auth/v1/user", """{"data":DATA}""")]
    [InlineData("POST", "/auth/v1/invite", """{"email":"{new}","data":DATA}""")]
    [InlineData("POST", "/auth/v1/admin/users", """{"email":"{new}","user_metadata":DATA}""")]
    [InlineData("POST", "/auth/v1/admin/users", """{"email":"{new}","app_metadata":DATA}""")]
    [InlineData("PUT", "/auth/v1/admin/users/{user}", """{"app_metadata":DATA}""")]
    [InlineData("POST", "/auth/v1/admin/generate_link", """{"type":"signup","email":"{new}","password":"blue-giraffe-42","data":DATA}""")]
    public async Task Metadata_that_no_database_can_keep_is_refused(string method, string path, string body)
    {
        Scene scene = await fixture.UserAsync();
        string before = await BadInputs.SettledAsync(scene.Host);
        bool admin = path.Contains("admin", StringComparison.Ordinal) || path.EndsWith("invite", StringComparison.Ordinal);
        string deep = string.Concat(Enumerable.Repeat("""{"a":""", 40)) + "1" + new string('}', 40);
        string[] wrong = ["""{"a":"\u0000"}""", """{"\u0000":1}""", """{"a":"\ud800"}""", """{"\udc00a":1}""", """{"a":{"b":["x\u0000"]}}""", """{"a":1,"a":2}""", """{"a":1e400}""", deep];
        foreach (string data in wrong)
        {
            string json = body.Replace("DATA", data, StringComparison.Ordinal).Replace("{new}", fixture.NewEmail(), StringComparison.Ordinal);
            string at = path.Replace("{user}", scene.UserId, StringComparison.Ordinal);
            Answer answer = admin ? await scene.Host.AdminAsync(method, at, json) : await scene.Host.SendAsync(method, at, json, scene.Token);
            // A number is kept as it is written, however large: PostgreSQL's numeric has room for this one.
            bool kept = data.Contains("1e400", StringComparison.Ordinal);
            Assert.True(kept ? (int)answer.Status < 500 : (int)answer.Status == 400, $"{path} {data}: {(int)answer.Status} {answer.Body}");
            before = kept ? await BadInputs.SettledAsync(scene.Host) : before;
            Assert.True(await BadInputs.StateAsync(scene.Host) == before, $"{path} {data} changed something");
        }
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
        AuthHost host = fixture.Host;
        string before = await BadInputs.SettledAsync(host);
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
        AuthHost host = fixture.Host;
        string ann = (await fixture.UserAsync()).Email;
        string[] hostile =
        [
            "https://evil.test/", "//evil.test", "https:evil.test", "https://127.0.0.1:54321@evil.test/", "http://localhost:54321.evil.test/", "javascript:alert(1)",
            "data:text/html,x", "http://localhost:54321/\r\nSet-Cookie: a=b", "http://localhost:54321\\@evil.test", "\\\\evil.test", "https://evil.test#http://localhost:54321",
        ];
        int sent = 0;
        foreach (string target in hostile)
        {
            string query = "?redirect_to=" + Uri.EscapeDataString(target);
            foreach ((string path, string body) in new[] { ("/otp", $$"""{"email":"{{ann}}"}"""), ("/recover", $$"""{"email":"{{ann}}"}""") })
            {
                Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1" + path + query, body)).Status);
                sent++;
            }
            Answer link = await host.SendAsync("GET", "/auth/v1/verify" + query + "&type=magiclink&token=wrong");
            Assert.Equal(HttpStatusCode.SeeOther, link.Status);
            Assert.StartsWith("http://localhost:54321", link.Header("Location"), StringComparison.Ordinal);
            Assert.Equal("localhost", new Uri(link.Header("Location")!).Host);
            Assert.Null(link.Header("Set-Cookie"));
        }
        foreach (JsonElement mail in await host.MailsAsync(ann, sent))
        {
            Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("javascript", mail.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_forged_host_is_in_no_mail_no_redirect_and_no_token()
    {
        AuthHost host = fixture.Host;
        (string ann, string fresh) = ((await fixture.UserAsync()).Email, fixture.NewEmail());
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

        foreach ((string path, string body) in new[] { ("/recover", $$"""{"email":"{{ann}}"}"""), ("/otp", $$"""{"email":"{{ann}}"}"""), ("/otp", $$"""{"email":"{{fresh}}"}""") })
        {
            Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("POST", "/auth/v1" + path, body, headers: Forge)).Status);
        }
        List<JsonElement> mails = [.. await host.MailsAsync(ann, 2), .. await host.MailsAsync(fresh)];
        Assert.All(mails, mail => Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal));
        Assert.All(mails, mail => Assert.Contains("http://localhost:54321/auth/v1/verify", mail.ToString(), StringComparison.Ordinal));
        Answer link = await host.SendAsync("GET", "/auth/v1/verify?type=magiclink&token=wrong", headers: Forge);
        Assert.DoesNotContain("evil", link.Header("Location"), StringComparison.Ordinal);
        Answer session = await host.SendAsync("POST", "/auth/v1/token?grant_type=password", $$"""{"email":"{{ann}}","password":"blue-giraffe-42"}""", headers: Forge);
        Assert.DoesNotContain("evil", session.Body, StringComparison.Ordinal);
        byte[] claims = System.Buffers.Text.Base64Url.DecodeFromChars(session.Text("access_token").Split('.')[1]);
        Assert.Equal("http://localhost:54321/auth/v1", JsonElement.Parse(claims).GetProperty("iss").GetString());
        Answer discovery = await host.SendAsync("GET", "/auth/v1/.well-known/openid-configuration", headers: Forge);
        Assert.DoesNotContain("evil", discovery.Body, StringComparison.Ordinal);
    }
}

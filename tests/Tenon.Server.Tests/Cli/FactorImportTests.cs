using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OtpNet;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon user import: authenticator apps proven elsewhere go on proving their users here.</summary>
public sealed class FactorImportTests
{
    private const string Secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    private static string Id(int n) => $"00000000-0000-4000-8000-{n:d12}";

    private static readonly string Dump = $$"""
        COPY auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data) FROM stdin;
        {{Id(1)}}	authenticated	authenticated	ann@x.test	$2b$06$abcdefghijklmnopqrstuuR2h/lkQFuL39TeAbGB.4WVUnAqvYcHO	2024-01-02 03:04:05+00	{}	{}
        \.
        COPY auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone, last_challenged_at, web_authn_credential, web_authn_aaguid) FROM stdin;
        {{Id(11)}}	{{Id(1)}}	phone app	totp	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	{{Secret}}	\N	\N	\N	\N
        {{Id(12)}}	{{Id(1)}}	begun	totp	unverified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	{{Secret}}	\N	\N	\N	\N
        {{Id(13)}}	{{Id(1)}}	key	webauthn	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	\N	\N	\N	{}	\N
        {{Id(14)}}	{{Id(1)}}	short	totp	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	ABC	\N	\N	\N	\N
        {{Id(15)}}	{{Id(9)}}	nobody's	totp	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	{{Secret}}	\N	\N	\N	\N
        \.
        """;

    private static string Keycloak()
    {
        string Text(string json) => JsonSerializer.Serialize(json);
        string otp = $$"""{"type": "otp", "userLabel": "phone", "secretData": {{Text("""{"value":"abcdefghij0123456789"}""")}}, "credentialData": {{Text("""{"subType":"totp","digits":6,"counter":0,"period":30,"algorithm":"HmacSHA1"}""")}} }""";
        string odd = $$"""{"type": "otp", "secretData": {{Text("""{"value":"x"}""")}}, "credentialData": {{Text("""{"subType":"totp","digits":8,"period":30,"algorithm":"HmacSHA256"}""")}} }""";
        string password = $$"""{"type": "password", "secretData": {{Text("""{"value":"fdCStabBOLNSLpNehX73RHYf3H07nNM/0stgCtk9eI8=","salt":"AQIDBAUGBwgJCgsMDQ4PEA=="}""")}}, "credentialData": {{Text("""{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}""")}} }""";
        return $$"""{"realm": "shop", "users": [{"id": "{{Id(2)}}", "username": "bob", "email": "bob@x.test", "emailVerified": true, "enabled": true, "credentials": [{{password}}, {{otp}}, {{odd}}]}]}""";
    }

    private static async Task<JsonElement> SendAsync(CommandApp app, string path, object body, string? token = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Url + "/auth/v1/" + path) { Content = JsonContent.Create(body) };
        request.Headers.Add("apikey", app.DevFile.GetProperty("publishableKey").GetString());
        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    /// <summary>Signs in by password, then by the app with this secret; the level that the token has then.</summary>
    private static async Task<string> ProveAsync(CommandApp app, string email, string password, byte[] secret)
    {
        JsonElement session = await SendAsync(app, "token?grant_type=password", new { email, password });
        string token = session.GetProperty("access_token").GetString()!;
        JsonElement factor = Assert.Single(session.GetProperty("user").GetProperty("factors").EnumerateArray());
        Assert.Equal("verified", factor.GetProperty("status").GetString());
        string path = $"factors/{factor.GetProperty("id").GetString()}";
        string challenge = (await SendAsync(app, path + "/challenge", new { }, token)).GetProperty("id").GetString()!;
        string raised = (await SendAsync(app, path + "/verify", new { challenge_id = challenge, code = new Totp(secret).ComputeTotp() }, token)).GetProperty("access_token").GetString()!;
        return JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(raised.Split('.')[1])).GetProperty("aal").GetString()!;
    }

    private static string Counts(JsonElement report, string what) => string.Join(' ', report.GetProperty(what).EnumerateObject().Select(m => m.Value.ToString()));

    private static string[] Refusals(JsonElement report) => [.. report.GetProperty("refusals").EnumerateArray().Select(r => $"{r.GetProperty("line")}: {r.GetProperty("reason")}")];

    [Fact]
    public async Task Authenticator_apps_of_Supabase_and_Keycloak_raise_their_users_to_aal2()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        string dump = Path.Combine(app.Folder, "dump.sql");
        await File.WriteAllTextAsync(dump, Dump, TestContext.Current.CancellationToken);
        CommandRun run = await app.RunAsync("user", "import", dump, "--from", "supabase", "--json");
        Assert.Equal(("1 0 0", "1 0 3"), (Counts(run.Json, "users"), Counts(run.Json, "factors")));
        Assert.Equal(
            [
                "7: a security key belongs to the domain it was made for: its user enrols it again",
                "8: the secret of the authenticator app is not base32 of 10 to 128 bytes",
                $"9: there is no user {Id(9)}",
            ],
            Refusals(run.Json)
        );
        CommandRun again = await app.RunAsync("user", "import", dump, "--from", "supabase", "--json");
        Assert.Equal(("0 1 0", "0 1 3"), (Counts(again.Json, "users"), Counts(again.Json, "factors")));
        Assert.Equal("aal2", await ProveAsync(app, "ann@x.test", "blue-giraffe-42", Base32Encoding.ToBytes(Secret)));
        Assert.Equal("""[{"n":0}]""", (await app.RunAsync("sql", $"select count(*) as n from auth.mfa_factors where sealed_secret like '%{Secret}%'", "--json")).Output.Trim());

        string realm = Path.Combine(app.Folder, "realm.json");
        await File.WriteAllTextAsync(realm, Keycloak(), TestContext.Current.CancellationToken);
        run = await app.RunAsync("user", "import", realm, "--from", "keycloak", "--json");
        Assert.Equal(("1 0 0", "1 0 1"), (Counts(run.Json, "users"), Counts(run.Json, "factors")));
        Assert.Contains("8 digits", Assert.Single(Refusals(run.Json)), StringComparison.Ordinal);
        Assert.Equal("0 1 1", Counts((await app.RunAsync("user", "import", realm, "--from", "keycloak", "--json")).Json, "factors"));
        Assert.Equal("aal2", await ProveAsync(app, "bob@x.test", "Grüße, 2 Vögel!", Encoding.UTF8.GetBytes("abcdefghij0123456789")));
    }
}

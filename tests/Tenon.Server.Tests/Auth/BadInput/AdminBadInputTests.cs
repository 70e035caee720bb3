namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>What the service key may do, and what any other system may: register itself.</summary>
public sealed class AdminBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    private const string Client =
        """{"client_name":"Shop","redirect_uris":["https://client.test/callback"],"grant_types":["authorization_code"],"response_types":["code"],"scope":"openid","token_endpoint_auth_method":"none","client_uri":"https://client.test/","logo_uri":"https://client.test/l.png"}""";

    private static readonly Call[] All =
        [
            new(
                "POST",
                "/auth/v1/admin/users",
                """{"email":"{new}","password":"blue-giraffe-42","email_confirm":true,"user_metadata":{},"app_metadata":{},"role":"authenticated","ban_duration":"none"}""",
                Sender.Admin
            ),
            new(
                "PUT",
                "/auth/v1/admin/users/{user}",
                """{"email":"{new}","password":"red-panda-17-x","email_confirm":true,"user_metadata":{},"app_metadata":{},"role":"authenticated","ban_duration":"24h"}""",
                Sender.Admin
            ),
            new("DELETE", "/auth/v1/admin/users/{user}", """{"should_soft_delete":true}""", Sender.Admin),
            new("PUT", "/auth/v1/admin/users/{user}/factors/{factor}", """{"friendly_name":"watch"}""", Sender.Admin) { Prepare = FactorAsync },
            new("POST", "/auth/v1/admin/users/{user}/sessions", """{"expires_in":"1h"}""", Sender.Admin),
            new("POST", "/auth/v1/invite", """{"email":"{new}","data":{}}""", Sender.Admin),
            new("POST", "/auth/v1/admin/generate_link", """{"type":"magiclink","email":"{me}"}""", Sender.Admin),
            new("POST", "/auth/v1/admin/keys", """{"name":"ci","type":"secret"}""", Sender.Admin),
            new("POST", "/auth/v1/admin/signing-keys/rotate", """{"algorithm":"ES256","at_once":false}""", Sender.Admin),
            new("POST", "/auth/v1/admin/users/import", """{"users":[{"id":"{uuid}","email":"{new}"}],"dry_run":false}""", Sender.Admin) { IsLarge = true },
            new(
                "POST",
                "/auth/v1/admin/custom-providers",
                """
                {"provider_type":"oauth2","identifier":"custom:two","name":"Two","client_id":"tenon","client_secret":"s","scopes":["email"],"pkce_enabled":true,"enabled":true,
                 "authorization_url":"{issuer}/authorize","token_url":"{issuer}/token","userinfo_url":"{issuer}/userinfo","acceptable_client_ids":["a"],
                 "attribute_mapping":{"email":"mail"},"authorization_params":{"prompt":"login"},"email_optional":false,"custom_claims_allowlist":["team"]}
                """,
                Sender.Admin
            )
            {
                Good = 201,
            },
            new("PUT", "/auth/v1/admin/custom-providers/{provider}", """{"name":"Ours","enabled":false,"client_secret":"t"}""", Sender.Admin) { Prepare = ProviderAsync },
            new("POST", "/auth/v1/oauth/clients/register", Client) { Good = 201 },
            new("POST", "/auth/v1/admin/oauth/clients", Client, Sender.Admin) { Good = 201 },
            new("PUT", "/auth/v1/admin/oauth/clients/{client}", """{"client_name":"Other","redirect_uris":["https://other.test/"]}""", Sender.Admin) { Prepare = ClientAsync },
        ];

    public static TheoryData<string> Calls => BadInputs.Names(All);

    [Theory]
    [MemberData(nameof(Calls))]
    public Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call) => BadInputs.RefusesAsync(fixture, All, call);

    private static async Task<(string, string)[]> FactorAsync(Scene scene) =>
        [("factor", (await scene.Host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"app"}""", scene.Token)).Text("id"))];

    private static async Task<(string, string)[]> ClientAsync(Scene scene) =>
        [("client", (await scene.Host.AdminAsync("POST", "/auth/v1/admin/oauth/clients", Client)).Text("client_id"))];

    private static async Task<(string, string)[]> ProviderAsync(Scene scene)
    {
        string name = "custom:" + Guid.NewGuid().ToString("N");
        const string urls = """ "authorization_url":"https://a.test/","token_url":"https://a.test/t","userinfo_url":"https://a.test/u" """;
        Answer made = await scene.Host.AdminAsync(
            "POST",
            "/auth/v1/admin/custom-providers",
            $$"""{"provider_type":"oauth2","identifier":"{{name}}","name":"x","client_id":"c","client_secret":"s",{{urls}}}"""
        );
        return [("provider", made.Text("identifier"))];
    }

    [Theory]
    [InlineData("https://evil.test/#x")]
    [InlineData("https://user@evil.test/")]
    [InlineData("http://evil.test/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("https://*.evil.test/")]
    [InlineData("https://evil.test/\r\nSet-Cookie: a=b")]
    [InlineData("https://evil.test\\@client.test/")]
    [InlineData("//evil.test/")]
    [InlineData("/callback")]
    [InlineData("")]
    [InlineData("myapp:/callback")]
    public async Task A_hostile_address_registers_no_client(string address)
    {
        AuthHost host = fixture.Host;
        string before = await BadInputs.SettledAsync(host);
        string body = System.Text.Json.JsonSerializer.Serialize(new { client_name = "Shop", redirect_uris = new[] { address } });
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/oauth/clients/register", body)).Refusal);
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/admin/oauth/clients", body)).Refusal);
        Assert.Equal(before, await BadInputs.StateAsync(host));
    }

    [Theory]
    [InlineData("GET", "/auth/v1/admin/users")]
    [InlineData("POST", "/auth/v1/admin/users")]
    [InlineData("POST", "/auth/v1/admin/users/import")]
    [InlineData("POST", "/auth/v1/invite")]
    [InlineData("POST", "/auth/v1/admin/generate_link")]
    [InlineData("GET", "/auth/v1/admin/audit")]
    [InlineData("GET", "/auth/v1/admin/audit/verify")]
    [InlineData("GET", "/auth/v1/admin/keys")]
    [InlineData("POST", "/auth/v1/admin/keys")]
    [InlineData("GET", "/auth/v1/admin/signing-keys")]
    [InlineData("POST", "/auth/v1/admin/signing-keys/rotate")]
    [InlineData("GET", "/auth/v1/admin/custom-providers")]
    [InlineData("POST", "/auth/v1/admin/custom-providers")]
    [InlineData("GET", "/auth/v1/admin/oauth/clients")]
    [InlineData("POST", "/auth/v1/admin/oauth/clients")]
    [InlineData("GET", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222/export")]
    [InlineData("GET", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222/factors")]
    [InlineData("GET", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222/passkeys")]
    [InlineData("POST", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222/sessions")]
    [InlineData("DELETE", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222")]
    public async Task Only_the_service_key_administers(string method, string path)
    {
        AuthHost host = fixture.Host;
        Scene scene = await fixture.UserAsync();
        string before = await BadInputs.SettledAsync(host);
        foreach (string? bearer in new[] { null, scene.Token, host.Keys.PublishableKey, host.Keys.AnonKey, "sb_secret_guess", "a.b.c" })
        {
            Answer answer = await host.SendAsync(method, path, method == "GET" ? null : """{"email":"new@b.test","type":"magiclink"}""", bearer);
            Assert.True((int)answer.Status is 401 or 403, $"{bearer}: {answer.Refusal}");
            Assert.DoesNotContain(scene.Email, answer.Body, StringComparison.Ordinal);
            Assert.Equal(before, await BadInputs.StateAsync(host));
        }
    }
}

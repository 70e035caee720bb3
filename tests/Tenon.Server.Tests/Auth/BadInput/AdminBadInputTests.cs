namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>What the service key may do.</summary>
public sealed class AdminBadInputTests
{
    private const string NewUser = """{"id":"22222222-2222-4222-8222-222222222222","email":"new@b.test"}""";

    private static readonly Call[] All =
        [
            new(
                "POST",
                "/auth/v1/admin/users",
                """{"email":"new@b.test","password":"blue-giraffe-42","email_confirm":true,"user_metadata":{},"app_metadata":{},"role":"authenticated","ban_duration":"none"}""",
                Sender.Admin
            ),
            new("POST", "/auth/v1/invite", """{"email":"new@b.test","data":{}}""", Sender.Admin),
            new("POST", "/auth/v1/admin/generate_link", """{"type":"magiclink","email":"ann@b.test"}""", Sender.Admin),
            new("POST", "/auth/v1/admin/keys", """{"name":"ci","type":"secret"}""", Sender.Admin),
            new("POST", "/auth/v1/admin/signing-keys/rotate", """{"algorithm":"ES256","at_once":true}""", Sender.Admin),
            new("POST", "/auth/v1/admin/users/import", $$"""{"users":[{{NewUser}}],"dry_run":false}""", Sender.Admin),
        ];

    public static TheoryData<string> Calls => [.. All.Select(call => call.ToString())];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call)
    {
        await using AuthHost host = await BadInputs.StartAsync();
        await BadInputs.RefusesAsync(host, All.Single(one => one.ToString() == call));
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
    [InlineData("POST", "/auth/v1/admin/signing-keys/rotate")]
    [InlineData("GET", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222/export")]
    [InlineData("DELETE", "/auth/v1/admin/users/22222222-2222-4222-8222-222222222222")]
    public async Task Only_the_service_key_administers(string method, string path)
    {
        await using AuthHost host = await BadInputs.StartAsync();
        string token = (await host.SignInAsync("ann@b.test")).Text("access_token");
        string before = await BadInputs.StateAsync(host);
        foreach (string? bearer in new[] { null, token, host.Keys.PublishableKey, host.Keys.AnonKey, "sb_secret_guess", "a.b.c" })
        {
            Answer answer = await host.SendAsync(method, path, method == "GET" ? null : """{"email":"new@b.test","type":"magiclink"}""", bearer);
            Assert.True((int)answer.Status is 401 or 403, $"{bearer}: {answer.Refusal}");
            Assert.DoesNotContain("ann@b.test", answer.Body, StringComparison.Ordinal);
            Assert.Equal(before, await BadInputs.StateAsync(host));
        }
    }
}

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>The account of the caller: its data, its keys, what it allows other systems.</summary>
public sealed class AccountBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    private static readonly Call[] All =
        [
            new("PUT", "/auth/v1/user", """{"email":"{new}","password":"red-panda-17-x","data":{}}""", Sender.User),
            new("POST", "/auth/v1/keys", """{"name":"script","scopes":{"notes":["select"]},"expires_in":"24h"}""", Sender.User),
        ];

    public static TheoryData<string> Calls => BadInputs.Names(All);

    [Theory]
    [MemberData(nameof(Calls))]
    public Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call) => BadInputs.RefusesAsync(fixture, All, call);

    [Theory]
    [InlineData("GET", "/auth/v1/user")]
    [InlineData("PUT", "/auth/v1/user")]
    [InlineData("GET", "/auth/v1/reauthenticate")]
    [InlineData("POST", "/auth/v1/logout")]
    [InlineData("GET", "/auth/v1/sessions")]
    [InlineData("POST", "/auth/v1/factors")]
    [InlineData("POST", "/auth/v1/factors/22222222-2222-4222-8222-222222222222/challenge")]
    [InlineData("POST", "/auth/v1/factors/22222222-2222-4222-8222-222222222222/verify")]
    [InlineData("DELETE", "/auth/v1/factors/22222222-2222-4222-8222-222222222222")]
    [InlineData("POST", "/auth/v1/factors/recovery-codes")]
    [InlineData("POST", "/auth/v1/factors/recovery-codes/verify")]
    [InlineData("GET", "/auth/v1/passkeys")]
    [InlineData("POST", "/auth/v1/passkeys/registration/options")]
    [InlineData("POST", "/auth/v1/passkeys/registration/verify")]
    [InlineData("PATCH", "/auth/v1/passkeys/22222222-2222-4222-8222-222222222222")]
    [InlineData("GET", "/auth/v1/user/identities/authorize?provider=acme")]
    [InlineData("GET", "/auth/v1/user/oauth/grants")]
    [InlineData("GET", "/auth/v1/oauth/authorizations/x")]
    [InlineData("POST", "/auth/v1/oauth/authorizations/x/consent")]
    [InlineData("GET", "/auth/v1/keys")]
    [InlineData("POST", "/auth/v1/keys")]
    public async Task Without_a_session_nothing_is_told_and_nothing_done(string method, string path)
    {
        AuthHost host = fixture.Host;
        Scene scene = await fixture.UserAsync();
        string before = await BadInputs.SettledAsync(host);
        foreach (string? token in new[] { null, "", "x", "a.b.c", host.Keys.PublishableKey, host.Keys.AnonKey, host.Keys.SecretKey })
        {
            Answer answer = await host.SendAsync(method, path, method == "GET" ? null : "{}", token);
            Assert.True((int)answer.Status is 401 or 403, $"{token}: {answer.Refusal}");
            Assert.DoesNotContain(scene.Email, answer.Body, StringComparison.Ordinal);
            Assert.Equal(before, await BadInputs.StateAsync(host));
        }
    }
}

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>The account of the caller: its data, factors and keys.</summary>
public sealed class AccountBadInputTests
{
    private static readonly Call[] All =
        [
            new("PUT", "/auth/v1/user", """{"email":"other@b.test","password":"red-panda-17-x","data":{}}""", Sender.User),
            new("POST", "/auth/v1/factors", """{"factor_type":"totp","friendly_name":"watch"}""", Sender.User),
            new("POST", "/auth/v1/keys", """{"name":"script","scopes":{"notes":["select"]},"expires_in":"24h"}""", Sender.User),
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
    [InlineData("GET", "/auth/v1/user")]
    [InlineData("PUT", "/auth/v1/user")]
    [InlineData("GET", "/auth/v1/reauthenticate")]
    [InlineData("POST", "/auth/v1/logout")]
    [InlineData("GET", "/auth/v1/sessions")]
    [InlineData("POST", "/auth/v1/factors")]
    [InlineData("GET", "/auth/v1/keys")]
    [InlineData("POST", "/auth/v1/keys")]
    public async Task Without_a_session_nothing_is_told_and_nothing_done(string method, string path)
    {
        await using AuthHost host = await BadInputs.StartAsync();
        string before = await BadInputs.StateAsync(host);
        foreach (string? token in new[] { null, "", "x", "a.b.c", host.Keys.PublishableKey, host.Keys.AnonKey, host.Keys.SecretKey })
        {
            Answer answer = await host.SendAsync(method, path, method == "GET" ? null : "{}", token);
            Assert.True((int)answer.Status is 401 or 403, $"{token}: {answer.Refusal}");
            Assert.DoesNotContain("ann@b.test", answer.Body, StringComparison.Ordinal);
            Assert.Equal(before, await BadInputs.StateAsync(host));
        }
    }
}

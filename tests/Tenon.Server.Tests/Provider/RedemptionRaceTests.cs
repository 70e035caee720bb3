using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>
/// Fifty requests at once with one code: exactly one gets tokens, on either engine; the replays then take them back
/// (<see cref="Race"/>).
/// </summary>
public sealed class RedemptionRaceTests
{
    private static readonly int Rounds = Race.Rounds(3);

    private static async Task<int> RaceAsync(Func<Task<TokenAnswer>> redeem) => (await Race.AllAtOnceAsync(_ => redeem())).Count(answer => answer.Ok);

    private static async Task CodesAsync(ProviderHost host)
    {
        await host.SignUpAsync("race@example.test");
        TestClient client = await host.ClientAsync();
        for (int round = 0; round < Rounds; round++)
        {
            string code = await new Visitor(host).CodeAsync(client, "race@example.test");
            Assert.Equal(1, await RaceAsync(() => host.RedeemAsync(client, code)));
        }
    }

    private static async Task DevicesAsync(ProviderHost host)
    {
        await host.SignUpAsync("race@example.test");
        TestClient client = await host.ClientAsync(more: $$""","grant_types":["{{DeviceTests.Grant}}"]""");
        for (int round = 0; round < Rounds; round++)
        {
            Answer begun = await host.FormAsync("device_authorization", client, ("scope", "openid"));
            await DeviceTests.DecideAsync(new Visitor(host), begun, "race@example.test", "approve");
            Assert.Equal(1, await RaceAsync(() => DeviceTests.PollAsync(host, client, begun)));
        }
    }

    /// <summary>All get the one successor; the one before it was swapped once.</summary>
    private static async Task RefreshesAsync(ProviderHost host)
    {
        await host.SignUpAsync("race@example.test");
        TestClient client = await host.ClientAsync();
        string token = (await host.RedeemAsync(client, await new Visitor(host).CodeAsync(client, "race@example.test"))).Refresh;
        for (int round = 0; round < Rounds; round++)
        {
            TokenAnswer[] answers = await Race.AllAtOnceAsync(_ => host.RefreshAsync(client, token));
            Assert.All(answers, answer => Assert.True(answer.Ok, answer.Answer.Body));
            string next = Assert.Single(answers.Select(answer => answer.Refresh).Distinct());
            Assert.NotEqual(token, next);
            token = next;
        }
    }

    private static async Task PushedRequestsAsync(ProviderHost host)
    {
        await host.SignUpAsync("race@example.test");
        TestClient client = await host.ClientAsync();
        var visitor = new Visitor(host);
        // Allowed once, so that a request is answered at once.
        await visitor.ThroughAsync(client, "race@example.test");
        for (int round = 0; round < Rounds; round++)
        {
            string url = PushedRequestTests.Url(client, await PushedRequestTests.PushAsync(host, client));
            Answer[] answers = await Race.AllAtOnceAsync(_ => visitor.GoAsync(url));
            Assert.Single(answers, answer => answer.Header("Location")?.Contains("code=", StringComparison.Ordinal) == true);
        }
    }

    [Fact]
    public async Task A_refresh_token_has_one_successor_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await RefreshesAsync(host);
    }

    [Fact]
    public async Task A_refresh_token_has_one_successor_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.WholeOnPostgresAsync();
        await RefreshesAsync(host);
    }

    [Fact]
    public async Task A_pushed_request_is_answered_exactly_once_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await PushedRequestsAsync(host);
    }

    [Fact]
    public async Task A_pushed_request_is_answered_exactly_once_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.WholeOnPostgresAsync();
        await PushedRequestsAsync(host);
    }

    [Fact]
    public async Task A_code_is_redeemed_exactly_once_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await CodesAsync(host);
    }

    [Fact]
    public async Task A_code_is_redeemed_exactly_once_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.WholeOnPostgresAsync();
        await CodesAsync(host);
    }

    [Fact]
    public async Task A_device_code_is_redeemed_exactly_once_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await DevicesAsync(host);
    }

    [Fact]
    public async Task A_device_code_is_redeemed_exactly_once_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.WholeOnPostgresAsync();
        await DevicesAsync(host);
    }
}

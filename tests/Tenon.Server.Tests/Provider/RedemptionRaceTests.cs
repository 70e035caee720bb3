using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>
/// Fifty requests at once with one code: never do two get tokens, on either engine. It may be none: a replay that is noticed
/// while the first is still being answered takes its tokens back. Nightly a thousand rounds.
/// </summary>
public sealed class RedemptionRaceTests
{
    private const int AtOnce = 50;
    private static int Rounds => Environment.GetEnvironmentVariable("TENON_NIGHTLY") == "1" ? 1000 : 3;

    private static async Task<int> RaceAsync(Func<Task<TokenAnswer>> redeem)
    {
        using var gate = new SemaphoreSlim(0);
        Task<TokenAnswer>[] all =
        [
            .. Enumerable.Range(0, AtOnce).Select(async _ =>
            {
                await gate.WaitAsync(TestContext.Current.CancellationToken);
                return await redeem();
            }),
        ];
        gate.Release(AtOnce);
        return (await Task.WhenAll(all)).Count(answer => answer.Ok);
    }

    private static async Task CodesAsync(ProviderHost host)
    {
        await host.SignUpAsync("race@example.test");
        TestClient client = await host.ClientAsync();
        for (int round = 0; round < Rounds; round++)
        {
            string code = await new Visitor(host).CodeAsync(client, "race@example.test");
            Assert.InRange(await RaceAsync(() => host.RedeemAsync(client, code)), 0, 1);
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
            Assert.InRange(await RaceAsync(() => DeviceTests.PollAsync(host, client, begun)), 0, 1);
        }
    }

    [Fact]
    public async Task A_code_is_never_redeemed_twice_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await CodesAsync(host);
    }

    [Fact]
    public async Task A_code_is_never_redeemed_twice_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.OnPostgresAsync();
        await CodesAsync(host);
    }

    [Fact]
    public async Task A_device_code_is_never_redeemed_twice_on_the_embedded_database()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await DevicesAsync(host);
    }

    [Fact]
    public async Task A_device_code_is_never_redeemed_twice_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.OnPostgresAsync();
        await DevicesAsync(host);
    }
}

namespace Tenon.Server.Tests.Provider;

/// <summary>One provider on the embedded database for the tests of a class; each test has users and clients of its own.</summary>
public sealed class ProviderFixture : IAsyncLifetime
{
    private static int made;

    internal ProviderHost Host { get; private set; } = null!;

    /// <summary>An address that no other test has.</summary>
    internal static string NewEmail() => $"user{Interlocked.Increment(ref made)}@example.test";

    public async ValueTask InitializeAsync() => Host = await ProviderHost.OnSqliteAsync(options => options.OAuthServer.AllowDynamicRegistration = true);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

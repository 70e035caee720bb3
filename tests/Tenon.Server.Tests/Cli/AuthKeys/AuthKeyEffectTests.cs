using Tenon.Cli.Configuration;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>
/// Every key of [auth] that is read from tenon.toml changes what a server answers: asked of two servers, one of which has the
/// key. A key that the code reads and that is not here fails.
/// </summary>
public sealed class AuthKeyEffectTests(AuthKeyEffectTests.Servers servers) : IClassFixture<AuthKeyEffectTests.Servers>
{
    public sealed class Servers : IAsyncLifetime
    {
        private readonly Dictionary<string, Site> sites = [];
        private Outside outside = null!;

        public async ValueTask InitializeAsync() => outside = await Outside.StartAsync();

        /// <summary>The server of a group, started when it is first asked for.</summary>
        internal async Task<Site> OfAsync(string group) =>
            sites.TryGetValue(group, out Site? site) ? site : sites[group] = await Site.StartAsync(Groups.Common, Groups.All[group], Groups.Files, outside);

        public async ValueTask DisposeAsync()
        {
            foreach (Site site in sites.Values)
            {
                await site.DisposeAsync();
            }
            await outside.DisposeAsync();
        }
    }

    private static readonly Effect[] All = [.. SignInEffects.All, .. MessageEffects.All, .. FactorEffects.All, .. HookEffects.All, .. ProviderEffects.All, .. OutsideEffects.All];

    /// <summary>The keys that the code reads, without "auth."; names of the app's own as *.</summary>
    private static IEnumerable<string> Read =>
        KnownSettings.All.Where(setting => setting.Built && setting.Path.StartsWith("auth.", StringComparison.Ordinal))
            .Select(setting => setting.Path["auth.".Length..])
            .SelectMany(path => path switch
            {
                "external.*" => ExternalSettings.ProviderKeys.Select(key => $"external.*.{key}"),
                "third_party.*" => ExternalSettings.ThirdPartyKeys.Select(key => $"third_party.*.{key}"),
                _ => [path],
            });

    public static TheoryData<string> Keys => [.. All.Select(effect => effect.Key)];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_key_changes_what_is_answered(string key)
    {
        Effect effect = All.Single(one => one.Key == key);
        (Site without, Site with) = (await servers.OfAsync(effect.Beside), await servers.OfAsync(effect.In));
        string[] written = Written(with, key);
        Assert.NotEmpty(written);
        Assert.NotEqual(written, Written(without, key));
        Assert.Equal((effect.Without, effect.With), (await effect.Probe(without), await effect.Probe(with)));
    }

    [Fact]
    public void Every_key_that_is_read_has_its_effect_shown() => Assert.Equal(Read.Order(StringComparer.Ordinal), All.Select(effect => effect.Key).Order(StringComparer.Ordinal));

    // What the files of a site say of a key.
    private static string[] Written(Site site, string key)
    {
        string[] pattern = ["auth", .. key.Split('.')];
        return [.. site.Config.Entries
            .Where(entry => entry.Path.Split('.') is var path && path.Length >= pattern.Length && pattern.Zip(path).All(pair => pair.First == "*" || pair.First == pair.Second))
            .Select(entry => $"{entry.Path} = {TomlValue.Of(entry.Value)}")
            .Order(StringComparer.Ordinal)];
    }
}

/// <summary>A key without "auth."; what is answered without and with it; the groups of settings that lack and have it.</summary>
internal sealed record Effect(string Key, string Without, string With, Func<Site, Task<string>> Probe)
{
    public string In { get; init; } = "set";
    public string Beside { get; init; } = "plain";
}

using System.Collections.Frozen;

namespace Tenon.Server.Auth.OAuth;

/// <summary>The providers of the configuration and those made at run time, by name.</summary>
internal sealed class Providers
{
    private readonly FrozenDictionary<string, Provider> configured;
    private readonly CustomProviders custom;

    public Providers(AuthOptions options, CustomProviders custom)
    {
        this.custom = custom;
        configured = options
            .External.Where(pair => pair.Value.Enabled)
            .ToFrozenDictionary(pair => pair.Key, pair => Presets.Of(pair.Key, pair.Value, options), StringComparer.Ordinal);
    }

    public bool IsConfigured(string name) => configured.ContainsKey(name);

    /// <summary>Null: there is none of that name, or it is switched off.</summary>
    public async ValueTask<Provider?> FindAsync(string name, CancellationToken cancellation) =>
        configured.TryGetValue(name, out Provider? provider) ? provider
        : name.StartsWith(CustomProviders.Prefix, StringComparison.Ordinal) ? await custom.FindAsync(name, cancellation)
        : null;
}

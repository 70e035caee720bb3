using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.OAuth;

/// <summary>What an issuer's discovery document says (OpenID Connect Discovery 1.0 §3), as far as sign-in uses it.</summary>
internal sealed record IssuerMetadata(string Issuer, string AuthorizationUrl, string TokenUrl, string UserInfoUrl, string JwksUrl)
{
    /// <summary>RFC 9207: its authorization responses name it, so one that does not is another's.</summary>
    public bool NamesItself { get; init; }

    /// <summary>Client secrets go into the body; otherwise into the Authorization header (RFC 6749 §2.3.1).</summary>
    public bool SecretInBody { get; init; }

    /// <summary>Answers are not asked for by PKCE where the document names methods and S256 is none of them.</summary>
    public bool Pkce { get; init; } = true;
}

/// <summary>An issuer gave no answer, or none that can be used. The message is for the administrator, the client gets none of it.</summary>
internal sealed class IssuerException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Discovery documents and key sets of issuers, cached. They are read anew after an hour, keys also when a token names one
/// that is not there; when the issuer is down the old ones serve for a day. Only addresses of the configuration are asked,
/// so the number of entries is that of the providers.
/// </summary>
internal sealed class Issuers(SafeHttp http, AuthOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Usable = TimeSpan.FromDays(1);

    // Tokens with invented key ids must not become requests to the issuer.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(30);

    // Nor must sign-ins queue up behind an issuer that is down.
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private const int MostKeys = 50;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    private sealed class Entry : IDisposable
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);
        public volatile Copy? Kept;
        public DateTimeOffset TriedAt = DateTimeOffset.MinValue;

        public void Dispose() => Gate.Dispose();
    }

    private sealed record Copy(object Content, DateTimeOffset ReadAt);

    public Task<IssuerMetadata> MetadataAsync(Provider provider, CancellationToken cancellation) =>
        GetAsync(provider.MetadataUrl + " " + provider.Issuer, provider.MetadataUrl, root => ReadMetadata(root, provider), force: false, cancellation);

    /// <summary>The keys of an issuer that may verify; read anew where asked to and not done just now.</summary>
    public Task<ImmutableArray<JsonWebKey>> KeysAsync(IssuerMetadata metadata, bool anew, CancellationToken cancellation) =>
        GetAsync(metadata.JwksUrl, metadata.JwksUrl, ReadKeys, anew, cancellation);

    private async Task<T> GetAsync<T>(string name, string url, Func<JsonElement, T> read, bool force, CancellationToken cancellation)
    {
        Entry entry = entries.GetOrAdd(name, _ => new Entry());
        if (!force && entry.Kept is { } kept && clock.GetUtcNow() - kept.ReadAt < Fresh)
        {
            return (T)kept.Content;
        }
        await entry.Gate.WaitAsync(cancellation);
        try
        {
            DateTimeOffset now = clock.GetUtcNow();
            Copy? old = entry.Kept;
            bool triedJustNow = now - entry.TriedAt < (old is null ? FirstPause : ShortestPause);
            if (old is null && triedJustNow)
            {
                throw new IssuerException($"{url} failed a moment ago");
            }
            if (old is not null && (triedJustNow || (!force && now - old.ReadAt < Fresh)))
            {
                return (T)old.Content;
            }
            entry.TriedAt = now;
            try
            {
                T content = read(await FetchAsync(url, cancellation));
                entry.Kept = new Copy(content!, now);
                return content;
            }
            catch (IssuerException) when (old is not null && now - old.ReadAt < Usable)
            {
                return (T)old.Content;
            }
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task<JsonElement> FetchAsync(string url, CancellationToken cancellation)
    {
        if (!Presets.IsAddress(url, options.Development))
        {
            throw new IssuerException($"{url} is not an address that calls may go to");
        }
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.ParseAdd("application/json");
        return await ExternalCalls.JsonAsync(http, request, cancellation);
    }

    private IssuerMetadata ReadMetadata(JsonElement root, Provider provider)
    {
        string Member(string name, bool required = true)
        {
            string text = root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            return required && text.Length == 0 ? throw new IssuerException($"{provider.MetadataUrl} lacks {name}")
                : text.Length > 0 && name != "issuer" && !Presets.IsAddress(text, options.Development) ? throw new IssuerException($"{provider.MetadataUrl}: {name} is not an https address")
                : text;
        }
        string issuer = Member("issuer");
        if (!IsIssuer(issuer, provider))
        {
            throw new IssuerException($"{provider.MetadataUrl} is of another issuer than {provider.Issuer}");
        }
        // Third-party issuers are asked for their keys alone.
        bool endpoints = provider.RedirectUri.Length > 0;
        return new IssuerMetadata(issuer, Member("authorization_endpoint", endpoints), Member("token_endpoint", endpoints), Member("userinfo_endpoint", required: false), Member("jwks_uri"))
        {
            NamesItself = root.TryGetProperty("authorization_response_iss_parameter_supported", out JsonElement names) && names.ValueKind == JsonValueKind.True,
            SecretInBody = Lists(root, "token_endpoint_auth_methods_supported", "client_secret_post", otherwise: false),
            Pkce = Lists(root, "code_challenge_methods_supported", "S256", otherwise: true),
        };
    }

    // The document must be the issuer's own (Discovery §4.3); Microsoft's common one carries a place for the tenant.
    private static bool IsIssuer(string issuer, Provider provider) =>
        issuer == provider.Issuer
        || issuer == provider.Issuer.TrimEnd('/')
        || (
            provider.IssuerRule == IssuerRule.Microsoft
            && Uri.TryCreate(provider.Issuer, UriKind.Absolute, out Uri? asked)
            && (issuer == $"{asked.GetLeftPart(UriPartial.Authority)}/{IdTokens.TenantMark}/v2.0" || IsTenant(issuer, asked))
        );

    private static bool IsTenant(string issuer, Uri asked) =>
        issuer.StartsWith(asked.GetLeftPart(UriPartial.Authority) + "/", StringComparison.Ordinal)
        && issuer.EndsWith("/v2.0", StringComparison.Ordinal)
        && Guid.TryParseExact(issuer[(asked.GetLeftPart(UriPartial.Authority).Length + 1)..^5], "D", out _);

    private static bool Lists(JsonElement root, string name, string value, bool otherwise) =>
        !root.TryGetProperty(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array
            ? otherwise
            : list.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.GetString() == value);

    private static ImmutableArray<JsonWebKey> ReadKeys(JsonElement root)
    {
        try
        {
            // Symmetric keys verify nothing that comes from outside; keys for encryption sign nothing.
            return
            [
                .. new JsonWebKeySet(root.GetRawText())
                    .Keys.Where(key => key.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve && key.Use is null or "" or "sig")
                    .Take(MostKeys),
            ];
        }
        catch (ArgumentException e)
        {
            throw new IssuerException("the key set cannot be read", e);
        }
    }
}

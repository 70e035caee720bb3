using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.OAuth;

/// <summary>The issuer's own tokens, handed to the application once and kept nowhere.</summary>
internal sealed record ProviderTokens(string AccessToken, string? RefreshToken);

/// <summary>What a code was worth.</summary>
internal sealed record Arrival(Person Person, ProviderTokens Tokens);

/// <summary>Talks to a provider: where to send the user, what a code is worth, who the user is.</summary>
internal sealed class ProviderClient(SafeHttp http, Issuers issuers, IdTokens idTokens, TimeProvider clock)
{
    private const string ExchangeRefused = "Unable to exchange external code";

    /// <summary>The address the user is sent to. Parameters of the request come before ours, which nobody replaces.</summary>
    public async Task<string> AuthorizationUrlAsync(Provider provider, FlowSecrets secrets, IEnumerable<KeyValuePair<string, string>> parameters, string scope, CancellationToken cancellation)
    {
        bool oidc = provider.Kind == ProviderKind.Oidc;
        IssuerMetadata? metadata = oidc ? await issuers.MetadataAsync(provider, cancellation) : null;
        string address = metadata?.AuthorizationUrl ?? provider.AuthorizationUrl;
        var query = new Dictionary<string, string>(parameters, StringComparer.Ordinal);
        foreach ((string name, string value) in provider.Parameters)
        {
            query[name] = value;
        }
        query["response_type"] = "code";
        query["client_id"] = provider.ClientId;
        query["redirect_uri"] = provider.RedirectUri;
        query["state"] = secrets.State;
        if (scope.Length > 0)
        {
            query["scope"] = scope;
        }
        if (oidc)
        {
            query["nonce"] = secrets.Nonce;
        }
        if (UsesPkce(provider, metadata))
        {
            query["code_challenge"] = secrets.Challenge;
            query["code_challenge_method"] = "S256";
        }
        return ReturnAddress.WithQuery(address, ReturnAddress.Form([.. query.Select(pair => (pair.Key, pair.Value))]));
    }

    /// <summary>Exchanges a code and reads who came. Refusals are <see cref="AuthException"/>.</summary>
    public async Task<Arrival> ArriveAsync(Provider provider, FlowSecrets secrets, string code, CancellationToken cancellation)
    {
        IssuerMetadata? metadata = provider.Kind == ProviderKind.Oidc ? await issuers.MetadataAsync(provider, cancellation) : null;
        JsonElement answer = await ExchangeAsync(provider, metadata, secrets, code, cancellation);
        if (IdTokens.Text(answer, "access_token") is not { Length: > 0 } accessToken)
        {
            throw AuthErrors.BadOAuthCallback(ExchangeRefused).ToException();
        }
        var tokens = new ProviderTokens(accessToken, IdTokens.Text(answer, "refresh_token") is { Length: > 0 } refresh ? refresh : null);
        Person person = metadata is not null
            ? await FromIdTokenAsync(provider, metadata, IdTokens.Text(answer, "id_token"), secrets.Nonce, accessToken, cancellation)
            : await FromUserInfoAsync(provider, accessToken, cancellation);
        return new Arrival(person, tokens);
    }

    private async Task<JsonElement> ExchangeAsync(Provider provider, IssuerMetadata? metadata, FlowSecrets secrets, string code, CancellationToken cancellation)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = provider.RedirectUri,
        };
        if (UsesPkce(provider, metadata))
        {
            form["code_verifier"] = secrets.Verifier;
        }
        string secret = provider.AppleKey is { } key ? AppleSecret.Make(provider, key, clock.GetUtcNow()) : provider.Secret;
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata?.TokenUrl ?? provider.TokenUrl);
        if (secret.Length == 0 || provider.AppleKey is not null || metadata?.SecretInBody != false)
        {
            form["client_id"] = provider.ClientId;
            if (secret.Length > 0)
            {
                form["client_secret"] = secret;
            }
        }
        else
        {
            // Both halves are form-encoded first (RFC 6749 §2.3.1).
            string pair = Uri.EscapeDataString(provider.ClientId) + ":" + Uri.EscapeDataString(secret);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }
        request.Content = new FormUrlEncodedContent(form);
        request.Headers.Accept.ParseAdd("application/json");
        CallAnswer answer = await ExternalCalls.SendAsync(http, request, cancellation);
        if (answer.Status is >= 400 and < 500)
        {
            throw AuthErrors.BadOAuthCallback(ExchangeRefused).ToException();
        }
        JsonElement root = answer.Status == 200
            ? ExternalCalls.Parse(answer.Body, request.RequestUri!)
            : throw new IssuerException($"the token endpoint of {provider.Name} answered {answer.Status}");
        return root.ValueKind == JsonValueKind.Object ? root : throw new IssuerException($"the token endpoint of {provider.Name} did not answer an object");
    }

    private async Task<Person> FromIdTokenAsync(Provider provider, IssuerMetadata metadata, string? token, string nonce, string accessToken, CancellationToken cancellation)
    {
        try
        {
            VerifiedToken verified = await idTokens.VerifyAsync(provider, token ?? throw new TokenRefused("there is none"), cancellation);
            if (IdTokens.Text(verified.Claims, "nonce") != nonce)
            {
                throw new TokenRefused("its nonce is not that of this sign-in");
            }
            if (verified.Claims.TryGetProperty("at_hash", out _) && !IdTokens.HashMatches(verified, accessToken))
            {
                throw new TokenRefused("it does not belong to the access token");
            }
            Person person = Read(provider, metadata, verified.Claims);
            return person.Email is null && metadata.UserInfoUrl.Length > 0
                ? await AddUserInfoAsync(provider, metadata, person, accessToken, cancellation)
                : person;
        }
        catch (TokenRefused e)
        {
            throw AuthErrors.BadOAuthCallback("The ID token is refused: " + e.Message).ToException();
        }
    }

    /// <summary>The person of a verified token.</summary>
    public static Person Read(Provider provider, IssuerMetadata metadata, JsonElement claims)
    {
        // Google's two spellings are one issuer; Microsoft's tenant stands in the token alone.
        string issuer = provider.IssuerRule == IssuerRule.Microsoft ? IdTokens.Text(claims, "iss")! : metadata.Issuer;
        return Person.Read(provider, claims, issuer) ?? throw new TokenRefused("it has no subject");
    }

    private async Task<Person> AddUserInfoAsync(Provider provider, IssuerMetadata metadata, Person person, string accessToken, CancellationToken cancellation)
    {
        JsonElement claims = await GetAsync(metadata.UserInfoUrl, accessToken, cancellation);
        Person? told = claims.ValueKind == JsonValueKind.Object ? Person.Read(provider, claims, IdTokens.Text(JsonElement.Parse(person.Data), "iss")) : null;
        // An answer about somebody else must not be used (Core §5.3.2).
        return told is not null && told.Subject == person.Subject ? told : throw new TokenRefused("userinfo is about another subject");
    }

    private async Task<Person> FromUserInfoAsync(Provider provider, string accessToken, CancellationToken cancellation)
    {
        JsonElement told = await GetAsync(provider.UserInfoUrl, accessToken, cancellation);
        // OAuth 2 names no issuer; where the user was told from stands for it, so that another place is noticed.
        string issuer = new Uri(provider.UserInfoUrl).GetLeftPart(UriPartial.Authority);
        if (told.ValueKind != JsonValueKind.Object || Person.Read(provider, told, issuer) is not { } person)
        {
            throw AuthErrors.BadOAuthCallback("The provider did not say who the user is").ToException();
        }
        if (provider.Kind != ProviderKind.GitHub)
        {
            return person;
        }
        JsonElement list = await GetAsync(provider.UserInfoUrl + "/emails", accessToken, cancellation);
        (string? address, bool verified) = Primary(list);
        return person.WithEmail(address, verified);
    }

    // The primary address; the profile's public one proves nothing.
    private static (string? Address, bool Verified) Primary(JsonElement list)
    {
        if (list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement one in list.EnumerateArray())
            {
                if (one.ValueKind == JsonValueKind.Object && IsTrue(one, "primary"))
                {
                    return (IdTokens.Text(one, "email"), IsTrue(one, "verified"));
                }
            }
        }
        return (null, false);
    }

    private static bool IsTrue(JsonElement one, string name) => one.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private async Task<JsonElement> GetAsync(string url, string accessToken, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (!request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + accessToken))
        {
            throw new IssuerException("the access token cannot be sent");
        }
        request.Headers.Accept.ParseAdd("application/json");
        return await ExternalCalls.JsonAsync(http, request, cancellation);
    }

    private static bool UsesPkce(Provider provider, IssuerMetadata? metadata) => provider.Pkce && metadata?.Pkce != false;
}

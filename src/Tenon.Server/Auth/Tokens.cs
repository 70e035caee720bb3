using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth;

/// <summary>A refresh token with what the store keeps of it: the nonce it is derived from and its hash.</summary>
internal sealed record RefreshToken(string Text, string Nonce, string Hash);

/// <summary>Makes tokens: access tokens signed with the current key, refresh tokens derived from a nonce.</summary>
internal sealed class Tokens(Keys keys, SigningKeys signing, AccessTokenHook hook, AuthOptions options, TimeProvider clock)
{
    /// <summary>RFC 9068's type of an access token that a client holds.</summary>
    public const string ClientTokenType = "at+jwt";

    private static readonly Dictionary<string, object> ClientHeader = new() { ["typ"] = ClientTokenType };
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly byte[] refreshKey = keys.Derive("refresh tokens");

    /// <summary>The access token of a session, for jwt_expiry or the life given; it ends with the session where that is sooner.</summary>
    public async Task<(string Token, long ExpiresIn, long ExpiresAt)> IssueAsync(HttpContext context, User user, Session session, TimeSpan? life = null)
    {
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        long expires = now + (long)(life ?? options.JwtExpiry).TotalSeconds;
        if (session.NotAfter is { } end)
        {
            expires = Math.Min(expires, end.ToUnixTimeSeconds());
        }
        string claims = await hook.ApplyAsync(context, session, Claims(user, session, options.Issuer, now, expires));
        SigningKey key = signing.Current;
        string token = Handler.CreateToken(
            claims,
            new SigningCredentials(key.Key, key.Algorithm)
        );
        return (token, Math.Max(0, expires - now), expires);
    }

    /// <summary>The access token of a session that a client holds for its user, with what the claims say beside the user's own.</summary>
    public async Task<string> IssueForClientAsync(HttpContext context, User user, Session session, DateTimeOffset expires, IReadOnlyList<(string Name, string Value)> more)
    {
        string own = Claims(user, session, options.Issuer, clock.GetUtcNow().ToUnixTimeSeconds(), expires.ToUnixTimeSeconds());
        string claims = With(await hook.ApplyAsync(context, session, With(own, more)), more);
        SigningKey key = signing.Current;
        return Handler.CreateToken(claims, new SigningCredentials(key.Key, key.Algorithm), ClientHeader);
    }

    // After the hook once more: which client holds the token is not the hook's to say.
    private static string With(string claims, IReadOnlyList<(string Name, string Value)> more)
    {
        JsonObject members = JsonNode.Parse(claims)!.AsObject();
        foreach ((string name, string value) in more)
        {
            members[name] = value;
        }
        return members.ToJsonString();
    }

    /// <summary>
    /// A new refresh token. It is HMAC(key, nonce): the same text can be given again to a client that never saw the answer
    /// (WIRE §2.4), while a copy of the database without the key yields no usable token.
    /// </summary>
    public RefreshToken NewRefreshToken() => FromNonce(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)));

    public RefreshToken FromNonce(string nonce)
    {
        byte[] mac = HMACSHA256.HashData(refreshKey, Encoding.ASCII.GetBytes(nonce));
        string text = Base64Url.EncodeToString(mac.AsSpan(0, 24));
        return new RefreshToken(text, nonce, TokenHash.Of(text).ToString());
    }

    /// <summary>What an access token says of its user.</summary>
    public static string Claims(User user, Session session, string issuer, long now, long expires)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("iss", issuer);
            writer.WriteString("sub", user.Id);
            writer.WriteString("aud", TokenVerifier.Audience);
            writer.WriteNumber("exp", expires);
            writer.WriteNumber("iat", now);
            writer.WriteString("email", user.Email ?? "");
            writer.WriteString("phone", user.Phone ?? "");
            writer.WritePropertyName("app_metadata");
            writer.WriteRawValue(user.AppMetadata, skipInputValidation: true);
            writer.WritePropertyName("user_metadata");
            writer.WriteRawValue(user.UserMetadata, skipInputValidation: true);
            writer.WriteString("role", user.Role);
            writer.WriteString("aal", session.Aal);
            writer.WritePropertyName("amr");
            writer.WriteRawValue(session.Amr, skipInputValidation: true);
            writer.WriteString("session_id", session.Id);
            writer.WriteBoolean("is_anonymous", user.IsAnonymous);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

using System.Security.Claims;
using System.Text.Json;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>What an identity token and the user-info answer say of a user, by scope (OpenID Connect Core §5.4).</summary>
internal static class UserClaims
{
    private static readonly (string Claim, string[] Members)[] Profile =
    [
        (Claims.Name, ["name", "full_name"]),
        (Claims.GivenName, ["given_name"]),
        (Claims.FamilyName, ["family_name"]),
        (Claims.MiddleName, ["middle_name"]),
        (Claims.Nickname, ["nickname"]),
        (Claims.PreferredUsername, ["preferred_username", "user_name"]),
        (Claims.Profile, ["profile"]),
        (Claims.Picture, ["picture", "avatar_url"]),
        (Claims.Website, ["website"]),
        (Claims.Gender, ["gender"]),
        (Claims.Birthdate, ["birthdate"]),
        (Claims.Zoneinfo, ["zoneinfo"]),
        (Claims.Locale, ["locale"]),
    ];

    public static readonly string[] All =
    [
        Claims.Subject, .. Profile.Select(p => p.Claim), Claims.UpdatedAt, Claims.Email, Claims.EmailVerified, Claims.PhoneNumber, Claims.PhoneNumberVerified,
        Claims.Address,
    ];

    public static void Write(ClaimsIdentity identity, TokenSubject subject, IReadOnlyCollection<string> scopes)
    {
        foreach ((string name, JsonElement value) in Of(subject.User, scopes))
        {
            identity.SetClaim(name, value);
        }
        identity.SetClaim("sid", subject.Session.Id.ToString("D"));
        identity.SetClaim(Claims.AuthenticationTime, SignedInAt(subject.Session));
        identity.SetClaim(Claims.AuthenticationContextReference, subject.Session.Aal);
        identity.SetClaims(Claims.AuthenticationMethodReference, [.. JsonElement.Parse(subject.Session.Amr).EnumerateArray().Select(m => m.GetProperty("method").GetString()!)]);
    }

    // The oldest way is the sign-in; a second factor came later.
    private static long SignedInAt(Session session) =>
        JsonElement.Parse(session.Amr).EnumerateArray().Select(method => method.GetProperty("timestamp").GetInt64()).DefaultIfEmpty(session.CreatedAt.ToUnixTimeSeconds()).Min();

    public static IEnumerable<(string Name, JsonElement Value)> Of(User user, IReadOnlyCollection<string> scopes)
    {
        yield return (Claims.Subject, Json(user.Id.ToString("D")));
        if (scopes.Contains(Scopes.Email) && user.Email is { } email)
        {
            yield return (Claims.Email, Json(email));
            yield return (Claims.EmailVerified, Json(user.EmailConfirmedAt is not null));
        }
        if (scopes.Contains(Scopes.Phone) && user.Phone is { } phone)
        {
            yield return (Claims.PhoneNumber, Json("+" + phone));
            yield return (Claims.PhoneNumberVerified, Json(user.PhoneConfirmedAt is not null));
        }
        JsonElement metadata = JsonElement.Parse(user.UserMetadata);
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }
        if (scopes.Contains(Scopes.Address) && metadata.TryGetProperty("address", out JsonElement address) && address.ValueKind == JsonValueKind.Object)
        {
            yield return (Claims.Address, address);
        }
        if (!scopes.Contains(Scopes.Profile))
        {
            yield break;
        }
        foreach ((string claim, string[] members) in Profile)
        {
            if (members.Select(member => Text(metadata, member)).FirstOrDefault(text => text is not null) is { } value)
            {
                yield return (claim, Json(value));
            }
        }
        if (user.UpdatedAt is { } updated)
        {
            yield return (Claims.UpdatedAt, JsonSerializer.SerializeToElement(updated.ToUnixTimeSeconds()));
        }
    }

    private static string? Text(JsonElement metadata, string member) =>
        metadata.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Json(string text) => JsonSerializer.SerializeToElement(text);

    private static JsonElement Json(bool flag) => JsonSerializer.SerializeToElement(flag);
}

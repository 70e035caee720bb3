using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core.Types;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// Access tokens of other issuers (<c>[auth.third_party.NAME]</c>) -> caller. The token's iss only chooses among the issuers
/// of the configuration; everything that is then asked and compared comes from there. Their users have no session and no row
/// here, and never a role that steps around the policies.
/// </summary>
internal sealed class ThirdParty
{
    private sealed record Party(Provider Provider, AuthThirdPartyOptions Options);

    private static readonly CredentialFailure Unreachable = CredentialFailure.Undecodable("The issuer of this JWT could not be asked for its keys");

    private readonly FrozenDictionary<string, Party> parties;
    private readonly IdTokens tokens;
    private readonly ApiRoles roles;
    private readonly ILogger<ThirdParty> logger;

    public ThirdParty(AuthOptions options, IdTokens tokens, ApiRoles roles, ILogger<ThirdParty> logger)
    {
        (this.tokens, this.roles, this.logger) = (tokens, roles, logger);
        parties = options
            .ThirdParty.Where(pair => pair.Value.Enabled)
            .Select(pair => new Party(ToProvider(pair.Key, pair.Value, options), pair.Value))
            .ToFrozenDictionary(party => party.Options.Issuer, StringComparer.Ordinal);
    }

    /// <summary>Null: the token names none of these issuers; it is another verifier's.</summary>
    public async ValueTask<Resolution?> VerifyAsync(string token, CancellationToken cancellation)
    {
        if (parties.Count == 0 || TokenVerifier.IssuerOf(token) is not { } issuer || !parties.TryGetValue(issuer, out Party? party))
        {
            return null;
        }
        try
        {
            VerifiedToken verified = await tokens.VerifyAsync(party.Provider, token, cancellation);
            return RoleOf(verified.Claims, party.Options) is { } role ? MakeCaller(verified, role) : CredentialFailure.RoleNotAllowed;
        }
        catch (TokenRefused e)
        {
            return CredentialFailure.Claims("The JWT is refused: " + e.Message);
        }
        catch (IssuerException e)
        {
            AuthEvents.IssuerFailed(logger, e, party.Provider.Name);
            return Unreachable;
        }
    }

    private static Provider ToProvider(string name, AuthThirdPartyOptions party, AuthOptions options)
    {
        string setting = $"[auth.third_party.{name}]";
        if (!Presets.IsAddress(party.Issuer, options.Development) || party.Issuer == options.Issuer)
        {
            throw new InvalidOperationException($"{setting} issuer must be the https address of another issuer (in development also http to this machine)");
        }
        if (party.Audience.Length == 0)
        {
            throw new InvalidOperationException($"{setting} needs audience: without it tokens made for other servers would be taken");
        }
        return new Provider
        {
            Name = name,
            Kind = ProviderKind.Oidc,
            ClientIds = [party.Audience],
            Issuer = party.Issuer,
            RedirectUri = "",
        };
    }

    /// <summary>The first value of the claim that stands for a role. A claim that is not there, or a list without one, means authenticated.</summary>
    private RoleName? RoleOf(JsonElement claims, AuthThirdPartyOptions party)
    {
        JsonElement at = claims;
        foreach (string part in party.RoleClaim.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(part, out at))
            {
                return RoleName.Authenticated;
            }
        }
        if (at.ValueKind == JsonValueKind.Array)
        {
            return at.EnumerateArray().Select(one => Map(one, party)).FirstOrDefault(role => role is not null) ?? RoleName.Authenticated;
        }
        return Map(at, party);
    }

    private RoleName? Map(JsonElement value, AuthThirdPartyOptions party)
    {
        string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        string? name = text is null ? null : party.Roles.Count == 0 ? text : party.Roles.GetValueOrDefault(text);
        return string.IsNullOrEmpty(name) ? null : new RoleName(name) is var role && roles.AllowsForUser(role) ? role : null;
    }

    private static Caller MakeCaller(VerifiedToken verified, RoleName role)
    {
        // Policies read the role from the claims: they see the one that holds.
        JsonObject claims = System.Text.Json.Nodes.JsonNode.Parse(verified.Payload)!.AsObject();
        claims["role"] = role.Text;
        string text = claims.ToJsonString();
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Guid? user = Guid.TryParseExact(IdTokens.Text(verified.Claims, "sub"), "D", out Guid id) ? id : null;
        return new Caller
        {
            Role = role,
            UserId = user,
            UserIdText = user?.ToString("D"),
            Email = IdTokens.Text(verified.Claims, "email"),
            ClaimsJson = text,
            ClaimsUtf8 = utf8,
            Claims = JsonElement.Parse(utf8),
            ExpiresAt = IdTokens.Time(verified.Claims, "exp"),
        };
    }
}

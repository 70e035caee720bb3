using System.Collections.Immutable;
using System.Security.Claims;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// What a code (or an approved device code) carries until it is redeemed: who, the authorization, and the session that
/// approved. Everything else is read anew when tokens are made.
/// </summary>
internal sealed class Approval(IOpenIddictAuthorizationManager authorizations, TimeProvider clock)
{
    /// <summary>The claim with the id of the session that approved.</summary>
    public const string ApprovedIn = "tenon_approved_in";

    public async Task<ClaimsPrincipal> PrincipalAsync(Guid client, User user, Session session, ImmutableArray<string> scopes, CancellationToken cancellation)
    {
        string subject = user.Id.ToString("D");
        object authorization = await authorizations.CreateAsync(
            new OpenIddictAuthorizationDescriptor
            {
                ApplicationId = client.ToString("D"),
                CreationDate = clock.GetUtcNow(),
                Status = Statuses.Valid,
                Subject = subject,
                Type = AuthorizationTypes.AdHoc,
            },
            cancellation
        );
        var identity = new ClaimsIdentity("tenon", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, subject).SetClaim(ApprovedIn, session.Id.ToString("D"));
        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes(scopes).SetAuthorizationId(await authorizations.GetIdAsync(authorization, cancellation));
        return principal;
    }
}

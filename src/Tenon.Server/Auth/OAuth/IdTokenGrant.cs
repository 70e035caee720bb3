using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// POST /token?grant_type=id_token: an ID token that an application got from a provider by itself. The provider's name
/// decides which issuer and audiences are right; what the token or the body says of an issuer chooses nothing.
/// </summary>
internal sealed class IdTokenGrant(
    Providers providers,
    Issuers issuers,
    IdTokens idTokens,
    ExternalSignIn signIn,
    Sessions sessions,
    AuthGate gate,
    AuthLimits limits,
    AuthOptions options,
    ILogger<IdTokenGrant> logger
)
{
    public async Task HandleAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        Guid? linkUser = body.Flag("link_identity") == true ? await RequireLinkingAsync(context) : null;
        if (body.Text("id_token") is not { Length: > 0 } token || body.Text("provider") is not { Length: > 0 } name)
        {
            await AuthResponse.WriteOAuthErrorAsync(context, "invalid_request", "provider and id_token required");
            return;
        }
        if (await providers.FindAsync(name, context.RequestAborted) is not { Kind: ProviderKind.Oidc } provider)
        {
            throw AuthErrors.ProviderDisabled.ToException();
        }
        try
        {
            Person person = await ReadAsync(provider, token, body, context.RequestAborted);
            Entered entered = await signIn.EnterAsync(context, provider, person, tokens: null, challenge: null, new Purpose(linkUser, Invite: null));
            UserWithIdentities user = entered.User!;
            IssuedSession issued = await sessions.IssueAsync(context, user.User, user.Identities, entered.Session!.Session, entered.Session.Token.Text);
            await AuthResponse.WriteSessionAsync(context, issued);
        }
        catch (TokenRefused e)
        {
            await AuthResponse.WriteOAuthErrorAsync(context, "invalid_grant", "The ID token is refused: " + e.Message);
        }
        catch (IssuerException e)
        {
            AuthEvents.IssuerFailed(logger, e, provider.Name);
            throw AuthErrors.ProviderUnreachable.ToException();
        }
    }

    private async Task<Guid> RequireLinkingAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        return options.EnableManualLinking ? signedIn.User.Id : throw AuthErrors.ManualLinkingDisabled.ToException();
    }

    private async Task<Person> ReadAsync(Provider provider, string token, AuthBody body, CancellationToken cancellation)
    {
        VerifiedToken verified = await idTokens.VerifyAsync(provider, token, cancellation);
        if (body.Text("access_token") is { Length: > 0 } accessToken && verified.Claims.TryGetProperty("at_hash", out _) && !IdTokens.HashMatches(verified, accessToken))
        {
            throw new TokenRefused("it does not belong to the access token");
        }
        if (!provider.SkipNonceCheck)
        {
            RequireNonce(IdTokens.Text(verified.Claims, "nonce") ?? "", body.Text("nonce") ?? "");
        }
        return ProviderClient.Read(provider, await issuers.MetadataAsync(provider, cancellation), verified.Claims);
    }

    // The application sent the provider the hash of the nonce and keeps the nonce: whoever sees the token cannot use it.
    private static void RequireNonce(string inToken, string shown)
    {
        if (inToken.Length > 0 != shown.Length > 0)
        {
            throw new TokenRefused("nonce must be in the token and in the request, or in neither");
        }
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shown)));
        if (shown.Length > 0 && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(inToken)))
        {
            throw new TokenRefused("its nonce is another");
        }
    }
}

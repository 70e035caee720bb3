using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Stores;
using Tenon.Server.Store;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;
using Session = Tenon.Server.Auth.Session;

namespace Tenon.Server.Provider.Protocol;

/// <summary>For whom the token endpoint makes tokens: the user and the session the client holds for them.</summary>
internal sealed record TokenSubject(User User, Session Session);

/// <summary>Where we step into OpenIddict's own sequence of handlers.</summary>
internal sealed class TokenHandlers(
    ProtocolKeys keys,
    Tokens tokens,
    Sessions sessions,
    StoreDatabase store,
    AuthOptions options,
    TimeProvider clock
)
{
    /// <summary>Wrong redemptions of a code before it is withdrawn: a client that has the verifier needs one.</summary>
    private const int MostFailures = 3;

    /// <summary>The key in HttpContext.Items.</summary>
    public static readonly object Subject = new();

    /// <summary>The key in HttpContext.Items: client, address and verifier were right, it is the sign-in that has ended or the code that is used.</summary>
    public static readonly object WasRight = new();

    public static void Register(OpenIddictServerBuilder server)
    {
        On<GenerateTokenContext>(server, Protection.GenerateIdentityModelToken.Descriptor.Order - 500, static (h, c) => h.SignAsync(c));
        On<ValidateTokenContext>(server, Protection.ResolveTokenValidationParameters.Descriptor.Order + 500, static (h, c) => h.AcceptOurKeys(c));
        On<ApplyTokenResponseContext>(server, int.MinValue + 1000, static (h, c) => h.CountFailureAsync(c));
        On<HandleRevocationRequestContext>(server, Revocation.RevokeToken.Descriptor.Order + 500, static (h, c) => h.EndSessionAsync(c));
        On<HandleIntrospectionRequestContext>(server, Introspection.AttachPrincipal.Descriptor.Order + 500, static (h, c) => h.RequireSessionAsync(c));
        On<ApplyDeviceAuthorizationResponseContext>(server, int.MinValue + 1000, static (h, c) => h.NameOurPage(c));
    }

    private static void On<TContext>(OpenIddictServerBuilder server, int order, Func<TokenHandlers, TContext, ValueTask> handle)
        where TContext : BaseContext =>
        server.AddEventHandler<TContext>(builder =>
            builder
                .UseInlineHandler(context =>
                    handle(((BaseContext)context).Transaction.GetHttpRequest()!.HttpContext.RequestServices.GetRequiredService<TokenHandlers>(), context)
                )
                .SetOrder(order)
        );

    /// <summary>Access tokens of users are made by the same hand as everywhere, so that policies and hooks see no difference.</summary>
    private async ValueTask SignAsync(GenerateTokenContext context)
    {
        bool isAccess = context.TokenType == TokenTypeIdentifiers.AccessToken;
        bool isRead = isAccess || context.TokenType == TokenTypeIdentifiers.IdentityToken;
        context.SigningCredentials = isRead ? keys.Published : keys.Own;
        context.SecurityTokenDescriptor.SigningCredentials = context.SigningCredentials;
        if (context.SigningCredentials.Algorithm == SigningAlgorithm.EdDsa)
        {
            // OpenIddict hashed with SHA-256; which hash EdDSA asks for (SHA-512) nobody but a validator would tell. It is optional here.
            context.Principal.RemoveClaims(Claims.AccessTokenHash);
        }
        HttpContext http = context.Transaction.GetHttpRequest()!.HttpContext;
        if (!isAccess || http.Items[Subject] is not TokenSubject subject)
        {
            return;
        }
        List<(string, string)> more =
        [
            ("client_id", context.ClientId!),
            ("scope", string.Join(' ', context.Principal.GetScopes())),
            ("jti", context.Principal.GetTokenId() ?? Guid.NewGuid().ToString("D")),
        ];
        foreach (string name in new[] { Claims.Private.TokenId, Claims.Private.AuthorizationId })
        {
            if (context.Principal.GetClaim(name) is { } value)
            {
                more.Add((name, value));
            }
        }
        context.Token = await tokens.IssueForClientAsync(http, subject.User, subject.Session, context.Principal.GetExpirationDate()!.Value, more);
    }

    private ValueTask AcceptOurKeys(ValidateTokenContext context)
    {
        context.TokenValidationParameters.IssuerSigningKeys = keys.Accepted;
        return default;
    }

    /// <summary>
    /// Counts a code that was shown with a wrong verifier, redirect address or client. OpenIddict leaves such a code as it
    /// is; whoever stole one may not go on guessing.
    /// </summary>
    private async ValueTask CountFailureAsync(ApplyTokenResponseContext context)
    {
        if (context.Error != Errors.InvalidGrant || context.Request is not { GrantType: GrantTypes.AuthorizationCode, Code: { Length: > 0 } code })
        {
            return;
        }
        HttpContext http = context.Transaction.GetHttpRequest()!.HttpContext;
        var manager = http.RequestServices.GetRequiredService<IOpenIddictTokenManager>();
        if (http.Items.ContainsKey(WasRight) || await manager.FindByReferenceIdAsync(code) is not OAuthToken token)
        {
            return;
        }
        await store.WriteAsync(
            unit =>
            {
                if (unit.Execute(TokenSql.CountFailure, StoreValues.Of(token.Id)) is [[var failures]] && failures.Integer >= MostFailures)
                {
                    unit.Execute(TokenSql.RevokeOne, StoreValues.Of(token.Id));
                }
                return true;
            },
            CancellationToken.None
        );
    }

    /// <summary>A token taken back takes the session with it (RFC 7009 §2.1): the others of the same sign-in die at once.</summary>
    private async ValueTask EndSessionAsync(HandleRevocationRequestContext context)
    {
        if (!Guid.TryParseExact(context.GenericTokenPrincipal?.GetAuthorizationId(), "D", out Guid id) || !Guid.TryParseExact(context.GenericTokenPrincipal.GetClaim(Claims.Subject), "D", out Guid user))
        {
            return;
        }
        DateTimeOffset now = StoreTime.Now(clock);
        await sessions.EndingAsync(user, unit => TokenStore.RevokeAuthorization(unit, id, now));
    }

    /// <summary>A token is active only while its session is: signed out, banned and deleted users have none.</summary>
    private async ValueTask RequireSessionAsync(HandleIntrospectionRequestContext context)
    {
        context.Scopes.UnionWith(context.GenericTokenPrincipal?.GetScopes() ?? []);
        if (!Guid.TryParseExact(context.GenericTokenPrincipal?.GetAuthorizationId(), "D", out Guid id))
        {
            return;
        }
        List<Datum[]> rows = await store.QueryAsync(ClientSessionSql.Alive, new[] { StoreValues.Of(id), StoreValues.Of(StoreTime.Now(clock)) }, default);
        if (rows.Count == 0)
        {
            context.Reject(Errors.InvalidToken, "The session of the token has ended.");
        }
    }

    private ValueTask NameOurPage(ApplyDeviceAuthorizationResponseContext context)
    {
        if (context.Error is null)
        {
            context.Response.VerificationUri = options.Issuer + Paths.Device;
            context.Response.VerificationUriComplete = options.Issuer + Paths.Device + "?user_code=" + Uri.EscapeDataString(context.Response.UserCode ?? "");
        }
        return default;
    }
}

using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// GET /authorize and /user/identities/authorize: keeps a flow and sends the user to the provider. A flow without a PKCE
/// challenge of the application is bound to the browser by a cookie, so that nobody can be signed in by a link that another
/// one prepared (RFC 9700 §4.7).
/// </summary>
internal sealed class Authorize(
    Providers providers,
    ProviderClient client,
    ExternalFlows flows,
    Redirects redirects,
    AuthGate gate,
    StoreDatabase store,
    OneTimeTokens tokens,
    AuthLimits limits,
    AuthOptions options,
    TimeProvider clock,
    ILogger<Authorize> logger
)
{
    private const int LongestParameter = 1024;

    // Everything else of a request goes on to the provider (prompt, login_hint, access_type …).
    private static readonly ImmutableHashSet<string> Ours = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "provider", "redirect_to", "scopes", "scope", "skip_http_redirect", "code_challenge", "code_challenge_method", "apikey", "invite_token",
        "client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "state", "nonce", "request", "request_uri", "registration"
    );

    public async Task GetAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        await BeginAsync(context, linkUser: null);
    }

    public async Task LinkAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        if (!options.EnableManualLinking)
        {
            throw AuthErrors.ManualLinkingDisabled.ToException();
        }
        await limits.TakeAsync(AuthLimit.SignIn, context);
        await BeginAsync(context, signedIn.User.Id);
    }

    private async Task BeginAsync(HttpContext context, Guid? linkUser)
    {
        IQueryCollection query = context.Request.Query;
        CodeChallenge? challenge = CodeChallenge.Read(query["code_challenge"].ToString(), query["code_challenge_method"].ToString());
        if (await providers.FindAsync(query["provider"].ToString(), context.RequestAborted) is not { } provider)
        {
            throw AuthErrors.ValidationFailed("Unsupported provider: provider is not enabled").ToException();
        }
        string? invite = query["invite_token"].ToString() is { Length: > 0 } shown ? shown : null;
        if (invite is not null && !await tokens.IsOpenAsync(store, invite, TokenType.Confirmation, context.RequestAborted))
        {
            throw AuthErrors.InvitedUserNotFound.ToException();
        }
        string? browser = challenge is null && linkUser is null ? FlowSecrets.Random() : null;
        var flow = new ExternalFlow(
            Guid.NewGuid(),
            provider.Name,
            FlowSecrets.Draw() with { Invite = invite },
            browser is null ? null : ExternalFlows.HashOf(browser),
            redirects.Of(context),
            challenge,
            linkUser,
            clock.GetUtcNow() + ExternalFlows.Life
        );
        string url = await AddressAsync(provider, flow, query, context.RequestAborted);
        await flows.BeginAsync(flow, context.RequestAborted);
        if (browser is not null)
        {
            context.Response.Cookies.Append(FlowCookie.NameOf(flow.Id), browser, FlowCookie.Settings(options));
        }
        if (query["skip_http_redirect"] == "true")
        {
            await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("url", url);
                writer.WriteEndObject();
            });
            return;
        }
        ReturnAddress.Go(context, StatusCodes.Status302Found, url);
    }

    private async Task<string> AddressAsync(Provider provider, ExternalFlow flow, IQueryCollection query, CancellationToken cancellation)
    {
        IEnumerable<KeyValuePair<string, string>> parameters = query
            .Where(pair => !Ours.Contains(pair.Key) && pair.Key.Length <= LongestParameter && pair.Value.ToString().Length <= LongestParameter)
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToString()));
        string[] asked = query["scopes"].ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        string scope = string.Join(' ', provider.Scopes.Concat(asked).Distinct());
        if (scope.Length > LongestParameter)
        {
            throw AuthErrors.ValidationFailed("\"scopes\" is too long").ToException();
        }
        try
        {
            return await client.AuthorizationUrlAsync(provider, flow.Secrets, parameters, scope, cancellation);
        }
        catch (IssuerException e)
        {
            AuthEvents.IssuerFailed(logger, e, provider.Name);
            throw AuthErrors.ProviderUnreachable.ToException();
        }
    }
}

/// <summary>The cookie that binds a flow to the browser it began in.</summary>
internal static class FlowCookie
{
    public static string NameOf(Guid flow) => $"tenon-flow-{flow:N}";

    // Lax: the provider leads back by a top-level GET.
    public static CookieOptions Settings(AuthOptions options) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = options.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase),
            Path = new Uri(options.Issuer).AbsolutePath + "/callback",
            MaxAge = ExternalFlows.Life,
            IsEssential = true,
        };
}

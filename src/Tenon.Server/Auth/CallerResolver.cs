using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tenon.Core.Types;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>
/// apikey and Authorization headers -> <see cref="Caller"/>. The bearer token decides; without one the key does; without
/// both the caller is anon. A user whom the embedding application has authenticated stands in place of a bearer token,
/// unless the request carries one of Tenon's own that is more than anon. Tokens of the issuers of [auth.third_party] are verified by theirs and have no session here.
/// A credential seen before costs one hash and one lookup and allocates nothing; a new token is
/// verified, then its session and user are looked up in the store once, and every end of a session drops it again.
/// </summary>
internal sealed class CallerResolver(
    ApiKeys apiKeys,
    TokenVerifier verifier,
    ThirdParty thirdParty,
    TokenCache tokens,
    UserKeys userKeys,
    HostSignIn host,
    AuthOptions options,
    StoreDatabase store,
    TimeProvider clock
)
{
    private const string Bearer = "Bearer ";

    /// <summary>A user's own key is refused: its scopes are asked by the data API alone.</summary>
    public ValueTask<Resolution> ResolveAsync(HttpRequest request, CancellationToken cancellation) => SessionOnly(OfRequestAsync(request, cancellation));

    /// <summary>For a websocket the key comes from the query; the rules are the same.</summary>
    public ValueTask<Resolution> ResolveAsync(StringValues keys, StringValues authorization, CancellationToken cancellation) =>
        SessionOnly(FindAsync(keys, authorization, cancellation));

    private static ValueTask<Resolution> SessionOnly(ValueTask<Resolution> found)
    {
        return found.IsCompletedSuccessfully ? new(WithoutKey(found.Result)) : Later(found);

        static async ValueTask<Resolution> Later(ValueTask<Resolution> found) => WithoutKey(await found);
    }

    /// <summary>
    /// Users' own keys too, each use counted against the key's rate. Whoever calls this asks the scopes (<see cref="Caller.Key"/>)
    /// of everything that the request names.
    /// </summary>
    public ValueTask<Resolution> ResolveForDataAsync(HttpRequest request, CancellationToken cancellation)
    {
        ValueTask<Resolution> found = OfRequestAsync(request, cancellation);
        return found.IsCompletedSuccessfully ? new(Counted(found.Result)) : Later(found);

        async ValueTask<Resolution> Later(ValueTask<Resolution> pending) => Counted(await pending);
    }

    private static Resolution WithoutKey(Resolution found) => found.Caller?.Key is null ? found : CredentialFailure.KeyNotHere;

    private Resolution Counted(Resolution found) =>
        found.Caller?.Key is { } key && userKeys.Wait(key) is { } seconds ? CredentialFailure.KeyTooFast(seconds) : found;

    private ValueTask<Resolution> OfRequestAsync(HttpRequest request, CancellationToken cancellation) =>
        host.IsOn && HostPrincipal.Of(request.HttpContext) is { } principal
            ? OfHostAsync(request, principal, cancellation)
            : FindAsync(request.Headers["apikey"], request.Headers.Authorization, cancellation);

    /// <summary>The host's user, unless the request carries a credential of ours that is refused or is more than anon.</summary>
    private async ValueTask<Resolution> OfHostAsync(HttpRequest request, HostPrincipal principal, CancellationToken cancellation)
    {
        StringValues authorization = request.Headers.Authorization;
        // A bearer token that is not ours is the host's: it has verified it.
        bool isOurs = authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && IsOurs(header[Bearer.Length..]);
        Resolution own = await FindAsync(request.Headers["apikey"], isOurs || authorization.Count > 1 ? authorization : default, cancellation);
        return own.Caller is null || (isOurs && own.Caller.Role != RoleName.Anon) ? own : host.CallerOf(request, principal.User);
    }

    private bool IsOurs(string credential) => OpaqueKey.Is(credential) || TokenVerifier.IssuerOf(credential) is { } issuer && (issuer == options.Issuer || issuer == LegacyKey.Issuer);

    private ValueTask<Resolution> FindAsync(StringValues keys, StringValues authorization, CancellationToken cancellation)
    {
        if (keys.Count > 1 || authorization.Count > 1)
        {
            return new(CredentialFailure.Repeated);
        }
        string? key = string.IsNullOrEmpty(keys) ? null : keys[0];
        // Other schemes than Bearer are none of ours (PostgREST ignores them too).
        string? header = authorization.Count == 1 ? authorization[0] : null;
        if (header is null || !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            // The host trims header values, so an empty token leaves the scheme alone.
            return "Bearer".Equals(header, StringComparison.OrdinalIgnoreCase) ? new(CredentialFailure.Empty)
                : key is null ? new(Caller.Anonymous)
                : ResolveOne(key, 0, cancellation);
        }
        if (key is null || header.AsSpan(Bearer.Length).SequenceEqual(key))
        {
            return ResolveOne(header, Bearer.Length, cancellation);
        }
        ValueTask<Resolution> first = ResolveOne(key, 0, cancellation);
        if (!first.IsCompletedSuccessfully)
        {
            return ResolveBothAsync(first, header, cancellation);
        }
        Resolution resolution = first.Result;
        return resolution.Failure is null ? ResolveOne(header, Bearer.Length, cancellation) : new(resolution);
    }

    private async ValueTask<Resolution> ResolveBothAsync(
        ValueTask<Resolution> key,
        string header,
        CancellationToken cancellation
    )
    {
        Resolution resolution = await key;
        return resolution.Failure is null ? await ResolveOne(header, Bearer.Length, cancellation) : resolution;
    }

    private ValueTask<Resolution> ResolveOne(string text, int start, CancellationToken cancellation)
    {
        ReadOnlySpan<char> credential = text.AsSpan(start);
        if (!TokenHash.TryOf(credential, out TokenHash hash))
        {
            return new(CredentialFailure.TooLong);
        }
        if (apiKeys.Find(hash) is { } holder)
        {
            return new(holder);
        }
        if (tokens.Find(hash, clock.GetUtcNow(), out bool stale) is { } known)
        {
            return stale ? LookAgainAsync(known, hash, cancellation) : new(known);
        }
        return OpaqueKey.IsUserKey(credential) ? userKeys.CheckAsync(hash, cancellation)
            : OpaqueKey.Is(credential) ? new(CredentialFailure.UnknownKey)
            : CheckAsync(credential.ToString(), hash, cancellation);
    }

    /// <summary>The cold path: signature and claims, then the session.</summary>
    private async ValueTask<Resolution> CheckAsync(string token, TokenHash hash, CancellationToken cancellation)
    {
        long version = tokens.Version;
        DateTimeOffset begun = clock.GetUtcNow();
        Resolution verified = await thirdParty.VerifyAsync(token, cancellation) ?? await verifier.VerifyAsync(token);
        if (!verified.TryGet(out Caller? caller, out _))
        {
            return verified;
        }
        if (await RefusalAsync(caller, cancellation) is { } gone)
        {
            return gone;
        }
        tokens.Add(hash, caller, version, begun);
        return caller;
    }

    /// <summary>A known token whose session was last looked at some time ago. What cannot be looked at is not believed.</summary>
    private async ValueTask<Resolution> LookAgainAsync(Caller caller, TokenHash hash, CancellationToken cancellation)
    {
        bool stands = false;
        try
        {
            CredentialFailure? gone = await RefusalAsync(caller, cancellation);
            stands = gone is null;
            return gone is null ? caller : gone;
        }
        finally
        {
            if (!stands)
            {
                tokens.Drop(hash);
            }
        }
    }

    /// <summary>Why the session of a token no longer stands; null when it does, or when the token has none.</summary>
    private async ValueTask<CredentialFailure?> RefusalAsync(Caller caller, CancellationToken cancellation)
    {
        if (caller is not { SessionId: { } session, UserId: { } user })
        {
            return null;
        }
        List<Datum[]> rows = await store.QueryAsync(SessionSql.Check, new[] { StoreValues.Of(session), StoreValues.Of(user) }, cancellation);
        DateTimeOffset now = clock.GetUtcNow();
        return rows is not [var row] ? CredentialFailure.SessionGone
            : !row[2].IsNull || options.Sessions.IsOver(row[0].Time(), row[4].Time()!.Value, row[5].Time()!.Value, now) ? CredentialFailure.SessionGone
            : row[1].Time() > now ? CredentialFailure.UserBanned
            : (row[3].TextOrNull() is { Length: > 0 } role ? role : "authenticated") != caller.Role.Text ? CredentialFailure.RoleChanged
            : null;
    }
}

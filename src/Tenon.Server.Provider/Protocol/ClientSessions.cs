using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Stores;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// The sessions that clients hold for users: rows of auth.sessions like every other, so that a token of theirs is refused
/// from the next request on when the user signs out everywhere, is banned, or takes back what they allowed.
/// </summary>
internal sealed class ClientSessions(StoreDatabase store, TokenCache cache, TrustedProxies proxies, AuthOptions options, TimeProvider clock)
{
    /// <summary>
    /// Opens the session of an authorization, whose id it takes: the insert is what lets a code be redeemed once, whatever
    /// several requests do at the same time. A second try ends the session it finds. Null: refused.
    /// </summary>
    public async Task<TokenSubject?> OpenAsync(HttpContext context, Guid authorization, Guid user, Guid approvedIn, OAuthClient client)
    {
        ClientInfo info = ClientInfo.Of(context, proxies) with { UserAgent = client.Name };
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("login", user, null, info, clock);
        try
        {
            return await store.WriteAsync(
                unit =>
                {
                    if (Alive(unit, approvedIn, user, now) is not ({ } who, { } parent))
                    {
                        return null;
                    }
                    DateTimeOffset? end = options.Sessions.Timebox > TimeSpan.Zero ? now + options.Sessions.Timebox : null;
                    var session = new Session(authorization, user, parent.Aal, parent.Amr, info.UserAgent, info.Ip, end, now, now);
                    Sessions.Insert(unit, session);
                    unit.Execute(ClientSessionSql.Mark, StoreValues.Of(authorization), StoreValues.Of(client.Id));
                    audit.Write(unit);
                    return new TokenSubject(who, session);
                },
                CancellationToken.None
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            await EndAsync(authorization, user);
            return null;
        }
    }

    /// <summary>The session of an authorization that is refreshed; null when it has ended.</summary>
    public async Task<TokenSubject?> ContinueAsync(HttpContext context, Guid authorization, Guid user)
    {
        ClientInfo info = ClientInfo.Of(context, proxies);
        DateTimeOffset now = StoreTime.Now(clock);
        return await store.WriteAsync(
            unit =>
            {
                if (Alive(unit, authorization, user, now) is not ({ } who, { } session))
                {
                    return null;
                }
                unit.Execute(SessionSql.Touch, StoreValues.Of(session.Id), StoreValues.Of(now), StoreValues.OfText(session.UserAgent), StoreValues.OfText(info.Ip));
                return new TokenSubject(who, session);
            },
            CancellationToken.None
        );
    }

    // The session alone, which is all that tokens live by: the code's own row is still being used up by whoever was first.
    private async Task EndAsync(Guid authorization, Guid user)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        await store.WriteAsync(unit => unit.Execute(AuthorizationSql.EndSession, StoreValues.Of(authorization), StoreValues.Of(now)), CancellationToken.None);
        cache.DropUser(user);
    }

    private (User? User, Session? Session) Alive(IStoreTransaction unit, Guid session, Guid user, DateTimeOffset now)
    {
        Session? found = unit.Execute(SessionSql.Find, StoreValues.Of(session)) is [var row] ? Session.Read(row) : null;
        return found is not null
            && found.UserId == user
            && !found.IsOver(options.Sessions, now)
            && Users.ById(unit, user) is { DeletedAt: null } who
            && !who.IsBanned(now)
            ? (who, found)
            : (null, null);
    }
}

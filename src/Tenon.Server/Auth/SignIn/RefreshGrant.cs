using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /token?grant_type=refresh_token. Each use swaps the token. A used one is forgiven when its child is still the
/// active token (the answer was lost) or within the reuse interval, and then gets the active token, never a second branch;
/// any other use of a used token ends the session (RFC 9700 §4.14.2).
/// </summary>
internal sealed class RefreshGrant(
    StoreDatabase store,
    Sessions sessions,
    Tokens tokens,
    TokenCache cache,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock,
    ILogger<RefreshGrant> logger
)
{
    /// <summary>What the write unit found. It returns refusals instead of throwing them, so that a revocation is kept.</summary>
    private sealed record Rotation(AuthError? Refusal, Session? Session, UserWithIdentities? User, string? Token, bool Reuse = false);

    /// <summary>Everything a replay of the unit must find unchanged.</summary>
    private sealed record Attempt(string Hash, string Text, RefreshToken Next, ClientInfo Client, DateTimeOffset Now);

    private sealed record Row(long Id, Guid Session, bool Revoked, DateTimeOffset UpdatedAt);

    private sealed record Active(long Id, long? Parent, string Nonce, string Hash);

    public async Task HandleAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.Refresh, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string? text = body.Text("refresh_token");
        if (string.IsNullOrEmpty(text))
        {
            await AuthResponse.WriteOAuthErrorAsync(context, "invalid_request", "refresh_token required");
            return;
        }
        if (!TokenHash.TryOf(text, out TokenHash hash))
        {
            throw AuthErrors.RefreshTokenNotFound.ToException();
        }
        ClientInfo client = ClientInfo.Of(context, proxies);
        var attempt = new Attempt(hash.ToString(), text, tokens.NewRefreshToken(), client, StoreTime.Now(clock));
        Rotation rotation = await RotateAsync(attempt);
        if (rotation.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        UserWithIdentities found = rotation.User!;
        await AuthResponse.WriteSessionAsync(
            context,
            await sessions.IssueAsync(context, found.User, found.Identities, rotation.Session!, rotation.Token!)
        );
    }

    private async Task<Rotation> RotateAsync(Attempt attempt)
    {
        try
        {
            // Not cancelled with the request: a client that went away may come back with the same token.
            Rotation rotation = await store.WriteAsync(unit => Rotate(unit, attempt), CancellationToken.None);
            if (rotation is { Reuse: true, Session: { } session })
            {
                cache.DropUser(session.UserId);
                AuthEvents.RefreshTokenReused(logger, session.Id);
            }
            return rotation;
        }
        catch
        {
            // Whether a family was revoked is unknown, and so is whose.
            cache.Clear();
            throw;
        }
    }

    private Rotation Rotate(IStoreTransaction unit, Attempt attempt)
    {
        if (FindToken(unit, attempt.Hash) is not { } token || FindSession(unit, token.Session) is not { } session)
        {
            return Refuse(AuthErrors.RefreshTokenNotFound);
        }
        if (Users.ById(unit, session.UserId) is not { DeletedAt: null } user)
        {
            return Refuse(AuthErrors.RefreshTokenNotFound);
        }
        Active? active = FindActive(unit, session.Id);
        if (active is null)
        {
            return Refuse(AuthErrors.RefreshTokenAlreadyUsed);
        }
        if (user.IsBanned(attempt.Now))
        {
            return Refuse(AuthErrors.UserBannedAtSignIn);
        }
        if (session.IsOver(options.Sessions, attempt.Now))
        {
            return Refuse(AuthErrors.SessionExpired);
        }
        return Next(unit, attempt, token, active, session) is { } next
            ? new Rotation(null, session, new UserWithIdentities(user, Users.Identities(unit, user.Id)), next)
            : Revoke(unit, attempt, session);
    }

    /// <summary>The token to answer with; null when the use is a reuse.</summary>
    private string? Next(IStoreTransaction unit, Attempt attempt, Row token, Active active, Session session)
    {
        string? next;
        if (!token.Revoked && !options.EnableRefreshTokenRotation)
        {
            next = attempt.Text;
        }
        else if (!token.Revoked && Swap(unit, attempt, token.Id, session))
        {
            next = attempt.Next.Text;
        }
        else
        {
            // Used before, or by another request between our two statements: read again what that one left.
            active = FindActive(unit, session.Id) ?? active;
            bool forgiven =
                !token.Revoked
                || active.Parent == token.Id
                || token.UpdatedAt + options.RefreshTokenReuseInterval >= attempt.Now;
            next = forgiven ? TextOf(unit, attempt, active, session) : null;
        }
        if (next is not null)
        {
            unit.Execute(
                SessionSql.Touch,
                StoreValues.Of(session.Id),
                StoreValues.Of(attempt.Now),
                StoreValues.OfText(attempt.Client.UserAgent),
                StoreValues.OfText(attempt.Client.Ip)
            );
        }
        return next;
    }

    private static bool Swap(IStoreTransaction unit, Attempt attempt, long used, Session session)
    {
        if (unit.Execute(SessionSql.UseToken, Datum.Of(used), StoreValues.Of(attempt.Now)).Count != 1)
        {
            return false;
        }
        Sessions.InsertToken(unit, attempt.Next, used, session.Id, attempt.Now);
        return true;
    }

    /// <summary>The active token's text; where the key that derives it has changed since, it is swapped for one that is known.</summary>
    private string TextOf(IStoreTransaction unit, Attempt attempt, Active active, Session session)
    {
        RefreshToken derived = tokens.FromNonce(active.Nonce);
        return derived.Hash == active.Hash || !Swap(unit, attempt, active.Id, session) ? derived.Text : attempt.Next.Text;
    }

    private static Rotation Revoke(IStoreTransaction unit, Attempt attempt, Session session)
    {
        unit.Execute(SessionSql.RevokeFamily, StoreValues.Of(session.Id), StoreValues.Of(attempt.Now));
        unit.Execute(SessionSql.Finish, StoreValues.Of(session.Id), StoreValues.Of(attempt.Now));
        return new Rotation(AuthErrors.RefreshTokenAlreadyUsed, session, null, null, Reuse: true);
    }

    private static Rotation Refuse(AuthError error) => new(error, null, null, null);

    private static Row? FindToken(IStoreTransaction unit, string hash) =>
        unit.Execute(SessionSql.FindToken, Datum.Of(hash)) is [var row]
            ? new Row(row[0].Integer, row[1].Uuid(), row[2].IsTrue(), row[3].Time()!.Value)
            : null;

    private static Session? FindSession(IStoreTransaction unit, Guid id) =>
        unit.Execute(SessionSql.Find, StoreValues.Of(id)) is [var row] ? Session.Read(row) : null;

    private static Active? FindActive(IStoreTransaction unit, Guid session) =>
        unit.Execute(SessionSql.ActiveToken, StoreValues.Of(session)) is [var row]
            ? new Active(row[0].Integer, row[1].IsNull ? null : row[1].Integer, row[2].Text, row[3].Text)
            : null;
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A row of auth.sessions.</summary>
internal sealed record Session(
    Guid Id,
    Guid UserId,
    string Aal,
    string Amr,
    string? UserAgent,
    string? Ip,
    DateTimeOffset? NotAfter,
    DateTimeOffset CreatedAt,
    DateTimeOffset RefreshedAt
)
{
    /// <summary>From the columns of <see cref="SessionSql.Columns"/>.</summary>
    public static Session Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Uuid(),
            row[2].Text,
            row[3].Text,
            row[4].TextOrNull(),
            row[5].TextOrNull(),
            row[7].Time(),
            row[8].Time()!.Value,
            row[10].Time()!.Value
        );

    /// <summary>How the user came in, the newest way first.</summary>
    public string Method => JsonElement.Parse(Amr) is { ValueKind: JsonValueKind.Array } amr && amr.GetArrayLength() > 0 ? amr[0].GetProperty("method").GetString()! : "";

    /// <summary>Past its box or idle for too long.</summary>
    public bool IsOver(AuthSessionOptions options, DateTimeOffset now) => options.IsOver(NotAfter, CreatedAt, RefreshedAt, now);
}

/// <summary>What a successful sign-in or refresh answers.</summary>
internal sealed record IssuedSession(
    string AccessToken,
    long ExpiresIn,
    long ExpiresAt,
    string RefreshToken,
    User User,
    IReadOnlyList<Identity> Identities
)
{
    /// <summary>Tokens of the provider the user came by: told here and nowhere else.</summary>
    public ProviderTokens? Provider { get; init; }
}

/// <summary>Which of a user's sessions an end is meant for.</summary>
internal enum LogoutScope
{
    Global,
    Local,
    Others,
}

/// <summary>A session about to be opened, everything random already drawn, so that the write unit can be replayed.</summary>
internal sealed record NewSession(Session Session, RefreshToken Token);

/// <summary>
/// Opens and ends sessions. Every end drops the user's verified tokens before it answers, whatever became of the write,
/// so a token of an ended session is refused from the next request on.
/// </summary>
internal sealed class Sessions(StoreDatabase store, Tokens tokens, TokenCache cache, AuthOptions options, TimeProvider clock)
{
    /// <summary>Draws what a session needs. The method is GoTrue's word for how the user came in: password, anonymous …</summary>
    public NewSession Prepare(Guid user, string method, ClientInfo client)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        var session = new Session(
            Guid.NewGuid(),
            user,
            "aal1",
            Amr(method, now),
            client.UserAgent,
            client.Ip,
            options.Sessions.Timebox > TimeSpan.Zero ? now + options.Sessions.Timebox : null,
            now,
            now
        );
        return new NewSession(session, tokens.NewRefreshToken());
    }

    /// <summary>The amr of a session that one method opened.</summary>
    public static string Amr(string method, DateTimeOffset at) => $$"""[{"method":"{{method}}","timestamp":{{at.ToUnixTimeSeconds()}}}]""";

    /// <summary>Writes a prepared session inside a write unit.</summary>
    public void Open(IStoreTransaction unit, NewSession opened)
    {
        Session s = opened.Session;
        Insert(unit, s);
        InsertToken(unit, opened.Token, null, s.Id, s.CreatedAt);
        if (options.Sessions.SinglePerUser)
        {
            unit.Execute(SessionSql.DeleteOthers, StoreValues.Of(s.UserId), StoreValues.Of(s.Id));
        }
    }

    public static void Insert(IStoreTransaction unit, Session s) =>
        unit.Execute(
            SessionSql.Insert,
            StoreValues.Of(s.Id),
            StoreValues.Of(s.UserId),
            Datum.Of(s.Aal),
            Datum.Of(s.Amr),
            StoreValues.OfText(s.UserAgent),
            StoreValues.OfText(s.Ip),
            StoreValues.Of(s.NotAfter),
            StoreValues.Of(s.CreatedAt)
        );

    public static void InsertToken(IStoreTransaction unit, RefreshToken token, long? parent, Guid session, DateTimeOffset now) =>
        unit.Execute(
            SessionSql.InsertToken,
            Datum.Of(token.Hash),
            Datum.Of(token.Nonce),
            parent is { } id ? Datum.Of(id) : Datum.Null,
            StoreValues.Of(session),
            StoreValues.Of(now)
        );

    /// <summary>The answer for a session that stands in the store.</summary>
    public async Task<IssuedSession> IssueAsync(HttpContext context, User user, IReadOnlyList<Identity> identities, Session session, string refreshToken)
    {
        if (options.Sessions.SinglePerUser)
        {
            cache.DropUser(user.Id);
        }
        (string token, long expiresIn, long expiresAt) = await tokens.IssueAsync(context, user, session);
        return new IssuedSession(token, expiresIn, expiresAt, refreshToken, user, identities);
    }

    public async Task<List<Session>> ListAsync(Guid user, CancellationToken cancellation)
    {
        DateTimeOffset now = clock.GetUtcNow();
        List<Datum[]> rows = await store.QueryAsync(SessionSql.OfUser, new[] { StoreValues.Of(user) }, cancellation);
        return [.. rows.Select(Session.Read).Where(session => !session.IsOver(options.Sessions, now))];
    }

    /// <summary>Ends sessions of a user; how many there were.</summary>
    public Task<int> EndAsync(Guid user, Guid? current, LogoutScope scope, AuditEntry audit) =>
        EndingAsync(
            user,
            unit =>
            {
                int ended = EndIn(unit, user, current, scope);
                audit.Write(unit);
                return ended;
            }
        );

    /// <summary>Ends one session of a user; false when it is not theirs.</summary>
    public async Task<bool> EndOneAsync(Guid user, Guid session, AuditEntry audit) =>
        await EndingAsync(
            user,
            unit =>
            {
                int ended = unit.Execute(SessionSql.DeleteOne, StoreValues.Of(user), StoreValues.Of(session)).Count;
                if (ended > 0)
                {
                    audit.Write(unit);
                }
                return ended;
            }
        ) > 0;

    /// <summary>
    /// Runs a write that ends sessions or takes rights. It is not cancelled when the client goes away: the caller of a
    /// logout that was begun is not asked twice.
    /// </summary>
    public async Task<T> EndingAsync<T>(Guid user, Func<IStoreTransaction, T> work)
    {
        try
        {
            return await store.WriteAsync(work, CancellationToken.None);
        }
        finally
        {
            cache.DropUser(user);
        }
    }

    public static int EndIn(IStoreTransaction unit, Guid user, Guid? current, LogoutScope scope) =>
        scope switch
        {
            LogoutScope.Global => unit.Execute(SessionSql.DeleteAll, StoreValues.Of(user)),
            LogoutScope.Local => unit.Execute(SessionSql.DeleteOne, StoreValues.Of(user), StoreValues.Of(current)),
            _ => unit.Execute(SessionSql.DeleteOthers, StoreValues.Of(user), StoreValues.Of(current)),
        } is { } rows
            ? rows.Count
            : 0;
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// What a verified factor earns: the session it was verified in becomes aal2 and gets a new refresh token, and the user's
/// sessions that stayed at aal1 end, for one of them may be a thief's who knows the password.
/// </summary>
internal sealed class Elevation(Sessions sessions, Tokens tokens)
{
    /// <summary>Drawn before the write unit, so that the unit can be replayed.</summary>
    public RefreshToken NewToken() => tokens.NewRefreshToken();

    /// <summary>Inside the write unit; null when the session has ended meanwhile.</summary>
    public static Session? Raise(IStoreTransaction unit, SignedIn who, Guid factor, string method, RefreshToken next, DateTimeOffset now)
    {
        if (unit.Execute(SessionSql.Find, StoreValues.Of(who.SessionId)) is not [var row])
        {
            return null;
        }
        Session session = Session.Read(row);
        string amr = WithMethod(session.Amr, method, now);
        unit.Execute(
            SessionSql.Raise,
            StoreValues.Of(session.Id),
            Datum.Of(amr),
            StoreValues.Of(factor),
            StoreValues.Of(now)
        );
        unit.Execute(SessionSql.DeleteLower, StoreValues.Of(session.UserId), StoreValues.Of(session.Id));
        long? active = unit.Execute(SessionSql.ActiveToken, StoreValues.Of(session.Id)) is [var token] ? token[0].Integer : null;
        unit.Execute(SessionSql.RevokeFamily, StoreValues.Of(session.Id), StoreValues.Of(now));
        Sessions.InsertToken(unit, next, active, session.Id, now);
        return session with { Aal = "aal2", Amr = amr };
    }

    public Task<IssuedSession> IssueAsync(HttpContext context, UserWithIdentities user, Session session, RefreshToken next) =>
        sessions.IssueAsync(context, user.User, user.Identities, session, next.Text);

    /// <summary>amr with this method as the newest entry, each method once.</summary>
    private static string WithMethod(string amr, string method, DateTimeOffset now)
    {
        var entries = new List<string> { $$"""{"method":"{{method}}","timestamp":{{now.ToUnixTimeSeconds()}}}""" };
        foreach (JsonElement entry in JsonElement.Parse(amr).EnumerateArray())
        {
            if (entry.GetProperty("method").GetString() != method)
            {
                entries.Add(entry.GetRawText());
            }
        }
        return "[" + string.Join(',', entries) + "]";
    }
}

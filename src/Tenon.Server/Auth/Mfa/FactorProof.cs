using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>An answer on its way: everything a replay of the unit must find unchanged.</summary>
internal sealed record FactorAttempt(SignedIn Who, Factor Factor, Guid Challenge, string Ip, RefreshToken Next, AuditEntry Audit, DateTimeOffset Now)
{
    /// <summary>Of a page of the identity provider: nobody gets tokens of the raised session.</summary>
    public bool IsOfPage { get; init; }
}

/// <summary>What the unit found. It returns refusals instead of throwing them, so that a counted failure is kept.</summary>
internal sealed record FactorAnswer(AuthError? Refusal, Session? Session = null, UserWithIdentities? User = null);

/// <summary>
/// What all kinds of factors share around their own proof: a challenge for one session, one address, one answer and five
/// minutes; and what a right answer earns.
/// </summary>
internal sealed class FactorProof(
    StoreDatabase store,
    TokenCache cache,
    Elevation elevation,
    Sessions sessions,
    UserHooks hooks,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    private static readonly TimeSpan ChallengeLife = TimeSpan.FromMinutes(5);

    public async Task<Factor> FindAsync(SignedIn who, Guid id, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(FactorSql.OfUser, new[] { StoreValues.Of(who.User.Id) }, cancellation);
        return rows.Select(Factor.Read).FirstOrDefault(factor => factor.Id == id) ?? throw AuthErrors.MfaFactorNotFound.ToException();
    }

    public Challenge NewChallenge(HttpContext context, SignedIn who, Factor factor)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        return new Challenge(Guid.NewGuid(), factor.Id, who.SessionId, ClientInfo.Of(context, proxies).Ip ?? "", now, now + ChallengeLife);
    }

    /// <summary>Keeps a challenge and tells it; more is what only some kinds tell, afterwards what is done between the two.</summary>
    public async Task AskAsync(
        HttpContext context,
        SignedIn who,
        Factor factor,
        Challenge challenge,
        Action<IStoreTransaction, Factor>? also = null,
        Action<Utf8JsonWriter>? more = null,
        Func<Task>? afterwards = null
    )
    {
        await KeepAsync(context, who, challenge, also);
        await (afterwards?.Invoke() ?? Task.CompletedTask);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", challenge.Id);
                writer.WriteString("type", factor.Type);
                writer.WriteNumber("expires_at", challenge.ExpiresAt.ToUnixTimeSeconds());
                more?.Invoke(writer);
                writer.WriteEndObject();
            }
        );
    }

    /// <summary>Keeps a challenge without telling it: a page has it in its form.</summary>
    public async Task KeepAsync(HttpContext context, SignedIn who, Challenge challenge, Action<IStoreTransaction, Factor>? also = null) =>
        await store.WriteAsync(
            unit =>
            {
                Factor found = Factors.Find(unit, who.User.Id, challenge.FactorId);
                also?.Invoke(unit, found);
                challenge.Insert(unit);
                return true;
            },
            context.RequestAborted
        );

    public FactorAttempt NewAttempt(HttpContext context, SignedIn who, Factor factor, Guid challenge)
    {
        ClientInfo client = ClientInfo.Of(context, proxies);
        AuditEntry audit = AuditEntry.Of("factor_verified", who.User.Id, who.User.Email, client, clock);
        return new FactorAttempt(who, factor, challenge, client.Ip ?? "", elevation.NewToken(), audit, StoreTime.Now(clock));
    }

    /// <summary>
    /// Runs a factor's own proof within the unit, once factor and challenge are found fit; the proof gets both and returns its
    /// refusal, if any. The method goes into the token. Once: a refused answer uses the challenge up too.
    /// </summary>
    public async Task AnswerAsync(
        HttpContext context,
        FactorAttempt attempt,
        string method,
        bool once,
        Func<IStoreTransaction, Factor, Challenge, AuthError?> prove
    )
    {
        FactorAnswer answered = await store.WriteAsync(unit => Answer(unit, attempt, method, once, prove), CancellationToken.None);
        if (answered.Refusal is { } refusal)
        {
            throw await RefuseAsync(context, attempt, refusal);
        }
        if (hooks.WatchesFactors)
        {
            await TellHookAsync(context, attempt.Who, attempt.Factor, valid: true);
        }
        cache.DropUser(attempt.Who.User.Id);
        if (attempt.IsOfPage)
        {
            return;
        }
        await AuthResponse.WriteSessionAsync(context, await elevation.IssueAsync(context, answered.User!, answered.Session!, attempt.Next));
    }

    /// <summary>A refusal to throw; of a compared answer the app's hook hears before.</summary>
    public async Task<AuthException> RefuseAsync(HttpContext context, FactorAttempt attempt, AuthError refusal)
    {
        if (hooks.WatchesFactors && refusal.Code == AuthErrors.MfaVerificationFailed("").Code)
        {
            await TellHookAsync(context, attempt.Who, attempt.Factor, valid: false);
        }
        return refusal.ToException();
    }

    /// <summary>
    /// Outside the unit, for a hook may take its time. Nobody has the raised session's tokens yet: where the hook rejects,
    /// the user's sessions end, and where it cannot be asked, this one does.
    /// </summary>
    public async Task TellHookAsync(HttpContext context, SignedIn who, Factor factor, bool valid)
    {
        (User user, Guid session) = (who.User, who.SessionId);
        AuditEntry ended = AuditEntry.Of("logout", user.Id, user.Email, ClientInfo.Of(context, proxies), clock);
        AuthError? rejected;
        try
        {
            rejected = await hooks.AfterFactorAsync(context, user.Id, factor.Id, factor.Type, valid);
        }
        catch when (valid)
        {
            await sessions.EndAsync(user.Id, session, LogoutScope.Local, ended);
            throw;
        }
        if (rejected is not null)
        {
            await sessions.EndAsync(user.Id, null, LogoutScope.Global, ended);
            throw rejected.ToException();
        }
    }

    private static FactorAnswer Answer(
        IStoreTransaction unit,
        FactorAttempt attempt,
        string method,
        bool once,
        Func<IStoreTransaction, Factor, Challenge, AuthError?> prove
    )
    {
        Guid user = attempt.Who.User.Id;
        Factor factor = Factors.Find(unit, user, attempt.Factor.Id);
        if (unit.Execute(FactorSql.FindChallenge, StoreValues.Of(attempt.Challenge), StoreValues.Of(factor.Id)) is not [var row])
        {
            return new FactorAnswer(AuthErrors.MfaChallengeNotFound);
        }
        Challenge challenge = Challenge.Read(row);
        if (Unfit(challenge, factor, attempt) is { } unfit)
        {
            return new FactorAnswer(unfit);
        }
        if (once && !Use(unit, challenge.Id))
        {
            return new FactorAnswer(AuthErrors.MfaChallengeNotFound);
        }
        if (prove(unit, factor, challenge) is { } refusal)
        {
            return new FactorAnswer(refusal);
        }
        if (!once && !Use(unit, challenge.Id))
        {
            // Another request was first: what the proof has written of this one goes with the unit.
            throw AuthErrors.MfaChallengeNotFound.ToException();
        }
        unit.Execute(FactorSql.DeleteUnverified, StoreValues.Of(user));
        attempt.Audit.Write(unit);
        return Elevation.Raise(unit, attempt.Who, factor.Id, method, attempt.Next, attempt.Now) is { } session
            && Users.ById(unit, user) is { } saved
            ? new FactorAnswer(null, session, new UserWithIdentities(saved, Users.Identities(unit, user)))
            : new FactorAnswer(AuthErrors.SessionNotFound);
    }

    /// <summary>A row comes back to one asker only.</summary>
    public static bool Use(IStoreTransaction unit, Guid challenge) =>
        unit.Execute(FactorSql.UseChallenge, StoreValues.Of(challenge)).Count == 1;

    /// <summary>Why a challenge cannot be answered by this attempt, whatever the answer.</summary>
    public static AuthError? Unfit(Challenge challenge, Factor factor, FactorAttempt attempt) =>
        challenge.Session != attempt.Who.SessionId ? AuthErrors.MfaChallengeNotFound
        : challenge.ExpiresAt <= attempt.Now ? AuthErrors.MfaChallengeExpired
        : challenge.Ip != attempt.Ip ? AuthErrors.MfaIpAddressMismatch
        : factor.IsLocked(attempt.Now) ? AuthErrors.OverRequestRateLimit(Factors.SecondsLocked(factor, attempt.Now))
        : null;
}

using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// POST /factors/{id}/challenge and /verify. A challenge holds for five minutes, for the address that asked, and for one
/// answer; a code is accepted once.
/// </summary>
internal sealed class Verification(
    AuthGate gate,
    StoreDatabase store,
    Vault vault,
    TokenCache cache,
    Elevation elevation,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private static readonly TimeSpan ChallengeLife = TimeSpan.FromMinutes(5);

    /// <summary>What the unit found. It returns refusals instead of throwing them, so that a counted failure is kept.</summary>
    private sealed record Answered(AuthError? Refusal, Session? Session = null, UserWithIdentities? User = null);

    /// <summary>Everything a replay of the unit must find unchanged.</summary>
    private sealed record Attempt(SignedIn Who, Guid Factor, Guid Challenge, string Code, string Ip, RefreshToken Next, DateTimeOffset Now);

    public async Task ChallengeAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Factors.IdOf(context);
        limits.Take(AuthLimit.Verification, context);
        RequireEnabled();
        DateTimeOffset now = StoreTime.Now(clock);
        var challenge = new Challenge(Guid.NewGuid(), id, ClientInfo.Of(context, proxies).Ip ?? "", now + ChallengeLife);
        await store.WriteAsync(unit => Ask(unit, who, challenge, now), context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", challenge.Id);
                writer.WriteString("type", Factor.Totp);
                writer.WriteNumber("expires_at", challenge.ExpiresAt.ToUnixTimeSeconds());
                writer.WriteEndObject();
            }
        );
    }

    private static bool Ask(IStoreTransaction unit, SignedIn who, Challenge challenge, DateTimeOffset now)
    {
        if (Factors.Find(unit, who.User.Id, challenge.FactorId).Type != Factor.Totp)
        {
            throw AuthErrors.MfaFactorNotFound.ToException();
        }
        unit.Execute(FactorSql.DeleteExpiredChallenges, StoreValues.Of(now));
        unit.Execute(
            FactorSql.InsertChallenge,
            StoreValues.Of(challenge.Id),
            StoreValues.Of(challenge.FactorId),
            Datum.Of(challenge.Ip),
            StoreValues.Of(now),
            StoreValues.Of(challenge.ExpiresAt)
        );
        unit.Execute(FactorSql.MarkChallenged, StoreValues.Of(challenge.FactorId), StoreValues.Of(now));
        return true;
    }

    public async Task VerifyAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        Guid factor = Factors.IdOf(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        Guid challenge = body.Uuid("challenge_id") ?? throw AuthErrors.ValidationFailed("\"challenge_id\" is required").ToException();
        string code = body.Text("code") ?? throw AuthErrors.ValidationFailed("\"code\" is required").ToException();
        limits.Take(AuthLimit.Verification, context);
        RequireEnabled();
        ClientInfo client = ClientInfo.Of(context, proxies);
        var attempt = new Attempt(who, factor, challenge, code.Trim(), client.Ip ?? "", elevation.NewToken(), StoreTime.Now(clock));
        AuditEntry audit = AuditEntry.Of("factor_verified", who.User.Id, who.User.Email, client, clock);
        Answered answered = await store.WriteAsync(unit => Answer(unit, attempt, audit), CancellationToken.None);
        if (answered.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        cache.DropUser(who.User.Id);
        await AuthResponse.WriteSessionAsync(context, await elevation.IssueAsync(context, answered.User!, answered.Session!, attempt.Next));
    }

    private Answered Answer(IStoreTransaction unit, Attempt attempt, AuditEntry audit)
    {
        Guid user = attempt.Who.User.Id;
        Factor factor = Factors.Find(unit, user, attempt.Factor);
        if (RefusedChallenge(unit, attempt, factor) is { } refusal)
        {
            return new Answered(refusal);
        }
        byte[] secret = vault.Open(factor.SealedSecret!, factor.Label);
        bool right =
            TotpSecret.Step(secret, attempt.Code, attempt.Now) is { } step
            && unit.Execute(FactorSql.UseStep, StoreValues.Of(factor.Id), Datum.Of(step), StoreValues.Of(attempt.Now)).Count == 1;
        if (!right)
        {
            Factors.CountFailure(unit, factor, attempt.Now);
            return new Answered(AuthErrors.MfaVerificationFailed("Invalid TOTP code entered"));
        }
        unit.Execute(FactorSql.UseChallenge, StoreValues.Of(attempt.Challenge));
        unit.Execute(FactorSql.DeleteUnverified, StoreValues.Of(user));
        audit.Write(unit);
        return Elevation.Raise(unit, attempt.Who, factor.Id, "totp", attempt.Next, attempt.Now) is { } session
            && Users.ById(unit, user) is { } saved
            ? new Answered(null, session, new UserWithIdentities(saved, Users.Identities(unit, user)))
            : new Answered(AuthErrors.SessionNotFound);
    }

    private static AuthError? RefusedChallenge(IStoreTransaction unit, Attempt attempt, Factor factor)
    {
        if (
            factor.Type != Factor.Totp
            || unit.Execute(FactorSql.FindChallenge, StoreValues.Of(attempt.Challenge), StoreValues.Of(factor.Id)) is not [var row]
        )
        {
            return AuthErrors.MfaChallengeNotFound;
        }
        Challenge challenge = Challenge.Read(row);
        return challenge.ExpiresAt <= attempt.Now ? AuthErrors.MfaChallengeExpired
            : challenge.Ip != attempt.Ip ? AuthErrors.MfaIpAddressMismatch
            : factor.IsLocked(attempt.Now) ? AuthErrors.OverRequestRateLimit(Factors.SecondsLocked(factor, attempt.Now))
            : null;
    }

    private void RequireEnabled()
    {
        if (!options.Mfa.TotpVerifyEnabled)
        {
            throw AuthErrors.MfaTotpVerifyNotEnabled.ToException();
        }
    }
}

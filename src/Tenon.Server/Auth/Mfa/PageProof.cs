using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// The second step of signing in on a page of the identity provider: a code of any of the user's authenticator apps or a
/// recovery code, for which the page's own short-lived request is the challenge; or the answer to a challenge, of a security
/// key or by text message. Limits, hooks and what a proof earns are those of /factors.
/// </summary>
internal sealed class PageProof(
    StoreDatabase store,
    Vault vault,
    TokenCache cache,
    Elevation elevation,
    RecoveryCodes recovery,
    FactorProof proof,
    PhoneFactors phones,
    WebAuthnFactors securityKeys,
    UserHooks hooks,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private const int LongestTotp = 8;

    /// <summary>What the unit found: the app that is told of to the hook, where there is one.</summary>
    private sealed record Found(AuthError? Refusal, Factor? App);

    /// <summary>The user's verified factors.</summary>
    public async Task<List<Factor>> FactorsOfAsync(User user, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(FactorSql.OfUser, new[] { StoreValues.Of(user.Id) }, cancellation);
        return [.. rows.Select(Factor.Read).Where(factor => factor.IsVerified)];
    }

    /// <summary>Answers with the question to a security key, as /factors/{id}/challenge does.</summary>
    public async Task AskKeyAsync(HttpContext context, User user, Guid session, Guid factor)
    {
        (SignedIn who, Factor found) = await FindAsync(context, user, session, factor, Factor.WebAuthn);
        await securityKeys.ChallengeAsync(context, who, found);
    }

    /// <summary>answer: challenge_id and credential, as the page's script has put them together.</summary>
    public async Task ProveKeyAsync(HttpContext context, User user, Guid session, Guid factor, string answer)
    {
        (Guid challenge, JsonElement credential) = Passkeys.ReadAnswer(AuthBody.Parse(Encoding.UTF8.GetBytes(answer)));
        (SignedIn who, Factor found) = await FindAsync(context, user, session, factor, Factor.WebAuthn);
        await securityKeys.VerifyAsync(context, proof.NewAttempt(context, who, found, challenge) with { IsOfPage = true }, credential);
    }

    /// <summary>Sends a code by text message; its challenge.</summary>
    public async Task<Guid> SendCodeAsync(HttpContext context, User user, Guid session, Guid factor)
    {
        (SignedIn who, Factor found) = await FindAsync(context, user, session, factor, Factor.ByPhone);
        return await phones.SendAsync(context, who, found);
    }

    public async Task ProveSentCodeAsync(HttpContext context, User user, Guid session, Guid factor, Guid challenge, string code)
    {
        (SignedIn who, Factor found) = await FindAsync(context, user, session, factor, Factor.ByPhone);
        await phones.VerifyAsync(context, proof.NewAttempt(context, who, found, challenge) with { IsOfPage = true }, code.Trim());
    }

    private async Task<(SignedIn Who, Factor Factor)> FindAsync(HttpContext context, User user, Guid session, Guid factor, string type)
    {
        var who = new SignedIn(Caller.Anonymous, user, session);
        await limits.TakeAsync(AuthLimit.Verification, context);
        Factor found = await proof.FindAsync(who, factor, context.RequestAborted);
        return found.IsVerified && found.Type == type ? (who, found) : throw AuthErrors.MfaFactorNotFound.ToException();
    }

    public async Task ProveAsync(HttpContext context, User user, Guid session, string code)
    {
        var who = new SignedIn(Caller.Anonymous, user, session);
        code = code.Trim();
        if (code.Length > LongestTotp)
        {
            await recovery.ProveAsync(context, who, code);
            return;
        }
        await limits.TakeAsync(AuthLimit.Verification, context);
        if (!options.Mfa.TotpVerifyEnabled)
        {
            throw AuthErrors.MfaTotpVerifyNotEnabled.ToException();
        }
        RefreshToken next = elevation.NewToken();
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("factor_verified", user.Id, user.Email, ClientInfo.Of(context, proxies), clock);
        // A refusal is returned, not thrown, so that the counted failure is kept.
        Found found = await store.WriteAsync(unit => Answer(unit, who, code, next, now, audit), CancellationToken.None);
        bool compared = found.Refusal is null || found.Refusal.Code == AuthErrors.MfaVerificationFailed("").Code;
        if (hooks.WatchesFactors && compared && found.App is { } app)
        {
            await proof.TellHookAsync(context, who, app, valid: found.Refusal is null);
        }
        if (found.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        cache.DropUser(user.Id);
    }

    private Found Answer(IStoreTransaction unit, SignedIn who, string code, RefreshToken next, DateTimeOffset now, AuditEntry audit)
    {
        List<Factor> apps = Factors.OfUser(unit, who.User.Id).FindAll(factor => factor.IsVerified && factor.Type == Factor.Totp);
        if (apps.Count == 0)
        {
            return new Found(AuthErrors.MfaFactorNotFound, null);
        }
        foreach (Factor factor in apps)
        {
            if (Factors.Guess(unit, factor, now, AuthErrors.OverRequestRateLimit) is { } resting)
            {
                return new Found(resting, factor);
            }
        }
        if (apps.Find(factor => Matches(unit, factor, code, now)) is not { } proven)
        {
            return new Found(AuthErrors.MfaVerificationFailed("Invalid TOTP code entered"), apps[0]);
        }
        apps.ForEach(factor => unit.Execute(FactorSql.SetFailures, StoreValues.Of(factor.Id), Datum.Of(0L), Datum.Null));
        audit.Write(unit);
        return new Found(Elevation.Raise(unit, who, proven.Id, "totp", next, now) is null ? AuthErrors.SessionNotFound : null, proven);
    }

    private bool Matches(IStoreTransaction unit, Factor factor, string code, DateTimeOffset now) =>
        TotpSecret.Step(vault.Open(factor.SealedSecret!, factor.Label), code, now) is { } step
        && unit.Execute(FactorSql.UseStep, StoreValues.Of(factor.Id), Datum.Of(step), StoreValues.Of(now)).Count == 1;
}

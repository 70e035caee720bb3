using Microsoft.AspNetCore.Http;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// The second step of signing in on a page: a code of any of the user's authenticator apps, or a recovery code. There is no
/// challenge to answer, for the page's own request is short-lived and the browser's; a code still counts once.
/// </summary>
internal sealed class PageProof(
    StoreDatabase store,
    Vault vault,
    TokenCache cache,
    Elevation elevation,
    RecoveryCodes recovery,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private const int LongestTotp = 8;

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
        AuthError? refusal = await store.WriteAsync(unit => Answer(unit, who, code, next, now, audit), CancellationToken.None);
        if (refusal is not null)
        {
            throw refusal.ToException();
        }
        cache.DropUser(user.Id);
    }

    private AuthError? Answer(IStoreTransaction unit, SignedIn who, string code, RefreshToken next, DateTimeOffset now, AuditEntry audit)
    {
        List<Factor> apps = Factors.OfUser(unit, who.User.Id).FindAll(factor => factor.IsVerified && factor.Type == Factor.Totp);
        if (apps.Count == 0)
        {
            return AuthErrors.MfaFactorNotFound;
        }
        foreach (Factor factor in apps)
        {
            if (Factors.Guess(unit, factor, now, AuthErrors.OverRequestRateLimit) is { } resting)
            {
                return resting;
            }
        }
        if (apps.Find(factor => Matches(unit, factor, code, now)) is not { } proven)
        {
            return AuthErrors.MfaVerificationFailed("Invalid TOTP code entered");
        }
        apps.ForEach(factor => unit.Execute(FactorSql.SetFailures, StoreValues.Of(factor.Id), Core.Types.Datum.Of(0L), Core.Types.Datum.Null));
        audit.Write(unit);
        return Elevation.Raise(unit, who, proven.Id, "totp", next, now) is null ? AuthErrors.SessionNotFound : null;
    }

    private bool Matches(IStoreTransaction unit, Factor factor, string code, DateTimeOffset now) =>
        TotpSecret.Step(vault.Open(factor.SealedSecret!, factor.Label), code, now) is { } step
        && unit.Execute(FactorSql.UseStep, StoreValues.Of(factor.Id), Core.Types.Datum.Of(step), StoreValues.Of(now)).Count == 1;
}

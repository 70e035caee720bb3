using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>POST /factors/{id}/challenge and /verify: to the kind of the factor; and authenticator apps, whose code is accepted once.</summary>
internal sealed class Verification(
    AuthGate gate,
    FactorProof proof,
    PhoneFactors phones,
    WebAuthnFactors securityKeys,
    Vault vault,
    AuthLimits limits,
    AuthOptions options
)
{
    public async Task ChallengeAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Factors.IdOf(context);
        await limits.TakeAsync(AuthLimit.Verification, context);
        Factor factor = await proof.FindAsync(who, id, context.RequestAborted);
        await (factor.Type switch
        {
            Factor.Totp => ChallengeTotpAsync(context, who, factor),
            Factor.ByPhone => phones.ChallengeAsync(context, who, factor),
            Factor.WebAuthn => ChallengeKeyAsync(context, who, factor),
            _ => throw AuthErrors.MfaFactorNotFound.ToException(),
        });
    }

    // The party is the server's to name: what the body says of it is read and means nothing.
    private async Task ChallengeKeyAsync(HttpContext context, SignedIn who, Factor factor)
    {
        (await AuthBody.ReadAsync(context)).Object("webauthn");
        await securityKeys.ChallengeAsync(context, who, factor);
    }

    public async Task VerifyAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Factors.IdOf(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        Guid challenge = body.Uuid("challenge_id") ?? throw AuthErrors.ValidationFailed("\"challenge_id\" is required").ToException();
        await limits.TakeAsync(AuthLimit.Verification, context);
        Factor factor = await proof.FindAsync(who, id, context.RequestAborted);
        FactorAttempt attempt = proof.NewAttempt(context, who, factor, challenge);
        await (factor.Type switch
        {
            Factor.Totp => VerifyTotpAsync(context, attempt, body),
            Factor.ByPhone => phones.VerifyAsync(context, attempt, body),
            Factor.WebAuthn => securityKeys.VerifyAsync(context, attempt, body),
            _ => throw AuthErrors.MfaFactorNotFound.ToException(),
        });
    }

    internal static string CodeOf(AuthBody body) =>
        body.Text("code")?.Trim() ?? throw AuthErrors.ValidationFailed("\"code\" is required").ToException();

    private Task ChallengeTotpAsync(HttpContext context, SignedIn who, Factor factor)
    {
        RequireEnabled();
        return proof.AskAsync(context, who, factor, proof.NewChallenge(context, who, factor));
    }

    private Task VerifyTotpAsync(HttpContext context, FactorAttempt attempt, AuthBody body)
    {
        string code = CodeOf(body);
        RequireEnabled();
        return proof.AnswerAsync(context, attempt, "totp", once: false, (unit, factor, _) => Prove(unit, factor, code, attempt.Now));
    }

    private AuthError? Prove(IStoreTransaction unit, Factor factor, string code, DateTimeOffset now)
    {
        if (Factors.Guess(unit, factor, now, AuthErrors.OverRequestRateLimit) is { } resting)
        {
            return resting;
        }
        byte[] secret = vault.Open(factor.SealedSecret!, factor.Label);
        bool right =
            TotpSecret.Step(secret, code, now) is { } step
            && unit.Execute(FactorSql.UseStep, StoreValues.Of(factor.Id), Datum.Of(step), StoreValues.Of(now)).Count == 1;
        return right ? null : AuthErrors.MfaVerificationFailed("Invalid TOTP code entered");
    }

    private void RequireEnabled()
    {
        if (!options.Mfa.TotpVerifyEnabled)
        {
            throw AuthErrors.MfaTotpVerifyNotEnabled.ToException();
        }
    }
}

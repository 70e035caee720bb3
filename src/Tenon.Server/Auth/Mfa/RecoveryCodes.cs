using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// /factors/recovery-codes: ten codes for the day the phone is lost, shown once, each good once. 80 random bits apiece, so
/// a keyed hash is enough to keep them.
/// </summary>
internal sealed class RecoveryCodes(
    AuthGate gate,
    StoreDatabase store,
    Keys keys,
    TokenCache cache,
    Elevation elevation,
    FactorProof proof,
    UserHooks hooks,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private const int Total = 10;
    private const int Length = 16;
    private const string DefaultName = "Recovery codes";

    // No letter that reads like a digit, none that makes words.
    private const string Alphabet = "23456789abcdefghjkmnpqrstvwxyz";

    private readonly byte[] hashKey = keys.Derive("recovery codes");

    /// <summary>Compared: the factor, where a code was looked at; the hook is told of it.</summary>
    private sealed record Answered(AuthError? Refusal, Factor? Compared = null, Session? Session = null, UserWithIdentities? User = null);

    private sealed record Attempt(SignedIn Who, string Hash, RefreshToken Next, DateTimeOffset Now);

    public async Task StatusAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        List<Datum[]> rows = await store.QueryAsync(FactorSql.OfUser, new[] { StoreValues.Of(who.User.Id) }, context.RequestAborted);
        Factor factor = Of(rows.Select(Factor.Read)) ?? throw AuthErrors.MfaFactorNotFound.ToException();
        List<Datum[]> count = await store.QueryAsync(FactorSql.CountCodes, new[] { StoreValues.Of(factor.Id) }, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", factor.Id);
                writer.WriteString("type", Factor.RecoveryCode);
                writer.WriteNumber("total", Total);
                writer.WriteNumber("remaining", count[0][0].Integer);
                writer.WriteEndObject();
            }
        );
    }

    public async Task GenerateAsync(HttpContext context)
    {
        SignedIn who = await RequireAal2Async(context);
        string name = Enrolment.ReadName(await AuthBody.ReadAsync(context)) is { Length: > 0 } given ? given : DefaultName;
        DateTimeOffset now = StoreTime.Now(clock);
        var made = new Factor(Guid.NewGuid(), who.User.Id, name, Factor.RecoveryCode, true, null, null, 0, null, now, now);
        await WriteSetAsync(
            context,
            who,
            (unit, known) =>
            {
                if (Of(known) is not null)
                {
                    throw AuthErrors.MfaVerifiedFactorExists.ToException();
                }
                Factors.RequireRoom(known, who, options);
                Factors.RequireFreeName(known, name);
                Factors.Insert(unit, made);
                return made;
            }
        );
    }

    public async Task RegenerateAsync(HttpContext context)
    {
        SignedIn who = await RequireAal2Async(context);
        await WriteSetAsync(context, who, (_, known) => Of(known) ?? throw AuthErrors.MfaFactorNotFound.ToException());
    }

    private async Task WriteSetAsync(HttpContext context, SignedIn who, Func<IStoreTransaction, List<Factor>, Factor> choose)
    {
        string[] codes = [.. Enumerable.Range(0, Total).Select(_ => RandomNumberGenerator.GetString(Alphabet, Length))];
        AuditEntry audit = AuditEntry.Of("recovery_codes_generated", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        Factor factor = await store.WriteAsync(
            unit =>
            {
                Factor chosen = choose(unit, Factors.OfUser(unit, who.User.Id));
                unit.Execute(FactorSql.DeleteCodes, StoreValues.Of(chosen.Id));
                unit.Execute(FactorSql.SetFailures, StoreValues.Of(chosen.Id), Datum.Of(0L), Datum.Null);
                foreach (string code in codes)
                {
                    unit.Execute(FactorSql.InsertCode, StoreValues.Of(chosen.Id), Datum.Of(Hash(chosen.UserId, code)));
                }
                audit.Write(unit);
                return chosen;
            },
            context.RequestAborted
        );
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", factor.Id);
                writer.WriteString("type", Factor.RecoveryCode);
                writer.WriteString("friendly_name", factor.FriendlyName);
                writer.WriteNumber("total", Total);
                writer.WriteStartArray("codes");
                foreach (string code in codes)
                {
                    writer.WriteStringValue(code);
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );
    }

    public async Task VerifyAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string code = body.Text("code") ?? throw AuthErrors.ValidationFailed("\"code\" is required").ToException();
        (Answered answered, Attempt attempt) = await UseAsync(context, who, code);
        await AuthResponse.WriteSessionAsync(context, await elevation.IssueAsync(context, answered.User!, answered.Session!, attempt.Next));
    }

    /// <summary>Uses a code up in a session, which becomes aal2; refused otherwise. For the pages of the identity provider.</summary>
    public Task ProveAsync(HttpContext context, SignedIn who, string code) => UseAsync(context, who, code);

    private async Task<(Answered Answered, Attempt Attempt)> UseAsync(HttpContext context, SignedIn who, string code)
    {
        await limits.TakeAsync(AuthLimit.Verification, context);
        string plain = string.Concat(code.Where(c => c != '-' && !char.IsWhiteSpace(c))).ToLowerInvariant();
        var attempt = new Attempt(who, Hash(who.User.Id, plain), elevation.NewToken(), StoreTime.Now(clock));
        AuditEntry audit = AuditEntry.Of("recovery_code_used", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        Answered answered = await store.WriteAsync(unit => Answer(unit, attempt, audit), CancellationToken.None);
        if (hooks.WatchesFactors && answered.Compared is { } factor)
        {
            await proof.TellHookAsync(context, who, factor, valid: answered.Refusal is null);
        }
        if (answered.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        cache.DropUser(who.User.Id);
        return (answered, attempt);
    }

    private static Answered Answer(IStoreTransaction unit, Attempt attempt, AuditEntry audit)
    {
        Guid user = attempt.Who.User.Id;
        if (Of(Factors.OfUser(unit, user)) is not { } factor)
        {
            return new Answered(AuthErrors.MfaVerificationFailed("Invalid recovery code"));
        }
        if (factor.IsLocked(attempt.Now))
        {
            return new Answered(AuthErrors.RecoveryCodesLocked(Factors.SecondsLocked(factor, attempt.Now)));
        }
        if (Factors.Guess(unit, factor, attempt.Now, AuthErrors.RecoveryCodesLocked) is { } resting)
        {
            return new Answered(resting);
        }
        // The delete is what uses the code up: it returns a row to one asker only.
        if (unit.Execute(FactorSql.UseCode, StoreValues.Of(factor.Id), Datum.Of(attempt.Hash)).Count != 1)
        {
            return new Answered(AuthErrors.MfaVerificationFailed("Invalid recovery code"), factor);
        }
        unit.Execute(FactorSql.SetFailures, StoreValues.Of(factor.Id), Datum.Of(0L), Datum.Null);
        audit.Write(unit);
        return Elevation.Raise(unit, attempt.Who, factor.Id, "mfa/recovery_code", attempt.Next, attempt.Now) is { } session
            && Users.ById(unit, user) is { } saved
            ? new Answered(null, factor, session, new UserWithIdentities(saved, Users.Identities(unit, user)))
            : new Answered(AuthErrors.SessionNotFound);
    }

    public async Task UnenrolAsync(HttpContext context)
    {
        SignedIn who = await RequireAal2Async(context);
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("factor_unenrolled", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        Guid removed = await store.WriteAsync(
            unit =>
            {
                Factor factor = Of(Factors.OfUser(unit, who.User.Id)) ?? throw AuthErrors.MfaFactorNotFound.ToException();
                Factors.Remove(unit, factor, now);
                audit.Write(unit);
                return factor.Id;
            },
            CancellationToken.None
        );
        cache.DropUser(who.User.Id);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", removed);
                writer.WriteEndObject();
            }
        );
    }

    private async Task<SignedIn> RequireAal2Async(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        return who.Caller.Aal == "aal2" ? who : throw AuthErrors.Aal2ForRecoveryCodes.ToException();
    }

    private static Factor? Of(IEnumerable<Factor> factors) => factors.FirstOrDefault(factor => factor.Type == Factor.RecoveryCode);

    private string Hash(Guid user, string code) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(hashKey, Encoding.UTF8.GetBytes($"{user:D} {code}")));
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// A security key as second factor. The first challenge makes its key ("create"), each later one asks for a signature of it
/// ("request"). Any answer uses its challenge up.
/// </summary>
internal sealed class WebAuthnFactors(
    FactorProof proof,
    Ceremony ceremony,
    RelyingParty party,
    StoreDatabase store,
    AuthOptions options,
    ILogger<WebAuthnFactors> logger
)
{
    private const string Method = "mfa/webauthn";
    private const string Create = "create";
    private const string Request = "request";

    /// <summary>A page at this address can ask for a key.</summary>
    public bool AsksAt(string address) => options.Mfa.WebAuthnVerifyEnabled && party.AsksAt(address);

    public bool CanEnrol => options.Mfa.WebAuthnEnrollEnabled && party.Id is not null;

    public async Task ChallengeAsync(HttpContext context, SignedIn who, Factor factor)
    {
        RequireEnabled();
        string type = factor.IsVerified ? Request : Create;
        Subject subject = Subject.Of(who.User, await KeysAsync(who, factor.IsVerified ? factor : null, context.RequestAborted));
        Question question = factor.IsVerified
            ? await ceremony.RequestAsync(context, KeyUse.Factor, subject)
            : await ceremony.CreateAsync(context, KeyUse.Factor, subject);
        await proof.AskAsync(
            context,
            who,
            factor,
            proof.NewChallenge(context, who, factor) with { State = question.State },
            also: (_, found) =>
            {
                if (found.IsVerified != factor.IsVerified)
                {
                    throw AuthErrors.Conflict.ToException();
                }
            },
            more: writer =>
            {
                writer.WriteStartObject("webauthn");
                writer.WriteString("type", type);
                writer.WriteStartObject("credential_options");
                writer.WritePropertyName("publicKey");
                writer.WriteRawValue(question.Options);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );
    }

    public Task VerifyAsync(HttpContext context, FactorAttempt attempt, AuthBody body)
    {
        RequireEnabled();
        return VerifyAsync(context, attempt, ReadAnswer(body, attempt.Factor));
    }

    /// <summary>The answer by itself, as a page of the identity provider has it.</summary>
    public async Task VerifyAsync(HttpContext context, FactorAttempt attempt, JsonElement answer)
    {
        Factor factor = attempt.Factor;
        RequireEnabled();
        Challenge challenge = await FindChallengeAsync(attempt, factor, context.RequestAborted);
        if (factor.IsVerified)
        {
            await ProveAsync(context, attempt, factor, challenge, answer);
        }
        else
        {
            await EnrolAsync(context, attempt, factor, challenge, answer);
        }
    }

    private async Task EnrolAsync(HttpContext context, FactorAttempt attempt, Factor factor, Challenge challenge, JsonElement answer)
    {
        Subject subject = Subject.Of(attempt.Who.User, []);
        (NewKey? key, string reason) = await ceremony.AttestAsync(context, KeyUse.Factor, subject, challenge.State!, answer);
        if (key is null)
        {
            throw await RefuseAsync(context, attempt, challenge, reason);
        }
        var made = new Credential(
            Guid.NewGuid(),
            factor.UserId,
            factor.Id,
            key.CredentialId,
            key.PublicKey,
            key.SignCount,
            key.Transports,
            key.BackupEligible,
            key.BackedUp,
            factor.FriendlyName ?? "",
            attempt.Who.Caller.Aal == "aal2" ? "aal2" : "aal1",
            attempt.Now,
            null
        );
        try
        {
            await proof.AnswerAsync(
                context,
                attempt,
                Method,
                once: true,
                (unit, found, _) =>
                {
                    if (found.IsVerified)
                    {
                        return AuthErrors.MfaChallengeNotFound;
                    }
                    made.Insert(unit);
                    unit.Execute(FactorSql.MarkVerified, StoreValues.Of(found.Id), StoreValues.Of(attempt.Now));
                    return null;
                }
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.WebAuthnCredentialExists.ToException();
        }
    }

    private async Task ProveAsync(HttpContext context, FactorAttempt attempt, Factor factor, Challenge challenge, JsonElement answer)
    {
        List<Credential> own = await KeysAsync(attempt.Who, factor, context.RequestAborted);
        Subject subject = Subject.Of(attempt.Who.User, own);
        (Assertion? shown, string reason) = await ceremony.AssertAsync(context, KeyUse.Factor, subject, challenge.State!, answer);
        if (shown is null || own is not [var credential])
        {
            throw await RefuseAsync(context, attempt, challenge, reason);
        }
        AuditEntry clone = attempt.Audit with { Id = Guid.CreateVersion7(attempt.Now), Action = "webauthn_counter_refused" };
        await proof.AnswerAsync(
            context,
            attempt,
            Method,
            once: true,
            (unit, found, _) =>
            {
                if (credential.Use(unit, shown, attempt.Now))
                {
                    unit.Execute(FactorSql.MarkVerified, StoreValues.Of(found.Id), StoreValues.Of(attempt.Now));
                    return null;
                }
                AuthEvents.CounterRefused(logger, credential.Id);
                clone.Write(unit);
                return Failed("Credential verification failed");
            }
        );
    }

    /// <summary>The body's answer; its kind must be that of the question.</summary>
    private static JsonElement ReadAnswer(AuthBody body, Factor factor)
    {
        JsonElement given = body.Object("webauthn") ?? throw AuthErrors.ValidationFailed("\"webauthn\" is required").ToException();
        string type = AuthBody.Of(given).Text("type") ?? "";
        string wanted = factor.IsVerified ? Request : Create;
        if (type != wanted)
        {
            throw AuthErrors.ValidationFailed($"\"webauthn.type\" must be {wanted}").ToException();
        }
        return given.TryGetProperty("credential_response", out JsonElement answer) && answer.ValueKind == JsonValueKind.Object
            ? answer
            : throw AuthErrors.ValidationFailed("\"webauthn.credential_response\" must be an object").ToException();
    }

    private async Task<Challenge> FindChallengeAsync(FactorAttempt attempt, Factor factor, CancellationToken cancellation)
    {
        Datum[] arguments = [StoreValues.Of(attempt.Challenge), StoreValues.Of(factor.Id)];
        List<Datum[]> rows = await store.QueryAsync(FactorSql.FindChallenge, arguments, cancellation);
        if (rows is not [var row] || Challenge.Read(row) is not { State: not null } challenge)
        {
            throw AuthErrors.MfaChallengeNotFound.ToException();
        }
        return FactorProof.Unfit(challenge, factor, attempt) is { } refusal ? throw refusal.ToException() : challenge;
    }

    /// <summary>The key of a factor; null: of all the user's factors.</summary>
    private async Task<List<Credential>> KeysAsync(SignedIn who, Factor? factor, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(CredentialSql.FactorsOfUser, new[] { StoreValues.Of(who.User.Id) }, cancellation);
        return [.. rows.Select(Credential.Read).Where(key => factor is null || key.FactorId == factor.Id)];
    }

    private async Task<AuthException> RefuseAsync(HttpContext context, FactorAttempt attempt, Challenge challenge, string reason)
    {
        await store.WriteAsync(unit => FactorProof.Use(unit, challenge.Id), CancellationToken.None);
        return await proof.RefuseAsync(context, attempt, Failed(reason.Length > 0 ? reason : "Credential verification failed"));
    }

    private static AuthError Failed(string reason) => AuthErrors.MfaVerificationFailed(reason);

    private void RequireEnabled()
    {
        if (!options.Mfa.WebAuthnVerifyEnabled || party.Id is null)
        {
            throw AuthErrors.MfaWebAuthnVerifyNotEnabled.ToException();
        }
    }
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>A row of auth.webauthn_challenges: what a browser was asked, answered at most once and soon.</summary>
internal sealed record PasskeyChallenge(Guid? User, Guid? Session, string State, DateTimeOffset ExpiresAt)
{
    public const string Registration = "registration";
    public const string Authentication = "authentication";

    /// <summary>From the columns of <see cref="CredentialSql.FindChallenge"/>.</summary>
    public static PasskeyChallenge Read(Datum[] row) =>
        new(row[0].IsNull ? null : row[0].Uuid(), row[1].IsNull ? null : row[1].Uuid(), row[2].Text, row[3].Time()!.Value);
}

/// <summary>What all calls of /passkeys share: the switch, the challenges, and the shape of an answer's body.</summary>
internal sealed class Passkeys(StoreDatabase store, RelyingParty party, AuthOptions options, TimeProvider clock)
{
    /// <summary>Most passkeys of a user.</summary>
    public const int Most = 10;

    public bool Enabled => options.Passkeys.Enabled && party.Id is not null;

    public void RequireEnabled()
    {
        if (!Enabled)
        {
            throw AuthErrors.PasskeyDisabled.ToException();
        }
    }

    /// <summary>Keeps a question and sends it.</summary>
    public async Task AskAsync(HttpContext context, string type, SignedIn? who, Question question)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        DateTimeOffset expires = now + Ceremony.Lifetime;
        var id = Guid.NewGuid();
        await store.WriteAsync(
            unit =>
            {
                unit.Execute(CredentialSql.DeleteExpiredChallenges, StoreValues.Of(now));
                return unit.Execute(
                    CredentialSql.InsertChallenge,
                    StoreValues.Of(id),
                    StoreValues.Of(who?.User.Id),
                    StoreValues.Of(who?.SessionId),
                    Datum.Of(type),
                    Datum.Of(question.State),
                    StoreValues.Of(now),
                    StoreValues.Of(expires)
                );
            },
            context.RequestAborted
        );
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("challenge_id", id);
                writer.WritePropertyName("options");
                writer.WriteRawValue(question.Options);
                writer.WriteNumber("expires_at", expires.ToUnixTimeSeconds());
                writer.WriteEndObject();
            }
        );
    }

    public static (Guid Challenge, JsonElement Credential) ReadAnswer(AuthBody body) =>
        (
            body.Uuid("challenge_id") ?? throw AuthErrors.ValidationFailed("\"challenge_id\" is required").ToException(),
            body.Object("credential") ?? throw AuthErrors.ValidationFailed("\"credential\" is required").ToException()
        );

    /// <summary>The question that an answer names: of this kind, of this session (none: of nobody), and still open.</summary>
    public async Task<PasskeyChallenge> FindAsync(Guid id, string type, SignedIn? who, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(CredentialSql.FindChallenge, new[] { StoreValues.Of(id), Datum.Of(type) }, cancellation);
        if (rows is not [var row] || PasskeyChallenge.Read(row) is not { } challenge || challenge.User != who?.User.Id || challenge.Session != who?.SessionId)
        {
            throw AuthErrors.WebAuthnChallengeNotFound.ToException();
        }
        return challenge.ExpiresAt > StoreTime.Now(clock) ? challenge : throw AuthErrors.WebAuthnChallengeExpired.ToException();
    }

    /// <summary>Inside the unit that does what the answer stands for. False: another request was first.</summary>
    public static bool Use(IStoreTransaction unit, Guid challenge) =>
        unit.Execute(CredentialSql.UseChallenge, StoreValues.Of(challenge)).Count == 1;

    /// <summary>A wrong answer uses the question up as well.</summary>
    public async Task<AuthException> RefuseAsync(Guid challenge, string reason)
    {
        await store.WriteAsync(unit => Use(unit, challenge), CancellationToken.None);
        return AuthErrors.WebAuthnVerificationFailed(reason).ToException();
    }

    /// <summary>Who has a second factor proves it before adding or taking a passkey, as before adding or taking a factor.</summary>
    public static void RequireLevel(SignedIn who, List<Factor> factors)
    {
        if (who.Caller.Aal != "aal2" && factors.Exists(factor => factor.IsVerified))
        {
            throw AuthErrors.Aal2ForPasskeys.ToException();
        }
    }

    public static Guid IdOf(HttpContext context, string name = "id") =>
        Guid.TryParseExact(context.Request.RouteValues[name] as string, "D", out Guid id) ? id : throw AuthErrors.NoSuchPasskey.ToException();
}

using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>POST /factors and DELETE /factors/{id}: a user adds an authenticator app and takes it away again.</summary>
internal sealed class Enrolment(
    AuthGate gate,
    StoreDatabase store,
    Vault vault,
    TokenCache cache,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private const int LongestName = 100;

    public async Task EnrolAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        RequireKnownType(body.Text("factor_type"));
        string name = ReadName(body) ?? "";
        string issuer = ReadIssuer(body.Text("issuer"));
        byte[] secret = TotpSecret.New();
        DateTimeOffset now = StoreTime.Now(clock);
        var factor = new Factor(Guid.NewGuid(), who.User.Id, name, Factor.Totp, false, null, null, 0, null, now, now);
        factor = factor with { SealedSecret = vault.Seal(secret, factor.Label) };
        AuditEntry audit = AuditEntry.Of("factor_enrolled", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        await AddAsync(who, factor, audit, context.RequestAborted);
        string uri = TotpSecret.Uri(secret, issuer, who.User.Email ?? who.User.Phone ?? who.User.Id.ToString("D"));
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", factor.Id);
                writer.WriteString("type", Factor.Totp);
                writer.WriteString("friendly_name", name);
                writer.WriteStartObject("totp");
                writer.WriteString("qr_code", TotpSecret.QrCode(uri));
                writer.WriteString("secret", TotpSecret.Base32(secret));
                writer.WriteString("uri", uri);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );
    }

    private void RequireKnownType(string? type)
    {
        switch (type)
        {
            case Factor.Totp when options.Mfa.TotpEnrollEnabled:
                return;
            case Factor.Totp:
                throw AuthErrors.MfaTotpEnrolNotEnabled.ToException();
            case "phone":
                throw AuthErrors.MfaPhoneEnrolNotEnabled.ToException();
            case "webauthn":
                throw AuthErrors.MfaWebAuthnEnrolNotEnabled.ToException();
            default:
                throw AuthErrors.ValidationFailed("factor_type needs to be totp").ToException();
        }
    }

    internal static string? ReadName(AuthBody body) =>
        body.Text("friendly_name")?.Trim() is not { } name ? null
        : name.Length <= LongestName ? name
        : throw AuthErrors.ValidationFailed($"\"friendly_name\" must have at most {LongestName} characters").ToException();

    private string ReadIssuer(string? given)
    {
        string issuer = string.IsNullOrWhiteSpace(given) ? new Uri(options.SiteUrl).Host : given.Trim();
        return issuer.Length <= LongestName && !issuer.Any(char.IsControl)
            ? issuer
            : throw AuthErrors.ValidationFailed($"\"issuer\" must be text of at most {LongestName} characters").ToException();
    }

    private async Task AddAsync(SignedIn who, Factor factor, AuditEntry audit, CancellationToken cancellation)
    {
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    List<Factor> known = Factors.OfUser(unit, who.User.Id);
                    Factors.RequireRoom(known, who, options);
                    Factors.RequireFreeName(known, factor.FriendlyName);
                    Factors.Insert(unit, factor);
                    audit.Write(unit);
                    return true;
                },
                cancellation
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.MfaFactorNameConflict.ToException();
        }
    }

    /// <summary>A verified factor goes only at aal2; sessions it had raised fall back to aal1.</summary>
    public async Task UnenrolAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Factors.IdOf(context);
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("factor_unenrolled", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        await store.WriteAsync(
            unit =>
            {
                Factor factor = Factors.Find(unit, who.User.Id, id);
                if (factor.IsVerified && who.Caller.Aal != "aal2")
                {
                    throw AuthErrors.Aal2ToUnenrol.ToException();
                }
                Factors.Remove(unit, factor, now);
                audit.Write(unit);
                return true;
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
                writer.WriteString("id", id);
                writer.WriteEndObject();
            }
        );
    }
}

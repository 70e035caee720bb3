using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>POST /factors and DELETE /factors/{id}: a user adds an authenticator app, a telephone or a security key, and takes it away again.</summary>
internal sealed class Enrolment(
    AuthGate gate,
    StoreDatabase store,
    Vault vault,
    TokenCache cache,
    WebAuthnFactors securityKeys,
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
        string? type = body.Text("factor_type");
        RequireKnownType(type);
        string name = ReadName(body) ?? "";
        DateTimeOffset now = StoreTime.Now(clock);
        var factor = new Factor(Guid.NewGuid(), who.User.Id, name, type!, false, null, null, 0, null, now, now);
        await (type switch
        {
            Factor.Totp => EnrolTotpAsync(context, who, factor, ReadIssuer(body.Text("issuer"))),
            Factor.ByPhone => EnrolPhoneAsync(context, who, factor, body.Text("phone")),
            _ => EnrolPlainAsync(context, who, factor, null),
        });
    }

    private async Task EnrolTotpAsync(HttpContext context, SignedIn who, Factor factor, string issuer)
    {
        byte[] secret = TotpSecret.New();
        await AddAsync(context, who, factor with { SealedSecret = vault.Seal(secret, factor.Label) });
        string uri = TotpSecret.Uri(secret, issuer, who.User.Email ?? who.User.Phone ?? who.User.Id.ToString("D"));
        await WriteAsync(
            context,
            factor,
            writer =>
            {
                writer.WriteStartObject("totp");
                writer.WriteString("qr_code", TotpSecret.QrCode(uri));
                writer.WriteString("secret", TotpSecret.Base32(secret));
                writer.WriteString("uri", uri);
                writer.WriteEndObject();
            }
        );
    }

    private Task EnrolPhoneAsync(HttpContext context, SignedIn who, Factor factor, string? phone) =>
        string.IsNullOrEmpty(phone)
            ? throw AuthErrors.ValidationFailed("Phone number required to enroll Phone factor").ToException()
            : EnrolPlainAsync(context, who, factor with { Phone = PhoneNumber.Require(phone) }, phone);

    /// <summary>Nothing is made yet: a telephone is proven, and a security key's key made, by the first challenge.</summary>
    private async Task EnrolPlainAsync(HttpContext context, SignedIn who, Factor factor, string? phone)
    {
        await AddAsync(context, who, factor);
        await WriteAsync(
            context,
            factor,
            writer =>
            {
                if (phone is not null)
                {
                    writer.WriteString("phone", phone);
                }
            }
        );
    }

    private static Task WriteAsync(HttpContext context, Factor factor, Action<Utf8JsonWriter> more) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", factor.Id);
                writer.WriteString("type", factor.Type);
                writer.WriteString("friendly_name", factor.FriendlyName);
                more(writer);
                writer.WriteEndObject();
            }
        );

    private void RequireKnownType(string? type)
    {
        AuthError? refusal = type switch
        {
            Factor.Totp => options.Mfa.TotpEnrollEnabled ? null : AuthErrors.MfaTotpEnrolNotEnabled,
            Factor.ByPhone => options.Mfa.PhoneEnrollEnabled ? null : AuthErrors.MfaPhoneEnrolNotEnabled,
            Factor.WebAuthn => securityKeys.CanEnrol ? null : AuthErrors.MfaWebAuthnEnrolNotEnabled,
            _ => AuthErrors.ValidationFailed("factor_type needs to be totp, phone, or webauthn"),
        };
        if (refusal is not null)
        {
            throw refusal.ToException();
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

    private async Task AddAsync(HttpContext context, SignedIn who, Factor factor)
    {
        AuditEntry audit = AuditEntry.Of("factor_enrolled", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    if (factor.Phone is not null)
                    {
                        unit.Execute(FactorSql.DeleteUnverifiedPhone, StoreValues.Of(who.User.Id), Datum.Of(factor.Phone));
                    }
                    List<Factor> known = Factors.OfUser(unit, who.User.Id);
                    RequireFreeNumber(known, factor.Phone);
                    Factors.RequireRoom(known, who, options);
                    Factors.RequireFreeName(known, factor.FriendlyName);
                    Factors.Insert(unit, factor);
                    audit.Write(unit);
                    return true;
                },
                context.RequestAborted
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.MfaFactorNameConflict.ToException();
        }
    }

    private static void RequireFreeNumber(List<Factor> known, string? number)
    {
        if (number is not null && known.Exists(factor => factor.Phone == number))
        {
            throw AuthErrors.MfaVerifiedPhoneExists.ToException();
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

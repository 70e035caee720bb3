using System.Text.RegularExpressions;
using OtpNet;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Import;

/// <summary>
/// A second factor proven elsewhere: an authenticator app by its shared secret, or a telephone. Security keys are bound to the
/// other system's domain, and recovery codes are kept as its hashes: neither can be carried.
/// </summary>
internal static partial class ImportedFactor
{
    private const int LongestName = 100;

    // RFC 4226 asks for 128 bits; other systems have made shorter ones, which their apps still answer by.
    private const int ShortestSecret = 10;
    private const int LongestSecret = 128;

    public static Factor Read(AuthBody body, Vault vault, DateTimeOffset now)
    {
        Guid id = body.Uuid("id") ?? throw AuthErrors.ValidationFailed("the factor has no id").ToException();
        Guid user = body.Uuid("user_id") ?? throw AuthErrors.ValidationFailed("the factor has no user").ToException();
        string? name = body.Text("friendly_name")?.Trim();
        if (name?.Length > LongestName)
        {
            throw AuthErrors.ValidationFailed($"a factor's friendly_name has at most {LongestName} characters").ToException();
        }
        DateTimeOffset created = ImportedUser.Time(body, "created_at") ?? now;
        var factor = new Factor(id, user, name, body.Text("factor_type") ?? "", true, null, null, 0, null, created, created);
        return factor.Type switch
        {
            Factor.Totp => factor with { SealedSecret = vault.Seal(Secret(body.Text("secret")), factor.Label) },
            Factor.ByPhone => factor with { Phone = PhoneNumber.Require(body.Text("phone") ?? "") },
            Factor.WebAuthn => throw AuthErrors.ValidationFailed("a security key belongs to the domain it was made for: its user enrols it again").ToException(),
            var other => throw AuthErrors.ValidationFailed($"factors of the type \"{other}\" are not carried").ToException(),
        };
    }

    private static byte[] Secret(string? text)
    {
        string base32 = (text ?? "").Replace(" ", "", StringComparison.Ordinal).TrimEnd('=').ToUpperInvariant();
        byte[] secret = Base32().IsMatch(base32) ? Base32Encoding.ToBytes(base32) : [];
        return secret.Length is >= ShortestSecret and <= LongestSecret
            ? secret
            : throw AuthErrors.ValidationFailed("the secret of the authenticator app is not base32 of 10 to 128 bytes").ToException();
    }

    public static ImportResult Write(IStoreTransaction unit, Factor factor, DateTimeOffset now)
    {
        if (Users.ById(unit, factor.UserId) is null)
        {
            return ImportResult.Refused($"there is no user {factor.UserId:D}");
        }
        List<Factor> known = Factors.OfUser(unit, factor.UserId);
        if (known.Exists(k => k.Id == factor.Id))
        {
            return ImportResult.Exists;
        }
        if (unit.Execute(ImportSql.FactorOwner, StoreValues.Of(factor.Id)).Count > 0)
        {
            return ImportResult.Refused($"another user has the factor {factor.Id:D}");
        }
        if (!string.IsNullOrEmpty(factor.FriendlyName) && known.Exists(k => k.FriendlyName == factor.FriendlyName))
        {
            return ImportResult.Refused($"the user has a factor named {factor.FriendlyName}");
        }
        if (factor.Type == Factor.ByPhone && known.Exists(k => k is { Type: Factor.ByPhone, IsVerified: true }))
        {
            return ImportResult.Refused("the user has a verified telephone");
        }
        Factors.Insert(unit, factor);
        return ImportResult.Created;
    }

    [GeneratedRegex("^[A-Z2-7]+$")]
    private static partial Regex Base32();
}

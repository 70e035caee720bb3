using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth.Import;

/// <summary>A way a user was known elsewhere.</summary>
internal sealed record ImportedIdentity(Guid User, string Provider, string ProviderId, string Data, string? Email, DateTimeOffset? CreatedAt);

/// <summary>A user of another system, read and checked: what is wrong with one is an <see cref="AuthException"/> that names the member.</summary>
internal sealed record ImportedUser(User User, ImmutableArray<ImportedIdentity> Identities, bool MakesIdentity)
{
    private const int LongestText = 255;
    private const int MostIdentities = 50;

    public static ImportedUser Read(AuthBody body, ApiRoles roles)
    {
        string? email = NotEmpty(body.Text("email")) is { } address ? EmailAddress.Require(address) : null;
        string? phone = NotEmpty(body.Text("phone")) is { } number ? PhoneNumber.Require(number) : null;
        bool anonymous = body.Flag("is_anonymous") ?? false;
        if (email is null && phone is null && !anonymous)
        {
            throw AuthErrors.ValidationFailed("the user has neither an e-mail address nor a phone number").ToException();
        }
        string? hash = NotEmpty(body.Text("password_hash"));
        if (hash is not null && PasswordHash.WhyRefused(hash) is { } reason)
        {
            throw AuthErrors.ValidationFailed("password hash: " + reason).ToException();
        }
        string role = NotEmpty(body.Text("role")) ?? "authenticated";
        if (!roles.AllowsForUser(new RoleName(role)))
        {
            throw AuthErrors.ValidationFailed($"users may not have the role \"{role}\": list it in [auth] additional_roles").ToException();
        }
        var user = new User
        {
            Id = body.Uuid("id") ?? throw AuthErrors.ValidationFailed("the user has no id").ToException(),
            Role = role,
            Email = email,
            Phone = phone,
            PasswordHash = hash,
            EmailConfirmedAt = email is null ? null : Time(body, "email_confirmed_at"),
            PhoneConfirmedAt = phone is null ? null : Time(body, "phone_confirmed_at"),
            InvitedAt = Time(body, "invited_at"),
            LastSignInAt = Time(body, "last_sign_in_at"),
            BannedUntil = Time(body, "banned_until"),
            CreatedAt = Time(body, "created_at"),
            IsAnonymous = anonymous,
            UserMetadata = Metadata.Merge("{}", body.Object("user_metadata"), "user_metadata"),
            AppMetadata = Metadata.Merge(email is null ? phone is null ? "{}" : Metadata.OfPhone : Metadata.OfEmail, body.Object("app_metadata"), "app_metadata"),
        };
        ImmutableArray<ImportedIdentity> identities = body.Value("identities") is { ValueKind: JsonValueKind.Array } list
            ? list.GetArrayLength() <= MostIdentities ? [.. list.EnumerateArray().Select(one => ReadIdentity(AuthBody.Of(one), user.Id))]
                : throw AuthErrors.ValidationFailed($"a user has at most {MostIdentities} identities").ToException()
            : [];
        return new ImportedUser(user, identities, body.Flag("make_identity") ?? false);
    }

    public static ImportedIdentity ReadIdentity(AuthBody body, Guid? user = null) =>
        new(
            user ?? body.Uuid("user_id") ?? throw AuthErrors.ValidationFailed("the identity has no user").ToException(),
            Bounded(body, "provider"),
            Bounded(body, "provider_id"),
            Metadata.Merge("{}", body.Object("identity_data"), "identity_data"),
            NotEmpty(body.Text("email")) is { } email ? EmailAddress.Require(email) : null,
            Time(body, "created_at")
        );

    private static string Bounded(AuthBody body, string name) =>
        body.Text(name) is { Length: > 0 and <= LongestText } text && !text.Any(char.IsControl)
            ? text
            : throw AuthErrors.ValidationFailed($"an identity's {name} is 1 to {LongestText} characters").ToException();

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>A time as PostgreSQL or RFC 3339 writes it; without a zone it is UTC. Far ones become the last that is kept.</summary>
    internal static DateTimeOffset? Time(AuthBody body, string name)
    {
        if (NotEmpty(body.Text(name)) is not { } text)
        {
            return null;
        }
        const DateTimeStyles style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal | DateTimeStyles.AllowWhiteSpaces;
        if (DateTimeOffset.TryParse(Widened(text), CultureInfo.InvariantCulture, style, out DateTimeOffset time))
        {
            return time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
        }
        return text == "infinity"
            ? DateTimeOffset.MaxValue
            : throw AuthErrors.ValidationFailed($"{name} is not a time: {text}").ToException();
    }

    // PostgreSQL writes whole hours of a zone as +00.
    private static string Widened(string text) => text.Length > 3 && text[^3] is '+' or '-' && text.Contains(':', StringComparison.Ordinal) ? text + ":00" : text;
}

using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth.Admin;

/// <summary>What an administrator sends of a user, read and checked. Null members were not sent.</summary>
internal sealed record AdminUserBody
{
    public Guid? Id { get; private init; }
    public string? Email { get; private init; }
    public string? Phone { get; private init; }
    public string? Password { get; private init; }
    public string? PasswordHash { get; private init; }
    public bool? EmailConfirm { get; private init; }
    public bool? PhoneConfirm { get; private init; }
    public string? Role { get; private init; }
    public JsonElement? UserMetadata { get; private init; }
    public JsonElement? AppMetadata { get; private init; }

    /// <summary>Zero lifts a ban.</summary>
    public TimeSpan? Ban { get; private init; }

    /// <summary>Of a user who is there the new password is held to every rule, and an empty one is too short; to be new, it only has to be long enough.</summary>
    public static AdminUserBody Read(AuthBody body, AuthOptions options, ApiRoles roles, User? known = null)
    {
        string? password = known is null ? NotEmpty(body.Text("password")) : body.Text("password");
        string? hash = NotEmpty(body.Text("password_hash"));
        if (password is not null && hash is not null)
        {
            throw AuthErrors.ValidationFailed("Only a password or a password hash should be provided").ToException();
        }
        if (hash is not null && SignIn.PasswordHash.WhyRefused(hash) is { } reason)
        {
            throw AuthErrors.ValidationFailed($"\"password_hash\": {reason}").ToException();
        }
        string? email = NotEmpty(body.Text("email")) is { } address ? EmailAddress.Require(address) : null;
        string? phone = NotEmpty(body.Text("phone")) is { } number ? PhoneNumber.Require(number) : null;
        if (password is not null)
        {
            RequireGood(password, email ?? phone, options, known);
        }
        return new AdminUserBody
        {
            Id = body.Uuid("id"),
            Email = email,
            Phone = phone,
            Password = password,
            PasswordHash = hash,
            EmailConfirm = body.Flag("email_confirm"),
            PhoneConfirm = body.Flag("phone_confirm"),
            Role = NotEmpty(body.Text("role")) is { } role ? ReadRole(role, roles) : null,
            UserMetadata = body.Object("user_metadata"),
            AppMetadata = body.Object("app_metadata"),
            Ban = NotEmpty(body.Text("ban_duration")) is { } ban ? ReadBan(ban) : null,
        };
    }

    private static void RequireGood(string password, string? contact, AuthOptions options, User? known)
    {
        if (known is null)
        {
            PasswordRules.RequireLength(password, options);
        }
        else
        {
            PasswordRules.Require(password, options, contact ?? known.Email ?? known.Phone, alone: !known.HasVerifiedFactor);
        }
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string ReadRole(string role, ApiRoles roles) =>
        roles.AllowsForUser(new RoleName(role))
            ? role
            : throw AuthErrors.ValidationFailed($"\"role\": users may not have the role \"{role}\"").ToException();

    private static TimeSpan ReadBan(string text) =>
        text == "none" ? TimeSpan.Zero
        : GoDuration.Parse(text)
            ?? throw AuthErrors.ValidationFailed("\"ban_duration\" must be \"none\" or a duration such as 24h or 90m").ToException();
}

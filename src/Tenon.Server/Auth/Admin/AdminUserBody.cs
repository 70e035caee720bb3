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

    public static AdminUserBody Read(AuthBody body, AuthOptions options, ApiRoles roles)
    {
        string? password = NotEmpty(body.Text("password"));
        string? hash = NotEmpty(body.Text("password_hash"));
        if (password is not null && hash is not null)
        {
            throw AuthErrors.ValidationFailed("Only a password or a password hash should be provided").ToException();
        }
        if (password is not null)
        {
            PasswordRules.RequireLength(password, options);
        }
        if (hash is not null && SignIn.PasswordHash.WhyRefused(hash) is { } reason)
        {
            throw AuthErrors.ValidationFailed($"\"password_hash\": {reason}").ToException();
        }
        return new AdminUserBody
        {
            Id = body.Uuid("id"),
            Email = NotEmpty(body.Text("email")) is { } email ? EmailAddress.Require(email) : null,
            Phone = NotEmpty(body.Text("phone")) is { } phone ? PhoneNumber.Require(phone) : null,
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

using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Auth.SignIn;

/// <summary>What a user is reached by: an e-mail address or a telephone number. Codes go to either by the same rules.</summary>
internal readonly record struct Contact(bool IsPhone, string Address)
{
    /// <summary>The one a request names; both or none is refused.</summary>
    public static Contact Read(AuthBody body, string refusal)
    {
        string? email = body.Text("email") is { Length: > 0 } address ? address : null;
        string? phone = body.Text("phone") is { Length: > 0 } number ? number : null;
        return email is null == phone is null ? throw AuthErrors.ValidationFailed(refusal).ToException()
            : phone is not null ? new Contact(true, PhoneNumber.Require(phone))
            : new Contact(false, EmailAddress.Require(email!));
    }

    public Task<User?> FindAsync(Users users, CancellationToken cancellation) =>
        IsPhone ? users.ByPhoneAsync(Address, cancellation) : users.ByEmailAsync(Address, cancellation);

    public bool IsProven(User user) => (IsPhone ? user.PhoneConfirmedAt : user.EmailConfirmedAt) is not null;

    /// <summary>A user who is known by this alone, and has not proven it.</summary>
    public User NewUser(DateTimeOffset now, string metadata) =>
        new()
        {
            Id = Guid.NewGuid(),
            Email = IsPhone ? null : Address,
            Phone = IsPhone ? Address : null,
            CreatedAt = now,
            AppMetadata = IsPhone ? Metadata.OfPhone : Metadata.OfEmail,
            UserMetadata = metadata,
        };

    public User Proven(User user, DateTimeOffset now) =>
        IsPhone ? user with { PhoneConfirmedAt = now } : user with { EmailConfirmedAt = now };

    public MailPurpose Signup => IsPhone ? MailPurpose.SmsSignup : MailPurpose.Signup;
}

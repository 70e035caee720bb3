using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>What a message is sent for: its template, the type its link names, the token it carries, the column that notes it.</summary>
internal sealed record MailPurpose(string Template, string LinkType, string TokenType, StoreStatement Sent)
{
    public static readonly MailPurpose Signup = new("confirmation", "signup", OneTime.TokenType.Confirmation, UserSql.ConfirmationSent);
    public static readonly MailPurpose Invite = new("invite", "invite", OneTime.TokenType.Confirmation, UserSql.ConfirmationSent);
    public static readonly MailPurpose MagicLink = new("magic_link", "magiclink", OneTime.TokenType.Recovery, UserSql.RecoverySent);

    /// <summary>A one-time code for an address nobody has proven yet: worded as a confirmation, redeemed as a magic link.</summary>
    public static readonly MailPurpose FirstMagicLink = MagicLink with { Template = "confirmation" };

    public static readonly MailPurpose Recovery = new("recovery", "recovery", OneTime.TokenType.Recovery, UserSql.RecoverySent);
    public static readonly MailPurpose EmailChangeNew = new("email_change", "email_change", OneTime.TokenType.EmailChangeNew, UserSql.EmailChangeSent);
    public static readonly MailPurpose EmailChangeCurrent = EmailChangeNew with { TokenType = OneTime.TokenType.EmailChangeCurrent };
    /// <summary>The template of purposes that go by text message.</summary>
    public const string SmsTemplate = "sms";

    public static readonly MailPurpose SmsSignup = new(SmsTemplate, "sms", OneTime.TokenType.Confirmation, UserSql.ConfirmationSent);
    public static readonly MailPurpose Sms = SmsSignup with { TokenType = OneTime.TokenType.Sms };
    public static readonly MailPurpose PhoneChange = new(SmsTemplate, "phone_change", OneTime.TokenType.PhoneChange, UserSql.PhoneChangeSent);
    public static readonly MailPurpose SmsReauthentication = new(SmsTemplate, "reauthentication", OneTime.TokenType.Reauthentication, UserSql.ReauthenticationSent);

    public bool IsSms => Template == SmsTemplate;

    public static readonly MailPurpose Reauthentication = new("reauthentication", "reauthentication", OneTime.TokenType.Reauthentication, UserSql.ReauthenticationSent);
}

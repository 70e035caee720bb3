namespace Tenon.Server.Auth.Hooks;

/// <summary>The moments an app may have a say in; the text is the key of <c>[auth.hook.NAME]</c>.</summary>
internal static class HookName
{
    public const string BeforeUserCreated = "before_user_created";
    public const string CustomAccessToken = "custom_access_token";
    public const string PasswordVerification = "password_verification_attempt";
    public const string FactorVerification = "mfa_verification_attempt";
    public const string SendEmail = "send_email";
    public const string SendSms = "send_sms";

    public static readonly string[] All = [BeforeUserCreated, CustomAccessToken, PasswordVerification, FactorVerification, SendEmail, SendSms];
}

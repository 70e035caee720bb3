// The settings of sign-in that may be changed while the server runs, and how each is written. A closed list: what decides
// whom the server trusts, where it calls or which keys and databases it has is not in it and stays with the files.
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Auth.Overrides;

/// <summary>One such setting; values are text as TOML and JSON write a boolean, a whole number or a string.</summary>
internal sealed partial record RuntimeSetting(string Path, string Wanted, Func<JsonElement, object?> Parse, Func<AuthOptions, object> Get, Action<AuthOptions, object> Set)
{
    private const int LongestText = 500;
    private const int LargestCount = 1_000_000;

    public static readonly FrozenDictionary<string, RuntimeSetting> All = Catalogue().ToFrozenDictionary(s => s.Path, StringComparer.Ordinal);

    /// <summary>The value of a text; null where it is none of this setting's.</summary>
    public object? Read(string text)
    {
        try
        {
            return text.Length > 2 * LongestText ? null : Parse(JsonElement.Parse(text));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static IEnumerable<RuntimeSetting> Catalogue() =>
        [
            Switch("auth.enable_signup", o => o.EnableSignup, (o, v) => o.EnableSignup = v),
            Switch("auth.enable_anonymous_sign_ins", o => o.EnableAnonymousSignIns, (o, v) => o.EnableAnonymousSignIns = v),
            Switch("auth.enable_manual_linking", o => o.EnableManualLinking, (o, v) => o.EnableManualLinking = v),
            Switch("auth.tell_unknown_addresses", o => o.TellUnknownAddresses, (o, v) => o.TellUnknownAddresses = v),
            Switch("auth.enable_refresh_token_rotation", o => o.EnableRefreshTokenRotation, (o, v) => o.EnableRefreshTokenRotation = v),
            Duration("auth.jwt_expiry", o => o.JwtExpiry, (o, v) => o.JwtExpiry = v),
            Duration("auth.refresh_token_reuse_interval", o => o.RefreshTokenReuseInterval, (o, v) => o.RefreshTokenReuseInterval = v),
            Count("auth.minimum_password_length", o => o.MinimumPasswordLength, (o, v) => o.MinimumPasswordLength = v),
            Count("auth.minimum_password_length_alone", o => o.MinimumPasswordLengthAlone, (o, v) => o.MinimumPasswordLengthAlone = v),
            Text("auth.password_requirements", o => o.PasswordRequirements, (o, v) => o.PasswordRequirements = v),
            Count("auth.rate_limit.email_sent", o => o.RateLimit.EmailSent, (o, v) => o.RateLimit.EmailSent = v),
            Count("auth.rate_limit.sms_sent", o => o.RateLimit.SmsSent, (o, v) => o.RateLimit.SmsSent = v),
            Count("auth.rate_limit.anonymous_users", o => o.RateLimit.AnonymousUsers, (o, v) => o.RateLimit.AnonymousUsers = v),
            Count("auth.rate_limit.token_refresh", o => o.RateLimit.TokenRefresh, (o, v) => o.RateLimit.TokenRefresh = v),
            Count("auth.rate_limit.sign_in_sign_ups", o => o.RateLimit.SignInSignUps, (o, v) => o.RateLimit.SignInSignUps = v),
            Count("auth.rate_limit.token_verifications", o => o.RateLimit.TokenVerifications, (o, v) => o.RateLimit.TokenVerifications = v),
            Duration("auth.sessions.timebox", o => o.Sessions.Timebox, (o, v) => o.Sessions.Timebox = v),
            Duration("auth.sessions.inactivity_timeout", o => o.Sessions.InactivityTimeout, (o, v) => o.Sessions.InactivityTimeout = v),
            Switch("auth.sessions.single_per_user", o => o.Sessions.SinglePerUser, (o, v) => o.Sessions.SinglePerUser = v),
            .. OfEmail(),
            Switch("auth.passkeys.enabled", o => o.Passkeys.Enabled, (o, v) => o.Passkeys.Enabled = v),
            Count("auth.mfa.max_enrolled_factors", o => o.Mfa.MaxEnrolledFactors, (o, v) => o.Mfa.MaxEnrolledFactors = v),
            Switch("auth.mfa.totp.enroll_enabled", o => o.Mfa.TotpEnrollEnabled, (o, v) => o.Mfa.TotpEnrollEnabled = v),
            Switch("auth.mfa.totp.verify_enabled", o => o.Mfa.TotpVerifyEnabled, (o, v) => o.Mfa.TotpVerifyEnabled = v),
            Switch("auth.mfa.phone.enroll_enabled", o => o.Mfa.PhoneEnrollEnabled, (o, v) => o.Mfa.PhoneEnrollEnabled = v),
            Switch("auth.mfa.phone.verify_enabled", o => o.Mfa.PhoneVerifyEnabled, (o, v) => o.Mfa.PhoneVerifyEnabled = v),
            Switch("auth.mfa.web_authn.enroll_enabled", o => o.Mfa.WebAuthnEnrollEnabled, (o, v) => o.Mfa.WebAuthnEnrollEnabled = v),
            Switch("auth.mfa.web_authn.verify_enabled", o => o.Mfa.WebAuthnVerifyEnabled, (o, v) => o.Mfa.WebAuthnVerifyEnabled = v),
            Switch("auth.sms.enable_signup", o => o.Sms.EnableSignup, (o, v) => o.Sms.EnableSignup = v),
            Switch("auth.sms.enable_confirmations", o => o.Sms.EnableConfirmations, (o, v) => o.Sms.EnableConfirmations = v),
            Text("auth.sms.template", o => o.Sms.Template, (o, v) => o.Sms.Template = v),
            Duration("auth.sms.max_frequency", o => o.Sms.MaxFrequency, (o, v) => o.Sms.MaxFrequency = v),
        ];

    private static IEnumerable<RuntimeSetting> OfEmail() =>
        [
            Switch("auth.email.enable_signup", o => o.Email.EnableSignup, (o, v) => o.Email.EnableSignup = v),
            Switch("auth.email.enable_confirmations", o => o.Email.EnableConfirmations, (o, v) => o.Email.EnableConfirmations = v),
            Switch("auth.email.double_confirm_changes", o => o.Email.DoubleConfirmChanges, (o, v) => o.Email.DoubleConfirmChanges = v),
            Switch("auth.email.secure_password_change", o => o.Email.SecurePasswordChange, (o, v) => o.Email.SecurePasswordChange = v),
            Switch("auth.email.require_current_password", o => o.Email.RequireCurrentPassword, (o, v) => o.Email.RequireCurrentPassword = v),
            Count("auth.email.otp.length", o => o.Email.Otp.Length, (o, v) => o.Email.Otp.Length = v),
            Duration("auth.email.otp.expiry", o => o.Email.Otp.Expiry, (o, v) => o.Email.Otp.Expiry = v),
            Duration("auth.email.otp.max_frequency", o => o.Email.Otp.MaxFrequency, (o, v) => o.Email.Otp.MaxFrequency = v),
            .. MailTemplates.Names.Select(name =>
                Text($"auth.email.template.{name}.subject", o => o.Email.Templates[name].Subject, (o, v) => o.Email.Templates[name].Subject = v)
            ),
        ];

    private static RuntimeSetting Switch(string path, Func<AuthOptions, bool> get, Action<AuthOptions, bool> set) =>
        new(path, "true or false", json => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : null, o => get(o), (o, v) => set(o, (bool)v));

    private static RuntimeSetting Count(string path, Func<AuthOptions, int> get, Action<AuthOptions, int> set) =>
        new(path, "a whole number", json => json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out int n) && n is >= 0 and <= LargestCount ? n : null, o => get(o), (o, v) => set(o, (int)v));

    private static RuntimeSetting Duration(string path, Func<AuthOptions, TimeSpan> get, Action<AuthOptions, TimeSpan> set) =>
        new(path, "a duration such as \"30s\"", json => Span(json) is { } span ? span : null, o => get(o), (o, v) => set(o, (TimeSpan)v));

    private static RuntimeSetting Text(string path, Func<AuthOptions, string> get, Action<AuthOptions, string> set) =>
        new(path, "one line of text without references to variables", json => json.GetString() is { } text && IsPlain(text) ? text : null, o => get(o), (o, v) => set(o, (string)v));

    // A reference would name a variable of this machine, and its value would show in what is sent.
    private static bool IsPlain(string text) =>
        text.Length <= LongestText && !text.Any(char.IsControl) && !text.Contains("${", StringComparison.Ordinal) && !text.StartsWith("env(", StringComparison.Ordinal);

    private static TimeSpan? Span(JsonElement json)
    {
        Match match = NumberAndUnit().Match(json.ValueKind == JsonValueKind.Number ? json.GetRawText() : json.GetString()!);
        double? factor = match.Groups[2].Value switch { "ms" => 0.001, "" or "s" => 1, "m" => 60, "h" => 3600, "d" => 86400, _ => null };
        return match.Success && factor is { } f ? TimeSpan.FromSeconds(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * f) : null;
    }

    [GeneratedRegex(@"\A([0-9]{1,9}(?:\.[0-9]{1,3})?)\s?([a-z]{0,2})\z")]
    private static partial Regex NumberAndUnit();
}

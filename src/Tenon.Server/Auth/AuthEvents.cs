using Microsoft.Extensions.Logging;

namespace Tenon.Server.Auth;

/// <summary>Everything sign-in logs. Ids only: no address, password or token is ever an argument.</summary>
internal static partial class AuthEvents
{
    [LoggerMessage(4001, LogLevel.Error, "auth: {Method} {Target} failed, request {RequestId}")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string target, string requestId);

    [LoggerMessage(4002, LogLevel.Warning, "auth: refresh token of session {Session} was used again, the session was ended")]
    public static partial void RefreshTokenReused(ILogger logger, Guid session);

    [LoggerMessage(4003, LogLevel.Information, "auth: signing key rotated, {KeyId} signs now")]
    public static partial void SigningKeyRotated(ILogger logger, string keyId);

    [LoggerMessage(4004, LogLevel.Error, "auth: maintenance failed, it will be tried again")]
    public static partial void MaintenanceFailed(ILogger logger, Exception exception);

    [LoggerMessage(4005, LogLevel.Error, "auth: the outbox could not be read or written, it will be tried again")]
    public static partial void OutboxFailed(ILogger logger, Exception exception);

    [LoggerMessage(4006, LogLevel.Warning, "auth: message {Message} was not sent at attempt {Attempt} ({Reason}), it will be tried again")]
    public static partial void MessageDelayed(ILogger logger, Guid message, int attempt, string reason);

    [LoggerMessage(4008, LogLevel.Warning, "auth: the last use of key {Key} could not be noted, the request went on")]
    public static partial void KeyUseNotNoted(ILogger logger, Exception exception, Guid key);

    [LoggerMessage(4007, LogLevel.Error, "auth: message {Message} was given up after attempt {Attempt} ({Reason})")]
    public static partial void MessageFailed(ILogger logger, Guid message, int attempt, string reason);

    [LoggerMessage(4030, LogLevel.Information, "auth: a WebAuthn answer was refused: {Reason}")]
    public static partial void WebAuthnRefused(ILogger logger, string reason);

    [LoggerMessage(4031, LogLevel.Warning, "auth: the counter of credential {Credential} has not grown, there may be a copy of its key")]
    public static partial void CounterRefused(ILogger logger, Guid credential);

    [LoggerMessage(4020, LogLevel.Warning, "auth: the issuer of provider {Provider} could not be asked or gave no usable answer")]
    public static partial void IssuerFailed(ILogger logger, Exception exception, string provider);

    [LoggerMessage(4009, LogLevel.Error, "auth: the host's code for the hook {Hook} failed")]
    public static partial void HookFailed(ILogger logger, Exception exception, string hook);

    [LoggerMessage(4050, LogLevel.Warning, "auth: {Provider} could not be asked whether a puzzle was solved, or gave no usable answer; the request was refused")]
    public static partial void CaptchaUnreachable(ILogger logger, Exception exception, string provider);

    [LoggerMessage(4010, LogLevel.Warning, "auth: keys could not be read anew, those known stay in force; it is tried again every few seconds")]
    public static partial void KeysNotRead(ILogger logger, Exception exception);

    [LoggerMessage(4060, LogLevel.Error, "auth: settings kept in the database cannot hold here, those known stay in force: {Why}")]
    public static partial void OverridesNotTaken(ILogger logger, string why);
}

using System.Security.Cryptography;
using System.Text.RegularExpressions;
using OtpNet;
using QRCoder;

namespace Tenon.Server.Auth.Mfa;

/// <summary>The shared secret of an authenticator app (RFC 6238): six digits, 30-second steps, SHA-1 as every app has it.</summary>
internal static partial class TotpSecret
{
    private const int SecretBytes = 20;

    /// <summary>The current step and the one before it (RFC 6238 §5.2); a clock ahead of ours is not forgiven.</summary>
    private static readonly VerificationWindow Window = new(previous: 1, future: 0);

    public static byte[] New() => RandomNumberGenerator.GetBytes(SecretBytes);

    public static string Base32(byte[] secret) => Base32Encoding.ToString(secret).TrimEnd('=');

    public static string Uri(byte[] secret, string issuer, string account) =>
        new OtpUri(OtpType.Totp, Base32(secret), account, issuer).ToString();

    /// <summary>An SVG without '#': clients put it into a data address as it is.</summary>
    public static string QrCode(string uri)
    {
        using QRCodeData data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(data);
        return svg.GetGraphic(4, "black", "white").ReplaceLineEndings("");
    }

    /// <summary>The step that this code belongs to; null when it belongs to none that is still good.</summary>
    public static long? Step(byte[] secret, string code, DateTimeOffset now) =>
        SixDigits().IsMatch(code) && new Totp(secret).VerifyTotp(now.UtcDateTime, code, out long step, Window) ? step : null;

    [GeneratedRegex("^[0-9]{6}\\z")]
    private static partial Regex SixDigits();
}

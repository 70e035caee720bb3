using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.SignIn;

/// <summary>Telephone numbers as GoTrue keeps them: E.164 digits without the plus.</summary>
internal static partial class PhoneNumber
{
    public static string Require(string text) =>
        Normalise(text) ?? throw AuthErrors.ValidationFailed("Invalid phone number format (E.164 required)").ToException();

    public static string? Normalise(string text)
    {
        string digits = text.Replace(" ", "", StringComparison.Ordinal);
        digits = digits.StartsWith('+') ? digits[1..] : digits;
        return Shape().IsMatch(digits) ? digits : null;
    }

    [GeneratedRegex(@"\A[1-9][0-9]{1,14}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}

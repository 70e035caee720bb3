using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.SignIn;

/// <summary>E-mail addresses as the store keeps them: trimmed and in lower case, so that one mailbox is one user.</summary>
internal static partial class EmailAddress
{
    private const int Longest = 254;
    private const int LongestLocalPart = 64;

    /// <summary>The normal form, or a refusal.</summary>
    public static string Require(string text) =>
        Normalise(text) ?? throw AuthErrors.ValidationFailed("Unable to validate email address: invalid format").ToException();

    public static string? Normalise(string text)
    {
        string address = text.Trim().ToLowerInvariant();
        return address.Length <= Longest && address.IndexOf('@') is > 0 and <= LongestLocalPart && Shape().IsMatch(address)
            ? address
            : null;
    }

    // The form that HTML's input type=email accepts: what browsers let through arrives.
    [GeneratedRegex(
        @"\A[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Shape();
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.OneTime;

/// <summary>The challenge of a PKCE flow (RFC 7636), as a request that starts one sends it.</summary>
internal sealed partial record CodeChallenge(string Text, string Method)
{
    public const string S256 = "s256";
    public const string Plain = "plain";

    /// <summary>From code_challenge and code_challenge_method; null where neither is sent (the implicit flow).</summary>
    public static CodeChallenge? Read(AuthBody body) => Read(body.Text("code_challenge"), body.Text("code_challenge_method"));

    public static CodeChallenge? Read(string? challenge, string? method)
    {
        if (string.IsNullOrEmpty(challenge) && string.IsNullOrEmpty(method))
        {
            return null;
        }
        if (string.IsNullOrEmpty(challenge) || string.IsNullOrEmpty(method))
        {
            throw AuthErrors.ValidationFailed("PKCE flow requires code_challenge_method and code_challenge").ToException();
        }
        string known = method.ToLowerInvariant() switch
        {
            S256 => S256,
            Plain => Plain,
            _ => throw AuthErrors.ValidationFailed("Invalid code challenge method: s256 and plain are known").ToException(),
        };
        return Shape().IsMatch(challenge)
            ? new CodeChallenge(challenge, known)
            : throw AuthErrors
                .ValidationFailed("code challenge has to be between 43 and 128 characters of A-Z a-z 0-9 - . _ ~")
                .ToException();
    }

    public bool IsMetBy(string verifier)
    {
        if (!Shape().IsMatch(verifier))
        {
            return false;
        }
        string made = Method == S256 ? Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))) : verifier;
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(made), Encoding.ASCII.GetBytes(Text));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._~-]{43,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}

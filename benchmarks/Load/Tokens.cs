using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Benchmarks;

/// <summary>HS256 tokens and keys, signed here so that both sides get the same ones.</summary>
internal static class Tokens
{
    public const string Secret = "a-secret-for-benchmarks-only-0123456789abcdef0123456789";

    private const long IssuedAt = 1_700_000_000;
    private const long Expires = 4_000_000_000;

    public static string Anon { get; } = Key("anon");

    public static string Service { get; } = Key("service_role");

    public static string Of(Guid user, string role = "authenticated") => Sign(
        $$"""
        {"iss":"http://127.0.0.1/auth/v1","sub":"{{user}}","aud":"authenticated","exp":{{Expires}},"iat":{{IssuedAt}},"email":"{{user}}@example.test","phone":"","app_metadata":{"provider":"email","providers":["email"]},"user_metadata":{"name":"Bench"},"role":"{{role}}","aal":"aal1","amr":[{"method":"password","timestamp":{{IssuedAt}}}],"is_anonymous":false}
        """);

    private static string Key(string role) =>
        Sign($$"""{"iss":"tenon","role":"{{role}}","iat":{{IssuedAt}},"exp":{{Expires}}}""");

    private static string Sign(string payload)
    {
        var text = Encode("""{"alg":"HS256","typ":"JWT"}""") + "." + Encode(payload);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return text + "." + Base64Url.EncodeToString(signature);
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// GET /admin/proof?nonce=…: a server shows that it holds the app's encryption key before a command sends it the secret key.
/// Whoever else listens on that port cannot. The key of the proof serves nothing else, so answering strangers gives nothing away.
/// </summary>
internal sealed class AdminProof(Keys keys)
{
    private const int ShortestNonce = 16;
    private const int LongestNonce = 64;
    private readonly byte[] key = keys.Derive("administration proof");

    public static string Of(byte[] key, string nonce) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(nonce)));

    /// <summary>Is this the proof for the nonce, by the keys at hand?</summary>
    public static bool IsRight(Keys keys, string nonce, string proof) =>
        CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Of(keys.Derive("administration proof"), nonce)),
            Encoding.ASCII.GetBytes(proof)
        );

    public Task HandleAsync(HttpContext context)
    {
        string nonce = context.Request.Query["nonce"].ToString();
        if (nonce.Length is < ShortestNonce or > LongestNonce || !nonce.All(char.IsAscii))
        {
            throw AuthErrors.ValidationFailed($"\"nonce\" must be {ShortestNonce} to {LongestNonce} ASCII characters").ToException();
        }
        return AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("proof", Of(key, nonce));
                writer.WriteEndObject();
            }
        );
    }
}

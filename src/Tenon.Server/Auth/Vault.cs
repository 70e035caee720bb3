using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Server.Auth;

/// <summary>
/// Seals secrets that must lie in the database (AES-256-GCM, key derived from the encryption key). The label binds a
/// sealed text to its row, so that it cannot be moved to another.
/// </summary>
internal sealed class Vault(Keys keys)
{
    private const string Version = "v1.";
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly byte[] key = keys.Derive("vault");

    public string Seal(ReadOnlySpan<byte> secret, string label)
    {
        byte[] box = new byte[NonceSize + secret.Length + TagSize];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(
            box.AsSpan(0, NonceSize),
            secret,
            box.AsSpan(NonceSize, secret.Length),
            box.AsSpan(NonceSize + secret.Length),
            Encoding.UTF8.GetBytes(label)
        );
        return Version + Base64Url.EncodeToString(box);
    }

    public byte[] Open(string text, string label)
    {
        if (!text.StartsWith(Version, StringComparison.Ordinal))
        {
            throw new CryptographicException($"sealed text of an unknown version ({label})");
        }
        byte[] box = Base64Url.DecodeFromChars(text.AsSpan(Version.Length));
        byte[] secret = new byte[box.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(
            box.AsSpan(0, NonceSize),
            box.AsSpan(NonceSize, secret.Length),
            box.AsSpan(NonceSize + secret.Length),
            secret,
            Encoding.UTF8.GetBytes(label)
        );
        return secret;
    }
}

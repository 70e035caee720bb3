using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>What a test changes of an honest answer; each member is one lie.</summary>
internal sealed record Lie
{
    public string? Origin { get; init; }
    public string? RpId { get; init; }
    public string? Type { get; init; }
    public byte[]? Challenge { get; init; }
    public bool CrossOrigin { get; init; }
    public bool NotPresent { get; init; }
    public bool NotVerified { get; init; }
    public bool BackedUpOnly { get; init; }
    public bool NowBackupEligible { get; init; }
    public string? CredentialType { get; init; }
    public string? UserHandle { get; init; }
    public bool NoUserHandle { get; init; }
    public byte[]? CredentialId { get; init; }
    public bool TamperedSignature { get; init; }
    public bool TamperedClientData { get; init; }
    public bool TamperedAuthenticatorData { get; init; }
    public bool NoKey { get; init; }
    public int Algorithm { get; init; } = -7;
    public uint? Count { get; init; }
}

/// <summary>
/// A browser with one key (ES256) in software: answers creation and request options as navigator.credentials does, in the
/// JSON forms of WebAuthn Level 3, honestly or with a lie.
/// </summary>
internal sealed class SoftAuthenticator(string origin = SoftAuthenticator.Origin) : IDisposable
{
    public const string Origin = "http://localhost:54321";
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Id { get; private set; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>The user handle, as text.</summary>
    public string Owner { get; set; } = "";

    /// <summary>0: an authenticator without a counter.</summary>
    public uint Counter { get; set; } = 1;

    public void Dispose() => key.Dispose();

    /// <summary>The answer to PublicKeyCredentialCreationOptionsJSON.</summary>
    public string Create(JsonElement options, Lie? lie = null)
    {
        lie ??= new Lie();
        Owner = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(options.GetProperty("user").Text("id")));
        byte[] client = ClientData("webauthn.create", options, lie);
        byte[] data = AuthenticatorData(options.GetProperty("rp").Text("id"), lie, withKey: !lie.NoKey);
        byte[] attestation = [0xA3, .. Text("fmt"), .. Text("none"), .. Text("attStmt"), 0xA0, .. Text("authData"), .. Bytes(data)];
        return JsonSerializer.Serialize(
            new
            {
                id = Base64Url.EncodeToString(lie.CredentialId ?? Id),
                rawId = Base64Url.EncodeToString(lie.CredentialId ?? Id),
                type = lie.CredentialType ?? "public-key",
                clientExtensionResults = new { },
                response = new
                {
                    clientDataJSON = Base64Url.EncodeToString(client),
                    attestationObject = Base64Url.EncodeToString(attestation),
                    authenticatorData = Base64Url.EncodeToString(data),
                    transports = (string[])["internal"],
                },
            }
        );
    }

    /// <summary>The answer to PublicKeyCredentialRequestOptionsJSON.</summary>
    public string Get(JsonElement options, Lie? lie = null)
    {
        lie ??= new Lie();
        byte[] client = ClientData("webauthn.get", options, lie);
        Counter += lie.Count is null && Counter > 0 ? 1u : 0u;
        byte[] data = AuthenticatorData(options.Text("rpId"), lie, withKey: false);
        byte[] signature = key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Flip(signature, lie.TamperedSignature);
        if (lie.TamperedClientData)
        {
            client = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(client).Replace("}", ",\"extra\":1}", StringComparison.Ordinal));
        }
        if (lie.TamperedAuthenticatorData)
        {
            // The counter, the last four bytes: what is said still reads well.
            data[^1] ^= 0x40;
        }
        return JsonSerializer.Serialize(
            new
            {
                id = Base64Url.EncodeToString(lie.CredentialId ?? Id),
                rawId = Base64Url.EncodeToString(lie.CredentialId ?? Id),
                type = lie.CredentialType ?? "public-key",
                clientExtensionResults = new { },
                response = new
                {
                    clientDataJSON = Base64Url.EncodeToString(client),
                    authenticatorData = Base64Url.EncodeToString(data),
                    signature = Base64Url.EncodeToString(signature),
                    userHandle = lie.NoUserHandle ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(lie.UserHandle ?? Owner)),
                },
            }
        );
    }

    private byte[] ClientData(string type, JsonElement options, Lie lie) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = lie.Type ?? type,
                challenge = lie.Challenge is { } other ? Base64Url.EncodeToString(other) : options.Text("challenge"),
                origin = lie.Origin ?? origin,
                crossOrigin = lie.CrossOrigin,
            }
        );

    private byte[] AuthenticatorData(string rpId, Lie lie, bool withKey)
    {
        int flags = (lie.NotPresent ? 0 : 0x01) | (lie.NotVerified ? 0 : 0x04) | (lie.NowBackupEligible ? 0x08 : 0) | (lie.BackedUpOnly ? 0x10 : 0) | (withKey ? 0x40 : 0);
        byte[] count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, lie.Count ?? Counter);
        byte[] head = [.. SHA256.HashData(Encoding.UTF8.GetBytes(lie.RpId ?? rpId)), (byte)flags, .. count];
        if (!withKey)
        {
            return head;
        }
        return [.. head, .. new byte[16], (byte)(Id.Length >> 8), (byte)Id.Length, .. Id, .. PublicKey(lie.Algorithm)];
    }

    // A COSE_Key (RFC 9053 §7.1): {1: 2, 3: alg, -1: 1, -2: x, -3: y}.
    private byte[] PublicKey(int algorithm)
    {
        ECPoint point = key.ExportParameters(false).Q;
        return [0xA5, 0x01, 0x02, 0x03, (byte)(0x20 + (-1 - algorithm)), 0x20, 0x01, 0x21, .. Bytes(point.X!), 0x22, .. Bytes(point.Y!)];
    }

    private static byte[] Text(string text) => [(byte)(0x60 + text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Bytes(byte[] bytes) =>
        bytes.Length < 256 ? [0x58, (byte)bytes.Length, .. bytes] : [0x59, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    private static void Flip(byte[] bytes, bool wanted) => bytes[^1] ^= (byte)(wanted ? 1 : 0);
}

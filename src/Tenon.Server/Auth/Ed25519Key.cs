using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth;

/// <summary>
/// Ed25519 (RFC 8032) for the token handler, which has no such algorithm of its own: .NET has none, libsodium does the
/// arithmetic. Its verification refuses points of small order and signatures that are not canonical.
/// </summary>
internal sealed class Ed25519Key : AsymmetricSecurityKey
{
    public const int SeedSize = 32;

    private readonly byte[] secret;

    public Ed25519Key(byte[] seed, string id)
    {
        (PublicKey, secret) = Sodium.Ed25519(seed);
        KeyId = id;
        CryptoProviderFactory = new CryptoProviderFactory { CustomCryptoProvider = new Algorithm(this), CacheSignatureProviders = false };
    }

    public byte[] PublicKey { get; }

    public override int KeySize => 256;

    [Obsolete("The base class has it so.")]
    public override bool HasPrivateKey => true;

    public override PrivateKeyStatus PrivateKeyStatus => PrivateKeyStatus.Exists;

    public byte[] Sign(ReadOnlySpan<byte> message) => Sodium.Sign(message, secret);

    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Sodium.Verify(message, signature, PublicKey);

    private sealed class Algorithm(Ed25519Key own) : ICryptoProvider
    {
        public bool IsSupportedAlgorithm(string algorithm, params object[] args) =>
            algorithm == SigningAlgorithm.EdDsa && args is [Ed25519Key, ..];

        public object Create(string algorithm, params object[] args) => new Signatures(own);

        public void Release(object cryptoInstance)
        {
            // Nothing is held.
        }
    }

    private sealed class Signatures(Ed25519Key own) : SignatureProvider(own, SigningAlgorithm.EdDsa)
    {
        public override byte[] Sign(byte[] input) => own.Sign(input);

        public override bool Sign(ReadOnlySpan<byte> data, Span<byte> destination, out int bytesWritten)
        {
            byte[] signature = own.Sign(data);
            bytesWritten = signature.AsSpan().TryCopyTo(destination) ? signature.Length : 0;
            return bytesWritten > 0;
        }

        public override bool Verify(byte[] input, byte[] signature) => own.Verify(input, signature);

        public override bool Verify(byte[] input, int inputOffset, int inputLength, byte[] signature, int signatureOffset, int signatureLength) =>
            own.Verify(input.AsSpan(inputOffset, inputLength), signature.AsSpan(signatureOffset, signatureLength));

        protected override void Dispose(bool disposing)
        {
            // Nothing is held.
        }
    }
}

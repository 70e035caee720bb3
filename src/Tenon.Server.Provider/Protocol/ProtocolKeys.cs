using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// What tokens are sealed with. What clients and other systems read (access and identity tokens) is signed with the server's
/// rotating keys, which are in its JWKS. What only this server reads again (codes, refresh tokens, device codes, pushed
/// requests) outlives those keys, so it is signed and encrypted with keys derived from the server's encryption key.
/// </summary>
internal sealed class ProtocolKeys(Auth.Keys keys, SigningKeys signing) : IDisposable
{
    private readonly ECDsa placeholder = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly SymmetricSecurityKey own = new(keys.Derive("oauth token signing")) { KeyId = "own" };

    public EncryptingCredentials Encryption { get; } =
        new(new SymmetricSecurityKey(keys.Derive("oauth token encryption")) { KeyId = "own" }, SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512);

    /// <summary>For what only this server reads.</summary>
    public SigningCredentials Own => new(own, SecurityAlgorithms.HmacSha256);

    /// <summary>For what others read.</summary>
    public SigningCredentials Published => new(signing.Current.Key, signing.Current.Algorithm);

    /// <summary>Everything a token shown to this server may be signed with.</summary>
    public IEnumerable<SecurityKey> Accepted => [.. signing.All.Where(key => signing.Find(key.Id) is not null).Select(key => key.Key), own];

    /// <summary>OpenIddict does not start without an asymmetric key in its options; this one signs nothing and verifies nothing.</summary>
    public SigningCredentials Placeholder => new(new ECDsaSecurityKey(placeholder) { KeyId = "placeholder" }, SecurityAlgorithms.EcdsaSha256);

    public void Dispose() => placeholder.Dispose();
}

using System.Buffers.Text;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>One ES256 key of this server. Standby keys are published and verify, but do not sign yet.</summary>
internal sealed record SigningKey(string Id, string Status, ECDsaSecurityKey Key, string PublicJwk, DateTimeOffset CreatedAt, DateTimeOffset? ActivatedAt, DateTimeOffset? VerifyUntil);

/// <summary>
/// The keys that sign access tokens, kept in the store. There is always one standby: it is in the JWKS long before it signs,
/// so that verifiers with a cached JWKS never meet an unknown key; the previous key verifies until its last token expired.
/// </summary>
internal sealed class SigningKeys(StoreDatabase store, Vault vault, AuthOptions options, TokenCache tokens, TimeProvider clock)
{
    private sealed record Ring(ImmutableArray<SigningKey> Keys, SigningKey Current, FrozenDictionary<string, SigningKey> ById, byte[] Jwks);

    private volatile Ring? ring;

    public SigningKey Current => Loaded.Current;

    public ImmutableArray<SigningKey> All => Loaded.Keys;

    /// <summary>The body of /.well-known/jwks.json: public halves only.</summary>
    public byte[] Jwks => Loaded.Jwks;

    private Ring Loaded => ring ?? throw new InvalidOperationException("the signing keys were not loaded at start");

    /// <summary>The key of that id, unless its time to verify is over.</summary>
    public SigningKey? Find(string id) =>
        Loaded.ById.TryGetValue(id, out SigningKey? key) && (key.VerifyUntil is not { } end || end > clock.GetUtcNow()) ? key : null;

    /// <summary>Reads the keys; the first server on a database makes them.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(KeySql.List, default, cancellation);
        if (!rows.Any(row => row[1].Text == "current"))
        {
            DateTimeOffset now = clock.GetUtcNow();
            (SigningKey Key, string Sealed) current = Create("current", now, now);
            (SigningKey Key, string Sealed) standby = Create("standby", now, null);
            try
            {
                await store.WriteAsync(
                    unit => Insert(unit, current) && Insert(unit, standby),
                    cancellation
                );
            }
            catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
            {
                // Another node was first; its keys are read below.
            }
            rows = await store.QueryAsync(KeySql.List, default, cancellation);
        }
        Adopt(rows);
    }

    /// <summary>The standby becomes current, the current one verifies on until its tokens are gone, a new standby is published.</summary>
    public async Task RotateAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = clock.GetUtcNow();
        (SigningKey Key, string Sealed) next = Create("standby", now, null);
        Datum verifyUntil = StoreValues.Of(now + options.JwtExpiry + TokenVerifier.Skew);
        string current = Current.Id;
        bool rotated = await store.WriteAsync(
            unit =>
            {
                // Conditional, so that two nodes that rotate at once rotate once.
                if (unit.Execute(KeySql.Retire, Datum.Of(current), verifyUntil).Count == 0)
                {
                    return false;
                }
                if (unit.Execute(KeySql.Promote, StoreValues.Of(now)).Count != 1)
                {
                    throw new InvalidOperationException("auth.signing_keys must hold exactly one standby key");
                }
                unit.Execute(KeySql.DeleteExpired, StoreValues.Of(now));
                return Insert(unit, next);
            },
            cancellation
        );
        Adopt(await store.QueryAsync(KeySql.List, default, cancellation));
        if (rotated)
        {
            tokens.Clear();
        }
    }

    /// <summary>Rotates when the current key's time has come.</summary>
    public async Task<bool> RotateIfDueAsync(CancellationToken cancellation)
    {
        Adopt(await store.QueryAsync(KeySql.List, default, cancellation));
        bool due =
            options.SigningKeyRotation > TimeSpan.Zero
            && (Current.ActivatedAt ?? Current.CreatedAt) + options.SigningKeyRotation <= clock.GetUtcNow();
        if (due)
        {
            await RotateAsync(cancellation);
        }
        return due;
    }

    private (SigningKey Key, string Sealed) Create(string status, DateTimeOffset now, DateTimeOffset? activated)
    {
        var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string id = Guid.CreateVersion7(now).ToString("D");
        ECParameters point = ec.ExportParameters(false);
        string jwk =
            $$"""{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","key_ops":["verify"],"kid":"{{id}}","x":"{{Base64Url.EncodeToString(point.Q.X)}}","y":"{{Base64Url.EncodeToString(point.Q.Y)}}"}""";
        var key = new SigningKey(id, status, new ECDsaSecurityKey(ec) { KeyId = id }, jwk, now, activated, null);
        return (key, vault.Seal(ec.ExportPkcs8PrivateKey(), id));
    }

    private static bool Insert(IStoreTransaction unit, (SigningKey Key, string Sealed) made)
    {
        SigningKey key = made.Key;
        unit.Execute(
            KeySql.Insert,
            Datum.Of(key.Id),
            Datum.Of("ES256"),
            Datum.Of(key.Status),
            Datum.Of(key.PublicJwk),
            Datum.Of(made.Sealed),
            StoreValues.Of(key.CreatedAt),
            StoreValues.Of(key.ActivatedAt)
        );
        return true;
    }

    private void Adopt(List<Datum[]> rows)
    {
        Ring? known = ring;
        ImmutableArray<SigningKey> keys = [.. rows.Select(row => Read(row, known))];
        SigningKey current =
            keys.FirstOrDefault(key => key.Status == "current")
            ?? throw new InvalidOperationException("auth.signing_keys holds no current key");
        ring = new Ring(keys, current, keys.ToFrozenDictionary(key => key.Id), JwksOf(keys));
    }

    private SigningKey Read(Datum[] row, Ring? known)
    {
        string id = row[0].Text;
        ECDsaSecurityKey key;
        if (known is not null && known.ById.TryGetValue(id, out SigningKey? same))
        {
            key = same.Key;
        }
        else
        {
            var ec = ECDsa.Create();
            ec.ImportPkcs8PrivateKey(vault.Open(row[3].Text, id), out _);
            key = new ECDsaSecurityKey(ec) { KeyId = id };
        }
        return new SigningKey(id, row[1].Text, key, row[2].Text, row[4].Time()!.Value, row[5].Time(), row[6].Time());
    }

    private byte[] JwksOf(ImmutableArray<SigningKey> keys)
    {
        DateTimeOffset now = clock.GetUtcNow();
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (SigningKey key in keys.Where(key => key.VerifyUntil is not { } end || end > now))
            {
                writer.WriteRawValue(Encoding.UTF8.GetBytes(key.PublicJwk));
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}

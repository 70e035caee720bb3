using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>One key of this server. Standby keys are published and verify, but do not sign yet.</summary>
internal sealed record SigningKey(
    string Id,
    string Algorithm,
    string Status,
    SecurityKey Key,
    string PublicJwk,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ActivatedAt,
    DateTimeOffset? VerifyUntil
);

/// <summary>
/// The keys that sign access tokens, kept in the store or in the file of [auth] signing_keys_path. In the store there is
/// always one standby: it is in the JWKS long before it signs, so that verifiers with a cached JWKS never meet an unknown
/// key; the previous key verifies until its last token expired.
/// </summary>
internal sealed class SigningKeys(StoreDatabase store, Vault vault, AuthOptions options, TokenCache tokens, TimeProvider clock)
{
    /// <summary>How long others may keep the JWKS: a key of a new algorithm signs no sooner than this after it was published.</summary>
    public static readonly TimeSpan JwksLife = TimeSpan.FromMinutes(10);

    private sealed record Ring(ImmutableArray<SigningKey> Keys, SigningKey Current, SigningKey? Standby, FrozenDictionary<string, SigningKey> ById, byte[] Jwks);

    private sealed record Made(SigningKey Key, string Sealed);

    private volatile Ring? ring;

    public SigningKey Current => Loaded.Current;

    public ImmutableArray<SigningKey> All => Loaded.Keys;

    /// <summary>The body of /.well-known/jwks.json: public halves only.</summary>
    public byte[] Jwks => Loaded.Jwks;

    private Ring Loaded => ring ?? throw new InvalidOperationException("the signing keys were not loaded at start");

    /// <summary>The key of that id, unless its time to verify is over. Where sign-in is switched off there are no keys.</summary>
    public SigningKey? Find(string id) =>
        ring is { } known && known.ById.TryGetValue(id, out SigningKey? key) && (key.VerifyUntil is not { } end || end > clock.GetUtcNow()) ? key : null;

    /// <summary>The keys are a file of the operator's: this server reads them and changes none.</summary>
    public bool FromFile => options.SigningKeysPath.Length > 0;

    /// <summary>Reads the keys; the first server on a database makes them.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (FromFile)
        {
            Adopt(SigningKeyFile.Read(options, clock.GetUtcNow()));
            return;
        }
        List<Datum[]> rows = await store.QueryAsync(KeySql.List, default, cancellation);
        if (!rows.Any(row => row[1].Text == "current"))
        {
            DateTimeOffset now = clock.GetUtcNow();
            Made current = Create(SigningAlgorithm.Es256, "current", now, now);
            Made standby = Create(SigningAlgorithm.Es256, "standby", now, null);
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

    /// <summary>Takes over what another server changed; a key that verifies no more must not be believed from memory.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        if (FromFile || ring is not { } before)
        {
            return;
        }
        Adopt(await store.QueryAsync(KeySql.List, default, cancellation));
        if (!before.Keys.Select(key => (key.Id, key.Status)).SequenceEqual(Loaded.Keys.Select(key => (key.Id, key.Status))))
        {
            tokens.Clear();
        }
    }

    /// <summary>
    /// The standby becomes current, the current one verifies on until its tokens are gone, a new standby is published. Where
    /// another algorithm is asked for than the standby has, a key of that algorithm takes the standby's place and signs once
    /// it was published for <see cref="JwksLife"/> (<see cref="RotateIfDueAsync"/>, or the next call), or at once.
    /// </summary>
    public async Task RotateAsync(CancellationToken cancellation, string? algorithm = null, bool atOnce = false)
    {
        if (FromFile)
        {
            throw AuthErrors.SigningKeysInFile.ToException();
        }
        DateTimeOffset now = clock.GetUtcNow();
        string current = Current.Id;
        string target = algorithm ?? Loaded.Standby?.Algorithm ?? Current.Algorithm;
        Made? staged = Loaded.Standby is { } standby && standby.Algorithm != target ? Create(target, "standby", now, null) : null;
        string? replaced = staged is null ? null : Loaded.Standby!.Id;
        Made? next = staged is null || atOnce ? Create(target, "standby", now, null) : null;
        bool rotated = await store.WriteAsync(
            unit => (staged is null || Replace(unit, replaced!, staged)) && (next is null || Promote(unit, current, next, now)),
            cancellation
        );
        Adopt(await store.QueryAsync(KeySql.List, default, cancellation));
        if (rotated && next is not null)
        {
            tokens.Clear();
        }
    }

    // Conditional, as the next: two nodes that rotate at once rotate once.
    private static bool Replace(IStoreTransaction unit, string standby, Made staged) =>
        unit.Execute(KeySql.DeleteStandby, Datum.Of(standby)).Count == 1 && Insert(unit, staged);

    private bool Promote(IStoreTransaction unit, string current, Made next, DateTimeOffset now)
    {
        Datum verifyUntil = StoreValues.Of(now + options.JwtExpiry + TokenVerifier.Skew);
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
    }

    /// <summary>Rotates when the current key's time has come, or that of a standby of another algorithm.</summary>
    public async Task<bool> RotateIfDueAsync(CancellationToken cancellation)
    {
        if (FromFile)
        {
            return false;
        }
        Adopt(await store.QueryAsync(KeySql.List, default, cancellation));
        DateTimeOffset now = clock.GetUtcNow();
        bool due =
            (options.SigningKeyRotation > TimeSpan.Zero && (Current.ActivatedAt ?? Current.CreatedAt) + options.SigningKeyRotation <= now)
            || (Loaded.Standby is { } standby && standby.Algorithm != Current.Algorithm && standby.CreatedAt + JwksLife <= now);
        if (due)
        {
            await RotateAsync(cancellation);
        }
        return due;
    }

    private Made Create(string algorithm, string status, DateTimeOffset now, DateTimeOffset? activated)
    {
        string id = Guid.CreateVersion7(now).ToString("D");
        KeyMaterial made = SigningAlgorithm.Create(algorithm, id);
        return new Made(new SigningKey(id, algorithm, status, made.Key, made.PublicJwk, now, activated, null), vault.Seal(made.Secret, id));
    }

    private static bool Insert(IStoreTransaction unit, Made made)
    {
        SigningKey key = made.Key;
        unit.Execute(
            KeySql.Insert,
            Datum.Of(key.Id),
            Datum.Of(key.Algorithm),
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
        Adopt([.. rows.Select(row => Read(row, known))]);
    }

    private void Adopt(ImmutableArray<SigningKey> keys)
    {
        SigningKey current =
            keys.FirstOrDefault(key => key.Status == "current")
            ?? throw new InvalidOperationException("auth.signing_keys holds no current key");
        SigningKey? standby = keys.FirstOrDefault(key => key.Status == "standby");
        ring = new Ring(keys, current, standby, keys.ToFrozenDictionary(key => key.Id), JwksOf(keys));
    }

    private SigningKey Read(Datum[] row, Ring? known)
    {
        string id = row[0].Text;
        string algorithm = row[7].Text;
        SecurityKey key =
            known is not null && known.ById.TryGetValue(id, out SigningKey? same) && same.Algorithm == algorithm
                ? same.Key
                : SigningAlgorithm.Open(algorithm, vault.Open(row[3].Text, id), id).Key;
        return new SigningKey(id, algorithm, row[1].Text, key, row[2].Text, row[4].Time()!.Value, row[5].Time(), row[6].Time());
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

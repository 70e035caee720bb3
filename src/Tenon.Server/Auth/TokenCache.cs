using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Server.Auth;

/// <summary>SHA-256 of a credential: what the server keeps and compares instead of the credential itself.</summary>
internal readonly record struct TokenHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Longest credential that is looked at, in characters.</summary>
    public const int LongestCredential = 20 * 1024;

    /// <summary>Hashes without allocating; false when the text is too long or not ASCII.</summary>
    public static bool TryOf(ReadOnlySpan<char> text, out TokenHash hash)
    {
        hash = default;
        if (text.Length > LongestCredential)
        {
            return false;
        }
        Span<byte> utf8 = stackalloc byte[text.Length];
        if (Ascii.FromUtf16(text, utf8, out int written) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(utf8[..written], digest);
        hash = new TokenHash(
            BinaryPrimitives.ReadUInt64BigEndian(digest),
            BinaryPrimitives.ReadUInt64BigEndian(digest[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(digest[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(digest[24..])
        );
        return true;
    }

    public static TokenHash Of(ReadOnlySpan<char> text) =>
        TryOf(text, out TokenHash hash) ? hash : throw new ArgumentException("not a credential");

    /// <summary>From <see cref="ToString"/>'s form.</summary>
    public static TokenHash Parse(string text)
    {
        ulong Part(int index) => ulong.Parse(text.AsSpan(index * 16, 16), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
        return new TokenHash(Part(0), Part(1), Part(2), Part(3));
    }

    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";

    public override int GetHashCode() => (int)A;
}

/// <summary>
/// Verified tokens, so that a request pays for a signature once. Bounded by two generations: when the young one is full it
/// becomes the old one, and the former old one is dropped. Only verified tokens come in, so outsiders cannot fill it.
/// What ends a session, a user's rights or a key must call <see cref="DropUser"/> or <see cref="Clear"/> before it answers.
/// </summary>
internal sealed class TokenCache(int generationSize = 5000)
{
    private readonly Lock gate = new();
    private ConcurrentDictionary<TokenHash, Caller> young = new();
    private ConcurrentDictionary<TokenHash, Caller> old = new();
    private long version;

    /// <summary>Taken before a credential is checked; <see cref="Add"/> refuses a result that an end overtook.</summary>
    public long Version => Interlocked.Read(ref version);

    public int Count => young.Count + old.Count;

    /// <summary>The caller of a verified token that has not expired. Allocates nothing.</summary>
    public Caller? Find(TokenHash hash, DateTimeOffset now)
    {
        if (!young.TryGetValue(hash, out Caller? caller) && !old.TryGetValue(hash, out caller))
        {
            return null;
        }
        if (caller.ExpiresAt is { } expiry && expiry + TokenVerifier.Skew <= now)
        {
            young.TryRemove(hash, out _);
            old.TryRemove(hash, out _);
            return null;
        }
        return caller;
    }

    public void Add(TokenHash hash, Caller caller, long versionAtCheck)
    {
        lock (gate)
        {
            if (version != versionAtCheck)
            {
                return;
            }
            if (young.Count >= generationSize)
            {
                old = young;
                young = new ConcurrentDictionary<TokenHash, Caller>();
            }
            young[hash] = caller;
        }
    }

    /// <summary>Forgets every token of a user; the next request with one is checked against the store again.</summary>
    public void DropUser(Guid user)
    {
        lock (gate)
        {
            version++;
            Remove(young, user);
            Remove(old, user);
        }
    }

    /// <summary>Forgets everything: a key was rotated or withdrawn.</summary>
    public void Clear()
    {
        lock (gate)
        {
            version++;
            young = new ConcurrentDictionary<TokenHash, Caller>();
            old = new ConcurrentDictionary<TokenHash, Caller>();
        }
    }

    private static void Remove(ConcurrentDictionary<TokenHash, Caller> generation, Guid user)
    {
        foreach ((TokenHash hash, Caller caller) in generation)
        {
            if (caller.UserId == user)
            {
                generation.TryRemove(hash, out _);
            }
        }
    }
}

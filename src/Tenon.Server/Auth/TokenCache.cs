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
/// What ends one elsewhere, on another server or by SQL, holds here soon all the same: a token of a session is believed for a
/// short time only, then one of its requests looks at the session again.
/// </summary>
internal sealed class TokenCache(TimeSpan believedFor, int generationSize = 5000)
{
    private sealed class Entry(Caller caller, long checkedAt)
    {
        public readonly Caller Caller = caller;
        public long CheckedAt = checkedAt;
    }

    private readonly Lock gate = new();
    private ConcurrentDictionary<TokenHash, Entry> young = new();
    private ConcurrentDictionary<TokenHash, Entry> old = new();
    private long version;

    /// <summary>Taken before a credential is checked; <see cref="Add"/> refuses a result that an end overtook.</summary>
    public long Version => Interlocked.Read(ref version);

    public int Count => young.Count + old.Count;

    /// <summary>
    /// The caller of a verified token that has not expired. Allocates nothing. Stale for one asker at a time: whoever is told
    /// so looks at the session again, and <see cref="Drop"/>s the token when it has ended or cannot be looked at.
    /// </summary>
    public Caller? Find(TokenHash hash, DateTimeOffset now, out bool stale)
    {
        stale = false;
        if (!young.TryGetValue(hash, out Entry? entry) && !old.TryGetValue(hash, out entry))
        {
            return null;
        }
        Caller caller = entry.Caller;
        if (caller.ExpiresAt is { } expiry && expiry + TokenVerifier.Skew <= now)
        {
            young.TryRemove(hash, out _);
            old.TryRemove(hash, out _);
            return null;
        }
        long before = Interlocked.Read(ref entry.CheckedAt);
        stale = caller.SessionId is not null
            && now.UtcTicks - before >= believedFor.Ticks
            && Interlocked.CompareExchange(ref entry.CheckedAt, now.UtcTicks, before) == before;
        return caller;
    }

    /// <summary>Forgets one token.</summary>
    public void Drop(TokenHash hash)
    {
        lock (gate)
        {
            young.TryRemove(hash, out _);
            old.TryRemove(hash, out _);
        }
    }

    public void Add(TokenHash hash, Caller caller, long versionAtCheck, DateTimeOffset checkedAt)
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
                young = new ConcurrentDictionary<TokenHash, Entry>();
            }
            young[hash] = new Entry(caller, checkedAt.UtcTicks);
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
            young = new ConcurrentDictionary<TokenHash, Entry>();
            old = new ConcurrentDictionary<TokenHash, Entry>();
        }
    }

    private static void Remove(ConcurrentDictionary<TokenHash, Entry> generation, Guid user)
    {
        foreach ((TokenHash hash, Entry entry) in generation)
        {
            if (entry.Caller.UserId == user)
            {
                generation.TryRemove(hash, out _);
            }
        }
    }
}

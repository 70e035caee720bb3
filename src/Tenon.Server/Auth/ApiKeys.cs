using System.Collections.Frozen;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>An opaque key as it may be shown: everything but the key.</summary>
internal sealed record ApiKey(Guid Id, string Name, string Kind, string Prefix, DateTimeOffset CreatedAt);

/// <summary>The opaque keys: the two of the environment, and those made later and kept as hashes. Looked up by hash only.</summary>
internal sealed class ApiKeys(StoreDatabase store, Keys keys, TimeProvider clock)
{
    private const int ShownCharacters = 6;
    private volatile FrozenDictionary<TokenHash, Caller> callers = Configured(keys, []);

    /// <summary>The caller of an opaque key; null when it is none of ours. Allocates nothing.</summary>
    public Caller? Find(TokenHash hash) => callers.TryGetValue(hash, out Caller? caller) ? caller : null;

    public async Task LoadAsync(CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(KeySql.ListApiKeys, default, cancellation);
        callers = Configured(keys, rows);
    }

    public async Task<List<ApiKey>> ListAsync(CancellationToken cancellation) =>
        [
            .. (await store.QueryAsync(KeySql.ListApiKeys, default, cancellation)).Select(row => new ApiKey(
                row[0].Uuid(),
                row[1].Text,
                row[2].Text,
                row[3].Text,
                row[5].Time()!.Value
            )),
        ];

    /// <summary>Makes a key and returns it; it cannot be read again. A taken name is an error of the store (23505).</summary>
    public async Task<string> CreateAsync(string name, bool secret, CancellationToken cancellation)
    {
        string prefix = secret ? OpaqueKey.SecretPrefix : OpaqueKey.PublishablePrefix;
        string key = OpaqueKey.Create(prefix);
        DateTimeOffset now = clock.GetUtcNow();
        Datum[] row =
        [
            StoreValues.Of(Guid.CreateVersion7(now)),
            Datum.Of(name),
            Datum.Of(secret ? "secret" : "publishable"),
            Datum.Of(key[..(prefix.Length + ShownCharacters)]),
            Datum.Of(TokenHash.Of(key).ToString()),
            StoreValues.Of(now),
        ];
        await store.WriteAsync(unit => unit.Execute(KeySql.InsertApiKey, row), cancellation);
        await LoadAsync(cancellation);
        return key;
    }

    /// <summary>Withdraws a key, effective at once on this node; false when there is none of that name.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        bool found = await store.WriteAsync(unit => unit.Execute(KeySql.DeleteApiKey, Datum.Of(name)).Count > 0, cancellation);
        await LoadAsync(CancellationToken.None);
        return found;
    }

    private static FrozenDictionary<TokenHash, Caller> Configured(Keys keys, List<Datum[]> rows)
    {
        var all = new Dictionary<TokenHash, Caller>
        {
            [TokenHash.Of(keys.PublishableKey)] = Caller.Anonymous,
            [TokenHash.Of(keys.SecretKey)] = Caller.Service,
        };
        foreach (Datum[] row in rows)
        {
            all[TokenHash.Parse(row[4].Text)] = row[2].Text == "secret" ? Caller.Service : Caller.Anonymous;
        }
        return all.ToFrozenDictionary();
    }
}

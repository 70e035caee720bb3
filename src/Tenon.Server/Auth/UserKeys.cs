using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A key with the text that is shown once.</summary>
internal sealed record MadeKey(UserKey Key, string Text);

/// <summary>
/// The keys of users' own: made, ended, and on a request turned into a caller who is that user, bounded by the key's scopes.
/// A verified key lies in the <see cref="TokenCache"/> like a token, so that what drops a user's tokens drops their keys; and
/// for a few seconds only, so that an end on another node holds here soon.
/// </summary>
internal sealed class UserKeys(
    StoreDatabase store,
    Users users,
    TokenCache cache,
    ApiRoles roles,
    AuthOptions options,
    TimeProvider clock,
    ILogger<UserKeys> logger
) : IDisposable
{
    public const int MostKeys = 20;
    private const int ShownCharacters = 6;
    private static readonly TimeSpan Trusted = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UseNotedEvery = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<UserKey> rates = PartitionedRateLimiter.Create<UserKey, Guid>(key =>
        RateLimitPartition.GetTokenBucketLimiter(
            key.Id,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = key.RateLimit,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromMinutes(1) / key.RateLimit,
                QueueLimit = 0,
            }
        )
    );

    public async Task<List<UserKey>> ListAsync(Guid user, CancellationToken cancellation) =>
        [.. (await store.QueryAsync(UserKeySql.OfUser, new[] { StoreValues.Of(user) }, cancellation)).Select(UserKey.Read)];

    /// <summary>Makes a key; its text cannot be read again.</summary>
    public async Task<MadeKey> CreateAsync(
        Guid user,
        string name,
        KeyScopes scopes,
        int rateLimit,
        TimeSpan life,
        AuditEntry audit,
        CancellationToken cancellation
    )
    {
        string text = OpaqueKey.Create(OpaqueKey.UserPrefix);
        DateTimeOffset now = StoreTime.Now(clock);
        string prefix = text[..(OpaqueKey.UserPrefix.Length + ShownCharacters)];
        var key = new UserKey(Guid.CreateVersion7(now), user, name, prefix, scopes, rateLimit) { CreatedAt = now, ExpiresAt = now + life };
        string hash = TokenHash.Of(text).ToString();
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    Insert(unit, key, hash);
                    audit.Write(unit);
                    return true;
                },
                cancellation
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            // Two requests of the user at once took the same place or name.
            throw AuthErrors.Conflict.ToException();
        }
        return new MadeKey(key, text);
    }

    private static void Insert(IStoreTransaction unit, UserKey key, string hash)
    {
        List<Datum[]> taken = unit.Execute(UserKeySql.Places, StoreValues.Of(key.UserId));
        if (taken.Any(row => row[1].Text == key.Name))
        {
            throw AuthErrors.ValidationFailed($"\"name\": you have a key named {key.Name}").ToException();
        }
        HashSet<long> places = [.. taken.Select(row => row[0].Integer)];
        int place = Enumerable.Range(1, MostKeys).FirstOrDefault(p => !places.Contains(p));
        if (place == 0)
        {
            throw AuthErrors.TooManyKeys(MostKeys).ToException();
        }
        unit.Execute(
            UserKeySql.Insert,
            StoreValues.Of(key.Id),
            StoreValues.Of(key.UserId),
            Datum.Of((long)place),
            Datum.Of(key.Name),
            Datum.Of(key.Prefix),
            Datum.Of(hash),
            Datum.Of(key.Scopes.Json),
            Datum.Of((long)key.RateLimit),
            StoreValues.Of(key.ExpiresAt),
            StoreValues.Of(key.CreatedAt)
        );
    }

    /// <summary>Ends a key of a user, from the next request on; false when it is not theirs.</summary>
    public async Task<bool> DeleteAsync(Guid user, Guid key, AuditEntry audit)
    {
        try
        {
            return await store.WriteAsync(
                unit =>
                {
                    bool found = unit.Execute(UserKeySql.Delete, StoreValues.Of(user), StoreValues.Of(key)).Count > 0;
                    if (found)
                    {
                        audit.Write(unit);
                    }
                    return found;
                },
                CancellationToken.None
            );
        }
        finally
        {
            cache.DropUser(user);
        }
    }

    /// <summary>The cold path of a request: the key's row and its user's. What it answers is kept by the cache for a moment.</summary>
    public async ValueTask<Resolution> CheckAsync(TokenHash hash, CancellationToken cancellation)
    {
        long version = cache.Version;
        List<Datum[]> rows = await store.QueryAsync(UserKeySql.ByHash, new[] { Datum.Of(hash.ToString()) }, cancellation);
        if (rows is not [var row])
        {
            return CredentialFailure.UnknownKey;
        }
        UserKey key = UserKey.Read(row);
        DateTimeOffset now = clock.GetUtcNow();
        if (key.ExpiresAt <= now)
        {
            return CredentialFailure.KeyExpired;
        }
        if (await users.ByIdAsync(key.UserId, cancellation) is not { DeletedAt: null } user)
        {
            return CredentialFailure.UnknownKey;
        }
        if (user.IsBanned(now))
        {
            return CredentialFailure.UserBanned;
        }
        if (!roles.AllowsForUser(new RoleName(user.Role)))
        {
            return CredentialFailure.RoleNotAllowed;
        }
        Caller caller = CallerOf(user, key, now);
        cache.Add(hash, caller, version, now);
        await NoteUseAsync(key, now);
        return caller;
    }

    /// <summary>Takes one request of the key's own rate; how many seconds to wait when there is none left.</summary>
    public int? Wait(UserKey key)
    {
        using RateLimitLease lease = rates.AttemptAcquire(key);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds))
            : 1;
    }

    public void Dispose() => rates.Dispose();

    private Caller CallerOf(User user, UserKey key, DateTimeOffset now)
    {
        var session = new Session(key.Id, user.Id, "aal1", """[{"method":"api_key","timestamp":0}]""", null, null, null, now, now);
        string token = Tokens.Claims(user, session, options.Issuer, now.ToUnixTimeSeconds(), key.ExpiresAt.ToUnixTimeSeconds());
        // A key is no session: what ends sessions must not be thought to end it.
        System.Text.Json.Nodes.JsonObject claims = System.Text.Json.Nodes.JsonNode.Parse(token)!.AsObject();
        claims.Remove("session_id");
        claims["key_id"] = key.Id.ToString();
        DateTimeOffset until = now + Trusted < key.ExpiresAt ? now + Trusted : key.ExpiresAt;
        return Caller.ForUser(user, claims.ToJsonString()) with
        {
            Key = key with { PlanKey = $"{user.Role}\n{key.Scopes.Json}" },
            // The cache gives tokens a skew, because other clocks made them; this one is our own.
            ExpiresAt = until - TokenVerifier.Skew,
        };
    }

    // At most one write a minute and key. That it was used is worth less than the request: a busy store does not refuse it.
    private async ValueTask NoteUseAsync(UserKey key, DateTimeOffset now)
    {
        if (key.LastUsedAt is { } last && now - last < UseNotedEvery)
        {
            return;
        }
        try
        {
            await store.WriteAsync(unit => unit.Execute(UserKeySql.Touch, StoreValues.Of(key.Id), StoreValues.Of(StoreTime.Now(clock))), CancellationToken.None);
        }
        catch (TenonException e)
        {
            AuthEvents.KeyUseNotNoted(logger, e, key.Id);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>So many permits at once, and one more each time <paramref name="Refill"/> has passed.</summary>
internal readonly record struct Allowance(int Permits, TimeSpan Refill)
{
    public static Allowance Per(TimeSpan window, int permits) => new(Math.Max(1, permits), window / Math.Max(1, permits));

    public long RefillMicros => Math.Max(1, Refill.Ticks / TimeSpan.TicksPerMicrosecond);

    public int RetryAfter => Math.Max(1, (int)Math.Ceiling(Refill.TotalSeconds));
}

/// <summary>
/// What several servers on one database count together, in one row and one statement for each guarded action. Whoever asks has
/// passed the server's own limits before, so the store sees no more than those let through.
/// </summary>
internal sealed class SharedLimits(StoreDatabase store, Keys keys, TimeProvider clock)
{
    private static readonly StoreStatement TakeOne = new(
        "auth.rate_counters.take",
        """
        insert into auth.rate_counters as c (key, full_at) values ($1, $2 + $3)
        on conflict (key) do update set full_at = greatest(c.full_at, $2) + $3 where greatest(c.full_at, $2) + $3 <= $4
        returning full_at
        """,
        [LogicalType.Text, LogicalType.Int8, LogicalType.Int8, LogicalType.Int8]
    );

    private static readonly StoreStatement FullAt = new("auth.rate_counters.look", "select full_at from auth.rate_counters where key = $1", [LogicalType.Text]);

    public static readonly StoreStatement DeleteFull = new("auth.rate_counters.delete", "delete from auth.rate_counters where full_at < $1", [LogicalType.Int8]);

    private readonly byte[] secret = keys.Derive("rate counters");

    /// <summary>Takes a permit; false when there is none.</summary>
    public async ValueTask<bool> TakeAsync(string kind, string of, Allowance allowance, CancellationToken cancellation)
    {
        Datum key = KeyOf(kind, of);
        long now = StoreValues.Of(clock.GetUtcNow()).Integer;
        long latest = now + (allowance.RefillMicros * allowance.Permits);
        return await store.WriteAsync(
            unit => unit.Execute(TakeOne, key, Datum.Of(now), Datum.Of(allowance.RefillMicros), Datum.Of(latest)).Count > 0,
            cancellation
        );
    }

    /// <summary>Is there a permit? Takes none.</summary>
    public async ValueTask<bool> HasAsync(string kind, string of, Allowance allowance, CancellationToken cancellation)
    {
        long now = StoreValues.Of(clock.GetUtcNow()).Integer;
        return await store.QueryAsync(FullAt, new[] { KeyOf(kind, of) }, cancellation) is not [[var full]]
            || Math.Max(full.Integer, now) + allowance.RefillMicros <= now + (allowance.RefillMicros * allowance.Permits);
    }

    // No address stands in the table, and nobody can find a key for an address of theirs.
    private Datum KeyOf(string kind, string of) => Datum.Of(Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{kind}\0{of}"))));
}

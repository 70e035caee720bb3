using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>The limits of <c>[auth] rate_limit</c> that the built calls count against.</summary>
internal enum AuthLimit
{
    SignIn,
    Anonymous,
    Refresh,
    Verification,
}

/// <summary>
/// Requests per client address, and failed passwords per account. Never keyed by anything the client writes into a body
/// alone: the account limit only adds to the address limit. Where several servers run on one database, what protects accounts,
/// mailboxes and codes is counted for all of them; what protects a server from an address by each of them.
/// </summary>
internal sealed class AuthLimits : IDisposable
{
    // One address may try 30 times in 5 minutes; many addresses together get 50 at once and then 6 a minute at one account.
    private static readonly Allowance Failures = new(50, TimeSpan.FromSeconds(10));

    private readonly TrustedProxies proxies;
    private readonly SharedLimits? shared;
    private readonly Window signIn = new(TimeSpan.FromMinutes(5));
    private readonly Window anonymous = new(TimeSpan.FromHours(1));
    private readonly Window refresh = new(TimeSpan.FromMinutes(5));
    private readonly Window verification = new(TimeSpan.FromMinutes(5));
    private readonly PartitionedRateLimiter<string> failures = Buckets(Failures);
    private readonly Window mails = new(TimeSpan.FromHours(1));
    private readonly Window texts = new(TimeSpan.FromHours(1));

    public AuthLimits(AuthOptions options, TrustedProxies proxies, SharedLimits? shared = null)
    {
        this.proxies = proxies;
        this.shared = shared;
        Use(options.RateLimit);
    }

    /// <summary>Other numbers from now on; who counts against one that is as before goes on counting.</summary>
    public void Use(AuthRateLimitOptions limits)
    {
        signIn.Set(limits.SignInSignUps);
        anonymous.Set(limits.AnonymousUsers);
        refresh.Set(limits.TokenRefresh);
        verification.Set(limits.TokenVerifications);
        mails.Set(limits.EmailSent);
        texts.Set(limits.SmsSent);
    }

    /// <summary>Takes one permit of the client's, or refuses with 429.</summary>
    public async ValueTask TakeAsync(AuthLimit limit, HttpContext context)
    {
        Window window = limit switch
        {
            AuthLimit.SignIn => signIn,
            AuthLimit.Anonymous => anonymous,
            AuthLimit.Verification => verification,
            _ => refresh,
        };
        string client = TrustedProxies.LimitKey(proxies.ClientOf(context));
        Take(window.Limiter, client, AuthErrors.OverRequestRateLimit);
        if (limit == AuthLimit.Verification)
        {
            await TakeSharedAsync("verification", client, window.Allowance, AuthErrors.OverRequestRateLimit, context.RequestAborted);
        }
    }

    /// <summary>
    /// One mail: counted at the client who causes it (null: an administrator) and at the mailbox that gets it, whether or
    /// not anyone is known by it.
    /// </summary>
    public ValueTask TakeMailAsync(HttpContext? context, string mailbox) => TakeMessageAsync("mail", mails, context, mailbox, AuthErrors.OverEmailSendRateLimit);

    /// <summary>One text message, counted like a mail.</summary>
    public ValueTask TakeSmsAsync(HttpContext? context, string number) => TakeMessageAsync("sms", texts, context, number, AuthErrors.OverSmsSendRateLimit);

    private async ValueTask TakeMessageAsync(string kind, Window window, HttpContext? context, string to, Func<int, AuthError> refusal)
    {
        if (context is not null)
        {
            Take(window.Limiter, "from " + TrustedProxies.LimitKey(proxies.ClientOf(context)), refusal);
        }
        Take(window.Limiter, "to " + to, refusal);
        await TakeSharedAsync(kind, to, window.Allowance, refusal, context?.RequestAborted ?? CancellationToken.None);
    }

    private async ValueTask TakeSharedAsync(string kind, string of, Allowance allowance, Func<int, AuthError> refusal, CancellationToken cancellation)
    {
        if (shared is not null && !await shared.TakeAsync(kind, of, allowance, cancellation))
        {
            throw refusal(allowance.RetryAfter).ToException();
        }
    }

    private static void Take(PartitionedRateLimiter<string> limiter, string key, Func<int, AuthError> refusal)
    {
        using RateLimitLease lease = limiter.AttemptAcquire(key);
        if (!lease.IsAcquired)
        {
            int wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? (int)Math.Ceiling(after.TotalSeconds) : 1;
            throw refusal(Math.Max(1, wait)).ToException();
        }
    }

    /// <summary>
    /// Refuses while an account, real or not, has seen too many wrong passwords; not from where its user has come in before, so
    /// that nobody keeps them out by guessing. There the limit of the client's address holds, which is no wider.
    /// </summary>
    public async ValueTask RequireFewFailuresAsync(string account, Func<ValueTask<bool>> isKnownThere, CancellationToken cancellation)
    {
        bool tooMany = failures.GetStatistics(account)?.CurrentAvailablePermits == 0 || (shared is not null && !await shared.HasAsync("failures", account, Failures, cancellation));
        if (tooMany && !await isKnownThere())
        {
            throw AuthErrors.OverRequestRateLimit(Failures.RetryAfter).ToException();
        }
    }

    /// <summary>Counts one wrong password, also when whoever sent it does not wait for the answer.</summary>
    public async ValueTask CountFailureAsync(string account)
    {
        using RateLimitLease lease = failures.AttemptAcquire(account);
        if (shared is not null)
        {
            await shared.TakeAsync("failures", account, Failures, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        signIn.Dispose();
        anonymous.Dispose();
        refresh.Dispose();
        verification.Dispose();
        failures.Dispose();
        mails.Dispose();
        texts.Dispose();
    }

    private static PartitionedRateLimiter<string> Buckets(Allowance allowance) =>
        PartitionedRateLimiter.Create<string, string>(key =>
            RateLimitPartition.GetTokenBucketLimiter(
                key,
                _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = allowance.Permits,
                    TokensPerPeriod = 1,
                    ReplenishmentPeriod = allowance.Refill,
                    QueueLimit = 0,
                }
            )
        );

    /// <summary>So many permits in a window of time for each key. Changed by one thread at a time, used by all.</summary>
    private sealed class Window(TimeSpan length) : IDisposable
    {
        private int permits = -1;
        private PartitionedRateLimiter<string>? before;
        private volatile PartitionedRateLimiter<string>? now;

        public PartitionedRateLimiter<string> Limiter => now!;

        public Allowance Allowance { get; private set; }

        public void Set(int number)
        {
            if (number == permits)
            {
                return;
            }
            permits = number;
            Allowance = Allowance.Per(length, number);
            // The one that requests may be at lives until the next change.
            before?.Dispose();
            before = now;
            now = Buckets(Allowance);
        }

        public void Dispose()
        {
            before?.Dispose();
            now?.Dispose();
        }
    }
}

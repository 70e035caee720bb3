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
/// alone: the account limit only adds to the address limit.
/// </summary>
internal sealed class AuthLimits : IDisposable
{
    // One address may try 30 times in 5 minutes; many addresses together get 50 at once and then 6 a minute at one account.
    private const int AccountFailures = 50;
    private static readonly TimeSpan AccountRefill = TimeSpan.FromSeconds(10);

    private readonly TrustedProxies proxies;
    private readonly PartitionedRateLimiter<string> signIn;
    private readonly PartitionedRateLimiter<string> anonymous;
    private readonly PartitionedRateLimiter<string> refresh;
    private readonly PartitionedRateLimiter<string> verification;
    private readonly PartitionedRateLimiter<string> failures;
    private readonly PartitionedRateLimiter<string> mails;
    private readonly PartitionedRateLimiter<string> texts;

    public AuthLimits(AuthOptions options, TrustedProxies proxies)
    {
        this.proxies = proxies;
        signIn = PerClient(options.RateLimit.SignInSignUps, TimeSpan.FromMinutes(5));
        anonymous = PerClient(options.RateLimit.AnonymousUsers, TimeSpan.FromHours(1));
        refresh = PerClient(options.RateLimit.TokenRefresh, TimeSpan.FromMinutes(5));
        verification = PerClient(options.RateLimit.TokenVerifications, TimeSpan.FromMinutes(5));
        failures = Buckets(AccountFailures, AccountRefill);
        mails = PerClient(options.RateLimit.EmailSent, TimeSpan.FromHours(1));
        texts = PerClient(options.RateLimit.SmsSent, TimeSpan.FromHours(1));
    }

    /// <summary>Takes one permit of the client's, or refuses with 429.</summary>
    public void Take(AuthLimit limit, HttpContext context)
    {
        PartitionedRateLimiter<string> limiter = limit switch
        {
            AuthLimit.SignIn => signIn,
            AuthLimit.Anonymous => anonymous,
            AuthLimit.Verification => verification,
            _ => refresh,
        };
        Take(limiter, TrustedProxies.LimitKey(proxies.ClientOf(context)), AuthErrors.OverRequestRateLimit);
    }

    /// <summary>
    /// One mail: counted at the client who causes it (null: an administrator) and at the mailbox that gets it, whether or
    /// not anyone is known by it.
    /// </summary>
    public void TakeMail(HttpContext? context, string mailbox) => TakeMessage(mails, context, mailbox, AuthErrors.OverEmailSendRateLimit);

    /// <summary>One text message, counted like a mail.</summary>
    public void TakeSms(HttpContext? context, string number) => TakeMessage(texts, context, number, AuthErrors.OverSmsSendRateLimit);

    private void TakeMessage(PartitionedRateLimiter<string> limiter, HttpContext? context, string to, Func<int, AuthError> refusal)
    {
        if (context is not null)
        {
            Take(limiter, "from " + TrustedProxies.LimitKey(proxies.ClientOf(context)), refusal);
        }
        Take(limiter, "to " + to, refusal);
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

    /// <summary>Refuses while an account, real or not, has seen too many wrong passwords.</summary>
    public void RequireFewFailures(string account)
    {
        if (failures.GetStatistics(account)?.CurrentAvailablePermits == 0)
        {
            throw AuthErrors.OverRequestRateLimit((int)AccountRefill.TotalSeconds).ToException();
        }
    }

    public void CountFailure(string account)
    {
        using RateLimitLease lease = failures.AttemptAcquire(account);
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

    private static PartitionedRateLimiter<string> PerClient(int permits, TimeSpan window) =>
        Buckets(Math.Max(1, permits), window / Math.Max(1, permits));

    private static PartitionedRateLimiter<string> Buckets(int permits, TimeSpan refill) =>
        PartitionedRateLimiter.Create<string, string>(key =>
            RateLimitPartition.GetTokenBucketLimiter(
                key,
                _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = permits,
                    TokensPerPeriod = 1,
                    ReplenishmentPeriod = refill,
                    QueueLimit = 0,
                }
            )
        );
}

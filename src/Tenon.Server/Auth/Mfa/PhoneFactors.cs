using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>
/// A telephone as second factor: each challenge sends a code, good for that challenge alone. The store keeps a keyed hash
/// of it; five guesses use a challenge up, and five in a row make the factor rest.
/// </summary>
internal sealed class PhoneFactors(FactorProof proof, Mailer mailer, AuthLimits limits, Keys keys, AuthOptions options)
{
    private const string Method = "mfa/phone";
    private const int MostGuesses = 5;
    private readonly byte[] hashKey = keys.Derive("mfa codes");

    public async Task ChallengeAsync(HttpContext context, SignedIn who, Factor factor)
    {
        RequireEnabled();
        if ((await AuthBody.ReadAsync(context)).Text("channel") is not (null or "" or "sms"))
        {
            throw AuthErrors.ValidationFailed("Invalid channel, supported value is sms").ToException();
        }
        (Challenge asked, PreparedCode code) = await PrepareAsync(context, who, factor);
        await proof.AskAsync(context, who, factor, asked, (unit, found) => Queue(unit, found, asked, code), afterwards: () => mailer.SendTextNowAsync(code.Message));
    }

    /// <summary>For a page of the identity provider: sends a code and keeps its challenge, whose id the page's form carries.</summary>
    public async Task<Guid> SendAsync(HttpContext context, SignedIn who, Factor factor)
    {
        RequireEnabled();
        (Challenge asked, PreparedCode code) = await PrepareAsync(context, who, factor);
        await proof.KeepAsync(context, who, asked, (unit, found) => Queue(unit, found, asked, code));
        await mailer.SendTextNowAsync(code.Message);
        return asked.Id;
    }

    private async Task<(Challenge Asked, PreparedCode Code)> PrepareAsync(HttpContext context, SignedIn who, Factor factor)
    {
        string number = factor.Phone!;
        await limits.TakeSmsAsync(context, number);
        Challenge asked = proof.NewChallenge(context, who, factor);
        PreparedCode code = mailer.PrepareFactorCode(who.User, number, asked.ExpiresAt - asked.CreatedAt);
        return (asked with { CodeHash = Hash(asked.Id, code.Code) }, code);
    }

    private void Queue(IStoreTransaction unit, Factor found, Challenge asked, PreparedCode code)
    {
        RequireInterval(found, asked.CreatedAt);
        Outbox.Queue(unit, code.Message);
    }

    public Task VerifyAsync(HttpContext context, FactorAttempt attempt, AuthBody body)
    {
        RequireEnabled();
        return VerifyAsync(context, attempt, Verification.CodeOf(body));
    }

    public Task VerifyAsync(HttpContext context, FactorAttempt attempt, string code)
    {
        RequireEnabled();
        string hash = Hash(attempt.Challenge, code);
        return proof.AnswerAsync(context, attempt, Method, once: false, (unit, factor, challenge) => Prove(unit, factor, challenge, hash, attempt.Now));
    }

    private static AuthError? Prove(IStoreTransaction unit, Factor factor, Challenge challenge, string hash, DateTimeOffset now)
    {
        List<Datum[]> guessed = unit.Execute(FactorSql.GuessCode, StoreValues.Of(challenge.Id), Datum.Of(MostGuesses));
        if (guessed.Count == 0 && unit.Execute(FactorSql.FindChallenge, StoreValues.Of(challenge.Id), StoreValues.Of(factor.Id)).Count == 0)
        {
            // Another request has just used it up: no guess.
            return AuthErrors.MfaChallengeNotFound;
        }
        if (Factors.Guess(unit, factor, now, AuthErrors.OverRequestRateLimit) is { } resting)
        {
            return resting;
        }
        bool right =
            guessed is [var row]
            && row[0].TextOrNull() is { } sent
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(sent));
        if (!right)
        {
            return AuthErrors.MfaVerificationFailed("Invalid MFA Phone code entered");
        }
        unit.Execute(FactorSql.MarkVerified, StoreValues.Of(factor.Id), StoreValues.Of(now));
        return null;
    }

    private void RequireInterval(Factor factor, DateTimeOffset now)
    {
        TimeSpan wait = factor.LastChallengedAt is { } last ? last + options.Sms.MaxFrequency - now : TimeSpan.Zero;
        if (wait > TimeSpan.Zero)
        {
            throw AuthErrors.OverSmsSendRateLimit((int)Math.Ceiling(wait.TotalSeconds)).ToException();
        }
    }

    private void RequireEnabled()
    {
        if (!options.Mfa.PhoneVerifyEnabled)
        {
            throw AuthErrors.MfaPhoneVerifyNotEnabled.ToException();
        }
    }

    private string Hash(Guid challenge, string code) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(hashKey, Encoding.UTF8.GetBytes($"{challenge:D} {code}")));
}

using System.Security.Cryptography;
using System.Text;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OneTime;

/// <summary>What a token is for; the text is GoTrue's token_type.</summary>
internal static class TokenType
{
    public const string Confirmation = "confirmation_token";
    public const string Recovery = "recovery_token";
    public const string Reauthentication = "reauthentication_token";
    public const string EmailChangeNew = "email_change_token_new";
    public const string EmailChangeCurrent = "email_change_token_current";
    public const string Sms = "sms_token";
    public const string PhoneChange = "phone_change_token";
}

/// <summary>A token about to be sent: the code and the link's token in clear, and the hashes the store keeps.</summary>
internal sealed record NewToken(
    Guid Id,
    string Type,
    Guid? User,
    string Code,
    string Link,
    string CodeHash,
    string LinkHash,
    string RelatesTo,
    CodeChallenge? Challenge,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt
);

/// <summary>A token that was redeemed; nobody else can redeem it any more.</summary>
internal sealed record RedeemedToken(Guid User, string Type, string RelatesTo, CodeChallenge? Challenge);

/// <summary>
/// Codes and links that work once. The store keeps HMACs under a key it does not have, so a copy of the database gives
/// away neither a link nor, by trying a million digits, a code. A code allows few guesses, its link none worth trying.
/// </summary>
internal sealed class OneTimeTokens(Keys keys, AuthOptions options, TimeProvider clock)
{
    /// <summary>What a link's token begins with where it ends in a PKCE code (GoTrue's mark).</summary>
    public const string PkcePrefix = "pkce_";

    private const int MostGuesses = 5;
    private const int LongestLink = 128;
    private readonly byte[] key = keys.Derive("one-time tokens");

    /// <summary>Draws a token for a user, or for nobody (unknown address) at the same cost.</summary>
    public NewToken Create(string type, Guid? user, string address, CodeChallenge? challenge = null, string? fixedCode = null)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        string code = fixedCode ?? Digits(options.Email.Otp.Length);
        string link = (challenge is null ? "" : PkcePrefix) + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(28));
        return new NewToken(
            Guid.NewGuid(),
            type,
            user,
            code,
            link,
            Hash("code", type, address, code),
            Hash("link", link),
            RelatesTo(address),
            challenge,
            now,
            now + options.Email.Otp.Expiry
        );
    }

    /// <summary>Writes a token in place of the one before it for the same address, unless that one is too young.</summary>
    public void Save(IStoreTransaction unit, NewToken token, TimeSpan shortestInterval, Func<int, AuthError> tooSoon)
    {
        Datum type = Datum.Of(token.Type);
        Datum relatesTo = Datum.Of(token.RelatesTo);
        if (unit.Execute(OneTimeSql.LastSent, type, relatesTo) is [var row] && row[0].Time() is { } last)
        {
            TimeSpan wait = last + shortestInterval - token.CreatedAt;
            if (wait > TimeSpan.Zero)
            {
                throw tooSoon((int)Math.Ceiling(wait.TotalSeconds)).ToException();
            }
        }
        unit.Execute(OneTimeSql.Replace, type, relatesTo);
        unit.Execute(
            OneTimeSql.Insert,
            StoreValues.Of(token.Id),
            StoreValues.Of(token.User),
            type,
            Datum.Of(token.LinkHash),
            Datum.Of(token.CodeHash),
            relatesTo,
            StoreValues.OfText(token.Challenge?.Text),
            StoreValues.OfText(token.Challenge?.Method),
            StoreValues.Of(token.CreatedAt),
            StoreValues.Of(token.ExpiresAt)
        );
    }

    /// <summary>Whether a link's token is one that could be redeemed now; it stays as it is.</summary>
    public async Task<bool> IsOpenAsync(StoreDatabase store, string link, string type, CancellationToken cancellation) =>
        link.Length is > 0 and <= LongestLink
        && await store.QueryAsync(OneTimeSql.ByLink, new[] { Datum.Of(Hash("link", link)) }, cancellation) is [var row]
        && row[2].Text == type
        && !row[1].IsNull
        && row[7].Time() > clock.GetUtcNow();

    /// <summary>Redeems a link's token of one of the types; null: there is none, it was used, or it has expired.</summary>
    public RedeemedToken? RedeemLink(IStoreTransaction unit, string link, ReadOnlySpan<string> types, DateTimeOffset now)
    {
        if (link.Length is 0 or > LongestLink || unit.Execute(OneTimeSql.ByLink, Datum.Of(Hash("link", link))) is not [var row])
        {
            return null;
        }
        return types.Contains(row[2].Text) ? Use(unit, row, now) : null;
    }

    /// <summary>
    /// Redeems a code sent to an address. A wrong guess is counted, so the unit must be committed: the caller refuses
    /// after it, not inside.
    /// </summary>
    public RedeemedToken? RedeemCode(IStoreTransaction unit, string address, string code, ReadOnlySpan<string> types, DateTimeOffset now)
    {
        string relatesTo = RelatesTo(address);
        RedeemedToken? redeemed = null;
        foreach (string type in types)
        {
            byte[] hash = Encoding.ASCII.GetBytes(Hash("code", type, address, code));
            foreach (Datum[] row in unit.Execute(OneTimeSql.Guess, Datum.Of(type), Datum.Of(relatesTo), Datum.Of(MostGuesses)))
            {
                bool right = CryptographicOperations.FixedTimeEquals(hash, Encoding.ASCII.GetBytes(row[3].Text));
                redeemed ??= right ? Use(unit, row, now) : null;
            }
        }
        return redeemed;
    }

    /// <summary>Every open code and link of a user: after the address or the password changed they belong to the past.</summary>
    public static void DeleteOfUser(IStoreTransaction unit, Guid user) =>
        unit.Execute(OneTimeSql.DeleteOfUser, StoreValues.Of(user));

    public static void DeleteOfType(IStoreTransaction unit, Guid user, string type) =>
        unit.Execute(OneTimeSql.DeleteOfType, StoreValues.Of(user), Datum.Of(type));

    private static RedeemedToken? Use(IStoreTransaction unit, Datum[] row, DateTimeOffset now)
    {
        bool used = unit.Execute(OneTimeSql.Use, StoreValues.Of(row[0].Uuid())).Count == 1;
        return used && !row[1].IsNull && row[7].Time() > now
            ? new RedeemedToken(row[1].Uuid(), row[2].Text, row[8].Text, row[4].IsNull ? null : new CodeChallenge(row[4].Text, row[5].Text))
            : null;
    }

    /// <summary>Whether a token was sent to this address: what it stands for may have changed since.</summary>
    public bool IsOf(RedeemedToken token, string? address) => address is not null && token.RelatesTo == RelatesTo(address);

    private string RelatesTo(string address) => Hash("address", address);

    // The parts are joined by a character that none of them can hold.
    private string Hash(params ReadOnlySpan<string> parts) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(string.Join('\n', parts!))));

    public static string Digits(int length) =>
        string.Create(length, 0, static (span, _) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = (char)('0' + RandomNumberGenerator.GetInt32(10));
            }
        });
}

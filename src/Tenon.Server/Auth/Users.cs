using System.Text.Json;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A user with the ways they are known.</summary>
internal sealed record UserWithIdentities(User User, IReadOnlyList<Identity> Identities);

/// <summary>Reads users, and writes them inside a write unit.</summary>
internal sealed class Users(StoreDatabase store)
{
    private const int Attempts = 3;

    public async Task<User?> ByIdAsync(Guid id, CancellationToken cancellation) =>
        Single(await store.QueryAsync(UserSql.ById, new[] { StoreValues.Of(id) }, cancellation));

    public async Task<User?> ByEmailAsync(string email, CancellationToken cancellation) =>
        Single(await store.QueryAsync(UserSql.ByEmail, new[] { Datum.Of(email) }, cancellation));

    public async Task<User?> ByPhoneAsync(string phone, CancellationToken cancellation) =>
        Single(await store.QueryAsync(UserSql.ByPhone, new[] { Datum.Of(phone) }, cancellation));

    public async Task<List<Identity>> IdentitiesAsync(Guid user, CancellationToken cancellation) =>
        [.. (await store.QueryAsync(UserSql.Identities, new[] { StoreValues.Of(user) }, cancellation)).Select(Identity.Read)];

    public static User? ById(IStoreTransaction unit, Guid id) => Single(unit.Execute(UserSql.ById, StoreValues.Of(id)));

    public static bool EmailIsTaken(IStoreTransaction unit, string email, Guid by) =>
        unit.Execute(UserSql.ByEmail, Datum.Of(email)) is [var row, ..] && row[0].Uuid() != by;

    public static bool PhoneIsTaken(IStoreTransaction unit, string phone, Guid by) =>
        unit.Execute(UserSql.ByPhone, Datum.Of(phone)) is [var row, ..] && row[0].Uuid() != by;

    public static List<Identity> Identities(IStoreTransaction unit, Guid user) =>
        [.. unit.Execute(UserSql.Identities, StoreValues.Of(user)).Select(Identity.Read)];

    /// <summary>Inserts a user and an identity for each address; triggers on auth.users run, what they changed comes back.</summary>
    public static UserWithIdentities Insert(IStoreTransaction unit, User user, Guid identity)
    {
        User saved = InsertAlone(unit, user);
        if (user.Email is not null)
        {
            InsertIdentity(unit, saved, "email", identity, user.CreatedAt!.Value);
        }
        else if (user.Phone is not null)
        {
            InsertIdentity(unit, saved, "phone", identity, user.CreatedAt!.Value);
        }
        return new UserWithIdentities(saved, Identities(unit, user.Id));
    }

    /// <summary>Inserts a user without an identity.</summary>
    public static User InsertAlone(IStoreTransaction unit, User user) =>
        User.Read(
            unit.Execute(
                UserSql.Insert,
                StoreValues.Of(user.Id),
                Datum.Of(user.Role),
                StoreValues.OfText(user.Email),
                StoreValues.OfText(user.PasswordHash),
                StoreValues.Of(user.EmailConfirmedAt),
                Datum.Of(user.AppMetadata),
                Datum.Of(user.UserMetadata),
                StoreValues.Of(user.CreatedAt),
                StoreValues.OfText(user.Phone),
                StoreValues.Of(user.PhoneConfirmedAt),
                StoreValues.Of(user.BannedUntil),
                Datum.Of(user.IsAnonymous)
            )[0]
        );

    /// <summary>
    /// Reads, changes and writes one user, again if another write came between. The updated_at moves even when the clock
    /// does not, for it is what tells two writes apart. Null: no such user.
    /// </summary>
    public static User? Change(IStoreTransaction unit, Guid id, DateTimeOffset now, Func<User, User> change)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (ById(unit, id) is not { DeletedAt: null } old)
            {
                return null;
            }
            DateTimeOffset stamp = old.UpdatedAt >= now ? old.UpdatedAt.Value.AddMicroseconds(1) : now;
            if (unit.Execute(UserSql.Update, UpdateRow(change(old), old.UpdatedAt, stamp)) is [var row])
            {
                return User.Read(row);
            }
        }
        throw AuthErrors.Conflict.ToException();
    }

    /// <summary>Marks a sign-in if the verified hash is still in force; null when it is not. Keeps the new hash, if it is one.</summary>
    public static UserWithIdentities? MarkSignedIn(
        IStoreTransaction unit,
        Guid id,
        string? verified,
        string? kept,
        DateTimeOffset now
    ) =>
        unit.Execute(
            UserSql.SignedIn,
            StoreValues.Of(id),
            StoreValues.Of(now),
            StoreValues.OfText(verified),
            StoreValues.OfText(kept)
        )
            is [var row]
            ? new UserWithIdentities(User.Read(row), Identities(unit, id))
            : null;

    /// <summary>Keeps the e-mail identity in step with the user's address.</summary>
    public static void SaveEmailIdentity(IStoreTransaction unit, User user, Guid identity, DateTimeOffset now) =>
        SaveIdentity(unit, user, "email", identity, now);

    /// <summary>Keeps the telephone identity in step with the user's number.</summary>
    public static void SavePhoneIdentity(IStoreTransaction unit, User user, Guid identity, DateTimeOffset now) =>
        SaveIdentity(unit, user, "phone", identity, now);

    private static void SaveIdentity(IStoreTransaction unit, User user, string provider, Guid identity, DateTimeOffset now)
    {
        int updated = unit.Execute(
            UserSql.UpdateIdentity,
            StoreValues.Of(user.Id),
            Datum.Of(provider),
            Datum.Of(IdentityData(user, provider)),
            StoreValues.OfText(provider == "email" ? user.Email : null),
            StoreValues.Of(now)
        ).Count;
        if (updated == 0)
        {
            InsertIdentity(unit, user, provider, identity, now);
        }
    }

    /// <summary>The refusal behind a broken rule of the database: a taken address, or a rule or trigger of the app's.</summary>
    public static AuthException? Translate(TenonException e, AuthError emailTaken)
    {
        string said = e.Error.Message + e.Error.Details;
        return e.Error.Code.Status is 503 or 504 ? null
            : e.Error.Code != ErrorCodes.UniqueViolation ? AuthErrors.UserNotSaved.ToException()
            : said.Contains("one_time_tokens_relates_to_key", StringComparison.Ordinal) ? AuthErrors.OverEmailSendRateLimit(1).ToException()
            : said.Contains("users_email_key", StringComparison.Ordinal) ? emailTaken.ToException()
            : said.Contains("users_phone_key", StringComparison.Ordinal) ? AuthErrors.PhoneExists.ToException()
            : AuthErrors.UserNotSaved.ToException();
    }

    private static void InsertIdentity(IStoreTransaction unit, User user, string provider, Guid identity, DateTimeOffset now) =>
        unit.Execute(
            UserSql.InsertIdentity,
            StoreValues.Of(identity),
            Datum.Of(user.Id.ToString("D")),
            StoreValues.Of(user.Id),
            Datum.Of(IdentityData(user, provider)),
            Datum.Of(provider),
            StoreValues.OfText(provider == "email" ? user.Email : null),
            StoreValues.Of(now)
        );

    private static string IdentityData(User user, string provider)
    {
        string contact = JsonSerializer.Serialize(provider == "email" ? user.Email : user.Phone);
        string email = user.EmailConfirmedAt is not null && provider == "email" ? "true" : "false";
        string phone = user.PhoneConfirmedAt is not null && provider == "phone" ? "true" : "false";
        return $$"""{"sub":"{{user.Id:D}}","{{provider}}":{{contact}},"email_verified":{{email}},"phone_verified":{{phone}}}""";
    }

    private static Datum[] UpdateRow(User user, DateTimeOffset? read, DateTimeOffset stamp) =>
        [
            StoreValues.Of(user.Id),
            Datum.Of(user.Role),
            StoreValues.OfText(user.Email),
            StoreValues.OfText(user.PasswordHash),
            StoreValues.Of(user.EmailConfirmedAt),
            Datum.Of(user.AppMetadata),
            Datum.Of(user.UserMetadata),
            StoreValues.OfText(user.Phone),
            StoreValues.Of(user.PhoneConfirmedAt),
            StoreValues.Of(user.BannedUntil),
            Datum.Of(user.IsAnonymous),
            StoreValues.Of(read),
            StoreValues.Of(stamp),
            Datum.Of(user.NewEmail ?? ""),
            Datum.Of(user.NewPhone ?? ""),
            StoreValues.Of(user.InvitedAt),
        ];

    private static User? Single(List<Datum[]> rows) => rows is [var row, ..] ? User.Read(row) : null;
}

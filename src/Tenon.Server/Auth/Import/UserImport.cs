using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Import;

/// <summary>What became of a row: created, or there already, or refused with a reason.</summary>
internal sealed record ImportResult(ImportOutcome Outcome, string? Reason = null)
{
    public static readonly ImportResult Created = new(ImportOutcome.Created);
    public static readonly ImportResult Exists = new(ImportOutcome.Exists);

    public static ImportResult Refused(string reason) => new(ImportOutcome.Refused, reason);
}

internal enum ImportOutcome
{
    Created,
    Exists,
    Refused,
}

/// <summary>
/// Writes users and identities of another system, a batch in one unit. A user whose id is there already is left as it is, so
/// an import that broke off is run again. What one row breaks (a trigger of the app's, a constraint) refuses that row alone.
/// </summary>
internal sealed class UserImport(StoreDatabase store, TimeProvider clock)
{
    private sealed class Undo : Exception;

    /// <summary>Rows in order; each with the identity a user without one gets. With dry everything is tried and undone.</summary>
    public async Task<List<ImportResult>> RunAsync<T>(
        IReadOnlyList<T> rows,
        Func<IStoreTransaction, T, DateTimeOffset, ImportResult> write,
        AuditEntry audit,
        bool dry,
        CancellationToken cancellation
    )
    {
        DateTimeOffset now = StoreTime.Now(clock);
        try
        {
            return await UnitAsync(unit => [.. rows.Select(row => write(unit, row, now))], audit, dry, cancellation);
        }
        catch (TenonException e) when (rows.Count > 0 && e.Error.Code.Status != 503)
        {
            // One of them broke the unit: each by itself, to find which.
            var results = new List<ImportResult>(rows.Count);
            foreach (T row in rows)
            {
                results.Add(await OneAsync(unit => write(unit, row, now), audit with { Id = Guid.CreateVersion7(now) }, dry, cancellation));
            }
            return results;
        }
    }

    private async Task<ImportResult> OneAsync(Func<IStoreTransaction, ImportResult> write, AuditEntry audit, bool dry, CancellationToken cancellation)
    {
        try
        {
            return (await UnitAsync(unit => [write(unit)], audit, dry, cancellation))[0];
        }
        catch (TenonException e) when (e.Error.Code.Status != 503)
        {
            return ImportResult.Refused($"the database refused it: {e.Error.Message} ({e.Error.Code.Text})");
        }
    }

    private async Task<List<ImportResult>> UnitAsync(Func<IStoreTransaction, List<ImportResult>> work, AuditEntry audit, bool dry, CancellationToken cancellation)
    {
        List<ImportResult> results = [];
        try
        {
            return await store.WriteAsync(
                unit =>
                {
                    results = work(unit);
                    if (dry)
                    {
                        throw new Undo();
                    }
                    if (results.Any(r => r.Outcome == ImportOutcome.Created))
                    {
                        audit.Write(unit);
                    }
                    return results;
                },
                cancellation
            );
        }
        catch (Undo)
        {
            return results;
        }
    }

    public static ImportResult WriteUser(IStoreTransaction unit, (ImportedUser Row, Guid Identity, Guid[] Others) item, DateTimeOffset now)
    {
        User user = item.Row.User;
        if (Users.ById(unit, user.Id) is not null)
        {
            return ImportResult.Exists;
        }
        if (user.Email is not null && Users.EmailIsTaken(unit, user.Email, user.Id))
        {
            return ImportResult.Refused($"another user has the address {user.Email}");
        }
        if (user.Phone is not null && Users.PhoneIsTaken(unit, user.Phone, user.Id))
        {
            return ImportResult.Refused($"another user has the number {user.Phone}");
        }
        foreach (ImportedIdentity identity in item.Row.Identities)
        {
            if (OwnerOf(unit, identity) is not null)
            {
                return ImportResult.Refused($"another user has the {identity.Provider} identity {identity.ProviderId}");
            }
        }
        unit.Execute(ImportSql.InsertUser, Row(user, now).AsSpan());
        for (int i = 0; i < item.Row.Identities.Length; i++)
        {
            Insert(unit, item.Row.Identities[i], item.Others[i], now);
        }
        if (item.Row.MakesIdentity && item.Row.Identities.IsEmpty && !user.IsAnonymous)
        {
            if (user.Email is not null)
            {
                Users.SaveEmailIdentity(unit, user, item.Identity, user.CreatedAt ?? now);
            }
            else
            {
                Users.SavePhoneIdentity(unit, user, item.Identity, user.CreatedAt ?? now);
            }
        }
        return ImportResult.Created;
    }

    public static ImportResult WriteIdentity(IStoreTransaction unit, (ImportedIdentity Row, Guid Id) item, DateTimeOffset now)
    {
        if (OwnerOf(unit, item.Row) is { } owner)
        {
            return owner == item.Row.User ? ImportResult.Exists : ImportResult.Refused($"another user has the {item.Row.Provider} identity {item.Row.ProviderId}");
        }
        if (Users.ById(unit, item.Row.User) is null)
        {
            return ImportResult.Refused($"there is no user {item.Row.User:D}");
        }
        Insert(unit, item.Row, item.Id, now);
        return ImportResult.Created;
    }

    private static Guid? OwnerOf(IStoreTransaction unit, ImportedIdentity identity) =>
        unit.Execute(ImportSql.IdentityOwner, Datum.Of(identity.Provider), Datum.Of(identity.ProviderId)) is [var row] ? row[0].Uuid() : null;

    private static void Insert(IStoreTransaction unit, ImportedIdentity identity, Guid id, DateTimeOffset now) =>
        unit.Execute(
            UserSql.InsertIdentity,
            StoreValues.Of(id),
            Datum.Of(identity.ProviderId),
            StoreValues.Of(identity.User),
            Datum.Of(identity.Data),
            Datum.Of(identity.Provider),
            StoreValues.OfText(identity.Email),
            StoreValues.Of(identity.CreatedAt ?? now)
        );

    private static Datum[] Row(User user, DateTimeOffset now) =>
        [
            StoreValues.Of(user.Id),
            Datum.Of(user.Role),
            StoreValues.OfText(user.Email),
            StoreValues.OfText(user.PasswordHash),
            StoreValues.Of(user.EmailConfirmedAt),
            Datum.Of(user.AppMetadata),
            Datum.Of(user.UserMetadata),
            StoreValues.Of(user.CreatedAt ?? now),
            StoreValues.Of(now),
            StoreValues.OfText(user.Phone),
            StoreValues.Of(user.PhoneConfirmedAt),
            StoreValues.Of(user.BannedUntil),
            Datum.Of(user.IsAnonymous),
            StoreValues.Of(user.LastSignInAt),
            StoreValues.Of(user.InvitedAt),
        ];
}

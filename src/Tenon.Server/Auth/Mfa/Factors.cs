using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>A user's factors inside a write unit, and the rules that hold for all kinds of them.</summary>
internal static class Factors
{
    private const int FailuresBeforeLock = 5;
    private static readonly TimeSpan FirstLock = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(15);

    public static Guid IdOf(HttpContext context) =>
        Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id)
            ? id
            : throw AuthErrors.MfaFactorNotFound.ToException();

    public static List<Factor> OfUser(IStoreTransaction unit, Guid user) =>
        [.. unit.Execute(FactorSql.OfUser, StoreValues.Of(user)).Select(Factor.Read)];

    public static Factor Find(IStoreTransaction unit, Guid user, Guid id) =>
        OfUser(unit, user).Find(factor => factor.Id == id) ?? throw AuthErrors.MfaFactorNotFound.ToException();

    public static void Insert(IStoreTransaction unit, Factor factor) =>
        unit.Execute(
            FactorSql.Insert,
            StoreValues.Of(factor.Id),
            StoreValues.Of(factor.UserId),
            StoreValues.OfText(factor.FriendlyName),
            Datum.Of(factor.Type),
            Datum.Of(factor.IsVerified ? Factor.Verified : Factor.Unverified),
            StoreValues.OfText(factor.SealedSecret),
            StoreValues.OfText(factor.Phone),
            StoreValues.Of(factor.CreatedAt)
        );

    /// <summary>With its sessions lowered: what a factor earned goes with it.</summary>
    public static void Remove(IStoreTransaction unit, Factor factor, DateTimeOffset now)
    {
        unit.Execute(FactorSql.Delete, StoreValues.Of(factor.UserId), StoreValues.Of(factor.Id));
        unit.Execute(SessionSql.Lower, StoreValues.Of(factor.UserId), StoreValues.Of(factor.Id), StoreValues.Of(now));
    }

    /// <summary>Who has a verified factor proves it before adding another: else a password alone could.</summary>
    public static void RequireRoom(List<Factor> known, SignedIn who, AuthOptions options)
    {
        if (known.Exists(factor => factor.IsVerified) && who.Caller.Aal != "aal2")
        {
            throw AuthErrors.Aal2ToEnrol.ToException();
        }
        if (known.Count >= options.Mfa.MaxEnrolledFactors)
        {
            throw AuthErrors.TooManyFactors.ToException();
        }
    }

    public static void RequireFreeName(List<Factor> known, string? name)
    {
        if (!string.IsNullOrEmpty(name) && known.Exists(factor => factor.FriendlyName == name))
        {
            throw AuthErrors.MfaFactorNameConflict.ToException();
        }
    }

    /// <summary>
    /// Counts a guess before it is compared, so that guesses at once count too; whoever finds it right sets the count back.
    /// After five in a row the factor rests for a minute, then for twice as long after each further one: the refusal then.
    /// Only who has passed the first factor gets here, so a stranger cannot lock anybody out.
    /// </summary>
    public static AuthError? Guess(IStoreTransaction unit, Factor factor, DateTimeOffset now, Func<int, AuthError> resting)
    {
        if (unit.Execute(FactorSql.Guess, StoreValues.Of(factor.Id), StoreValues.Of(now)) is not [var row])
        {
            return resting(SecondsLocked(Find(unit, factor.UserId, factor.Id), now));
        }
        long failures = row[0].Integer;
        if (failures >= FailuresBeforeLock)
        {
            TimeSpan rest = FirstLock * Math.Pow(2, Math.Min(failures - FailuresBeforeLock, 10));
            DateTimeOffset until = now + (rest < LongestLock ? rest : LongestLock);
            unit.Execute(FactorSql.SetFailures, StoreValues.Of(factor.Id), Datum.Of(failures), StoreValues.Of(until));
        }
        return null;
    }

    public static int SecondsLocked(Factor factor, DateTimeOffset now) =>
        factor.LockedUntil is { } until ? Math.Max(1, (int)Math.Ceiling((until - now).TotalSeconds)) : 1;
}

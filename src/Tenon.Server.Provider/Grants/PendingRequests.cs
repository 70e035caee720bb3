using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Grants;

/// <summary>Requests on their way through the pages, and what becomes of them.</summary>
internal sealed class PendingRequests(StoreDatabase store, SubRequests subRequests, TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);
    private const int IdBytes = 18;

    public async Task<PendingRequest> KeepAsync(PendingRequest request, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        request = request with { Id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)), CreatedAt = now, ExpiresAt = now + Life };
        await store.WriteAsync(
            unit =>
                unit.Execute(
                    GrantSql.InsertRequest,
                    Datum.Of(request.Id),
                    Datum.Of(request.Kind),
                    StoreValues.Of(request.ClientId),
                    Datum.Of(request.Parameters),
                    Datum.Of(request.RedirectUri),
                    Datum.Of(request.Scope),
                    StoreValues.OfText(request.LoginHint),
                    Datum.Of(request.AsksSignIn),
                    Datum.Of(request.AsksConsent),
                    StoreValues.Of(request.UserId),
                    StoreValues.Of(request.CreatedAt),
                    StoreValues.Of(request.ExpiresAt)
                ),
            cancellation
        );
        return request;
    }

    /// <summary>Null when there is none, it took too long, or it was decided.</summary>
    public async Task<PendingRequest?> FindAsync(string id, CancellationToken cancellation) =>
        await store.QueryAsync(GrantSql.FindRequest, new[] { Datum.Of(id), StoreValues.Of(StoreTime.Now(clock)) }, cancellation) is [var row]
            ? PendingRequest.Read(row)
            : null;

    /// <summary>False when it is another user's already.</summary>
    public async Task<bool> ClaimAsync(PendingRequest request, Guid user, CancellationToken cancellation) =>
        request.UserId == user
        || (await store.WriteAsync(unit => unit.Execute(GrantSql.Claim, Datum.Of(request.Id), StoreValues.Of(user)), cancellation)).Count == 1;

    public async Task ReleaseAsync(PendingRequest request, CancellationToken cancellation) =>
        await store.WriteAsync(unit => unit.Execute(GrantSql.Release, Datum.Of(request.Id), StoreValues.Of(StoreTime.Now(clock))), cancellation);

    /// <summary>
    /// Approves (with the session that did) or denies (null). The request is decided once; then the protocol runs again with
    /// the parameters it was asked with, and answers the client's address.
    /// </summary>
    public async Task<SubAnswer> DecideAsync(HttpContext context, PendingRequest request, User user, Session? approvedIn, bool remembers)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        bool mine = await store.WriteAsync(
            unit =>
            {
                if (unit.Execute(GrantSql.Decide, Datum.Of(request.Id), StoreValues.Of(user.Id), StoreValues.Of(now)).Count != 1)
                {
                    return false;
                }
                if (remembers)
                {
                    Consents.Save(unit, user.Id, request, now);
                }
                return true;
            },
            CancellationToken.None
        );
        return mine ? await subRequests.RunAsync(context, request, new Decision(user, approvedIn)) : throw AuthErrors.OAuthAuthorizationNotFound.ToException();
    }
}

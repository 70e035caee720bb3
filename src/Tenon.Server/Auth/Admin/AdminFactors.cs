using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>/admin/users/{id}/factors with the service key: what a user has enrolled; a lost one is taken away or renamed.</summary>
internal sealed class AdminFactors(AuthGate gate, StoreDatabase store, TokenCache cache, TrustedProxies proxies, TimeProvider clock)
{
    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        List<Datum[]> rows = await store.QueryAsync(FactorSql.OfUser, new[] { StoreValues.Of(UserOf(context)) }, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartArray();
                foreach (Factor factor in rows.Select(Factor.Read))
                {
                    FactorWriter.Write(writer, factor);
                }
                writer.WriteEndArray();
            }
        );
    }

    public async Task UpdateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        (Guid user, Guid id) = (UserOf(context), FactorOf(context));
        string? name = Enrolment.ReadName(await AuthBody.ReadAsync(context));
        DateTimeOffset now = StoreTime.Now(clock);
        Factor factor = await store.WriteAsync(
            unit =>
            {
                List<Factor> known = Factors.OfUser(unit, user);
                Factor found = Factors.Find(unit, user, id);
                if (name is null || name == found.FriendlyName)
                {
                    return found;
                }
                Factors.RequireFreeName(known, name);
                unit.Execute(FactorSql.Rename, StoreValues.Of(user), StoreValues.Of(id), Datum.Of(name), StoreValues.Of(now));
                return found with { FriendlyName = name, UpdatedAt = now };
            },
            context.RequestAborted
        );
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => FactorWriter.Write(writer, factor));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        (Guid user, Guid id) = (UserOf(context), FactorOf(context));
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("factor_deleted", user, "service_role", ClientInfo.Of(context, proxies), clock);
        Factor factor = await store.WriteAsync(
            unit =>
            {
                Factor found = Factors.Find(unit, user, id);
                Factors.Remove(unit, found, now);
                audit.Write(unit);
                return found;
            },
            CancellationToken.None
        );
        cache.DropUser(user);
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => FactorWriter.Write(writer, factor));
    }

    private static Guid UserOf(HttpContext context) =>
        Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id)
            ? id
            : throw AuthErrors.ValidationFailed("user_id must be an UUID").ToException();

    private static Guid FactorOf(HttpContext context) =>
        Guid.TryParseExact(context.Request.RouteValues["factor"] as string, "D", out Guid id)
            ? id
            : throw AuthErrors.MfaFactorNotFound.ToException();
}

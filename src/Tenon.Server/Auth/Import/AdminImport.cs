using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Import;

/// <summary>
/// POST /admin/users/import with the service key: up to a hundred users, identities or second factors of another system, in the shape that
/// tenon user import makes of its files. The answer has a result for each, in order. Ours, not GoTrue's.
/// </summary>
internal sealed class AdminImport(AuthGate gate, UserImport import, ApiRoles roles, Vault vault, TrustedProxies proxies, TimeProvider clock)
{
    private const int MostRows = 100;
    private const int LargestBody = 4 * 1024 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context, LargestBody);
        bool dry = body.Flag("dry_run") ?? false;
        AuditEntry audit = AuditEntry.Of("users_imported", null, AuditEntry.Service, ClientInfo.Of(context, proxies), clock);
        List<ImportResult> results = body.Has("identities")
            ? await RunAsync(Items(body, "identities"), one => (ImportedUser.ReadIdentity(one), Guid.NewGuid()), UserImport.WriteIdentity, audit, dry, context)
            : body.Has("factors")
            ? await RunAsync(Items(body, "factors"), one => ImportedFactor.Read(one, vault, StoreTime.Now(clock)), ImportedFactor.Write, audit, dry, context)
            : await RunAsync(Items(body, "users"), ReadUser, UserImport.WriteUser, audit, dry, context);
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => Write(writer, results));
    }

    private (ImportedUser Row, Guid Identity, Guid[] Others) ReadUser(AuthBody body)
    {
        ImportedUser user = ImportedUser.Read(body, roles);
        return (user, Guid.NewGuid(), [.. user.Identities.Select(_ => Guid.NewGuid())]);
    }

    private static ImmutableArray<JsonElement> Items(AuthBody body, string name) =>
        body.Value(name) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() <= MostRows
            ? [.. list.EnumerateArray()]
            : throw AuthErrors.ValidationFailed($"\"{name}\" must be a list of at most {MostRows} objects").ToException();

    /// <summary>What cannot be read is refused; the rest is written, and the results stand in the order of the rows.</summary>
    private async Task<List<ImportResult>> RunAsync<T>(
        ImmutableArray<JsonElement> items,
        Func<AuthBody, T> read,
        Func<IStoreTransaction, T, DateTimeOffset, ImportResult> write,
        AuditEntry audit,
        bool dry,
        HttpContext context
    )
    {
        var results = new List<ImportResult>();
        var rows = new List<T>();
        var places = new List<int>();
        foreach (JsonElement item in items)
        {
            try
            {
                rows.Add(read(AuthBody.Of(item)));
                places.Add(results.Count);
                results.Add(ImportResult.Exists);
            }
            catch (AuthException refused)
            {
                results.Add(ImportResult.Refused(refused.Error.Message));
            }
        }
        List<ImportResult> written = await import.RunAsync(rows, write, audit, dry, context.RequestAborted);
        for (int i = 0; i < written.Count; i++)
        {
            results[places[i]] = written[i];
        }
        return results;
    }

    private static void Write(Utf8JsonWriter writer, List<ImportResult> results)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("results");
        foreach (ImportResult result in results)
        {
            writer.WriteStartObject();
            writer.WriteString("outcome", result.Outcome switch { ImportOutcome.Created => "created", ImportOutcome.Exists => "exists", _ => "refused" });
            if (result.Reason is { } reason)
            {
                writer.WriteString("reason", reason);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

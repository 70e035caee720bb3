using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.Admin;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// /keys: a signed-in user makes, lists and ends keys of their own for scripts (docs/guides/keys.md). Ours, not GoTrue's. A
/// session is asked for, so a key never makes another; and with a second factor a session that passed it.
/// </summary>
internal sealed class KeyList(AuthGate gate, UserKeys keys, TrustedProxies proxies, TimeProvider clock)
{
    private const int LongestName = 100;
    private const int DefaultRate = 600;
    private const int HighestRate = 6000;
    private static readonly TimeSpan DefaultLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(366);

    public async Task GetAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        await WriteAsync(context, await keys.ListAsync(who.User.Id, context.RequestAborted));
    }

    public async Task PostAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        RequireFactor(who);
        AuthBody body = await AuthBody.ReadAsync(context);
        string name = body.Text("name") is { Length: > 0 and <= LongestName } given && !given.Any(char.IsControl)
            ? given
            : throw AuthErrors.ValidationFailed($"\"name\" must be 1 to {LongestName} characters").ToException();
        string? reason = null;
        if (body.Value("scopes") is not { } json || !KeyScopes.TryRead(json, out KeyScopes? scopes, out reason))
        {
            throw AuthErrors.ValidationFailed($"\"scopes\" {reason ?? "is missing: \"*\", or an object such as {\"orders\":[\"select\"]}"}").ToException();
        }
        MadeKey made = await keys.CreateAsync(who.User.Id, name, scopes, ReadRate(body), ReadLife(body), Audit("api_key_created", who, context), context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                made.Key.Write(writer);
                writer.WriteString("api_key", made.Text);
                writer.WriteEndObject();
            }
        );
    }

    public async Task DeleteAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        bool known = Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id);
        if (!known || !await keys.DeleteAsync(who.User.Id, id, Audit("api_key_deleted", who, context)))
        {
            throw AuthErrors.NoSuchUserKey.ToException();
        }
        AuthResponse.NoContent(context);
    }

    internal static Task WriteAsync(HttpContext context, List<UserKey> all) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                foreach (UserKey key in all)
                {
                    writer.WriteStartObject();
                    key.Write(writer);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );

    private static int ReadRate(AuthBody body) =>
        body.Value("rate_limit") is not { } value ? DefaultRate
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int rate) && rate is >= 1 and <= HighestRate ? rate
        : throw AuthErrors.ValidationFailed($"\"rate_limit\" must be 1 to {HighestRate} requests a minute").ToException();

    private static TimeSpan ReadLife(AuthBody body) =>
        body.Text("expires_in") is not { } text ? DefaultLife
        : GoDuration.Parse(text) is { } life && life >= TimeSpan.FromSeconds(1) && life <= LongestLife ? life
        : throw AuthErrors.ValidationFailed("\"expires_in\" must be a duration from 1s to 8784h, such as 720h").ToException();

    // A key outlives the session that made it: a thief who knows the password alone must not leave one behind.
    private static void RequireFactor(SignedIn who)
    {
        bool verified =
            who.User.Factors is { } factors
            && JsonElement.Parse(factors).EnumerateArray().Any(factor => factor.GetProperty("status").GetString() == "verified");
        if (verified && who.Caller.Aal != "aal2")
        {
            throw AuthErrors.Aal2ForKeys.ToException();
        }
    }

    private AuditEntry Audit(string action, SignedIn who, HttpContext context) =>
        AuditEntry.Of(action, who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
}

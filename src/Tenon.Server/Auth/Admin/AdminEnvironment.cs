using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Admin;

/// <summary>/admin/environment with the service key: what `tenon env` compares (GET), and a change carried over from another environment (PATCH).</summary>
internal sealed class AdminEnvironment(AuthGate gate, EnvironmentSnapshot snapshot, EnvironmentChange change, TrustedProxies proxies)
{
    private const int LargestChange = 4 * 1024 * 1024;
    private const int LargestTemplate = 256 * 1024;
    private const int MostProviders = 100;
    private const int MostStatements = 10_000;

    public async Task GetAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        using var stream = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(stream))
        {
            await snapshot.WriteAsync(writer, context.RequestAborted);
        }
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(stream.GetBuffer().AsMemory(0, (int)stream.Length), context.RequestAborted);
    }

    public async Task PatchAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context, LargestChange);
        var request = new EnvironmentRequest(
            body.Text("base") ?? throw AuthErrors.ValidationFailed("\"base\" is missing: the state that the change was planned on, as GET answers it").ToException(),
            Values(body, "settings", LargestTemplate),
            Values(body, "templates", LargestTemplate),
            Providers(body),
            Statements(body, "access"),
            Statements(body, "allow")
        );
        string made = await change.ApplyAsync(request, ClientInfo.Of(context, proxies), context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("base", made);
                writer.WriteEndObject();
            }
        );
    }

    private static ImmutableDictionary<string, string?> Values(AuthBody body, string name, int longest)
    {
        ImmutableDictionary<string, string?>.Builder values = ImmutableDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);
        if (body.Object(name) is { } given)
        {
            foreach (JsonProperty member in given.EnumerateObject())
            {
                values[member.Name] = member.Value.ValueKind == JsonValueKind.Null ? null : TextOf(member.Value, $"{name}.{member.Name}", longest);
            }
        }
        return values.ToImmutable();
    }

    private static ImmutableDictionary<string, JsonElement?> Providers(AuthBody body)
    {
        if (body.Object("providers") is not { } given)
        {
            return ImmutableDictionary<string, JsonElement?>.Empty;
        }
        if (given.EnumerateObject().Take(MostProviders + 1).Count() > MostProviders)
        {
            throw AuthErrors.ValidationFailed($"\"providers\" must be at most {MostProviders}").ToException();
        }
        return given.EnumerateObject().ToImmutableDictionary(member => member.Name, member => member.Value.ValueKind == JsonValueKind.Null ? (JsonElement?)null : member.Value);
    }

    private static ImmutableArray<string> Statements(AuthBody body, string name) =>
        body.Value(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MostStatements ? [.. value.EnumerateArray().Select(item => TextOf(item, name, LargestTemplate))]
        : throw AuthErrors.ValidationFailed($"\"{name}\" must be a list of at most {MostStatements} strings").ToException();

    private static string TextOf(JsonElement value, string name, int longest)
    {
        try
        {
            string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            return text is not null && text.Length <= longest && !text.Contains('\0')
                ? text
                : throw AuthErrors.ValidationFailed($"\"{name}\" must be text of at most {longest} characters").ToException();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            throw AuthErrors.BadJson.ToException();
        }
    }
}

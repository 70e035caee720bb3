using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// /admin/keys and /admin/signing-keys with the service key: opaque API keys beside the two the server was started with, and
/// the keys that sign tokens. Ours, not GoTrue's. A key is answered once, when it is made; the store keeps its hash.
/// </summary>
internal sealed class AdminKeys(AuthGate gate, ApiKeys keys, SigningKeys signing)
{
    private const int LongestName = 100;

    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        List<ApiKey> all = await keys.ListAsync(context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                foreach (ApiKey key in all)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", key.Name);
                    writer.WriteString("type", key.Kind);
                    writer.WriteString("prefix", key.Prefix);
                    UserWriter.WriteTime(writer, "created_at", key.CreatedAt);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );
    }

    public async Task CreateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string name = body.Text("name") is { Length: > 0 and <= LongestName } given && !given.Any(char.IsControl)
            ? given
            : throw AuthErrors.ValidationFailed($"\"name\" must be 1 to {LongestName} characters").ToException();
        string type = body.Text("type") ?? "publishable";
        if (type is not ("publishable" or "secret"))
        {
            throw AuthErrors.ValidationFailed("\"type\" must be publishable or secret").ToException();
        }
        try
        {
            string key = await keys.CreateAsync(name, type == "secret", context.RequestAborted);
            await AuthResponse.WriteAsync(
                context,
                StatusCodes.Status200OK,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", name);
                    writer.WriteString("type", type);
                    writer.WriteString("api_key", key);
                    writer.WriteEndObject();
                }
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.ValidationFailed($"\"name\": a key named {name} exists").ToException();
        }
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        string name = context.Request.RouteValues["name"] as string ?? "";
        if (!await keys.DeleteAsync(name, context.RequestAborted))
        {
            throw AuthErrors.NoSuchKey.ToException();
        }
        AuthResponse.NoContent(context);
    }

    public async Task ListSigningAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        await WriteSigningAsync(context);
    }

    /// <summary>
    /// The standby key signs from now on; tokens of the previous one are good until they expire. "algorithm" asks for a key
    /// of another one, "at_once" lets that sign before others had time to read it.
    /// </summary>
    public async Task RotateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string? algorithm = null;
        if (body.Text("algorithm") is { } asked && !SigningAlgorithm.TryParse(asked, out algorithm))
        {
            throw AuthErrors.ValidationFailed($"\"algorithm\" must be one of {string.Join(", ", SigningAlgorithm.All)}").ToException();
        }
        await signing.RotateAsync(context.RequestAborted, algorithm, body.Flag("at_once") ?? false);
        await WriteSigningAsync(context);
    }

    private Task WriteSigningAsync(HttpContext context) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                foreach (SigningKey key in signing.All)
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", key.Id);
                    writer.WriteString("algorithm", key.Algorithm);
                    writer.WriteString("status", key.Status);
                    UserWriter.WriteTime(writer, "created_at", key.CreatedAt);
                    UserWriter.WriteTime(writer, "activated_at", key.ActivatedAt);
                    UserWriter.WriteTime(writer, "verify_until", key.VerifyUntil);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Admin;

/// <summary>GET /admin/environment: what `tenon env` compares and carries to another environment.</summary>
internal sealed class AdminEnvironment(AuthGate gate, EnvironmentSnapshot snapshot)
{
    public async Task HandleAsync(HttpContext context)
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
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// /oauth/userinfo: what the token's scopes let its client know. The token is judged as at the data API: its session is
/// asked, so an ended one gets nothing.
/// </summary>
internal sealed class UserInfo(CallerResolver resolver, Users users)
{
    public async Task HandleAsync(HttpContext context)
    {
        string? authorization = context.Request.Headers.Authorization;
        if (authorization is null && HttpMethods.IsPost(context.Request.Method) && context.Request.HasFormContentType)
        {
            authorization = (await AuthForm.ReadAsync(context))["access_token"] is [{ Length: > 0 } token] ? "Bearer " + token : null;
        }
        if (authorization is null)
        {
            Refuse(context, "Bearer");
            return;
        }
        Resolution resolution = await resolver.ResolveAsync(default, authorization, context.RequestAborted);
        if (!resolution.TryGet(out Caller? caller, out CredentialFailure? failure))
        {
            Refuse(context, failure.WwwAuthenticate ?? "Bearer error=\"invalid_token\"");
            return;
        }
        string[] scopes = caller.ClientId is not null && caller.Claims.TryGetProperty("scope", out JsonElement scope) ? scope.GetString()!.Split(' ') : [];
        if (caller.UserId is not { } id || !scopes.Contains("openid"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
            return;
        }
        User user = await users.ByIdAsync(id, context.RequestAborted) ?? throw AuthErrors.UserNotFound.ToException();
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                foreach ((string name, JsonElement value) in UserClaims.Of(user, scopes))
                {
                    writer.WritePropertyName(name);
                    value.WriteTo(writer);
                }
                writer.WriteEndObject();
            }
        );
    }

    private static void Refuse(HttpContext context, string challenge)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = challenge;
        context.Response.Headers.CacheControl = "no-store";
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Protocol;

/// <summary>Who is signed in at the provider in this browser.</summary>
internal sealed record BrowserSession(User User, Session Session)
{
    /// <summary>The account has a second factor and this session has not shown it.</summary>
    public bool OwesFactor => Session.Aal != "aal2" && HasFactor(User);

    private static bool HasFactor(User user) =>
        user.Factors is { } factors
        && JsonElement.Parse(factors).EnumerateArray().Any(factor => factor.GetProperty("status").GetString() == "verified");
}

/// <summary>
/// The cookie of the provider's own pages: the id of a session with a keyed hash. The session is a row like every other, so
/// it is in the user's list, and signing out, a ban and a changed password end it.
/// </summary>
internal sealed class BrowserSessions(StoreDatabase store, Users users, Auth.Keys keys, AuthOptions options, TimeProvider clock)
{
    private static readonly object FormSecret = new();
    private readonly byte[] key = keys.Derive("provider sign-in");
    private readonly bool isSecure = options.PublicUrl.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private string CookieName => isSecure ? "__Secure-tenon-sign-in" : "tenon-sign-in";
    private string FormCookieName => isSecure ? "__Secure-tenon-form" : "tenon-form";

    public async Task<BrowserSession?> FindAsync(HttpContext context)
    {
        string[] parts = (context.Request.Cookies[CookieName] ?? "").Split('.');
        if (parts.Length != 2 || !Guid.TryParseExact(parts[0], "N", out Guid id) || !Same(parts[1], Mac(parts[0])))
        {
            return null;
        }
        if (await store.QueryAsync(SessionSql.Find, new[] { StoreValues.Of(id) }, context.RequestAborted) is not [var row])
        {
            return null;
        }
        Session session = Session.Read(row);
        DateTimeOffset now = clock.GetUtcNow();
        return !session.IsOver(options.Sessions, now)
            && await users.ByIdAsync(session.UserId, context.RequestAborted) is { DeletedAt: null } user
            && !user.IsBanned(now)
            ? new BrowserSession(user, session)
            : null;
    }

    public void Remember(HttpContext context, Session session)
    {
        string id = session.Id.ToString("N");
        context.Response.Cookies.Append(CookieName, $"{id}.{Mac(id)}", Cookie());
    }

    public void Forget(HttpContext context) => context.Response.Cookies.Delete(CookieName, Cookie());

    /// <summary>What a form must carry: bound to this browser and to what the form is about.</summary>
    public string FormToken(HttpContext context, string about)
    {
        // Drawn once for all forms of a page.
        string? secret = context.Items[FormSecret] as string ?? context.Request.Cookies[FormCookieName];
        if (secret is not { Length: 22 })
        {
            secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
            context.Response.Cookies.Append(FormCookieName, secret, Cookie());
            context.Items[FormSecret] = secret;
        }
        return Mac($"form {secret} {about}");
    }

    public bool IsOurForm(HttpContext context, string about, string token) =>
        context.Request.Cookies[FormCookieName] is { Length: 22 } secret && Same(token, Mac($"form {secret} {about}"));

    // Lax: a client's page may lead here, and must not post here.
    private CookieOptions Cookie() =>
        new()
        {
            HttpOnly = true,
            IsEssential = true,
            Path = new Uri(options.Issuer).AbsolutePath + "/oauth",
            SameSite = SameSiteMode.Lax,
            Secure = isSecure,
        };

    private string Mac(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    private static bool Same(string a, string b) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>GET /admin/users?page&amp;per_page&amp;filter, with X-Total-Count and Link as GoTrue sets them.</summary>
internal sealed class AdminUserList(AuthGate gate, Users users, StoreDatabase store)
{
    private const int DefaultPage = 50;
    private const int LargestPage = 1000;

    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        int page = Page(context);
        int perPage = PerPage(context);
        string filter = context.Request.Query["filter"].ToString();
        Datum limit = Datum.Of(perPage);
        Datum offset = Datum.Of((page - 1L) * perPage);
        Datum pattern = Datum.Of(PatternOf(filter));
        bool all = filter.Length == 0;
        List<Datum[]> count = await store.QueryAsync(
            all ? UserSql.Count : UserSql.FilteredCount,
            all ? Array.Empty<Datum>() : [pattern],
            context.RequestAborted
        );
        List<Datum[]> rows = await store.QueryAsync(
            all ? UserSql.Page : UserSql.FilteredPage,
            all ? new[] { limit, offset } : [limit, offset, pattern],
            context.RequestAborted
        );
        SetPaging(context, page, perPage, count[0][0].Integer);
        var found = new List<UserWithIdentities>(rows.Count);
        foreach (User user in rows.Select(User.Read))
        {
            found.Add(new UserWithIdentities(user, await users.IdentitiesAsync(user.Id, context.RequestAborted)));
        }
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => Write(writer, found));
    }

    private static void Write(Utf8JsonWriter writer, List<UserWithIdentities> users)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("users");
        foreach (UserWithIdentities one in users)
        {
            UserWriter.WriteUser(writer, one.User, one.Identities);
        }
        writer.WriteEndArray();
        writer.WriteString("aud", TokenVerifier.Audience);
        writer.WriteEndObject();
    }

    internal static int Page(HttpContext context) => Number(context, "page", 1, int.MaxValue);

    internal static int PerPage(HttpContext context) => Number(context, "per_page", DefaultPage, LargestPage);

    private static int Number(HttpContext context, string name, int otherwise, int most)
    {
        string text = context.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return otherwise;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
            ? Math.Min(value, most)
            : throw AuthErrors.ValidationFailed($"\"{name}\" must be a whole number from 1").ToException();
    }

    /// <summary>The filter anywhere in the address; its own wildcards mean themselves.</summary>
    internal static string PatternOf(string filter)
    {
        var pattern = new StringBuilder("%");
        foreach (char c in filter.ToLowerInvariant())
        {
            pattern.Append(c is '%' or '_' or '\\' ? "\\" : "").Append(c);
        }
        return pattern.Append('%').ToString();
    }

    internal static void SetPaging(HttpContext context, int page, int perPage, long total)
    {
        long last = Math.Max(1, (total + perPage - 1) / perPage);
        string Link(long number, string rel) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"<{context.Request.PathBase}{context.Request.Path}?page={number}&per_page={perPage}>; rel=\"{rel}\""
            );
        context.Response.Headers["X-Total-Count"] = total.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.Link = page < last ? $"{Link(page + 1L, "next")}, {Link(last, "last")}" : Link(last, "last");
    }
}

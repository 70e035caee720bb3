using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// GET /admin/audit?page&amp;per_page&amp;query with the service key: the audit log, the newest entry first, in GoTrue's shape.
/// query is author:TEXT or action:TEXT, found anywhere in the name of who acted or in the action.
/// </summary>
internal sealed class AdminAudit(AuthGate gate, StoreDatabase store)
{
    private const string Author = "author:";
    private const string Action = "action:";

    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        int page = AdminUserList.Page(context);
        int perPage = AdminUserList.PerPage(context);
        (Datum author, Datum action) = ReadQuery(context.Request.Query["query"].ToString());
        List<Datum[]> count = await store.QueryAsync(PersonSql.AuditCount, new[] { author, action }, context.RequestAborted);
        List<Datum[]> rows = await store.QueryAsync(
            PersonSql.AuditPage,
            new[] { Datum.Of((long)perPage), Datum.Of((page - 1L) * perPage), author, action },
            context.RequestAborted
        );
        AdminUserList.SetPaging(context, page, perPage, count[0][0].Integer);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartArray();
                foreach (Datum[] row in rows)
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", row[0].Text);
                    writer.WritePropertyName("payload");
                    writer.WriteRawValue(row[1].Text, skipInputValidation: true);
                    UserWriter.WriteTime(writer, "created_at", row[3].Time());
                    writer.WriteString("ip_address", row[2].Text);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
        );
    }

    private static (Datum Author, Datum Action) ReadQuery(string query)
    {
        Datum any = Datum.Of("%");
        return query.Length == 0 ? (any, any)
            : query.StartsWith(Author, StringComparison.Ordinal) ? (Datum.Of(AdminUserList.PatternOf(query[Author.Length..])), any)
            : query.StartsWith(Action, StringComparison.Ordinal) ? (any, Datum.Of(AdminUserList.PatternOf(query[Action.Length..])))
            : throw AuthErrors.ValidationFailed("\"query\" must be author:TEXT or action:TEXT").ToException();
    }
}

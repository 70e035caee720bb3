using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>
/// /dev/inbox: what would have been sent, as pages and as JSON. Development only, from this machine only, and never to a
/// page of another site: the messages hold live codes.
/// </summary>
internal sealed class Inbox(StoreDatabase store, Outbox outbox)
{
    private sealed record Item(Guid Id, string Channel, DateTimeOffset At, OutboundMessage Message);

    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder inbox = routes.MapGroup("/dev/inbox");
        inbox.MapGet("", Guarded(ListPageAsync));
        inbox.MapGet("/messages.json", Guarded(ListJsonAsync));
        inbox.MapGet("/{id:guid}", Guarded(PageAsync));
        inbox.MapGet("/{id:guid}/html", Guarded(HtmlAsync));
        inbox.MapPost("/empty", Guarded(EmptyAsync));
    }

    private static RequestDelegate Guarded(RequestDelegate handler) =>
        async context =>
        {
            if (!IsOfThisMachine(context))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                await context.Response.WriteAsync("the inbox is for this machine only\n", context.RequestAborted);
                return;
            }
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            await handler(context);
        };

    /// <summary>
    /// A loopback peer that asked for this machine by name: a name that an attacker's DNS points here is refused, and so is
    /// what another site's page sends.
    /// </summary>
    internal static bool IsOfThisMachine(HttpContext context)
    {
        HttpRequest request = context.Request;
        string host = request.Host.Host;
        string origin = request.Headers.Origin.ToString();
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        return context.Connection.RemoteIpAddress is { } peer
            && IPAddress.IsLoopback(peer)
            && host is "localhost" or "127.0.0.1" or "[::1]"
            && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}")
            && site is "" or "none" or "same-origin" or "same-site"
            && request.Headers["X-Forwarded-For"].Count == 0;
    }

    private async Task ListPageAsync(HttpContext context)
    {
        var rows = new StringBuilder();
        foreach (Item item in await ReadAsync(OutboxSql.Inbox, [], context.RequestAborted))
        {
            string what = item.Channel == Outbox.Sms ? item.Message.Text : item.Message.Subject;
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"/dev/inbox/{item.Id:D}\">{E(what)}</a></td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{E(item.Message.To)}</td><td>{E(item.Channel)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td><time>{item.At:yyyy-MM-dd HH:mm:ss}</time></td></tr>\n");
        }
        string body = rows.Length == 0
            ? "<p>Nothing has been sent yet.</p>"
            : $"<table><thead><tr><th scope=\"col\">Message</th><th scope=\"col\">To</th><th scope=\"col\">Channel</th><th scope=\"col\">Time (UTC)</th></tr></thead><tbody>\n{rows}</tbody></table>"
                + "<form method=\"post\" action=\"/dev/inbox/empty\"><button>Empty the inbox</button></form>";
        await PageAsync(context, "Inbox", "<p>Messages this development server would have sent. Nothing leaves this machine.</p>" + body);
    }

    private async Task PageAsync(HttpContext context)
    {
        if (await OneAsync(context) is not { } item)
        {
            return;
        }
        OutboundMessage message = item.Message;
        string title = message.Subject.Length > 0 ? message.Subject : "Text message";
        string html = message.Html.Length == 0 ? "" : $"<h2>As HTML</h2><iframe title=\"The message as HTML\" src=\"/dev/inbox/{item.Id:D}/html\" sandbox=\"allow-popups allow-top-navigation-by-user-activation\"></iframe>";
        await PageAsync(
            context,
            title,
            $"<p><a href=\"/dev/inbox\">All messages</a></p><dl><dt>To</dt><dd>{E(message.To)}</dd><dt>Kind</dt><dd>{E(message.Kind)}</dd></dl>{html}<h2>As text</h2><pre>{E(message.Text)}</pre>"
        );
    }

    private async Task HtmlAsync(HttpContext context)
    {
        if (await OneAsync(context) is not { } item)
        {
            return;
        }
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy =
            "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:";
        // A click opens the whole page, not the frame.
        await context.Response.WriteAsync("<base target=\"_top\">" + item.Message.Html, context.RequestAborted);
    }

    private async Task ListJsonAsync(HttpContext context)
    {
        string to = context.Request.Query["to"].ToString();
        List<Item> items = await ReadAsync(OutboxSql.Inbox, [], context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartArray();
                foreach (Item item in items.Where(item => to.Length == 0 || item.Message.To == to))
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", item.Id);
                    writer.WriteString("channel", item.Channel);
                    writer.WriteString("kind", item.Message.Kind);
                    writer.WriteString("to", item.Message.To);
                    writer.WriteString("subject", item.Message.Subject);
                    writer.WriteString("html", item.Message.Html);
                    writer.WriteString("text", item.Message.Text);
                    writer.WriteString("code", item.Message.Code);
                    UserWriter.WriteTime(writer, "created_at", item.At);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
        );
    }

    private async Task EmptyAsync(HttpContext context)
    {
        await store.WriteAsync(unit => unit.Execute(OutboxSql.EmptyInbox), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "/dev/inbox";
    }

    private async Task<Item?> OneAsync(HttpContext context)
    {
        var id = Guid.Parse((string)context.Request.RouteValues["id"]!);
        List<Item> found = await ReadAsync(OutboxSql.InboxOne, [StoreValues.Of(id)], context.RequestAborted);
        if (found is [var item])
        {
            return item;
        }
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        await context.Response.WriteAsync("no such message\n", context.RequestAborted);
        return null;
    }

    private async Task<List<Item>> ReadAsync(StoreStatement statement, Datum[] arguments, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(statement, arguments, cancellation);
        return [.. rows.Select(row => new Item(row[0].Uuid(), row[1].Text, row[3].Time()!.Value, outbox.Open(row[0].Uuid(), row[2].Text)))];
    }

    private static Task PageAsync(HttpContext context, string title, string body)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'";
        return context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{E(title)} - development inbox</title>
            <style>
            :root {"{"} color-scheme: light dark {"}"}
            body {"{"} font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem {"}"}
            table {"{"} border-collapse: collapse; width: 100% {"}"} th, td {"{"} text-align: left; padding: .4rem; border-bottom: 1px solid GrayText {"}"}
            iframe {"{"} width: 100%; height: 24rem; border: 1px solid GrayText; background: #fff {"}"} pre {"{"} white-space: pre-wrap; overflow-wrap: anywhere {"}"}
            </style></head>
            <body><main><h1>{E(title)}</h1>{body}</main></body>
            </html>
            """,
            context.RequestAborted
        );
    }

    private static string E(string text) => WebUtility.HtmlEncode(text);
}

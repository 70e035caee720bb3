using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.Audit;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// GET /admin/audit/verify?from&amp;anchor with the service key: checks the chain of the audit log, a hundred thousand entries
/// a call; where there are more, the next call goes on from the place that was answered. Ours, not GoTrue's.
/// </summary>
internal sealed class AdminAuditCheck(AuthGate gate, AuditCheck check)
{
    private const int MostEntries = 100_000;

    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuditPlace from = Place(context, "from") ?? AuditPlace.Start;
        AuditReport report = await check.RunAsync(from, Place(context, "anchor"), MostEntries, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteBoolean("valid", report.Finding is null);
                writer.WriteNumber("checked", report.Checked);
                writer.WriteString("place", report.Place.ToString());
                writer.WriteBoolean("more", report.More);
                if (report.Finding is { } finding)
                {
                    writer.WriteStartObject("finding");
                    if (finding.Seq is { } seq)
                    {
                        writer.WriteNumber("seq", seq);
                    }
                    if (finding.Id is { } id)
                    {
                        writer.WriteString("id", id);
                    }
                    writer.WriteString("problem", finding.Problem);
                    writer.WriteEndObject();
                }
                writer.WriteEndObject();
            }
        );
    }

    private static AuditPlace? Place(HttpContext context, string name) =>
        context.Request.Query[name].ToString() is not { Length: > 0 } text ? null
        : AuditPlace.Parse(text)
            ?? throw AuthErrors.ValidationFailed(string.Create(CultureInfo.InvariantCulture, $"\"{name}\" must be SEQ:HASH, as this call answers it")).ToException();
}

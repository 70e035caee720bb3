using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>One line of auth.audit_log_entries, written in the same unit as what it tells of. Actions are GoTrue's words.</summary>
internal sealed record AuditEntry(Guid Id, string Action, Guid? Actor, string? ActorName, string Ip, DateTimeOffset At)
{
    public static AuditEntry Of(string action, Guid? actor, string? name, ClientInfo client, TimeProvider clock)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        return new AuditEntry(Guid.CreateVersion7(now), action, actor, name, client.Ip ?? "", now);
    }

    public void Write(IStoreTransaction unit) =>
        unit.Execute(
            UserSql.Audit,
            StoreValues.Of(Id),
            Datum.Of(Action),
            StoreValues.Of(Actor),
            StoreValues.OfText(ActorName),
            Datum.Of(Payload()),
            Datum.Of(Ip),
            StoreValues.Of(At)
        );

    private string Payload() =>
        $$"""{"action":"{{Action}}","actor_id":{{JsonSerializer.Serialize(Actor?.ToString())}},"actor_username":{{JsonSerializer.Serialize(ActorName)}}}""";
}

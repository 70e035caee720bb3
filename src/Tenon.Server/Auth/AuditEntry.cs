using System.Text.Json;
using Tenon.Server.Auth.Audit;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>One line of auth.audit_log_entries, written in the same unit as what it tells of. Actions are GoTrue's words.</summary>
internal sealed record AuditEntry(Guid Id, string Action, Guid? Actor, string? ActorName, string Ip, DateTimeOffset At, string Salt)
{
    /// <summary>The name of who holds the service key.</summary>
    public const string Service = "service_role";

    /// <summary>What was done to, by name; never values.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    public static AuditEntry Of(string action, Guid? actor, string? name, ClientInfo client, TimeProvider clock)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        return new AuditEntry(Guid.CreateVersion7(now), action, actor, name, client.Ip ?? "", now, AuditHash.NewSalt());
    }

    /// <summary>Written at the end of the unit, whenever in it this is called.</summary>
    public void Write(IStoreTransaction unit) => unit.Log(new LogLine(Id, Action, Actor, ActorName, Payload(), Ip, At, Salt));

    /// <summary>What is left of an erased entry's payload.</summary>
    public static string ErasedPayload(string action, string pseudonym) =>
        $$"""{"action":{{JsonSerializer.Serialize(action)}},"actor_id":"{{pseudonym}}"}""";

    private string Payload()
    {
        string traits = Changed.Count == 0 ? "" : ",\"traits\":{\"changed\":" + JsonSerializer.Serialize(Changed) + "}";
        return $$"""{"action":"{{Action}}","actor_id":{{JsonSerializer.Serialize(Actor?.ToString())}},"actor_username":{{JsonSerializer.Serialize(ActorName)}}""" + traits + "}";
    }
}

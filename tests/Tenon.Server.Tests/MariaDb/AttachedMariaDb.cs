// An attached MariaDB without a server around it.
using Tenon.Sources;
using Tenon.Sources.MySql;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

internal static class AttachedMariaDb
{
    public static readonly AttachedEngines Engines = new AttachedEngines().AddMySql();

    /// <summary>Children with a limit per parent: never:// numbers all rows, always:// reads parent by parent wherever that can be said, mysql:// as usual.</summary>
    public static readonly AttachedEngines Twins = new AttachedEngines()
        .Add(new AttachedEngine(["never://"], o => MySqlDatabase.Open(o, PerParentChoice.Never)))
        .Add(new AttachedEngine(["always://"], o => MySqlDatabase.Open(o, PerParentChoice.Always)))
        .AddMySql();

    public static PrivateMariaDb Server()
    {
        Assert.SkipWhen(PrivateMariaDb.Shared is null, "MariaDB is not installed");
        return PrivateMariaDb.Shared!;
    }

    public static AttachedDatabase Open(string url, string policies, string name = "crm", bool writable = true) =>
        Engines.Open(new AttachedOptions(name, url) { Policies = policies, Writable = writable }).Value;
}

// An attached MariaDB without a server around it.
using Tenon.Sources;
using Tenon.Sources.MySql;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

internal static class AttachedMariaDb
{
    public static readonly AttachedEngines Engines = new AttachedEngines().AddMySql();

    public static PrivateMariaDb Server()
    {
        Assert.SkipWhen(PrivateMariaDb.Shared is null, "MariaDB is not installed");
        return PrivateMariaDb.Shared!;
    }

    public static AttachedDatabase Open(string url, string policies, string name = "crm", bool writable = true) =>
        Engines.Open(new AttachedOptions(name, url) { Policies = policies, Writable = writable }).Value;
}

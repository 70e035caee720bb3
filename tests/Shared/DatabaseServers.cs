using Xunit;

[assembly: AssemblyFixture(typeof(Tenon.Testing.DatabaseServers))]

namespace Tenon.Testing;

/// <summary>
/// Ends the run's own database servers after its last test. Left to the end of the process they are ended against the clock:
/// the runner gives that ten seconds, and hundreds of databases take longer to delete on a busy machine.
/// </summary>
public sealed class DatabaseServers : IDisposable
{
    public void Dispose()
    {
        PrivatePostgres.End();
        PrivateMariaDb.End();
    }
}

using System.Collections.Immutable;
using MySqlConnector;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Sources.MySql.Introspection;

namespace Tenon.Sources.MySql;

/// <summary>An attached MariaDB. It is introspected when first wanted and again after its tables turned out to have changed.</summary>
internal sealed class MySqlDatabase : AttachedDatabase
{
    private sealed record Known(Catalog Catalog, MySqlFacts Facts);

    private readonly AttachedOptions options;
    private readonly ImmutableArray<SchemaStatement> policies;
    private readonly MySqlPool pool;
    private readonly MySqlConnectionStringBuilder settings;
    private readonly SemaphoreSlim reading = new(1, 1);
    private volatile Known? known;
    private volatile MySqlFacts facts = MySqlFacts.None;

    private MySqlDatabase(AttachedOptions options, ImmutableArray<SchemaStatement> policies, MySqlConnectionStringBuilder settings, PerParentChoice choice)
    {
        this.options = options;
        this.policies = policies;
        this.settings = settings;
        pool = new MySqlPool(options, settings) { Facts = () => facts };
        Source = new MySqlSource(pool, options.Writable, () => facts, choice, Failed);
    }

    public static Outcome<AttachedDatabase> Open(AttachedOptions options) => Open(options, PerParentChoice.Measured);

    /// <summary>choice: when the children of several parents are read parent by parent.</summary>
    public static Outcome<AttachedDatabase> Open(AttachedOptions options, PerParentChoice choice)
    {
        if (!MySqlUrl.Read(options).TryGet(out MySqlConnectionStringBuilder settings, out Error error))
        {
            return error;
        }
        return AttachedPolicies.Parse(options.Name, options.Policies).TryGet(out ImmutableArray<SchemaStatement> policies, out error)
            ? new MySqlDatabase(options, policies, settings, choice)
            : error;
    }

    public override string Name => options.Name;

    public override Source Source { get; }

    public override async ValueTask<Catalog> CatalogAsync(CancellationToken cancellation)
    {
        if (known is { } there)
        {
            return there.Catalog;
        }
        // One request reads it for all that wait.
        await reading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return (known ??= await ReadAsync(cancellation).ConfigureAwait(false)).Catalog;
        }
        finally
        {
            reading.Release();
        }
    }

    private async Task<Known> ReadAsync(CancellationToken cancellation)
    {
        MySqlFound found = await MySqlIntrospector.ReadAsync(pool, options, cancellation).ConfigureAwait(false);
        if (!AttachedPolicies.Apply(found.Catalog, policies).TryGet(out Catalog catalog, out Error error))
        {
            throw new AttachedRefused(options.Name, error);
        }
        facts = found.Facts;
        return new Known(catalog, found.Facts);
    }

    public override async Task<AttachedReport> ReportAsync(CancellationToken cancellation)
    {
        try
        {
            (string server, string user, bool encrypted) = await MySqlWhoami.AskAsync(pool, cancellation).ConfigureAwait(false);
            MySqlFound found = await MySqlIntrospector.ReadAsync(pool, options, cancellation).ConfigureAwait(false);
            return new AttachedReport(server, user, found.Catalog, found.LeftOut)
            {
                Rights = found.Rights,
                Notices = encrypted || MySqlUrl.IsLocal(settings) ? [] : [MySqlUrl.NotEncrypted],
            };
        }
        catch (MySqlFailure failure)
        {
            throw new MySqlFailure(MySqlErrors.ForAdministrator(failure, settings, options.Name), failure.InnerException!, options.Name);
        }
    }

    private void Failed(MySqlFailure failure)
    {
        if (failure.IsStale)
        {
            known = null;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync().ConfigureAwait(false);
        reading.Dispose();
    }
}

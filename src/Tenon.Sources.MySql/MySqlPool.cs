using MySqlConnector;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// The connections of one database; the driver pools them. A new one gets its session once: UTC, strict, quotes as in
/// standard SQL, and aggregated texts never cut short (a cut JSON would come with no more than a warning). The cache of
/// subqueries is off: it tells outer values apart by their column's collation, so that a policy's answer for 'Ann' would be
/// given for 'ann' as well.
/// </summary>
internal sealed class MySqlPool : IAsyncDisposable
{
    private const string Session =
        "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
        + "time_zone = '+00:00', group_concat_max_len = 4294967295, collation_connection = utf8mb4_nopad_bin, optimizer_switch = 'subquery_cache=off', "
        + "max_statement_time = @seconds, innodb_lock_wait_timeout = @lock";

    /// <summary>The age a snapshot may reach, and a little: the database's own bound, should nobody here end a statement.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(35);

    private readonly MySqlDataSource source;
    private readonly string connected;

    public MySqlPool(AttachedOptions options, MySqlConnectionStringBuilder settings)
    {
        Name = options.Name;
        Timeout = options.Timeout;
        Clock = options.Clock;
        connected = settings.Database;
        var builder = new MySqlDataSourceBuilder(settings.ConnectionString);
        builder.UseConnectionOpenedCallback(Prepare);
        source = builder.Build();
        Ender = new StatementEnder(settings);
        // Statements are waited for on their thread. Without that many, the thread pool would add them one by one while requests wait.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + options.PoolSize), ports);
    }

    /// <summary>The source's name in tenon.toml.</summary>
    public string Name { get; }

    /// <summary>The longest a statement may take before its answer goes out; the lease ends it.</summary>
    public TimeSpan Timeout { get; }

    public TimeProvider Clock { get; }

    public StatementEnder Ender { get; }

    /// <summary>What there is in the database, as it was last read.</summary>
    public Func<MySqlFacts> Facts { get; init; } = static () => MySqlFacts.None;

    /// <summary>Whether a table of the source is the one of this database of the server.</summary>
    public bool IsOf(QualifiedName table, string database) => Facts().IsOf(table, database, connected);

    private async ValueTask Prepare(MySqlConnectionOpenedContext context, CancellationToken cancellation)
    {
        if (!context.Conditions.HasFlag(MySqlConnectionOpenedConditions.New))
        {
            return;
        }
        if (!context.Connection.ServerVersion.Contains("MariaDB", StringComparison.Ordinal))
        {
            throw Refusals.NotSupported("a MySQL server that is not MariaDB", "Attach a MariaDB from version 10.7.").ToException();
        }
        var command = new MySqlCommand(Session, context.Connection);
        await using (command)
        {
            command.Parameters.AddWithValue("@seconds", Math.Max(Timeout.TotalSeconds, Longest.TotalSeconds));
            command.Parameters.AddWithValue("@lock", (long)Math.Max(1, Math.Ceiling(Timeout.TotalSeconds)));
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask<MySqlConnection> RentAsync(CancellationToken cancellation)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw MySqlErrors.Of(failure, Name);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Ender.Dispose();
        await source.DisposeAsync().ConfigureAwait(false);
    }
}

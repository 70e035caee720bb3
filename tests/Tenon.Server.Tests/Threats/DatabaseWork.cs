using System.Globalization;
using Npgsql;
using Tenon.Server.Tests.Oracles;
using Tenon.Sources.Sqlite;
using Tenon.Testing;

namespace Tenon.Server.Tests.Threats;

/// <summary>The database behind a server, past the server: what runs in it, by its own account.</summary>
internal static class DatabaseWork
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Statements and transactions of the server that have not ended; in PostgreSQL those only that name this, as the server
    /// asks there for its own purposes, too.
    /// </summary>
    public static async Task<long> RunningAsync(OracleApp app, string naming = "") =>
        app.Engine switch
        {
            "sqlite" => ((SqliteDatabase)app.App.Host.Backend.Database).ReadersRented,
            "mariadb" => RunningInMariaDb(app.Url),
            _ => await CountAsync(app, "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid() and strpos(query, '" + naming + "') > 0"),
        };

    /// <summary>A connection that a kill still waits for counts: it would meet the next statement.</summary>
    public static long RunningInMariaDb(string url) =>
        long.Parse(
            PrivateMariaDb.Shared!.Execute(
                "",
                $"select count(*) from information_schema.processlist p left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id where p.db = '{NameOf(url)}' and (p.command <> 'Sleep' or t.trx_id is not null)"
            ),
            CultureInfo.InvariantCulture
        );

    public static Task FreeAsync(OracleApp app) => UntilAsync(async () => await RunningAsync(app) == 0);

    public static Task BusyAsync(OracleApp app) => UntilAsync(async () => await RunningAsync(app) > 0);

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, "not within a minute");
            // InnoDB keeps what it tells of transactions for as long as it is asked again within a tenth of a second.
            await Task.Delay(250, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A statement of the owner's.</summary>
    public static async Task ExecuteAsync(OracleApp app, string sql)
    {
        switch (app.Engine)
        {
            case "sqlite":
                Assert.Null(await app.ApplyAsync(sql, "", null));
                break;
            case "mariadb":
                PrivateMariaDb.Shared!.Execute(app.Url, sql);
                break;
            default:
                await CountAsync(app, sql);
                break;
        }
    }

    private static async Task<long> CountAsync(OracleApp app, string sql)
    {
        await using var connection = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionTo(NameOf(app)));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) as long? ?? 0;
    }

    private static string NameOf(OracleApp app) => NameOf(app.Url);

    private static string NameOf(string url) => new Uri(url).AbsolutePath.TrimStart('/');
}

using Npgsql;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;

namespace Tenon.Sources.Postgres;

/// <summary>
/// A development database in place of another: made as NAME_next while NAME is in use, then renamed; the old one stays as
/// NAME_before. Only on this machine: what is elsewhere may be somebody's work.
/// </summary>
internal static class PostgresReplacement
{
    /// <summary>Each waits five seconds in the server for others to leave.</summary>
    private const int Attempts = 2;

    public static Outcome<MainDatabaseOptions> Beside(MainDatabaseOptions options)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        bool here = address.Host is null or "localhost" or "127.0.0.1" or "::1" or "[::1]" || address.Host.StartsWith('/');
        return here
            ? options with { Url = UrlOf(options.Url, address.Database!, Next(address)), Anew = true }
            : Refusals.NotSupported("making a database on another machine anew", "Drop and create it with its own tools, then start again.");
    }

    /// <summary>An empty database that orders text as the old one does.</summary>
    public static void Make(MainDatabaseOptions options)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        string next = SqlNames.Name(Next(address));
        Run(options, address.Database!, connection =>
        {
            using var locale = new NpgsqlCommand("select datcollate::text, datctype::text from pg_database where datname = current_database()", connection);
            (string collate, string ctype) = ReadPair(locale);
            Execute(connection, $"create database {next} template template0 lc_collate {SqlNames.Literal(collate)} lc_ctype {SqlNames.Literal(ctype)}");
        });
    }

    public static void Discard(MainDatabaseOptions options)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        Run(options, address.Database!, connection => Execute(connection, $"drop database if exists {SqlNames.Name(Next(address))} with (force)"));
    }

    // A database is renamed from another one: nobody may be in it.
    public static void PutInPlace(MainDatabaseOptions options)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        (string now, string next, string before) = (address.Database!, Next(address), address.Database + "_before");
        Run(options, next, connection =>
        {
            Execute(connection, $"drop database if exists {SqlNames.Name(before)} with (force)");
            Rename(connection, now, before);
        });
        try
        {
            Run(options, before, connection => Rename(connection, next, now));
        }
        catch (SourceException)
        {
            Run(options, next, connection => Rename(connection, before, now));
            throw;
        }
    }

    private static string Next(NpgsqlConnectionStringBuilder address) => address.Database + "_next";

    // Connections that were just closed here take the server a moment to forget.
    private static void Rename(NpgsqlConnection connection, string from, string to)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Execute(connection, $"alter database {SqlNames.Name(from)} rename to {SqlNames.Name(to)}");
                return;
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.ObjectInUse && attempt < Attempts)
            {
                // Asked once more.
            }
        }
    }

    private static void Run(MainDatabaseOptions options, string database, Action<NpgsqlConnection> work)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(UrlOf(options.Url, PostgresUrl.Read(options.Url).Database!, database));
        using NpgsqlDataSource source = PostgresDatabase.SourceOf(address, statementTimeout: TimeSpan.Zero);
        try
        {
            using NpgsqlConnection connection = source.OpenConnection();
            work(connection);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    private static (string, string) ReadPair(NpgsqlCommand command)
    {
        using NpgsqlDataReader row = command.ExecuteReader();
        row.Read();
        return (row.GetString(0), row.GetString(1));
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>The same url with another database.</summary>
    private static string UrlOf(string url, string database, string other)
    {
        var uri = new UriBuilder(url);
        uri.Path = "/" + Uri.EscapeDataString(other);
        return uri.Uri.GetComponents(UriComponents.AbsoluteUri, UriFormat.UriEscaped);
    }
}

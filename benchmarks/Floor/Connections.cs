using Microsoft.Data.Sqlite;

namespace Tenon.Benchmarks.Floor;

/// <summary>Pooled connections, and the one gate that keeps writers from waiting on SQLite's busy handler.</summary>
internal sealed class Connections(string path, string synchronous)
{
    private readonly string _pragma = $"pragma synchronous = {synchronous}";

    public string ConnectionString { get; } =
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = true, ForeignKeys = true }.ToString();

    public SemaphoreSlim WriteGate { get; } = new(1, 1);

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        return connection;
    }

    public SqliteConnection OpenForWriting()
    {
        var connection = Open();
        Prepare(connection);
        return connection;
    }

    /// <summary>The durability asked for; a fresh connection has SQLite's default, which is full.</summary>
    public void Prepare(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = _pragma;
        command.ExecuteNonQuery();
    }
}

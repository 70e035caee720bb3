using Tenon.Sources.Sqlite;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>A database file in a folder of its own that goes away with it.</summary>
internal sealed class TestDatabase : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tenon-sqlite-").FullName;

    public TestDatabase(string? script = null)
    {
        Options = new SqliteOptions(Path.Combine(folder, "data.db"));
        if (script is not null)
            Run(script);
    }

    public SqliteOptions Options { get; set; }

    public string Folder => folder;

    public void Run(string script)
    {
        using SqliteConnection connection = SqliteConnection.Open(Options, SqliteMode.Writer);
        connection.ExecuteScript(script);
    }

    public long? Scalar(string sql)
    {
        using SqliteConnection connection = SqliteConnection.Open(Options with { Vfs = null }, SqliteMode.Writer);
        return connection.QueryInt64(new SqliteSql(sql));
    }

    public void Dispose() => Directory.Delete(folder, true);
}

// A process to be killed: writes pairs of rows (one in a, one in b) through the writer from many tasks at once and prints
// each id when, and only when, its write was acknowledged. Arguments: database file, first id.
using System.Globalization;
using Tenon.Sources.Sqlite;

string path = args[0];
long next = long.Parse(args[1], CultureInfo.InvariantCulture);
await using SqliteWriter writer = new(new SqliteOptions(path), new SqliteWriterOptions { CheckpointPages = 50 });
await using Stream output = Console.OpenStandardOutput();
Lock gate = new();
await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(Produce)));

async Task Produce()
{
    while (true)
    {
        Pair pair = new(Interlocked.Increment(ref next));
        await writer.SubmitAsync(pair);
        byte[] line = System.Text.Encoding.ASCII.GetBytes($"{pair.Id}\n");
        lock (gate)
            output.Write(line);
    }
}

/// <summary>Two rows that belong together.</summary>
internal sealed class Pair(long id) : WriteUnit
{
    private static readonly SqliteSql[] Into =
    [
        new("insert into a(id, v) values (?1, ?2)"),
        new("insert into b(id, v) values (?1, ?2)"),
    ];
    private static readonly string Text = new('x', 300);

    public long Id => id;

    public override void Execute(WriteContext context)
    {
        foreach (SqliteSql sql in Into)
        {
            using SqliteStatement statement = context.Prepare(sql);
            statement.Bind(1, id);
            statement.BindText(2, Text);
            statement.Execute();
        }
    }
}

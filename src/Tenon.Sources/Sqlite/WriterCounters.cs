namespace Tenon.Sources.Sqlite;

/// <summary>Running totals of the writer, written by its thread, read by anyone (each figure by itself).</summary>
internal sealed class WriterCounters
{
    /// <summary>Commits.</summary>
    public long Groups { get; private set; }

    /// <summary>Units answered from commits.</summary>
    public long Units { get; private set; }

    /// <summary>The largest group so far.</summary>
    public int LargestGroup { get; private set; }

    /// <summary>Groups run again because a unit lost the transaction.</summary>
    public long Replays { get; set; }

    /// <summary>Units run alone after two lost groups or a refused commit.</summary>
    public long Alone { get; set; }

    public long Checkpoints { get; set; }

    internal void Record(int units)
    {
        Groups++;
        Units += units;
        LargestGroup = Math.Max(LargestGroup, units);
    }
}

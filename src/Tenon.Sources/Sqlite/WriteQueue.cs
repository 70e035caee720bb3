namespace Tenon.Sources.Sqlite;

// The bounded line of units before the writer: first in, first out; a cancelled unit leaves from anywhere at once.
internal sealed class WriteQueue(int capacity)
{
    private readonly object gate = new();
    private WriteUnit? first;
    private WriteUnit? last;
    private int count;
    private bool closed;

    public int Count => Volatile.Read(ref count);

    /// <summary>False when the line is full or closed. Units that give way (<paramref name="again"/>) always fit.</summary>
    public bool TryAdd(WriteUnit unit, bool again = false)
    {
        lock (gate)
        {
            if (!again && (closed || count >= capacity))
                return false;
            unit.Queued = true;
            unit.Previous = last;
            unit.Next = null;
            if (last is null)
                first = unit;
            else
                last.Next = unit;
            last = unit;
            count++;
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Takes a unit out from wherever it stands; false when it has been taken already.</summary>
    public bool Remove(WriteUnit unit)
    {
        lock (gate)
        {
            if (!unit.Queued)
                return false;
            Unlink(unit);
            return true;
        }
    }

    /// <summary>The next unit; null when there is none, or when it wants to be alone and must not join a group.</summary>
    public WriteUnit? TryTake(bool joining)
    {
        lock (gate)
        {
            if (first is null || (joining && first.Alone))
                return null;
            WriteUnit unit = first;
            Unlink(unit);
            return unit;
        }
    }

    /// <summary>Waits on the calling thread for a unit; null when the line is closed and empty.</summary>
    public WriteUnit? Take()
    {
        lock (gate)
        {
            while (first is null)
            {
                if (closed)
                    return null;
                Monitor.Wait(gate);
            }
            WriteUnit unit = first;
            Unlink(unit);
            return unit;
        }
    }

    /// <summary>Lets nobody in any more; who is in line is still served.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Unlink(WriteUnit unit)
    {
        if (unit.Previous is null)
            first = unit.Next;
        else
            unit.Previous.Next = unit.Next;
        if (unit.Next is null)
            last = unit.Previous;
        else
            unit.Next.Previous = unit.Previous;
        unit.Next = unit.Previous = null;
        unit.Queued = false;
        count--;
    }
}

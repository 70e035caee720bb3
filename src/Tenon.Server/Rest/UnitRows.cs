using System.Runtime.InteropServices;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// The rows of one unit while its children are being read: their bytes with holes where the children go, the keys the
/// children need, and for a child unit which rows belong to which parent.
/// </summary>
internal sealed class UnitRows : IDisposable
{
    private readonly record struct HoleAt(int Position, int Op);

    // Two members of a row may begin at one position (a hole has no bytes): the hole tells them apart.
    private readonly record struct MemberAt(int Position, int Hole);

    // Lists longer than this are not kept for the next request.
    private const int MostKept = 4096;

    private readonly JsonProgram program;
    private readonly List<int> starts = [];
    private readonly List<int> holeStarts = [];
    private readonly List<HoleAt> holes = [];
    private readonly List<MemberAt> memberStarts = [];
    private readonly List<int> parents = [];
    private readonly ByteBuffer[] keys;
    private int[] firstOfParent = [];
    private bool rented;

    private UnitRows(JsonProgram program)
    {
        this.program = program;
        Children = new UnitRows?[program.Children.Length];
        keys = new ByteBuffer[program.Children.Length];
    }

    /// <summary>Empty rows of a program: those that the last request gave back, where nobody else has them.</summary>
    public static UnitRows Rent(JsonProgram program)
    {
        UnitRows rows = program.TakeSpare() ?? new UnitRows(program);
        rows.rented = true;
        rows.Bytes = new ByteBuffer();
        for (int i = 0; i < rows.keys.Length; i++)
        {
            rows.keys[i] = new ByteBuffer();
            rows.keys[i].Add((byte)'[');
        }
        return rows;
    }

    public ByteBuffer Bytes { get; private set; } = null!;
    public UnitRows?[] Children { get; }
    public int Count => starts.Count;

    // ---- while reading ----

    public void Begin(int parent)
    {
        starts.Add(Bytes.Length);
        holeStarts.Add(holes.Count);
        parents.Add(parent);
    }

    /// <summary>Step <paramref name="op"/> begins: notes where a member of a spread child starts.</summary>
    public void At(int op)
    {
        if (program.MemberStarts.Length > 0 && Array.IndexOf(program.MemberStarts, op) >= 0)
        {
            memberStarts.Add(new MemberAt(Bytes.Length, holes.Count));
        }
    }

    public void Hole(int op) => holes.Add(new HoleAt(Bytes.Length, op));

    public void End(RowReader reader)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            if (Count > 1)
            {
                keys[i].Add((byte)',');
            }
            JsonValues.WriteKey(reader, program.Unit.Children[i], keys[i]);
        }
    }

    /// <summary>All rows are in: indexes them by parent.</summary>
    public void Finish(int parentCount)
    {
        if (firstOfParent.Length <= parentCount)
        {
            firstOfParent = new int[parentCount + 1];
        }
        int row = 0;
        for (int parent = 0; parent <= parentCount; parent++)
        {
            while (row < parents.Count && parents[row] < parent)
            {
                row++;
            }
            firstOfParent[parent] = row;
        }
    }

    public ByteBuffer TakeKeys(int child)
    {
        keys[child].Add((byte)']');
        return keys[child];
    }

    // ---- while writing ----

    public void Emit(int row, ByteBuffer into)
    {
        bool last = row + 1 == Count;
        Emit(row, new MemberAt(starts[row], holeStarts[row]), last ? End() : new MemberAt(starts[row + 1], holeStarts[row + 1]), into);
    }

    private MemberAt End() => new(Bytes.Length, holes.Count);

    private void Emit(int row, MemberAt first, MemberAt end, ByteBuffer into)
    {
        int from = first.Position;
        for (int hole = first.Hole; hole < end.Hole; hole++)
        {
            HoleAt at = holes[hole];
            into.Add(Bytes.Written[from..at.Position]);
            from = at.Position;
            ref readonly JsonOp op = ref program.Ops[at.Op];
            EmitChildren(op, row, into);
        }
        into.Add(Bytes.Written[from..end.Position]);
    }

    private void EmitChildren(in JsonOp op, int parent, ByteBuffer into)
    {
        into.Add((byte)'[');
        UnitRows? child = Children[op.Target];
        int first = child?.firstOfParent[parent] ?? 0;
        int end = child?.firstOfParent[parent + 1] ?? 0;
        for (int row = first; row < end; row++)
        {
            if (row > first)
            {
                into.Add((byte)',');
            }
            if (op.Kind == JsonOpKind.Spread)
            {
                child!.EmitMember(row, op.Column, into);
            }
            else
            {
                child!.Emit(row, into);
            }
        }
        if (first == end && program.Unit.Children[op.Target].Unit.OneRowWhenEmpty && op.Kind == JsonOpKind.Children)
        {
            JsonValues.WriteEmptyAggregates(program.Children[op.Target].Unit, into);
        }
        into.Add((byte)']');
    }

    private void EmitMember(int row, int member, ByteBuffer into)
    {
        int index = row * program.MemberStarts.Length + member;
        Emit(row, memberStarts[index], index + 1 < memberStarts.Count ? memberStarts[index + 1] : End(), into);
    }

    public void Dispose()
    {
        if (!rented)
        {
            return;
        }
        rented = false;
        Bytes.Dispose();
        foreach (ByteBuffer buffer in keys)
        {
            buffer.Dispose();
        }
        foreach (UnitRows? child in Children)
        {
            child?.Dispose();
        }
        Array.Clear(Children);
        if (Math.Max(Math.Max(starts.Capacity, holes.Capacity), Math.Max(memberStarts.Capacity, firstOfParent.Length)) <= MostKept)
        {
            starts.Clear();
            holeStarts.Clear();
            holes.Clear();
            memberStarts.Clear();
            parents.Clear();
            program.KeepSpare(this);
        }
    }
}

using System.Buffers;
using System.Runtime.InteropServices;

namespace Tenon.Server.Rest;

/// <summary>
/// Memory of a large answer, from the system and not from the garbage-collected heap: what was never written is not resident,
/// and what the last large answers leave is a few blocks for the next ones. One user at a time.
/// </summary>
internal sealed unsafe class NativeBlock : MemoryManager<byte>
{
    /// <summary>Room for an answer that is whole before its head is sent, and for the rows of one batch past that.</summary>
    private const int FirstSize = ReadBounds.Buffer + (256 << 10);

    // The rows of a request's root and of one child at a time, on every processor.
    private static readonly NativeBlock?[] Kept = new NativeBlock?[2 * Environment.ProcessorCount];

    private readonly Bytes bytes = new();

    private NativeBlock(int size) => bytes.Resize(size);

    public static NativeBlock Rent(int atLeast)
    {
        for (int i = 0; atLeast <= FirstSize && i < Kept.Length; i++)
        {
            if (Volatile.Read(ref Kept[i]) is not null && Interlocked.Exchange(ref Kept[i], null) is { } kept)
            {
                return kept;
            }
        }
        return new NativeBlock(Math.Max(FirstSize, atLeast));
    }

    public int Length => bytes.Length;

    public void Grow(int size) => bytes.Resize(size);

    /// <summary>Kept for the next one, or freed; not to be used any more by whoever had it.</summary>
    public void Return()
    {
        for (int i = 0; bytes.Length == FirstSize && i < Kept.Length; i++)
        {
            if (Interlocked.CompareExchange(ref Kept[i], this, null) is null)
            {
                return;
            }
        }
        bytes.Dispose();
    }

    public override Span<byte> GetSpan() => new(bytes.Start, bytes.Length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(bytes.Start + elementIndex);

    public override void Unpin() { }

    protected override void Dispose(bool disposing) => bytes.Dispose();

    /// <summary>Freed at the latest when nothing holds it: the rows of a write unit that failed are dropped, not disposed.</summary>
    private sealed class Bytes() : SafeHandle(0, ownsHandle: true)
    {
        public byte* Start => (byte*)handle;

        public int Length { get; private set; }

        public override bool IsInvalid => handle == 0;

        public void Resize(int size)
        {
            handle = (nint)NativeMemory.Realloc(Start, (nuint)size);
            Length = size;
        }

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free(Start);
            handle = 0;
            Length = 0;
            return true;
        }
    }
}

using System.Buffers;

namespace Tenon.Server.Rest;

/// <summary>
/// A growing byte buffer with a ceiling: past it the request is refused instead of the process. Small ones are arrays of the
/// shared pool; a large one is a <see cref="NativeBlock"/>, because the pool keeps every size that an array grew through, for
/// each thread, long after the last large answer.
/// </summary>
internal sealed class ByteBuffer(int ceiling = ByteBuffer.DefaultCeiling) : IDisposable
{
    /// <summary>Memory one request may hold in rows (ENGINES §3: 64 MiB).</summary>
    public const int DefaultCeiling = 64 << 20;

    /// <summary>Longest array; larger ones would be large objects.</summary>
    private const int LongestArray = 64 << 10;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(4096);
    private NativeBlock? block;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => All[..Length];
    public ReadOnlyMemory<byte> WrittenMemory => (block?.Memory ?? bytes)[..Length];

    private Span<byte> All => block is null ? bytes : block.GetSpan()[..Math.Min(block.Length, ceiling)];

    /// <summary>At least <paramref name="size"/> free bytes; follow with <see cref="Advance"/>.</summary>
    public Span<byte> Free(int size)
    {
        Span<byte> free = All[Length..];
        return free.Length >= size ? free : Grow(size);
    }

    public void Advance(int count) => Length += count;

    public void Add(ReadOnlySpan<byte> data)
    {
        data.CopyTo(Free(data.Length));
        Length += data.Length;
    }

    public void Add(byte value)
    {
        Free(1)[0] = value;
        Length++;
    }

    public void Clear() => Length = 0;

    public void CutTo(int length) => Length = length;

    private Span<byte> Grow(int size)
    {
        long wanted = Math.Max((long)All.Length * 2, (long)Length + size);
        if (Length + (long)size > ceiling)
        {
            throw Core.Errors.Limits.ResultTooLarge(ceiling).ToException();
        }
        if (block is not null)
        {
            block.Grow((int)Math.Min(wanted, ceiling));
            return All[Length..];
        }
        if (wanted > LongestArray)
        {
            NativeBlock larger = NativeBlock.Rent(Length + size);
            Written.CopyTo(larger.GetSpan());
            ReturnArray();
            block = larger;
            return All[Length..];
        }
        byte[] longer = ArrayPool<byte>.Shared.Rent((int)wanted);
        Written.CopyTo(longer);
        ReturnArray();
        bytes = longer;
        return All[Length..];
    }

    private void ReturnArray()
    {
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = [];
        }
    }

    public void Dispose()
    {
        Length = 0;
        ReturnArray();
        block?.Return();
        block = null;
    }
}

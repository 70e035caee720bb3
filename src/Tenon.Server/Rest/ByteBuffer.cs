using System.Buffers;

namespace Tenon.Server.Rest;

/// <summary>A growing byte buffer from the pool, with a ceiling: past it the request is refused instead of the process.</summary>
internal sealed class ByteBuffer(int ceiling = ByteBuffer.DefaultCeiling) : IDisposable
{
    /// <summary>Memory one request may hold in rows (ENGINES §3: 64 MiB).</summary>
    public const int DefaultCeiling = 64 << 20;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(4096);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);
    public ReadOnlyMemory<byte> WrittenMemory => bytes.AsMemory(0, Length);

    /// <summary>At least <paramref name="size"/> free bytes; follow with <see cref="Advance"/>.</summary>
    public Span<byte> Free(int size)
    {
        if (bytes.Length - Length < size)
        {
            Grow(size);
        }
        return bytes.AsSpan(Length);
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

    private void Grow(int size)
    {
        long wanted = Math.Max((long)bytes.Length * 2, (long)Length + size);
        if (Length + (long)size > ceiling)
        {
            throw Core.Errors.Limits.ResultTooLarge(ceiling).ToException();
        }
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(wanted, ceiling));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }

    public void Dispose()
    {
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = [];
        }
    }
}

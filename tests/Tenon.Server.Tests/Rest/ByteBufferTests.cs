using Tenon.Core.Errors;
using Tenon.Server.Rest;
using Xunit;

namespace Tenon.Server.Tests.Rest;

public sealed class ByteBufferTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public void Bytes_stay_as_they_were_while_it_grows(int length)
    {
        byte[] expected = new byte[length];
        new Random(length).NextBytes(expected);
        using var buffer = new ByteBuffer();
        for (int at = 0; at < length; at += 997)
        {
            buffer.Add(expected.AsSpan(at, Math.Min(997, length - at)));
        }
        Assert.True(buffer.Written.SequenceEqual(expected));
        Assert.True(buffer.WrittenMemory.Span.SequenceEqual(expected));
        buffer.CutTo(50);
        buffer.Add((byte)7);
        Assert.Equal([.. expected[..50], 7], buffer.Written.ToArray());
    }

    [Fact]
    public void One_piece_larger_than_the_first_block_fits()
    {
        byte[] piece = new byte[5 << 20];
        new Random(1).NextBytes(piece);
        using var buffer = new ByteBuffer();
        buffer.Add((byte)1);
        buffer.Add(piece);
        Assert.Equal(1, buffer.Written[0]);
        Assert.True(buffer.Written[1..].SequenceEqual(piece));
    }

    [Fact]
    public void Past_the_ceiling_it_is_refused_and_keeps_what_it_has()
    {
        const int ceiling = 2 << 20;
        using var buffer = new ByteBuffer(ceiling);
        buffer.Add(new byte[ceiling - 10]);
        Error refused = Assert.Throws<TenonException>(() => buffer.Add(new byte[11])).Error;
        Assert.Equal(Limits.ResultTooLarge(ceiling).Code, refused.Code);
        Assert.Equal(ceiling - 10, buffer.Length);
    }

    [Fact]
    public void A_large_answer_leaves_nothing_on_the_heap()
    {
        byte[] row = new byte[1000];
        long before = GC.GetAllocatedBytesForCurrentThread();
        using (var buffer = new ByteBuffer())
        {
            for (int i = 0; i < 8_000; i++)
            {
                buffer.Add(row);
            }
        }
        // The arrays up to the longest may be new to the pool; what follows them is not on the heap.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
    }

    [Fact]
    public void Buffers_in_use_at_once_share_nothing()
    {
        ByteBuffer[] buffers = [.. Enumerable.Range(0, 3 * Environment.ProcessorCount + 1).Select(_ => new ByteBuffer())];
        for (int round = 0; round < 200; round++)
        {
            for (int i = 0; i < buffers.Length; i++)
            {
                buffers[i].Free(1000)[..1000].Fill((byte)i);
                buffers[i].Advance(1000);
            }
        }
        for (int i = 0; i < buffers.Length; i++)
        {
            Assert.Equal((200_000, -1), (buffers[i].Length, buffers[i].Written.IndexOfAnyExcept((byte)i)));
            buffers[i].Dispose();
        }
    }
}

namespace Tenon.Benchmarks.Load;

/// <summary>A parser for one HTTP/1.1 answer in a buffer: a length or chunks, nothing else is expected here.</summary>
internal static class HttpAnswer
{
    /// <summary>
    /// True when the buffer holds a whole answer. The body is moved together to where the head ended when it came in
    /// chunks; <paramref name="consumed"/> is the number of bytes the answer took.
    /// </summary>
    public static bool TryParse(Span<byte> buffer, out int status, out Range body, out int consumed)
    {
        status = 0;
        body = default;
        consumed = 0;
        var headEnd = buffer.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return false;
        }

        var head = buffer[..(headEnd + 2)];
        status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
        var start = headEnd + 4;
        if (TryLength(head, out var length))
        {
            body = start..(start + length);
            consumed = start + length;
            return buffer.Length >= consumed;
        }

        if (head.IndexOf("Transfer-Encoding: chunked\r\n"u8) >= 0 || head.IndexOf("transfer-encoding: chunked\r\n"u8) >= 0)
        {
            return TryChunks(buffer, start, out body, out consumed);
        }

        body = start..start;
        consumed = start;
        return true;
    }

    private static bool TryLength(ReadOnlySpan<byte> head, out int length)
    {
        length = 0;
        var at = Math.Max(head.IndexOf("\r\nContent-Length: "u8), head.IndexOf("\r\ncontent-length: "u8));
        if (at < 0)
        {
            return false;
        }

        for (at += 18; head[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            length = length * 10 + (head[at] - '0');
        }

        return true;
    }

    private static bool TryChunks(Span<byte> buffer, int start, out Range body, out int consumed)
    {
        body = default;
        consumed = 0;
        if (!ChunksComplete(buffer[start..]))
        {
            return false;
        }

        var write = start;
        var read = start;
        while (true)
        {
            var size = ChunkSize(buffer[read..], out var line);
            read += line;
            if (size == 0)
            {
                body = start..write;
                consumed = read + 2;
                return true;
            }

            buffer.Slice(read, size).CopyTo(buffer[write..]);
            write += size;
            read += size + 2;
        }
    }

    private static bool ChunksComplete(ReadOnlySpan<byte> chunks)
    {
        var at = 0;
        while (true)
        {
            var size = ChunkSize(chunks[at..], out var line);
            if (size < 0)
            {
                return false;
            }

            at += line + size + 2;
            if (at > chunks.Length)
            {
                return false;
            }

            if (size == 0)
            {
                return true;
            }
        }
    }

    private static int ChunkSize(ReadOnlySpan<byte> text, out int lineLength)
    {
        var end = text.IndexOf("\r\n"u8);
        lineLength = end + 2;
        if (end < 0)
        {
            return -1;
        }

        var size = 0;
        foreach (var digit in text[..end])
        {
            size = size * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return size;
    }
}

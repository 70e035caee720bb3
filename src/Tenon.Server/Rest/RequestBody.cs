using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;

namespace Tenon.Server.Rest;

/// <summary>A request's whole body in a pooled buffer, bounded: a longer one is refused before it is read to its end.</summary>
internal sealed class RequestBody : IDisposable
{
    public static readonly RequestBody None = new([], 0);

    private byte[] bytes;

    private RequestBody(byte[] bytes, int length)
    {
        this.bytes = bytes;
        Length = length;
    }

    public int Length { get; }
    public ReadOnlySpan<byte> Span => bytes.AsSpan(0, Length);
    public ReadOnlyMemory<byte> Memory => bytes.AsMemory(0, Length);

    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        if (request.ContentLength is { } announced && announced > limit)
        {
            throw TooLarge(limit).ToException();
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4096) + 1);
        int length = 0;
        try
        {
            PipeReader reader = request.BodyReader;
            while (true)
            {
                System.IO.Pipelines.ReadResult read = await reader.ReadAsync(cancellation);
                int size = (int)Math.Min(read.Buffer.Length, (long)limit + 1);
                if (length + size > limit)
                {
                    // The reader is given back, so that the server can close the connection in order.
                    reader.AdvanceTo(read.Buffer.Start);
                    throw TooLarge(limit).ToException();
                }
                if (length + size > buffer.Length)
                {
                    buffer = Grow(buffer, length, length + size);
                }
                read.Buffer.CopyTo(buffer.AsSpan(length));
                length += size;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return new RequestBody(buffer, length);
                }
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private static byte[] Grow(byte[] buffer, int length, int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, buffer.Length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static Error TooLarge(int limit) =>
        new(ErrorCodes.BodyTooLarge, "The request body is too large", $"At most {limit} bytes are allowed.");

    public void Dispose()
    {
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = [];
        }
    }
}

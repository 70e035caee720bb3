using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>How the rows of a result stand in the body.</summary>
internal enum Wrapping
{
    /// <summary>[row,row].</summary>
    Array,

    /// <summary>The one row or value bare; null when there is none.</summary>
    Bare,
}

/// <summary>Rows (JSON, separated by commas) → the body that Accept asked for.</summary>
internal static class AnswerWriter
{
    /// <summary>What goes out at once: as much as the host keeps for a connection before it waits for the client.</summary>
    private const int Part = 64 << 10;

    /// <summary>Object answers need exactly one row.</summary>
    public static Error? Refusal(RestRequest request, long rows) =>
        request.Answer.Form == AnswerForm.Object && rows != 1 ? RowCounts.NotSingular(rows) : null;

    public static ValueTask WriteAsync(RestRequest request, ReadOnlyMemory<byte> rows, long count, Wrapping wrapping, RowShape shape)
    {
        HttpResponse response = request.Http.Response;
        Answer answer = request.Answer;
        request.NameType(response);
        if (request.IsHead || !TakesBody(response.StatusCode))
        {
            return default;
        }
        if (answer.Form == AnswerForm.Raw)
        {
            return SendAsync(response, RawValue.Of(rows.Span, shape), bare: true, isNull: false, request.Aborted);
        }
        if (answer.Form == AnswerForm.Csv || answer.StripNulls)
        {
            var other = new ArrayBufferWriter<byte>(Math.Max(256, rows.Length));
            if (answer.Form == AnswerForm.Csv)
            {
                CsvAnswer.Write(rows.Span, shape, request.Zone, other);
            }
            else
            {
                StrippedJson.Write(rows.Span, other);
            }
            rows = other.WrittenMemory;
        }
        bool bare = answer.Form is AnswerForm.Object or AnswerForm.Csv || wrapping == Wrapping.Bare;
        bool isNull = bare && count == 0 && answer.Form == AnswerForm.Json;
        return rows.Length <= Part || isNull
            ? SendAsync(response, rows.Span, bare, isNull, request.Aborted)
            : SendLargeAsync(response, rows, bare, request.Aborted);
    }

    /// <summary>A body that is made already.</summary>
    public static ValueTask SendAsync(RestRequest request, ReadOnlyMemory<byte> body)
    {
        HttpResponse response = request.Http.Response;
        request.NameType(response);
        return request.IsHead || !TakesBody(response.StatusCode)
            ? default
            : SendAsync(response, body.Span, bare: true, isNull: false, request.Aborted);
    }

    /// <summary>A status that a function chose may be one without a body.</summary>
    public static bool TakesBody(int status) =>
        status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);

    private static ValueTask SendAsync(HttpResponse response, ReadOnlySpan<byte> rows, bool bare, bool isNull, CancellationToken aborted)
    {
        PipeWriter writer = response.BodyWriter;
        rows = isNull ? "null"u8 : rows;
        response.ContentLength = rows.Length + (bare ? 0 : 2);
        if (bare)
        {
            writer.Write(rows);
        }
        else
        {
            writer.Write("["u8);
            writer.Write(rows);
            writer.Write("]"u8);
        }
        return Flushed(writer.FlushAsync(aborted));
    }

    private static async ValueTask SendLargeAsync(HttpResponse response, ReadOnlyMemory<byte> rows, bool bare, CancellationToken aborted)
    {
        PipeWriter writer = response.BodyWriter;
        response.ContentLength = rows.Length + (bare ? 0 : 2);
        writer.Write(bare ? default : "["u8);
        if (await SendPartsAsync(writer, rows, aborted))
        {
            writer.Write(bare ? default : "]"u8);
            await writer.FlushAsync(aborted);
        }
    }

    /// <summary>
    /// A large body part by part, or all of it would lie a second time in the buffers of its connection until the client has
    /// it. False: nobody reads any more.
    /// </summary>
    public static async ValueTask<bool> SendPartsAsync(PipeWriter writer, ReadOnlyMemory<byte> rows, CancellationToken aborted)
    {
        for (int at = 0; at < rows.Length; at += Part)
        {
            writer.Write(rows.Span[at..Math.Min(at + Part, rows.Length)]);
            FlushResult flushed = await writer.FlushAsync(aborted);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                return false;
            }
        }
        return true;
    }

    private static ValueTask Flushed(ValueTask<FlushResult> flush)
    {
        if (flush.IsCompletedSuccessfully)
        {
            flush.GetAwaiter().GetResult();
            return default;
        }
        return new ValueTask(flush.AsTask());
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Sql;

namespace Tenon.Server.Rest;

/// <summary>
/// An answer past its buffer: the head goes out, then part after part at the pace of the client. What fails from here on
/// ends in a broken connection (the endpoint aborts it), never in JSON that looks whole.
/// </summary>
internal static class StreamedAnswer
{
    /// <summary>An open snapshot keeps the log from being emptied (DECISIONS §5).</summary>
    private static readonly TimeSpan LongestSnapshot = TimeSpan.FromSeconds(30);

    public static async ValueTask WriteAsync(RestRequest request, Paging page, ReadResult result, RowShape shape)
    {
        HttpResponse response = request.Http.Response;
        (int status, string range) = page.BeforeRows(result.IsEstimate ? null : result.Total);
        request.StartAnswer(status, range);
        request.NameType(response);
        if (request.IsHead || !AnswerWriter.TakesBody(response.StatusCode))
        {
            return;
        }
        request.Deadline.AtMost(LongestSnapshot);
        result.Stream();
        PipeWriter output = response.BodyWriter;
        bool csv = request.Answer.Form == AnswerForm.Csv;
        output.Write(csv ? default : "["u8);
        bool first = true;
        do
        {
            if (!await PartAsync(request, result.Body.WrittenMemory, shape, first, output))
            {
                request.Http.Abort();
                return;
            }
            first = false;
        } while (result.Next());
        output.Write(csv ? default : "]"u8);
        await output.FlushAsync(request.Aborted);
    }

    // Later parts begin with the comma between their first row and the one before. False: nobody reads any more.
    private static async ValueTask<bool> PartAsync(RestRequest request, ReadOnlyMemory<byte> rows, RowShape shape, bool first, PipeWriter output)
    {
        Answer answer = request.Answer;
        if (answer.Form != AnswerForm.Csv && !answer.StripNulls)
        {
            return await AnswerWriter.SendPartsAsync(output, rows, request.Aborted);
        }
        if (answer.Form == AnswerForm.Csv)
        {
            CsvAnswer.Write(first ? rows.Span : rows.Span[1..], shape, request.Zone, output, first);
        }
        else
        {
            output.Write(first ? default : ","u8);
            StrippedJson.Write(first ? rows.Span : rows.Span[1..], output);
        }
        FlushResult flushed = await output.FlushAsync(request.Aborted);
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Hosting;

internal enum RequestLogFormat
{
    Off,

    /// <summary>A line for eyes per request of the API; the front end's own files are left out.</summary>
    Text,

    /// <summary>One JSON object a line per request.</summary>
    Json,
}

/// <summary>
/// The request log: shapes, never values. A request adds its line to a buffer; one task carries the buffer out, so that a
/// slow terminal or pipe holds up nobody. What does not fit is counted and the count is logged.
/// </summary>
internal sealed class RequestLog : IAsyncDisposable
{
    private const int MostBytes = 4 << 20;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly RequestLogFormat format;
    private readonly Stream output;
    private readonly TimeProvider clock;
    private readonly Lock mutex = new();
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task carrying;
    private readonly Utf8JsonWriter json;
    private ArrayBufferWriter<byte> filling = new();
    private ArrayBufferWriter<byte> leaving = new();
    private long lost;

    public RequestLog(RequestLogFormat format, Stream output, TimeProvider clock)
    {
        (this.format, this.output, this.clock) = (format, output, clock);
        json = new Utf8JsonWriter(filling, Plain);
        carrying = IsOn ? CarryAsync() : Task.CompletedTask;
    }

    public bool IsOn => format != RequestLogFormat.Off;

    public void Write(HttpContext http, RequestNotes notes, int status, TimeSpan took)
    {
        if (format == RequestLogFormat.Text && FrontEndPages.IsFrontEnd(http))
        {
            return;
        }
        string target = LoggedTarget.Of(http);
        lock (mutex)
        {
            if (filling.WrittenCount > MostBytes)
            {
                lost++;
                return;
            }
            if (format == RequestLogFormat.Json)
            {
                WriteJson(http, target, notes, status, took);
            }
            else
            {
                WriteText(http, target, notes, status, took);
            }
        }
        wake.Writer.TryWrite(true);
    }

    private void WriteJson(HttpContext http, string target, RequestNotes notes, int status, TimeSpan took)
    {
        json.Reset(filling);
        json.WriteStartObject();
        json.WriteString("time", clock.GetUtcNow());
        json.WriteString("id", http.TraceIdentifier);
        json.WriteString("method", http.Request.Method);
        json.WriteString("target", target);
        if (notes.Role is not null)
        {
            json.WriteString("role", notes.Role);
        }
        json.WriteNumber("status", status);
        if (notes.Rows >= 0)
        {
            json.WriteNumber("rows", notes.Rows);
        }
        if (notes.Statements >= 0)
        {
            json.WriteNumber("statements", notes.Statements);
        }
        json.WriteNumber("ms", Math.Round(took.TotalMilliseconds, 3));
        json.WriteEndObject();
        json.Flush();
        filling.Write("\n"u8);
    }

    // 12:03:11 GET /rest/v1/roles?select=… anon 200 20 rows 1 stmt 1.8 ms
    private void WriteText(HttpContext http, string target, RequestNotes notes, int status, TimeSpan took)
    {
        string rows = notes.Rows < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {notes.Rows} row{(notes.Rows == 1 ? "" : "s")}");
        string statements = notes.Statements < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {notes.Statements} stmt");
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{clock.GetLocalNow():HH:mm:ss} {http.Request.Method} {target} {notes.Role ?? "-"} {status}{rows}{statements} {took.TotalMilliseconds:0.0} ms\n"
        );
        Encoding.UTF8.GetBytes(line, filling);
    }

    private async Task CarryAsync()
    {
        while (await wake.Reader.WaitToReadAsync())
        {
            wake.Reader.TryRead(out _);
            await Task.Delay(Gather, clock);
            await CarryOnceAsync();
        }
        await CarryOnceAsync();
    }

    private async Task CarryOnceAsync()
    {
        lock (mutex)
        {
            if (lost > 0)
            {
                string lines = lost.ToString(CultureInfo.InvariantCulture);
                Encoding.UTF8.GetBytes(format == RequestLogFormat.Json ? $"{{\"lost\":{lines}}}\n" : $"({lines} lines of the log are lost)\n", filling);
                lost = 0;
            }
            (filling, leaving) = (leaving, filling);
        }
        try
        {
            await output.WriteAsync(leaving.WrittenMemory);
            await output.FlushAsync();
        }
        catch (IOException)
        {
            // Whoever read the log has gone; the server goes on without.
        }
        leaving.ResetWrittenCount();
    }

    public async ValueTask DisposeAsync()
    {
        wake.Writer.TryComplete();
        await carrying;
        await json.DisposeAsync();
    }
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Tenon.Server.Hosting;

/// <summary>
/// What the server logs beside its requests, in their form: one JSON object a line with time, level, event and message, so
/// that whoever collects the log reads one kind of line.
/// </summary>
internal sealed class EventLines(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "tenon";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public EventLines()
        : this(TimeProvider.System) { }

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, Plain))
        {
            json.WriteStartObject();
            json.WriteString("time", clock.GetUtcNow());
            json.WriteString("level", entry.LogLevel.ToString().ToLowerInvariant());
            json.WriteString("event", entry.EventId.Name ?? entry.Category);
            json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
            if (entry.EventId.Id != 0)
            {
                json.WriteNumber("number", entry.EventId.Id);
            }
            json.WriteString("category", entry.Category);
            if (entry.Exception is { } exception)
            {
                json.WriteString("exception", exception.ToString());
            }
            json.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(line.WrittenSpan));
    }
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>
/// What tenon serve says of itself on standard output: JSON lines where its request log is JSON, so that whoever collects the
/// log parses every line; else the lines of the other commands.
/// </summary>
internal sealed class ServeLines(bool json, TimeProvider clock)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Header(AppFolder app)
    {
        if (!json)
        {
            Say.Header(app);
            return;
        }
        Write("information", "starting", $"tenon {Say.Version} {app.Environment} {app.Shown}");
        app.Config.Notices.ForEach(Notice);
    }

    public void Step(StartStep step)
    {
        if (!json)
        {
            Say.Step(step);
            return;
        }
        Write("information", step.What, step.Detail);
    }

    public void Notice(string text)
    {
        if (!json)
        {
            Say.Notice(text);
            return;
        }
        Write("warning", "notice", text);
    }

    public void Ready(string text) => Plain("ready", text);

    public void Stopping() => Plain("stopping", "stopping");

    private void Plain(string name, string text)
    {
        if (!json)
        {
            Console.WriteLine(text);
            return;
        }
        Write("information", name, text);
    }

    // Written member by member: a serializer that looks at types costs a start more than all its lines.
    private void Write(string level, string name, string message)
    {
        var line = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(line, Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("time", clock.GetUtcNow());
            writer.WriteString("level", level);
            writer.WriteString("event", name);
            writer.WriteString("message", message);
            writer.WriteEndObject();
        }
        Console.WriteLine(Encoding.UTF8.GetString(line.WrittenSpan));
    }
}

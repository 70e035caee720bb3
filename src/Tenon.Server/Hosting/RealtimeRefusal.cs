using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Tenon.Server.Hosting;

/// <summary>
/// Realtime is not built: a socket is taken all the same and each join is refused in the words of the protocol, because a
/// client shows the reason of a refused join and hides that of a refused handshake. Heartbeats are answered.
/// </summary>
internal static class RealtimeRefusal
{
    public const string Reason = "RealtimeDisabledForTenant: realtime is not built yet in this version of Tenon";

    private const int MostSockets = 100;
    private const int MostBytes = 64 << 10;

    // Clients send a heartbeat every 25 to 30 seconds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(75);
    private static readonly SemaphoreSlim Places = new(MostSockets, MostSockets);

    public static RequestDelegate Build(IApplicationBuilder branch)
    {
        branch.UseWebSockets();
        branch.Run(AnswerAsync);
        return branch.Build();
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest || !Places.Wait(0, CancellationToken.None))
        {
            await Results.Json(new { reason = Reason }, statusCode: StatusCodes.Status501NotImplemented).ExecuteAsync(http);
            return;
        }
        try
        {
            CancellationToken stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
            await TalkAsync(socket, ending);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client has gone or been silent, or the server stops: there is nothing to end properly.
        }
        finally
        {
            Places.Release();
        }
    }

    private static async Task TalkAsync(WebSocket socket, CancellationTokenSource ending)
    {
        byte[] buffer = new byte[MostBytes];
        while (socket.State == WebSocketState.Open)
        {
            ending.CancelAfter(Silence);
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), ending.Token);
                length += part.Count;
            } while (!part.EndOfMessage && length < buffer.Length);
            WebSocketCloseStatus? wrong = !part.EndOfMessage ? WebSocketCloseStatus.MessageTooBig
                : part.MessageType == WebSocketMessageType.Close ? WebSocketCloseStatus.NormalClosure
                : !TryReply(buffer.AsMemory(0, length), out ReadOnlyMemory<byte> reply) ? WebSocketCloseStatus.InvalidPayloadData
                : await SendAsync(socket, reply, ending.Token);
            if (wrong is { } status)
            {
                await socket.CloseOutputAsync(status, null, ending.Token);
                return;
            }
        }
    }

    private static async Task<WebSocketCloseStatus?> SendAsync(WebSocket socket, ReadOnlyMemory<byte> reply, CancellationToken cancellation)
    {
        if (!reply.IsEmpty)
        {
            await socket.SendAsync(reply, WebSocketMessageType.Text, endOfMessage: true, cancellation);
        }
        return null;
    }

    /// <summary>
    /// The reply to a message in either form of the protocol: an object, or [join_ref, ref, topic, event, payload]. Empty for
    /// what wants none; false for what is no message.
    /// </summary>
    internal static bool TryReply(ReadOnlyMemory<byte> message, out ReadOnlyMemory<byte> reply)
    {
        reply = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(message);
            JsonElement root = document.RootElement;
            bool isArray = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == 5;
            if (!isArray && root.ValueKind != JsonValueKind.Object)
            {
                return false;
            }
            JsonElement Part(int index, string name) =>
                isArray ? root[index] : root.TryGetProperty(name, out JsonElement found) ? found : default;
            JsonElement kind = Part(3, "event");
            string text = kind.ValueKind == JsonValueKind.String ? kind.GetString()! : "";
            if (text is "phx_join" or "phx_leave" or "heartbeat")
            {
                reply = Write(isArray, Part(0, "join_ref"), Part(1, "ref"), Part(2, "topic"), refused: text == "phx_join");
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ReadOnlyMemory<byte> Write(bool isArray, JsonElement joinRef, JsonElement number, JsonElement topic, bool refused)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output);
        void Part(string name, JsonElement value)
        {
            if (!isArray)
            {
                json.WritePropertyName(name);
            }
            if (value.ValueKind == JsonValueKind.Undefined)
            {
                json.WriteNullValue();
            }
            else
            {
                value.WriteTo(json);
            }
        }
        if (isArray)
        {
            json.WriteStartArray();
        }
        else
        {
            json.WriteStartObject();
        }
        Part("join_ref", joinRef);
        Part("ref", number);
        Part("topic", topic);
        Part("event", JsonElement.Parse("\"phx_reply\""));
        Part("payload", JsonSerializer.SerializeToElement(
            refused ? new { status = "error", response = (object)new { reason = Reason } } : new { status = "ok", response = (object)new { } }));
        if (isArray)
        {
            json.WriteEndArray();
        }
        else
        {
            json.WriteEndObject();
        }
        json.Flush();
        return output.WrittenMemory;
    }
}

using System.Text.Json;

namespace Tenon.Server.Auth.Mail;

/// <summary>What leaves the server: a mail or a text message, rendered. Its JSON form lies sealed in the outbox.</summary>
internal sealed record OutboundMessage
{
    public required string Kind { get; init; }
    public required string To { get; init; }
    public string Subject { get; init; } = "";
    public string Html { get; init; } = "";
    public string Text { get; init; } = "";

    /// <summary>The code of a text message, for senders that write the text themselves.</summary>
    public string Code { get; init; } = "";

    /// <summary>What a send hook gets instead of the rendered text; null where no hook is set.</summary>
    public string? HookPayload { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static OutboundMessage FromJson(byte[] json) =>
        JsonSerializer.Deserialize<OutboundMessage>(json) ?? throw new JsonException("an empty message");
}

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Hooks;

/// <summary>
/// Calls the app's hooks. A function runs as one write unit of its own, under the database's time limit; an address and the
/// host's code are called once, within five seconds and outside every write unit. An answer {"error":{"http_code","message"}} refuses what was about to happen; a hook
/// that cannot be asked refuses it too.
/// </summary>
internal sealed class HookRunner
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, HookTarget> targets = new(StringComparer.Ordinal);
    private readonly StoreDatabase store;
    private readonly SafeHttp http;
    private readonly TrustedProxies proxies;
    private readonly TimeProvider clock;
    private readonly ILogger<HookRunner> logger;

    public HookRunner(AuthOptions options, StoreDatabase store, SafeHttp http, TrustedProxies proxies, TimeProvider clock, ILogger<HookRunner> logger)
    {
        (this.store, this.http, this.proxies, this.clock, this.logger) = (store, http, proxies, clock, logger);
        foreach ((string name, AuthHookOptions hook) in options.Hooks)
        {
            if (hook.Enabled)
            {
                targets[name] = HookTarget.Of(name, hook, options.Development);
            }
        }
    }

    public bool Has(string name) => targets.ContainsKey(name);

    /// <summary>Asks a hook; null where none is set. The payload's other members are written by the caller.</summary>
    public async Task<JsonElement?> AskAsync(string name, HttpContext context, Action<Utf8JsonWriter> write)
    {
        if (!targets.TryGetValue(name, out HookTarget? target))
        {
            return null;
        }
        var id = Guid.NewGuid();
        byte[] payload = Payload(name, id, proxies.ClientOf(context)?.ToString() ?? "", write);
        JsonElement answer = await CallAsync(target, id, payload, context.RequestAborted);
        return Refusal(answer) is { } refused ? throw refused.ToException() : answer;
    }

    /// <summary>For messages from the outbox: true when the hook took it. Throws what <see cref="AskAsync"/> throws.</summary>
    public async Task SendAsync(string name, Guid id, byte[] payload, CancellationToken cancellation)
    {
        JsonElement answer = await CallAsync(targets[name], id, payload, cancellation);
        if (Refusal(answer) is { } refused)
        {
            throw refused.ToException();
        }
    }

    /// <summary>A payload with its metadata.</summary>
    public byte[] Payload(string name, Guid id, string ip, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uuid", id);
            UserWriter.WriteTime(writer, "time", StoreTime.Now(clock));
            writer.WriteString("name", name.Replace('_', '-'));
            writer.WriteString("ip_address", ip);
            writer.WriteEndObject();
            write(writer);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private async Task<JsonElement> CallAsync(HookTarget target, Guid id, byte[] payload, CancellationToken cancellation) =>
        target switch
        {
            HookTarget.Function function => await CallFunctionAsync(function, payload, cancellation),
            HookTarget.Code code => await RunCodeAsync(code, payload, cancellation),
            HookTarget.Address address => await CallAddressAsync(address, id, payload, cancellation),
            _ => throw new InvalidOperationException("a hook of an unknown kind"),
        };

    private async Task<JsonElement> CallFunctionAsync(HookTarget.Function function, byte[] payload, CancellationToken cancellation)
    {
        try
        {
            string? answer = await store.CallAsync(function.Schema, function.Name, System.Text.Encoding.UTF8.GetString(payload), cancellation);
            return Parse(answer is null ? [] : System.Text.Encoding.UTF8.GetBytes(answer));
        }
        catch (TenonException e) when (e.Error.Code.Text.StartsWith('P') || e.Error.Code.Status is >= 400 and < 500)
        {
            // raise exception in the function: its words are meant for the client.
            throw AuthErrors.HookFunctionFailed(function.Name, e.Error.Message).ToException();
        }
    }

    private async Task<JsonElement> CallAddressAsync(HookTarget.Address address, Guid id, byte[] payload, CancellationToken cancellation)
    {
        try
        {
            CallAnswer answer = await http.PostAsync(address.Uri, payload, id, address.Signature, cancellation);
            return answer.Status switch
            {
                204 => Parse([]),
                200 or 202 => Parse(answer.Body),
                >= 400 and < 500 when answer.Body.Length > 0 => Rejection(answer),
                _ => throw AuthErrors.HookFailed(answer.Status).ToException(),
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AuthErrors.HookTimeout.ToException();
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw AuthErrors.HookAnswerTooLarge.ToException();
        }
        catch (HttpRequestException)
        {
            throw AuthErrors.HookUnreachable.ToException();
        }
    }

    // Code that does not heed its cancellation is left behind: the request does not wait for it.
    private async Task<JsonElement> RunCodeAsync(HookTarget.Code code, byte[] payload, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        JsonElement asked = JsonElement.Parse(payload);
        try
        {
            // Begun elsewhere, so that code which blocks its thread holds up nobody past the limit.
            Task<JsonObject> running = Task.Run(() => code.Run(asked, ending.Token).AsTask(), CancellationToken.None);
            JsonObject answer = await running.WaitAsync(ending.Token);
            return Parse(Bounded(System.Text.Encoding.UTF8.GetBytes(answer.ToJsonString())));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw AuthErrors.HookTimeout.ToException();
        }
        catch (Exception e) when (e is not AuthException && !cancellation.IsCancellationRequested)
        {
            // What went wrong inside the host is for its log, not for the client.
            AuthEvents.HookFailed(logger, e, code.Name);
            throw AuthErrors.HookCodeFailed.ToException();
        }
    }

    private static byte[] Bounded(byte[] answer) =>
        answer.Length <= SafeHttp.LargestAnswer ? answer : throw AuthErrors.HookAnswerTooLarge.ToException();

    // A 4xx answer is a refusal when its body says so.
    private static JsonElement Rejection(CallAnswer answer)
    {
        JsonElement body = Parse(answer.Body);
        return body.TryGetProperty("error", out _) ? body : throw AuthErrors.HookFailed(answer.Status).ToException();
    }

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            JsonElement answer = JsonElement.Parse(body.Length == 0 ? "{}"u8 : body);
            return answer.ValueKind == JsonValueKind.Object ? answer : throw AuthErrors.HookAnswerInvalid.ToException();
        }
        catch (JsonException)
        {
            throw AuthErrors.HookAnswerInvalid.ToException();
        }
    }

    private static AuthError? Refusal(JsonElement answer)
    {
        if (!answer.TryGetProperty("error", out JsonElement error) || error.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        int status = error.TryGetProperty("http_code", out JsonElement code) && code.TryGetInt32(out int number) && number is >= 400 and < 500 ? number : 500;
        string message = error.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        return AuthErrors.HookRefused(status, message.Length == 0 ? "Refused by a hook" : message);
    }
}

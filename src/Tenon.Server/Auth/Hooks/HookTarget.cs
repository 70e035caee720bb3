using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.Hooks;

/// <summary>What a hook leads to: a SQL function of jsonb to jsonb, an address that gets a signed POST, or code of the host's.</summary>
internal abstract partial record HookTarget
{
    public sealed record Function(string Schema, string Name) : HookTarget;

    public sealed record Address(Uri Uri, WebhookSignature Signature) : HookTarget;

    public sealed record Code(string Name, Func<JsonElement, CancellationToken, ValueTask<JsonObject>> Run) : HookTarget;

    public static HookTarget Of(string name, AuthHookOptions options, bool development)
    {
        if (options.Code is { } code)
        {
            return new Code(name, code);
        }
        if (FunctionUri().Match(options.Uri) is { Success: true } match)
        {
            return new Function(match.Groups["schema"].Value, match.Groups["name"].Value);
        }
        string setting = $"[auth.hook.{name}]";
        return options.Uri.StartsWith("pg-functions:", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"{setting} uri: a function is written pg-functions://postgres/SCHEMA/NAME")
            : new Address(
                SafeHttp.Require(options.Uri, setting + " uri", development),
                new WebhookSignature(options.Secrets, setting + " secrets")
            );
    }

    [GeneratedRegex(@"\Apg-functions://postgres/(?<schema>[A-Za-z_][A-Za-z0-9_]{0,62})/(?<name>[A-Za-z_][A-Za-z0-9_]{0,62})\z", RegexOptions.CultureInvariant)]
    private static partial Regex FunctionUri();
}

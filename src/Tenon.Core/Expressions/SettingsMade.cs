namespace Tenon.Core.Expressions;

/// <summary>
/// Settings that functions of the app made during one request (set_config): response.headers, response.status and their own.
/// They end with the request, as a transaction's do. Used by one thread at a time.
/// </summary>
internal sealed class SettingsMade
{
    public const string ResponseHeaders = "response.headers";
    public const string ResponseStatus = "response.status";

    private Dictionary<string, string>? values;

    public string? Get(string name) => values is not null && values.TryGetValue(name, out string? value) ? value : null;

    public void Set(string name, string value) => (values ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>A unit that runs again from the start has made nothing yet.</summary>
    public void Clear() => values = null;
}

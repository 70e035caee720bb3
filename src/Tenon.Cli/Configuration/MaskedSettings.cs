// What of a setting a person may be shown. Output of a command ends in terminals, logs and tickets, so a secret is shown by
// the variable that holds it or not at all. Sections that are not built are masked by the names their secrets have.
using System.Text.RegularExpressions;

namespace Tenon.Cli.Configuration;

internal static partial class MaskedSettings
{
    public const string Mask = "***";

    /// <summary>The value as it may be shown: a reference to a variable stays, a secret is masked, a url loses its password.</summary>
    public static object? Shown(ConfigEntry entry) =>
        IsSecret(entry.Path) ? Masked(entry.Value) : WithoutPasswords(entry.Value);

    public static bool IsSecret(string path) =>
        KnownSettings.Find(path) is { } setting && (setting.Kind == SettingKind.Secret || (setting.Kind == SettingKind.Any && SecretName().IsMatch(path)));

    private static object? Masked(object? value) =>
        value switch
        {
            string text when text.Length == 0 || Reference().IsMatch(text) => text,
            object?[] items => items.Select(Masked).ToArray(),
            _ => Mask,
        };

    private static object? WithoutPasswords(object? value) =>
        value switch
        {
            string text => PairPassword().Replace(UrlPassword().Replace(text, MaskUnlessReference), MaskUnlessReference),
            object?[] items => items.Select(WithoutPasswords).ToArray(),
            _ => value,
        };

    public static string WithoutPassword(string url) => (string)WithoutPasswords(url)!;

    private static string MaskUnlessReference(Match match) => Reference().IsMatch(match.Value) ? match.Value : Mask;

    [GeneratedRegex(@"^(env\(\w+\)|\$\{\w+\})$")]
    private static partial Regex Reference();

    // The last @ ends the password: one that is written raw may hold others, and slashes.
    [GeneratedRegex(@"(?<=^\w[\w+.-]*://[^/?#@:]*:)\S+(?=@)")]
    private static partial Regex UrlPassword();

    [GeneratedRegex(@"(?<=(?:^|[;?&\s])(?:password|pwd|passwd|sslpassword|token|api_?key|secret)\s*=\s*)(?:""[^""]*""|'[^']*'|[^;&\s]+)", RegexOptions.IgnoreCase)]
    private static partial Regex PairPassword();

    // auth.external.github.secret, storage.s3.secret_key, webhooks.ats.secret, sources.rates.http.headers.Authorization
    [GeneratedRegex(@"(?:^|[._])(?:secrets?|pass|passwords?|tokens?|access_key|private_key|api_?key|headers)(?:[._]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}

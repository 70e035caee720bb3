// The settings of sign-in that one environment may take over from another: those of [auth] as they stand, references to
// variables unread, without secrets and without what is an environment's own (addresses, mail and message servers).
namespace Tenon.Cli.Configuration;

internal static class EnvironmentSettings
{
    private const string Section = "auth.";

    private static readonly string[] OfOneEnvironment =
        ["auth.site_url", "auth.additional_redirect_urls", "auth.signing_keys_path", "auth.email.smtp.", "auth.sms.uri", "auth.sms.test_otp."];

    public static IReadOnlyDictionary<string, string> Of(Config config)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Setting setting in KnownSettings.All.Where(s => s.Built && !s.Path.Contains('*', StringComparison.Ordinal) && Travels(s.Path)))
        {
            settings[setting.Path] = TomlValue.Of(setting.Default);
        }
        foreach (ConfigEntry entry in config.Entries.Where(e => Travels(e.Path) && KnownSettings.Find(e.Path) is { Built: true }))
        {
            settings[entry.Path] = TomlValue.Of(entry.Value);
        }
        foreach ((string flat, string own) in Flat)
        {
            // Supabase's spelling counts where ours is not written; compared by ours.
            if (settings.Remove(flat, out string? value) && config.IsSet(flat) && !config.IsSet(own))
            {
                settings[own] = value;
            }
        }
        return settings;
    }

    private static readonly (string Flat, string Own)[] Flat =
    [
        ("auth.email.otp_length", "auth.email.otp.length"),
        ("auth.email.otp_expiry", "auth.email.otp.expiry"),
        ("auth.email.max_frequency", "auth.email.otp.max_frequency"),
    ];

    private static bool Travels(string path) =>
        path.StartsWith(Section, StringComparison.Ordinal)
        && !MaskedSettings.IsSecret(path)
        && !path.EndsWith(".redirect_uri", StringComparison.Ordinal)
        && !OfOneEnvironment.Any(own => own.EndsWith('.') ? path.StartsWith(own, StringComparison.Ordinal) : path == own);
}

// Every setting of tenon.toml. A setting is built when its feature is; until then it is accepted and reported.
using static Tenon.Cli.Configuration.SettingKind;

namespace Tenon.Cli.Configuration;

internal static class KnownSettings
{
    public static readonly IReadOnlyList<Setting> All =
    [
        new("project_id", Text, ""),
        new("server.host", Text, ""),
        new("server.port", Count, 54321L),
        new("server.public_url", Text, ""),
        new("server.trusted_proxies", List, Array.Empty<object>()),
        new("server.max_body_size", Size, "1MiB"),
        new("server.request_timeout", Duration, "30s"),
        new("server.tls.*", Any, null, Built: false),
        new("web.root", Text, "web"),
        new("web.build_command", Text, "npm run build"),
        new("web.output", Text, "dist"),
        new("web.dev_command", Text, "npm run dev", Built: false),
        new("web.spa_fallback", Switch, true, Built: false),
        new("api.schemas", List, new object[] { "public" }),
        new("api.max_rows", Count, 1000L),
        new("api.export_roles", List, new object[] { "service_role" }),
        new("api.max_url_length", Count, 16384L),
        new("api.max_depth", Count, 5L),
        new("api.max_embeds", Count, 8L),
        new("api.max_filters", Count, 100L),
        new("api.max_list_items", Count, 10000L),
        new("api.max_insert_rows", Count, 10000L),
        new("api.max_cost", Count, 100000L),
        new("api.auto_expose_new_tables", Switch, false),
        new("api.aggregates", Switch, true),
        new("api.openapi", Switch, true),
        new("api.extra_search_path", Any, null, Built: false),
        new("api.cors_origins", Any, null, Built: false),
        new("api.open", List, Array.Empty<object>()),
        new("db.url", Text, "sqlite:.tenon/data.db"),
        new("db.statement_timeout", Duration, "8s"),
        new("db.synchronous", Text, "full"),
        new("db.migrations.enabled", Switch, true),
        new("db.migrations.paths", List, new object[] { "./migrations/*.sql" }),
        new("db.seed.enabled", Switch, true),
        new("db.seed.sql_paths", List, new object[] { "./seed.sql" }),
        new("db.security", Any, null, Built: false),
        new("db.pool_size", Any, null, Built: false),
        new("db.read_replicas", Any, null, Built: false),
        new("auth.enabled", Switch, true),
        new("auth.site_url", Text, ""),
        new("auth.additional_redirect_urls", List, Array.Empty<object>()),
        new("auth.additional_roles", List, Array.Empty<object>()),
        new("auth.jwt_expiry", Duration, 3600L),
        new("auth.enable_refresh_token_rotation", Switch, true),
        new("auth.refresh_token_reuse_interval", Duration, 10L),
        new("auth.enable_signup", Switch, true),
        new("auth.enable_anonymous_sign_ins", Switch, false),
        new("auth.enable_manual_linking", Switch, false),
        new("auth.minimum_password_length", Count, 8L),
        new("auth.rate_limit.email_sent", Count, 30L),
        new("auth.rate_limit.sms_sent", Count, 30L),
        new("auth.rate_limit.anonymous_users", Count, 30L),
        new("auth.rate_limit.token_refresh", Count, 150L),
        new("auth.rate_limit.sign_in_sign_ups", Count, 30L),
        new("auth.rate_limit.token_verifications", Count, 30L),
        new("auth.sessions.timebox", Duration, "0"),
        new("auth.sessions.inactivity_timeout", Duration, "0"),
        new("auth.sessions.single_per_user", Switch, false),
        new("auth.email.enable_signup", Switch, true),
        new("auth.email.enable_confirmations", Switch, false),
        new("auth.email.double_confirm_changes", Switch, true),
        new("auth.email.secure_password_change", Switch, false),
        new("auth.email.*", Any, null, Built: false),
        new("auth.signing_keys_path", Any, null, Built: false),
        new("auth.passkeys.*", Any, null, Built: false),
        new("auth.captcha.*", Any, null, Built: false),
        new("auth.oauth_server.*", Any, null, Built: false),
        new("auth.mfa.max_enrolled_factors", Count, 10L),
        new("auth.mfa.totp.enroll_enabled", Switch, true),
        new("auth.mfa.totp.verify_enabled", Switch, true),
        new("auth.mfa.*", Any, null, Built: false),
        new("auth.sms.*", Any, null, Built: false),
        new("auth.external.*", Any, null, Built: false),
        new("auth.third_party.*", Any, null, Built: false),
        new("auth.hook.*", Any, null, Built: false),
        new("realtime.*", Any, null, Built: false),
        new("studio.*", Any, null, Built: false),
        new("telemetry.*", Any, null, Built: false),
        new("backup.*", Any, null, Built: false),
        new("cluster.*", Any, null, Built: false),
        new("sources.*", Any, null, Built: false),
        new("relations.*", Any, null, Built: false),
        new("storage.*", Any, null, Built: false),
        new("functions.*", Any, null, Built: false),
        new("jobs.*", Any, null, Built: false),
        new("webhooks.*", Any, null, Built: false),
    ];

    /// <summary>Sections of a Supabase project's file that mean nothing here: accepted, reported.</summary>
    private static readonly string[] Elsewhere = ["analytics.", "edge_runtime.", "inbucket.", "experimental.", "db.shadow_port",
        "db.port", "db.major_version", "db.pooler.", "api.port", "api.enabled", "api.tls.", "studio.port"];

    public static Setting? Find(string path) =>
        All.FirstOrDefault(s => s.Path == path)
        ?? All.FirstOrDefault(s => s.Path.EndsWith(".*", StringComparison.Ordinal)
            && (path + ".").StartsWith(s.Path[..^1], StringComparison.Ordinal));

    public static bool HasNoEffect(string path) => Elsewhere.Any(e => (path + ".").StartsWith(e, StringComparison.Ordinal));
}

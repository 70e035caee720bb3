// From the words of tenon.toml to the options the server is started with.
using Tenon.Core.Query;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Hosting;
using Tenon.Server.Provider;
using Tenon.Server.Rest;
using Tenon.Sources;

namespace Tenon.Cli.Configuration;

internal static class BackendSettings
{
    public static BackendOptions From(Config config, Keys keys, bool development, string publicUrl, string? web) =>
        new()
        {
            AppFolder = config.Folder,
            DatabaseUrl = DatabaseUrl(config),
            Keys = keys,
            SignInSettings = EnvironmentSettings.Of(config),
            Auth = Auth(config, publicUrl, development),
            Packages = config.Switch("auth.oauth_server.enabled") ? [ProviderFeature.Package] : [],
            Rest = Rest(config),
            Development = development,
            MigrationPaths = config.Switch("db.migrations.enabled") ? config.List("db.migrations.paths") : [],
            SeedPaths = config.Switch("db.seed.enabled") ? config.List("db.seed.sql_paths") : [],
            AutoExposeNewTables = config.Switch("api.auto_expose_new_tables"),
            OpenTables = config.List("api.open"),
            Tls = Tls(config),
            StatementTimeout = config.Duration("db.statement_timeout"),
            PoolSize = config.Count("db.pool_size"),
            Security = Security(config),
            StaticFiles = web,
            SpaFallback = config.Switch("web.spa_fallback"),
            Durable = config.Text("db.synchronous") switch
            {
                "full" => true,
                "normal" => false,
                var other => throw new ConfigException($"db.synchronous must be \"full\" or \"normal\", not \"{other}\""),
            },
        };

    public static Enforcement? Security(Config config) =>
        config.Text("db.security") switch
        {
            "native" => Enforcement.Native,
            "" or "compiled" => null,
            var other => throw new ConfigException($"db.security must be \"native\" or \"compiled\", not \"{other}\""),
        };

    private static RestOptions Rest(Config config) =>
        new()
        {
            Schemas = [.. config.List("api.schemas")],
            MaxRows = config.Count("api.max_rows"),
            ExportRoles = [.. config.List("api.export_roles")],
            MaxCost = config.Count("api.max_cost"),
            Aggregates = config.Switch("api.aggregates"),
            OpenApi = config.Switch("api.openapi"),
            PlanEnabled = config.Switch("db.plan_enabled"),
            PreRequest = config.Text("api.pre_request"),
            TransactionEnd = TransactionEnd.Of(config.Text("db.tx_end"))
                ?? throw new ConfigException(
                    $"db.tx_end must be \"commit\", \"commit-allow-override\", \"rollback\" or \"rollback-allow-override\", not \"{config.Text("db.tx_end")}\""
                ),
            MaxBody = (int)Math.Min(config.Size("server.max_body_size"), int.MaxValue),
            MaxInsertRows = config.Count("api.max_insert_rows"),
            RequestTimeout = config.Duration("server.request_timeout"),
            Limits = new QueryLimits
            {
                UrlLength = config.Count("api.max_url_length"),
                Depth = config.Count("api.max_depth"),
                Embeds = config.Count("api.max_embeds"),
                Filters = config.Count("api.max_filters"),
                ListItems = config.Count("api.max_list_items"),
            },
        };

    /// <summary>[telemetry] log_format; what the command takes by itself when it is not set.</summary>
    public static RequestLogFormat RequestLog(Config config, RequestLogFormat otherwise) =>
        config.Text("telemetry.log_format") switch
        {
            "" => otherwise,
            "text" => RequestLogFormat.Text,
            "json" => RequestLogFormat.Json,
            "off" => RequestLogFormat.Off,
            var other => throw new ConfigException($"telemetry.log_format must be \"text\", \"json\" or \"off\", not \"{other}\""),
        };

    private static (string, string)? Tls(Config config)
    {
        string certificate = config.Text("server.tls.cert_path");
        string key = config.Text("server.tls.key_path");
        return (certificate.Length, key.Length) switch
        {
            (0, 0) => null,
            (0, _) => throw new ConfigException("server.tls.key_path is set and server.tls.cert_path is not"),
            (_, 0) => throw new ConfigException("server.tls.cert_path is set and server.tls.key_path is not"),
            _ => (Path.Combine(config.Folder, certificate), Path.Combine(config.Folder, key)),
        };
    }

    /// <summary>The main database, for commands that look at it without starting a server.</summary>
    public static MainDatabaseOptions MainDatabase(Config config) =>
        new(DatabaseUrl(config))
        {
            Folder = config.Folder,
            Schema = new SchemaOptions { AutoExposeNewTables = config.Switch("api.auto_expose_new_tables") },
        };

    private static string DatabaseUrl(Config config)
    {
        string url = config.Text("db.url");
        return SourceRegistry.Check(url) is { } refused ? throw new ConfigException($"db.url: {refused.Message}. {refused.Hint}") : url;
    }

    private static AuthOptions Auth(Config config, string publicUrl, bool development)
    {
        string site = config.Text("auth.site_url");
        var auth = new AuthOptions
        {
            Enabled = config.Switch("auth.enabled"),
            PublicUrl = publicUrl,
            Development = development,
            AppFolder = config.Folder,
            SiteUrl = site.Length > 0 ? site : publicUrl,
            JwtExpiry = config.Duration("auth.jwt_expiry"),
            SigningKeysPath = config.Text("auth.signing_keys_path"),
            EnableRefreshTokenRotation = config.Switch("auth.enable_refresh_token_rotation"),
            RefreshTokenReuseInterval = config.Duration("auth.refresh_token_reuse_interval"),
            EnableSignup = config.Switch("auth.enable_signup"),
            EnableAnonymousSignIns = config.Switch("auth.enable_anonymous_sign_ins"),
            EnableManualLinking = config.Switch("auth.enable_manual_linking"),
            TellUnknownAddresses = config.Switch("auth.tell_unknown_addresses"),
            MinimumPasswordLength = config.Count("auth.minimum_password_length"),
            MinimumPasswordLengthAlone = config.Count("auth.minimum_password_length_alone"),
            PasswordRequirements = config.Text("auth.password_requirements"),
            BlockedPasswordsPath = config.Text("auth.blocked_passwords_path"),
        };
        auth.AdditionalRedirectUrls.AddRange(config.List("auth.additional_redirect_urls"));
        auth.AdditionalRoles.AddRange(config.List("auth.additional_roles"));
        auth.TrustedProxies.AddRange(config.List("server.trusted_proxies"));
        RateLimits(config, auth.RateLimit);
        auth.Sessions.Timebox = config.Duration("auth.sessions.timebox");
        auth.Sessions.InactivityTimeout = config.Duration("auth.sessions.inactivity_timeout");
        auth.Sessions.SinglePerUser = config.Switch("auth.sessions.single_per_user");
        auth.Email.EnableSignup = config.Switch("auth.email.enable_signup");
        auth.Email.DoubleConfirmChanges = config.Switch("auth.email.double_confirm_changes");
        auth.Email.SecurePasswordChange = config.Switch("auth.email.secure_password_change");
        auth.Email.RequireCurrentPassword = config.Switch("auth.email.require_current_password");
        Factors(config, auth);
        Email(config, auth.Email, development);
        Sms(config, auth.Sms);
        auth.Captcha.Enabled = config.Switch("auth.captcha.enabled");
        auth.Captcha.Provider = config.Text("auth.captcha.provider");
        auth.Captcha.SiteKey = config.Text("auth.captcha.site_key");
        auth.Captcha.Secret = auth.Captcha.Enabled ? config.Text("auth.captcha.secret") : "";
        Hooks(config, auth);
        OAuthServer(config, auth.OAuthServer);
        ExternalSettings.Providers(config, auth.External);
        ExternalSettings.ThirdParties(config, auth.ThirdParty);
        return auth;
    }

    private static void RateLimits(Config config, AuthRateLimitOptions limits)
    {
        limits.EmailSent = config.Count("auth.rate_limit.email_sent");
        limits.SmsSent = config.Count("auth.rate_limit.sms_sent");
        limits.AnonymousUsers = config.Count("auth.rate_limit.anonymous_users");
        limits.TokenRefresh = config.Count("auth.rate_limit.token_refresh");
        limits.SignInSignUps = config.Count("auth.rate_limit.sign_in_sign_ups");
        limits.TokenVerifications = config.Count("auth.rate_limit.token_verifications");
    }

    private static void Factors(Config config, AuthOptions auth)
    {
        auth.Mfa.MaxEnrolledFactors = config.Count("auth.mfa.max_enrolled_factors");
        auth.Mfa.TotpEnrollEnabled = config.Switch("auth.mfa.totp.enroll_enabled");
        auth.Mfa.TotpVerifyEnabled = config.Switch("auth.mfa.totp.verify_enabled");
        auth.Mfa.PhoneEnrollEnabled = config.Switch("auth.mfa.phone.enroll_enabled");
        auth.Mfa.PhoneVerifyEnabled = config.Switch("auth.mfa.phone.verify_enabled");
        auth.Mfa.WebAuthnEnrollEnabled = config.Switch("auth.mfa.web_authn.enroll_enabled");
        auth.Mfa.WebAuthnVerifyEnabled = config.Switch("auth.mfa.web_authn.verify_enabled");
        auth.Passkeys.Enabled = config.Switch("auth.passkeys.enabled");
        auth.Passkeys.RpId = config.Text("auth.passkeys.rp_id");
        auth.Passkeys.RpOrigins.AddRange(config.List("auth.passkeys.rp_origins"));
    }

    private static void OAuthServer(Config config, AuthOAuthServerOptions server)
    {
        const string scopes = "auth.oauth_server.scopes.";
        server.Enabled = config.Switch("auth.oauth_server.enabled");
        server.AuthorizationUrlPath = config.Text("auth.oauth_server.authorization_url_path");
        server.AllowDynamicRegistration = config.Switch("auth.oauth_server.allow_dynamic_registration");
        server.RefreshTokenExpiry = config.Duration("auth.oauth_server.refresh_token_expiry");
        server.Name = config.Text("auth.oauth_server.name");
        server.LogoUrl = config.Text("auth.oauth_server.logo_url");
        server.Color = config.Text("auth.oauth_server.color");
        server.BackgroundColor = config.Text("auth.oauth_server.background_color");
        foreach (ConfigEntry entry in config.Entries.Where(e => e.Path.StartsWith(scopes, StringComparison.Ordinal)))
        {
            server.Scopes[entry.Path[scopes.Length..]] = config.Text(entry.Path);
        }
    }

    private static void Hooks(Config config, AuthOptions auth)
    {
        foreach (string name in HookName.All.Where(name => config.Switch($"auth.hook.{name}.enabled")))
        {
            auth.Hooks[name] = new AuthHookOptions
            {
                Enabled = true,
                Uri = config.Text($"auth.hook.{name}.uri"),
                Secrets = config.Text($"auth.hook.{name}.secrets"),
            };
        }
    }

    private static void Sms(Config config, AuthSmsOptions sms)
    {
        const string testCodes = "auth.sms.test_otp.";
        sms.EnableSignup = config.Switch("auth.sms.enable_signup");
        sms.EnableConfirmations = config.Switch("auth.sms.enable_confirmations");
        sms.Uri = config.Text("auth.sms.uri");
        sms.Secret = sms.Uri.Length > 0 ? config.Text("auth.sms.secret") : "";
        sms.Template = config.Text("auth.sms.template");
        sms.MaxFrequency = config.Duration("auth.sms.max_frequency");
        if (config.Text("auth.sms.provider") is not ("http" or ""))
        {
            throw new ConfigException("auth.sms.provider must be \"http\": text messages are posted to auth.sms.uri");
        }
        foreach (ConfigEntry entry in config.Entries.Where(e => e.Path.StartsWith(testCodes, StringComparison.Ordinal)))
        {
            sms.TestOtp[entry.Path[testCodes.Length..].TrimStart('+')] = config.Text(entry.Path);
        }
    }

    private static void Email(Config config, AuthEmailOptions email, bool development)
    {
        // Supabase's flat keys beside ours.
        string Path(string own, string flat) => config.IsSet(flat) && !config.IsSet(own) ? flat : own;
        email.AuthorizedAddresses.AddRange(config.List("auth.email.authorized_addresses"));
        email.ExtendedValidation = config.Switch("auth.email.extended_validation");
        email.Otp.Length = config.Count(Path("auth.email.otp.length", "auth.email.otp_length"));
        email.Otp.Expiry = config.Duration(Path("auth.email.otp.expiry", "auth.email.otp_expiry"));
        email.Otp.MaxFrequency = config.Duration(Path("auth.email.otp.max_frequency", "auth.email.max_frequency"));
        email.Smtp.Enabled = config.Switch("auth.email.smtp.enabled");
        email.Smtp.Host = config.Text("auth.email.smtp.host");
        email.Smtp.Port = config.Count("auth.email.smtp.port");
        email.Smtp.User = config.Text("auth.email.smtp.user");
        email.Smtp.Password = email.Smtp.Enabled ? config.Text("auth.email.smtp.pass") : "";
        email.Smtp.AdminEmail = config.Text("auth.email.smtp.admin_email");
        email.Smtp.SenderName = config.Text("auth.email.smtp.sender_name");
        foreach (string name in MailTemplates.Names)
        {
            email.Templates[name] = new AuthTemplateOptions
            {
                Subject = config.Text($"auth.email.template.{name}.subject"),
                ContentPath = config.Text($"auth.email.template.{name}.content_path"),
            };
        }
        // Production confirms addresses as soon as it can send mail, unless somebody decided otherwise.
        email.EnableConfirmations = config.IsSet("auth.email.enable_confirmations")
            ? config.Switch("auth.email.enable_confirmations")
            : !development && (email.Smtp.Enabled || config.Switch("auth.hook.send_email.enabled"));
    }
}

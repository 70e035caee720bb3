using System.Security.Cryptography;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Tenon.Server.Auth.Account;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Auth.Audit;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Import;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.Overrides;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Hosting;

namespace Tenon.Server.Auth;

/// <summary>Registers sign-in and maps its routes. The host adds the StoreDatabase, and calls <see cref="StartAsync"/> once its migrations ran.</summary>
internal static class AuthFeature
{
    public static IServiceCollection AddAuth(this IServiceCollection services, AuthOptions options, Keys keys)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options).AddSingleton(keys);
        services.AddSingleton<Vault>().AddSingleton<SigningKeys>().AddSingleton<ApiKeys>().AddSingleton<ApiRoles>().AddSingleton<UserKeys>();
        services.AddSingleton(_ => new TokenCache(options.TokensBelievedFor)).AddSingleton<TokenVerifier>().AddSingleton<CallerResolver>();
        services.AddSingleton(provider => new HostSignIn(options.Host, provider.GetRequiredService<ApiRoles>()));
        services.AddSingleton<AuditHash>().AddSingleton<AuditChain>().AddSingleton<AuditCheck>();
        services.AddSingleton<Tokens>().AddSingleton<Sessions>().AddSingleton<Users>();
        services.AddSingleton<PasswordHasher>().AddSingleton<TrustedProxies>().AddSingleton<AuthLimits>().AddSingleton<AuthGate>();
        services.AddSingleton<Captcha>().AddSingleton<SignUp>().AddSingleton<PasswordGrant>().AddSingleton<RefreshGrant>();
        services.AddSingleton<OneTimeTokens>().AddSingleton<Mailer>().AddSingleton<ConfirmedSignUp>().AddSingleton<OneTimeSignIn>();
        services.AddSingleton<Recover>().AddSingleton<Redemption>().AddSingleton<Verify>().AddSingleton<PkceGrant>();
        services.AddSingleton<Reauthenticate>().AddSingleton<PasswordChange>().AddSingleton<EmailChange>();
        services.AddSingleton<Invite>().AddSingleton<GenerateLink>();
        services.AddSingleton<UserUpdate>().AddSingleton<Logout>().AddSingleton<SessionList>().AddSingleton<KeyList>();
        services.AddSingleton<AdminSessions>().AddSingleton<AdminKeys>().AddSingleton<AdminUserKeys>().AddSingleton<AdminUserData>().AddSingleton<AdminAudit>().AddSingleton<AdminAuditCheck>().AddSingleton<UserImport>().AddSingleton<AdminImport>().AddSingleton<AdminProof>();
        services.AddSingleton<AdminUsers>().AddSingleton<AdminUserList>().AddSingleton<ServerInfo>();
        services.AddSingleton<Elevation>().AddSingleton<Enrolment>().AddSingleton<Verification>().AddSingleton<RecoveryCodes>().AddSingleton<PageProof>();
        services.AddSingleton<AdminFactors>().AddSingleton<FactorProof>().AddSingleton<PhoneFactors>().AddSingleton<WebAuthnFactors>();
        services.AddSingleton<RelyingParty>().AddSingleton<Ceremony>().AddSingleton<Passkeys>();
        services.AddSingleton<PasskeyRegistration>().AddSingleton<PasskeySignIn>().AddSingleton<PasskeyList>();
        services.AddSingleton<SafeHttp>().AddSingleton<HookRunner>().AddSingleton<AccessTokenHook>().AddSingleton<UserHooks>();
        services.AddSingleton<Issuers>().AddSingleton<IdTokens>().AddSingleton<ThirdParty>().AddSingleton<ProviderClient>().AddSingleton<CustomProviders>().AddSingleton<Providers>();
        services.AddSingleton<ExternalFlows>().AddSingleton<AccountLinking>().AddSingleton<ExternalSignIn>();
        services.AddSingleton<Authorize>().AddSingleton<Callback>().AddSingleton<IdTokenGrant>().AddSingleton<Unlink>().AddSingleton<AdminProviders>();
        services.AddSingleton<Redirects>().AddSingleton<MailTemplates>().AddSingleton<SettingOverrides>().AddSingleton<Outbox>().AddSingleton<MessageSenders>();
        services.AddSingleton<OutboxWorker>().AddSingleton<Inbox>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<OutboxWorker>());
        services.AddSingleton<AuthEndpoints>().AddSingleton<AuthMaintenance>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<AuthMaintenance>());
        return services;
    }

    public static void MapAuth(this IEndpointRouteBuilder routes)
    {
        IServiceProvider services = routes.ServiceProvider;
        services.GetRequiredService<AuthEndpoints>().Map(routes);
        if (services.GetRequiredService<AuthOptions>() is { Enabled: true, Development: true })
        {
            services.GetRequiredService<Inbox>().Map(routes);
        }
    }

    /// <summary>Checks the options and loads the keys. Until then every token is refused.</summary>
    public static async Task StartAsync(IServiceProvider services, CancellationToken cancellation)
    {
        Validate(services.GetRequiredService<AuthOptions>());
        await services.GetRequiredService<ApiKeys>().LoadAsync(cancellation);
        if (!services.GetRequiredService<AuthOptions>().Enabled)
        {
            return;
        }
        await LoadSigningKeysAsync(services.GetRequiredService<SigningKeys>(), cancellation);
        await services.GetRequiredService<AuditChain>().StartAsync(cancellation);
        // Made before the first stranger asks, so that the first unknown user costs no more than the second. Beside the start:
        // who comes while it is being made waits for it.
        _ = Task.Run(static () => PasswordHash.OfNobody, CancellationToken.None);
        // A template or an address pattern that cannot be used stops the start.
        _ = services.GetRequiredService<AuthOptions>().BlockedPasswords;
        services.GetRequiredService<MailTemplates>();
        await services.GetRequiredService<SettingOverrides>().StartAsync(cancellation);
        services.GetRequiredService<Mailer>();
        services.GetRequiredService<MessageSenders>();
        services.GetRequiredService<Redirects>();
        services.GetRequiredService<RelyingParty>();
        services.GetRequiredService<Providers>();
        services.GetRequiredService<AuthMaintenance>().Begin();
        services.GetRequiredService<OutboxWorker>().Begin();
    }

    private static async Task LoadSigningKeysAsync(SigningKeys keys, CancellationToken cancellation)
    {
        try
        {
            await keys.LoadAsync(cancellation);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new StartRefused(
                "the encryption key (TENON_ENCRYPTION_KEY, in development .tenon/keys.json) is not the one this database was made with: "
                    + "its signing keys cannot be read; start with that key, or in development make a fresh database with: tenon db reset"
            );
        }
    }

    /// <summary>What a start would refuse, said without one: options, address patterns, mail templates, lists of passwords.</summary>
    public static void Check(AuthOptions options)
    {
        Validate(options);
        _ = new Redirects(options);
        _ = new RelyingParty(options);
        _ = new MailTemplates(options);
        _ = options.BlockedPasswords;
    }

    /// <summary>Refuses what the options ask for and this server cannot do: a promise of safety must not be dropped silently.</summary>
    internal static void Validate(AuthOptions options)
    {
        ValidateEmail(options.Email, options.Development || HasHook(options, HookName.SendEmail));
        options.OAuthServer.Validate(options.Issuer);
        Captcha.Validate(options.Captcha, shown: options.OAuthServer.Enabled);
        ValidateSms(options.Sms, options.Mfa, options.Development || HasHook(options, HookName.SendSms));
        if (options.Hooks.Keys.FirstOrDefault(name => !HookName.All.Contains(name)) is { } unknown)
        {
            throw new InvalidOperationException($"[auth.hook.{unknown}]: there is no such hook; there are {string.Join(", ", HookName.All)}");
        }
        if (options.Host.Enabled && options.Host.Roles.Values.Append(options.Host.DefaultRole).FirstOrDefault(role => role is "service_role" or "anon" or "") is { } role)
        {
            throw new InvalidOperationException($"the host's sign-in gives a user the role \"{role}\"; roles of users are authenticated and those of additional_roles");
        }
        if (options.JwtExpiry < TimeSpan.FromSeconds(30) || options.JwtExpiry > TimeSpan.FromDays(7))
        {
            throw new InvalidOperationException("[auth] jwt_expiry must be from 30 to 604800 seconds");
        }
        if (options.PasswordRequirements is not ("" or "letters_digits" or "lower_upper_letters_digits" or "lower_upper_letters_digits_symbols"))
        {
            throw new InvalidOperationException(
                "[auth] password_requirements is empty, letters_digits, lower_upper_letters_digits or lower_upper_letters_digits_symbols"
            );
        }
        if (options.MinimumPasswordLength < 6)
        {
            throw new InvalidOperationException("[auth] minimum_password_length must be at least 6");
        }
        if (!Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
        {
            throw new InvalidOperationException("[server] public_url must be an http or https address");
        }
    }

    private static bool HasHook(AuthOptions options, string name) => options.Hooks.GetValueOrDefault(name) is { Enabled: true };

    private static void ValidateEmail(AuthEmailOptions email, bool canSend)
    {
        if (email.EnableConfirmations && !email.Smtp.Enabled && !canSend)
        {
            throw new InvalidOperationException(
                "[auth.email] enable_confirmations = true needs a mail server ([auth.email.smtp]); without one set it to false, then new users are confirmed at once"
            );
        }
        if (email.Smtp.Enabled && (email.Smtp.Host.Length == 0 || EmailAddress.Normalise(email.Smtp.AdminEmail) is null || email.Smtp.SenderName.Any(char.IsControl)))
        {
            throw new InvalidOperationException("[auth.email.smtp] needs host, and an admin_email that is an address; sender_name is one line");
        }
        if (email.Otp.Length is < 6 or > 10)
        {
            throw new InvalidOperationException("[auth.email] otp.length must be from 6 to 10 digits");
        }
        if (email.Otp.Expiry < TimeSpan.FromSeconds(30) || email.Otp.Expiry > TimeSpan.FromDays(1))
        {
            throw new InvalidOperationException("[auth.email] otp.expiry must be from 30 to 86400 seconds");
        }
    }

    private static void ValidateSms(AuthSmsOptions sms, AuthMfaOptions mfa, bool canSend)
    {
        if ((mfa.PhoneEnrollEnabled || mfa.PhoneVerifyEnabled) && sms.Uri.Length == 0 && !canSend)
        {
            throw new InvalidOperationException("[auth.mfa] phone needs a sender of text messages: set uri and secret of [auth.sms]");
        }
        if (sms.EnableSignup && sms.Uri.Length == 0 && !canSend)
        {
            throw new InvalidOperationException("[auth.sms] enable_signup = true needs a sender: set uri and secret");
        }
        foreach ((string number, string code) in sms.TestOtp)
        {
            if (PhoneNumber.Normalise(number) != number || code.Length is < 6 or > 10 || !code.All(char.IsAsciiDigit))
            {
                throw new InvalidOperationException("[auth.sms] test_otp: numbers are digits without plus, codes 6 to 10 digits");
            }
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Stores;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Tenon.Server.Provider.Protocol;

/// <summary>OpenIddict on our own stores, with the defaults we do not share changed.</summary>
internal static class ProtocolSetup
{
    // Long enough for a slow redirect, short enough to be useless to who finds it in a log (RFC 9700 §4.1).
    private static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DeviceCodeLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PushedRequestLife = TimeSpan.FromMinutes(5);

    // Without vowels, digits and look-alikes (RFC 8628 §6.1).
    private static readonly string[] UserCodeLetters = [.. "BCDFGHJKLMNPQRSTVWXZ".Select(letter => letter.ToString())];

    public static void AddProtocol(this IServiceCollection services)
    {
        services.AddSingleton<ProtocolKeys>().AddSingleton<TokenHandlers>().AddSingleton<RefreshSuccession>().AddSingleton<KnownScopes>();
        services
            .AddOpenIddict()
            .AddCore(core =>
            {
                core.SetDefaultApplicationEntity<OAuthClient>().SetDefaultAuthorizationEntity<OAuthAuthorization>();
                core.SetDefaultScopeEntity<Scope>().SetDefaultTokenEntity<OAuthToken>();
                core.ReplaceApplicationStore<OAuthClient, ClientStore>(ServiceLifetime.Singleton);
                core.ReplaceAuthorizationStore<OAuthAuthorization, AuthorizationStore>(ServiceLifetime.Singleton);
                core.ReplaceScopeStore<Scope, ScopeStore>(ServiceLifetime.Singleton);
                core.ReplaceTokenStore<OAuthToken, TokenStore>(ServiceLifetime.Singleton);
                core.ReplaceApplicationManager<OAuthClient, ClientManager>();
            })
            .AddServer(server =>
            {
                Endpoints(server);
                Flows(server);
                TokenHandlers.Register(server);
                RefreshSuccession.Register(server);
            });
        services.AddOptions<OpenIddictServerOptions>().Configure<ProtocolKeys, AuthOptions, TimeProvider>(Configure);
        WithoutDataProtectionAtStart(services);
    }

    private static void Endpoints(OpenIddictServerBuilder server)
    {
        server.SetAuthorizationEndpointUris(Paths.FromRoot(Paths.Authorize));
        server.SetTokenEndpointUris(Paths.FromRoot(Paths.Token));
        server.SetPushedAuthorizationEndpointUris(Paths.FromRoot(Paths.PushedRequest));
        server.SetDeviceAuthorizationEndpointUris(Paths.FromRoot(Paths.DeviceAuthorization));
        server.SetEndUserVerificationEndpointUris(Paths.FromRoot(Paths.DeviceVerification));
        server.SetIntrospectionEndpointUris(Paths.FromRoot(Paths.Introspection));
        server.SetRevocationEndpointUris(Paths.FromRoot(Paths.Revocation));
        server.SetEndSessionEndpointUris(Paths.FromRoot(Paths.Logout));
        // Discovery and keys are answered by our own routes, with addresses of the issuer whatever host a request names.
        server.SetConfigurationEndpointUris(Array.Empty<string>()).SetJsonWebKeySetEndpointUris(Array.Empty<string>());
        server
            .UseAspNetCore()
            .EnableAuthorizationEndpointPassthrough()
            .EnableTokenEndpointPassthrough()
            .EnableEndSessionEndpointPassthrough()
            .EnableEndUserVerificationEndpointPassthrough()
            .EnableErrorPassthrough()
            // Whether people come by TLS is public_url's to say: behind a proxy this server sees plain HTTP.
            .DisableTransportSecurityRequirement()
            .SuppressJsonResponseIndentation();
    }

    private static void Flows(OpenIddictServerBuilder server)
    {
        server.AllowAuthorizationCodeFlow().AllowRefreshTokenFlow().AllowClientCredentialsFlow().AllowDeviceAuthorizationFlow();
        server.RequireProofKeyForCodeExchange();
        server.DisableAccessTokenEncryption();
        server.SetAuthorizationCodeLifetime(CodeLife).SetDeviceCodeLifetime(DeviceCodeLife).SetUserCodeLifetime(DeviceCodeLife);
        server.SetIssuedTokenLifetime(PushedRequestLife);
        server.SetUserCodeCharset(UserCodeLetters).SetUserCodeLength(8).SetUserCodeDisplayFormat("{0}{1}{2}{3}-{4}{5}{6}{7}");
        server.UseReferenceRefreshTokens();
        server.IgnoreAudiencePermissions().IgnoreResourcePermissions();
    }

    private static void Configure(OpenIddictServerOptions options, ProtocolKeys keys, AuthOptions auth, TimeProvider clock)
    {
        options.Issuer = new Uri(auth.Issuer);
        options.TimeProvider = clock;
        options.EncryptionCredentials.Add(keys.Encryption);
        options.SigningCredentials.Add(keys.Own);
        options.SigningCredentials.Add(keys.Placeholder);
        options.AccessTokenLifetime = options.IdentityTokenLifetime = auth.JwtExpiry;
        options.RefreshTokenLifetime = auth.OAuthServer.RefreshTokenExpiry;
        options.RefreshTokenReuseLeeway = auth.RefreshTokenReuseInterval;
        options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain);
        options.ResponseModes.Remove(ResponseModes.Fragment);
        foreach (Scope scope in new KnownScopes(auth).All)
        {
            options.Scopes.Add(scope.Name);
        }
    }

    // ASP.NET Core's authentication brings Data Protection along, whose start would write a key ring into the home folder of
    // whoever runs the server. Nothing here uses it.
    private static void WithoutDataProtectionAtStart(IServiceCollection services)
    {
        foreach (ServiceDescriptor start in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
        {
            services.Remove(start);
        }
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Pages;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Provider.Stores;
using Tenon.Server.Store;

namespace Tenon.Server.Provider;

/// <summary>Makes a server the identity provider of other systems: OpenID Connect and OAuth 2.1 below /auth/v1/oauth.</summary>
internal static class ProviderFeature
{
    // Expired codes and tokens stay this long to be recognised when they come again.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>For <see cref="BackendOptions.Packages"/>.</summary>
    public static BackendPackage Package { get; } = new(services => services.AddProvider(), MapRoot);

    public static IServiceCollection AddProvider(this IServiceCollection services)
    {
        services.AddProtocol();
        services.AddSingleton<ClientRegister>().AddSingleton<ClientAdministration>();
        services.AddSingleton<Consents>().AddSingleton<GrantList>().AddSingleton<SubRequests>().AddSingleton<PendingRequests>().AddSingleton<AuthorizationCalls>();
        services.AddSingleton<BrowserSessions>().AddSingleton<ClientSessions>().AddSingleton<PageWriter>().AddSingleton<StepForms>().AddSingleton<SignInPages>().AddSingleton<DevicePage>();
        services.AddSingleton<Discovery>().AddSingleton<UserInfo>().AddSingleton<TokenExchange>().AddSingleton<EndSession>();
        // OpenIddict's managers live as long as a request.
        services.AddScoped<Approval>().AddScoped<Authorize>().AddScoped<Device>();
        services.AddSingleton(new AuthPackage(Map) { Replaces = [ServerInfo.DiscoveryPath], Maintain = Maintain });
        return services;
    }

    private static void MapRoot(IEndpointRouteBuilder routes)
    {
        // A WebApplication that finds authentication registered puts its middleware before every request; OpenIddict's
        // handler is asked by its own routes alone, so that no other request pays for it.
        if (routes is WebApplication app)
        {
            ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        }
        // RFC 8414 §3.1: the well-known part comes before the issuer's path.
        routes.MapGet(Paths.Metadata + Paths.Prefix, context => context.RequestServices.GetRequiredService<Discovery>().HandleAsync(context));
    }

    /// <summary>
    /// A scope of its own for each request: OpenIddict's services are made for one, and inside a host's application the
    /// services of a request are those of the whole server.
    /// </summary>
    private static RequestDelegate Scoped(RequestDelegate handler) =>
        async context =>
        {
            IServiceProvider before = context.RequestServices;
            await using AsyncServiceScope scope = before.CreateAsyncScope();
            context.RequestServices = scope.ServiceProvider;
            try
            {
                await handler(context);
            }
            finally
            {
                context.RequestServices = before;
            }
        };

    private static void Map(IServiceProvider services, AuthRoute route)
    {
        var discovery = services.GetRequiredService<Discovery>();
        route("GET", ServerInfo.DiscoveryPath, discovery.HandleAsync);
        route("GET", Paths.Metadata, discovery.HandleAsync);
        RequestDelegate authorize = Scoped(context => context.RequestServices.GetRequiredService<Authorize>().HandleAsync(context));
        route("GET", Paths.Authorize, authorize);
        route("POST", Paths.Authorize, authorize);
        route("POST", Paths.Token, Scoped(services.GetRequiredService<TokenExchange>().HandleAsync));
        var userInfo = services.GetRequiredService<UserInfo>();
        route("GET", Paths.UserInfo, userInfo.HandleAsync);
        route("POST", Paths.UserInfo, userInfo.HandleAsync);
        var logout = services.GetRequiredService<EndSession>();
        route("GET", Paths.Logout, Scoped(logout.HandleAsync));
        route("POST", Paths.Logout, Scoped(logout.HandleAsync));
        foreach (string path in new[] { Paths.PushedRequest, Paths.DeviceAuthorization, Paths.Introspection, Paths.Revocation })
        {
            route("POST", path, Scoped(async context => await ProtocolEndpoint.AnsweredAsync(context)));
        }
        MapPages(services, route);
        MapCalls(services, route);
    }

    private static void MapPages(IServiceProvider services, AuthRoute route)
    {
        var pages = services.GetRequiredService<SignInPages>();
        route("GET", Paths.Consent, pages.GetAsync);
        route("POST", Paths.Consent, pages.ConsentAsync);
        route("POST", Paths.SignIn, pages.SignInAsync);
        route("POST", Paths.Factor, pages.FactorAsync);
        route("POST", Paths.Factor + Paths.KeyOptions, pages.FactorOptionsAsync);
        route("POST", Paths.Passkey, pages.PasskeyAsync);
        route("POST", Paths.Passkey + Paths.KeyOptions, pages.PasskeyOptionsAsync);
        route("GET", Paths.KeyScript, KeyScript.WriteAsync);
        route("POST", Paths.SwitchUser, pages.SwitchAsync);
        var device = services.GetRequiredService<DevicePage>();
        route("GET", Paths.Device, device.GetAsync);
        route("POST", Paths.Device, device.PostAsync);
    }

    private static void MapCalls(IServiceProvider services, AuthRoute route)
    {
        var authorizations = services.GetRequiredService<AuthorizationCalls>();
        route("GET", "/oauth/authorizations/{authorization}", authorizations.GetAsync);
        route("POST", "/oauth/authorizations/{authorization}/consent", authorizations.PostAsync);
        var clients = services.GetRequiredService<ClientAdministration>();
        route("POST", Paths.Registration, clients.RegisterAsync);
        route("GET", "/admin/oauth/clients", clients.ListAsync);
        route("POST", "/admin/oauth/clients", clients.CreateAsync);
        route("GET", "/admin/oauth/clients/{client}", clients.GetAsync);
        route("PUT", "/admin/oauth/clients/{client}", clients.UpdateAsync);
        route("DELETE", "/admin/oauth/clients/{client}", clients.DeleteAsync);
        route("POST", "/admin/oauth/clients/{client}/regenerate_secret", clients.NewSecretAsync);
        var grants = services.GetRequiredService<GrantList>();
        route("GET", "/user/oauth/grants", grants.ListOwnAsync);
        route("DELETE", "/user/oauth/grants", grants.RevokeOwnAsync);
        route("GET", "/admin/users/{id}/oauth/grants", grants.ListAsync);
        route("DELETE", "/admin/users/{id}/oauth/grants/{client}", grants.RevokeAsync);
    }

    private static void Maintain(IStoreTransaction unit, DateTimeOffset now)
    {
        unit.Execute(GrantSql.DeleteExpired, StoreValues.Of(now));
        unit.Execute(TokenSql.Prune, StoreValues.Of(now - Remembered));
        unit.Execute(AuthorizationSql.Prune, StoreValues.Of(now - Remembered));
    }
}

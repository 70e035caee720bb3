using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Tenon.Server.Hosting;

/// <summary>Tenon inside an ASP.NET Core application: services, endpoints, health.</summary>
public static class TenonExtensions
{
    private const string Rest = "tenonPath";

    /// <summary>Adds a back end, configured by the section <c>Tenon</c> and then by the delegate. It opens when the host starts.</summary>
    public static TenonBuilder AddTenon(this IServiceCollection services, Action<TenonOptions>? configure = null)
    {
        services.TryAddSingleton<EmbeddedOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TenonOptions>, EmbeddedOptions>());
        OptionsBuilder<TenonOptions> options = services.AddOptions<TenonOptions>();
        options.BindConfiguration(TenonOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }
        services.TryAddSingleton<EmbeddedTenon>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EmbeddedTenon>(provider => provider.GetRequiredService<EmbeddedTenon>()));
        return new TenonBuilder(services);
    }

    /// <summary>Adds a back end, configured by the section <c>Tenon</c> and then by the delegate. It opens when the host starts.</summary>
    public static TenonBuilder AddTenon(this IHostApplicationBuilder builder, Action<TenonOptions>? configure = null) =>
        builder.Services.AddTenon(configure);

    /// <summary>
    /// Serves the API under a prefix (<c>/api</c> → <c>/api/rest/v1</c>, <c>/api/auth/v1</c>). Conventions that the host adds
    /// (authorization, rate limits, CORS) hold for all of it.
    /// </summary>
    public static IEndpointConventionBuilder MapTenon(this IEndpointRouteBuilder routes, string prefix = "")
    {
        EmbeddedTenon tenon =
            routes.ServiceProvider.GetService<EmbeddedTenon>() ?? throw new InvalidOperationException("MapTenon needs services.AddTenon()");
        RequestDelegate handle = http => tenon.RunAsync(http, http.Request.RouteValues[Rest] as string ?? "");
        return routes.Map($"{prefix.TrimEnd('/')}/{{**{Rest}}}", handle).WithDisplayName("Tenon");
    }

    /// <summary>Healthy when Tenon can answer requests, writes included.</summary>
    public static IHealthChecksBuilder AddTenon(this IHealthChecksBuilder checks) => checks.AddCheck<TenonHealthCheck>("tenon");
}

using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Hosting;

namespace Tenon.Server.Provider;

/// <summary>The identity provider inside an ASP.NET Core application.</summary>
public static class ProviderExtensions
{
    /// <summary>Makes the application's Tenon the identity provider of other systems; <c>Tenon:Auth:OAuthServer</c> says more.</summary>
    public static TenonBuilder AddIdentityProvider(this TenonBuilder builder)
    {
        builder.Services.AddOptions<TenonOptions>().Configure(options =>
        {
            options.Auth.OAuthServer.Enabled = true;
            options.Packages.Add(ProviderFeature.Package);
        });
        return builder;
    }
}

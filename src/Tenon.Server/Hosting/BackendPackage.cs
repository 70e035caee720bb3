using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tenon.Server.Hosting;

/// <summary>A feature in a package of its own: its services, and its routes outside those of other features.</summary>
internal sealed record BackendPackage(Action<IServiceCollection> AddServices, Action<IEndpointRouteBuilder> Map);

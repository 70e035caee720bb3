using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tenon.Server.Hosting;

/// <summary>Prefixes of the wire whose features are not built: 501 in the shape their clients read (WIRE §3-5).</summary>
internal static class NotBuiltYet
{
    // Request delegates, not delegates of any form: those are compiled from expression trees while the server starts.
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Map("/storage/v1/{**path}", http => Storage().ExecuteAsync(http));
        routes.Map("/functions/v1/{**path}", http => Function().ExecuteAsync(http));
        routes.Map("/realtime/v1/{**path}", RealtimeRefusal.Build(routes.CreateApplicationBuilder()));
    }

    private static IResult Storage() =>
        Results.Json(
            new { statusCode = "501", error = "NotImplemented", message = "File storage is not built yet in this version of Tenon" },
            statusCode: StatusCodes.Status501NotImplemented
        );

    private static IResult Function() =>
        Results.Json(
            new { code = "NOT_BUILT", message = "Server-side functions are not built yet in this version of Tenon" },
            statusCode: StatusCodes.Status501NotImplemented
        );
}

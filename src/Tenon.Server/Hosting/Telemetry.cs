using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Hosting;

/// <summary>
/// The ActivitySource and the Meter "Tenon": an activity and measures per request, with shapes and counts, never values.
/// Nothing is made while nobody listens.
/// </summary>
internal static class Telemetry
{
    public const string Name = "Tenon";

    private static readonly string? Version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource Source = new(Name, Version);
    private static readonly Meter Meter = new(Name, Version);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("tenon.request.duration", "s", "Time from the start of a request to the end of its answer");
    private static readonly Counter<long> Rows = Meter.CreateCounter<long>("tenon.request.rows", "{row}", "Rows answered or written");
    private static readonly Counter<long> Statements = Meter.CreateCounter<long>("tenon.request.statements", "{statement}", "SQL statements run for requests");

    public static bool IsWatched => Source.HasListeners() || Duration.Enabled || Rows.Enabled || Statements.Enabled;

    public static Activity? Start(HttpContext http) => Source.StartActivity($"{http.Request.Method} {AreaOf(http)}", ActivityKind.Internal);

    public static void Stop(Activity? activity, HttpContext http, RequestNotes notes, int status, TimeSpan took)
    {
        string role = notes.Role ?? "";
        string area = AreaOf(http);
        if (activity is not null)
        {
            activity.SetTag("http.request.method", http.Request.Method).SetTag("url.path", LoggedTarget.Of(http)).SetTag("http.response.status_code", status);
            activity.SetTag("tenon.request.id", http.TraceIdentifier).SetTag("tenon.role", role);
            activity.SetTag("tenon.rows", notes.Rows).SetTag("tenon.statements", notes.Statements);
            activity.SetStatus(status >= StatusCodes.Status500InternalServerError ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        }
        var tags = new TagList { { "tenon.area", area }, { "tenon.role", role }, { "http.response.status_code", status } };
        Duration.Record(took.TotalSeconds, tags);
        Rows.Add(Math.Max(notes.Rows, 0), tags);
        Statements.Add(Math.Max(notes.Statements, 0), tags);
    }

    // Of a small, closed set: a client must not choose the names of measures.
    private static string AreaOf(HttpContext http)
    {
        PathString path = http.Request.Path;
        return path.StartsWithSegments("/rest/v1") ? "/rest/v1"
            : path.StartsWithSegments("/auth/v1") ? "/auth/v1"
            : "other";
    }
}

using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Hosting;

/// <summary>What a feature tells the request log about a request: never a value of it.</summary>
internal sealed class RequestNotes
{
    /// <summary>The role the request ran as; null when nobody was recognised.</summary>
    public string? Role { get; set; }

    /// <summary>Rows answered or written; -1 where that means nothing.</summary>
    public long Rows { get; set; } = -1;

    /// <summary>SQL statements run; -1 where nobody counted.</summary>
    public int Statements { get; set; } = -1;

    /// <summary>The notes of this request; null when no log is kept.</summary>
    public static RequestNotes? Of(HttpContext http) => http.Features.Get<RequestNotes>();
}

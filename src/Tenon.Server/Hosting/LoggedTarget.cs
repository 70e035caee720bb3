using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Tenon.Core.Query;
using Tenon.Server.Rest;

namespace Tenon.Server.Hosting;

/// <summary>
/// What of a request's address may stand in a log: its shape. Names of tables, functions, columns and operators stay; values
/// become …, and so does every part of a path that is not fixed by a route.
/// </summary>
internal static class LoggedTarget
{
    private const char Hidden = '…';
    private const int LongestName = 63;
    private const int MostPairs = 30;

    // One line is made at a time on a thread, so the buffer serves them all.
    [ThreadStatic]
    private static StringBuilder? shared;

    public static string Of(HttpContext http)
    {
        StringBuilder text = (shared ??= new StringBuilder(256)).Clear();
        bool isData = http.Request.Path.StartsWithSegments(RestEndpoints.Prefix, out PathString rest);
        if (isData)
        {
            text.Append(RestEndpoints.Prefix);
            Names(text, rest.Value ?? "");
        }
        else
        {
            Route(text, http);
        }
        string query = http.Request.QueryString.Value ?? "";
        if (query.Length > 1)
        {
            text.Append('?');
            Query(text, query.AsSpan(1), isData);
        }
        return text.ToString();
    }

    /// <summary>/roles, /rpc/apply: names as they are; a segment that cannot be one is hidden.</summary>
    private static void Names(StringBuilder text, ReadOnlySpan<char> path)
    {
        foreach (Range part in path.Split('/'))
        {
            ReadOnlySpan<char> segment = path[part];
            if (segment.Length > 0)
            {
                text.Append('/');
                Name(text, segment);
            }
        }
    }

    private static void Name(StringBuilder text, ReadOnlySpan<char> name)
    {
        if (IsName(name))
        {
            text.Append(name);
        }
        else
        {
            text.Append(Hidden);
        }
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > LongestName)
        {
            return false;
        }
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-' or '>'))
            {
                return false;
            }
        }
        return true;
    }

    private static void Route(StringBuilder text, HttpContext http)
    {
        if (FrontEndPages.IsFrontEnd(http) || http.GetEndpoint() is not RouteEndpoint { RoutePattern: var pattern })
        {
            text.Append('/').Append(http.Request.Path.Value is { Length: > 1 } ? Hidden : "");
            return;
        }
        foreach (RoutePatternPathSegment segment in pattern.PathSegments)
        {
            text.Append('/');
            if (segment is { IsSimple: true, Parts: [RoutePatternLiteralPart literal] })
            {
                text.Append(literal.Content);
            }
            else
            {
                text.Append(Hidden);
            }
        }
    }

    private static void Query(StringBuilder text, ReadOnlySpan<char> query, bool isData)
    {
        int pairs = 0;
        foreach (Range part in query.Split('&'))
        {
            if (pairs++ > 0)
            {
                text.Append('&');
            }
            if (pairs > MostPairs)
            {
                text.Append(Hidden);
                return;
            }
            ReadOnlySpan<char> pair = query[part];
            int equals = pair.IndexOf('=');
            // A word without a value may be a value itself.
            if (equals < 0)
            {
                text.Append(Hidden);
                continue;
            }
            Name(text, pair[..equals]);
            text.Append('=');
            if (isData && OperatorText.Read(pair[(equals + 1)..]) is { Found: true } op)
            {
                text.Append(pair.Slice(equals + 1, op.Length));
            }
            text.Append(Hidden);
        }
    }
}

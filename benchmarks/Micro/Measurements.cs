using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Rest;

namespace Tenon.Benchmarks.Micro;

internal static class Measurements
{
    public static IEnumerable<(string Name, Action Operation)> Of(Server server)
    {
        var caller = CallerOf(server, Tokens.Of(Dataset.Owner(1)));
        foreach (var (name, query) in new[] { ("get", Queries.Get), ("list", Queries.List), ("embed", Queries.Embed) })
        {
            var text = string.Format(CultureInfo.InvariantCulture, query, 17, 100);
            var (http, table) = RequestFor(text);
            yield return ($"{name} cached", () => Prepare(server.Rest, http, table, caller));
            yield return ($"{name} cold", () => Prepare(server.Forgetful(), http, table, caller));
        }

        var token = Tokens.Of(Dataset.Owner(2));
        var (signedIn, _) = RequestFor(Queries.Get);
        signedIn.Request.Headers["apikey"] = Tokens.Anon;
        signedIn.Request.Headers.Authorization = "Bearer " + token;
        yield return ("token cached", () => Resolve(server.Callers, signedIn));
        yield return ("token cold", () => Verify(server.Verifier, token));
    }

    private static (DefaultHttpContext Http, string Table) RequestFor(string query)
    {
        var http = new DefaultHttpContext();
        var at = query.IndexOf('?', StringComparison.Ordinal);
        http.Request.Method = "GET";
        http.Request.Path = Queries.Prefix + query[..at];
        http.Request.QueryString = new QueryString(query[at..]);
        http.Request.Headers.Accept = "application/json";
        return (http, query[..at]);
    }

    private static void Prepare(RestRuntime rest, HttpContext http, string table, Caller caller)
    {
        using var deadline = rest.StartDeadline(CancellationToken.None);
        var request = RestRequest.Read(http, caller, deadline, rest).Value;
        var read = new TableReads(rest).Prepare(request, table).Value;
        if (read.Entry.Program is null)
        {
            throw new InvalidOperationException("no program was made");
        }
    }

    private static Caller CallerOf(Server server, string token)
    {
        var (http, _) = RequestFor(Queries.Get);
        http.Request.Headers.Authorization = "Bearer " + token;
        return Resolve(server.Callers, http);
    }

    private static Caller Resolve(CallerResolver callers, HttpContext http)
    {
        var resolution = callers.ResolveAsync(http.Request, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return resolution.TryGet(out var caller, out _) ? caller : throw new InvalidOperationException("the token was refused");
    }

    private static void Verify(TokenVerifier verifier, string token)
    {
        if (verifier.VerifyAsync(token).AsTask().GetAwaiter().GetResult().Failure is not null)
        {
            throw new InvalidOperationException("the token was refused");
        }
    }
}

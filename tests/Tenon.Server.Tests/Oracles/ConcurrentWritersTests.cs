using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>
/// Several writers and readers at once: what the writers were told and what is left is what some order of their writes would
/// have given under the policies, hidden rows or not, and nobody reads a row that its policies hide, at no moment.
/// </summary>
public sealed class ConcurrentWritersTests
{
    private const int Writers = 3;
    private const int WritesEach = 2;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres compiled")]
    [InlineData("postgres native")]
    [InlineData("mariadb")]
    public async Task Writers_at_once_do_what_one_after_the_other_would_do(string engine)
    {
        await using OracleApp app = await OracleApp.StartAsync(engine);
        Assert.Null(await app.ApplyAsync(CellModel.Script.Main, CellModel.Script.Attached, CellModel.Script.Policies));
        var outcomes = new Tally();
        string found = await Oracle.PlayAsync(Writers * WritesEach, (setting, draws) => PlayAsync(app, outcomes, setting, draws));
        Assert.True(found.Length == 0, found);
        outcomes.Demand(("a row", 25), ("no row", 10), ("42501", 5));
    }

    private static async Task<string?> PlayAsync(OracleApp app, Tally outcomes, Draws setting, IReadOnlyList<Draws> draws)
    {
        Cell[] begin = [.. Enumerable.Range(0, 3).Where(_ => setting.Chance(80)).Select(id => new Cell(id, setting.Of(CellModel.Callers), setting.Chance(60), setting.Below(8)))];
        // Two worlds in one: what the hidden rows hold is drawn anew each time, and the model does not know them.
        Cell[] hidden = [.. Enumerable.Range(CellModel.FirstHidden, 2).Select(id => new Cell(id, "nobody", false, setting.Below(8)))];
        await ResetAsync(app, [.. begin, .. hidden]);
        CellWrite[][] writes = [.. draws.Select((d, i) => CellWrite.Make(CellModel.Callers[i % Writers], d)).GroupBy(w => w.Caller).Select(g => g.ToArray())];

        using var ended = new CancellationTokenSource();
        Task<string?>[] readers = [.. CellModel.Callers.Select(caller => ReadAsync(app, caller, ended.Token))];
        Task hiding = ChangeHiddenAsync(app, ended.Token);
        (CellWrite, CellReply)[][] played = await Task.WhenAll(writes.Select(own => WriteAsync(app, own)));
        await ended.CancelAsync();
        await hiding;
        string?[] seen = await Task.WhenAll(readers);

        foreach ((CellWrite, CellReply Reply) one in played.SelectMany(p => p))
        {
            outcomes.Add(one.Reply.Error ?? (one.Reply.Row is null ? "no row" : "a row"));
        }
        var end = (await RowsAsync(app, app.Keys.SecretKey, null)).Where(c => c.Id < CellModel.FirstHidden).ToImmutableSortedDictionary(c => c.Id, c => c);
        string? wrong = seen.FirstOrDefault(s => s is not null)
            ?? (CellModel.IsSerial(begin.ToImmutableSortedDictionary(c => c.Id, c => c), played, new int[played.Length], end) ? null : "no order explains it");
        return wrong is null
            ? null
            : $"{wrong}\nbegin\n{Lines(begin)}\n{string.Join('\n', played.Select(own => string.Join('\n', own.Select(o => $"{o.Item1} -> {o.Item2}"))))}\nend\n{Lines(end.Values)}";
    }

    private static string Lines(IEnumerable<Cell> cells) => string.Join('\n', cells);

    private static async Task ResetAsync(OracleApp app, Cell[] rows)
    {
        (int status, string body) = await SendAsync(app, "DELETE", "cells?id=gte.0", null, app.Keys.SecretKey, null);
        Assert.True(status is 200 or 204, body);
        string all = "[" + string.Join(',', rows.Select(c => Json(c.Id, c.Owner, c.Open, c.N))) + "]";
        (status, body) = await SendAsync(app, "POST", "cells", all, app.Keys.SecretKey, null);
        Assert.True(status == 201, body);
    }

    private static async Task<(CellWrite, CellReply)[]> WriteAsync(OracleApp app, CellWrite[] writes)
    {
        await Task.Yield();
        var replies = new List<(CellWrite, CellReply)>();
        foreach (CellWrite write in writes)
        {
            string method = write.Verb switch { CellVerb.Patch => "PATCH", CellVerb.Delete => "DELETE", _ => "POST" };
            string target = string.Create(CultureInfo.InvariantCulture, $"cells{(method == "POST" ? "" : $"?id=eq.{write.Id}")}");
            string? body = write.Verb == CellVerb.Delete ? null : Json(write.Verb == CellVerb.Patch ? null : write.Id, write.Owner, write.Open, write.N);
            string prefer = write.Verb == CellVerb.Merge ? "return=representation,resolution=merge-duplicates" : "return=representation";
            (int status, string text) = await SendAsync(app, method, target, body, app.Keys.PublishableKey, Token(app, write.Caller), prefer);
            JsonElement answer = JsonElement.Parse(text);
            replies.Add((write, status < 300
                ? new CellReply(null, answer.GetArrayLength() == 0 ? null : Of(Assert.Single(answer.EnumerateArray())))
                : new CellReply(answer.GetProperty("code").GetString(), null)));
        }
        return [.. replies];
    }

    /// <summary>What is wrong with what this caller read while the others wrote, or null.</summary>
    private static async Task<string?> ReadAsync(OracleApp app, string caller, CancellationToken ended)
    {
        string token = Token(app, caller);
        do
        {
            if ((await RowsAsync(app, app.Keys.PublishableKey, token)).FirstOrDefault(c => !CellModel.Sees(caller, c)) is { } hidden)
            {
                return $"{caller} reads {hidden}";
            }
        } while (!ended.IsCancellationRequested);
        return null;
    }

    private static async Task ChangeHiddenAsync(OracleApp app, CancellationToken ended)
    {
        for (int n = 0; !ended.IsCancellationRequested; n = (n + 1) % 8)
        {
            (int status, string body) = await SendAsync(app, "PATCH", string.Create(CultureInfo.InvariantCulture, $"cells?id=eq.{CellModel.FirstHidden + (n % 2)}"), $"{{\"n\":{n}}}", app.Keys.SecretKey, null);
            Assert.True(status is 200 or 204, body);
        }
    }

    private static async Task<Cell[]> RowsAsync(OracleApp app, string key, string? token)
    {
        (int status, string body) = await SendAsync(app, "GET", "cells?order=id", null, key, token);
        Assert.True(status == 200, body);
        return [.. JsonElement.Parse(body).EnumerateArray().Select(Of)];
    }

    private static Cell Of(JsonElement row) =>
        new(row.GetProperty("id").GetInt32(), row.GetProperty("owner").GetString()!, row.GetProperty("open").GetBoolean(), row.GetProperty("n").GetInt32());

    private static string Json(int? id, string? owner, bool? open, int? n) =>
        JsonSerializer.Serialize(new Dictionary<string, object?> { ["id"] = id, ["owner"] = owner, ["open"] = open, ["n"] = n }.Where(p => p.Value is not null).ToDictionary());

    private static async Task<(int Status, string Body)> SendAsync(OracleApp app, string method, string target, string? body, string key, string? token, string? prefer = null)
    {
        using HttpRequestMessage request = app.Request(method, target);
        request.Headers.Add("apikey", key);
        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static string Token(OracleApp app, string caller)
    {
        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        int number = Array.IndexOf(CellModel.Callers, caller);
        string claims = $$"""{"role":"authenticated","sub":"00000000-0000-0000-0000-00000000000{{number}}","email":"{{caller}}"}""";
        string signed = Part("""{"alg":"HS256","typ":"JWT"}""") + "." + Part(claims);
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(app.Keys.JwtSecret!), Encoding.ASCII.GetBytes(signed)));
    }
}

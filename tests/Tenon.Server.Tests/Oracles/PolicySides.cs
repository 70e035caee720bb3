using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>What a request came to: an SQLSTATE or other code, else the answer, whatever text equal JSON has there.</summary>
internal readonly record struct Reply(string? Error, string? Answer)
{
    public static Reply Of(PolicyRequest request, JsonNode? answer) =>
        new(null, request.IsSilent ? null : Canonical(request.IsUnordered && answer is JsonArray rows ? Sorted(rows) : answer));

    private static JsonArray Sorted(JsonArray rows) => [.. rows.Select(r => r?.DeepClone()).OrderBy(Canonical, StringComparer.Ordinal)];

    /// <summary>Members by name, without the engine's spaces; numbers as they are written.</summary>
    public static string Canonical(JsonNode? node) =>
        node switch
        {
            JsonObject members => "{" + string.Join(',', members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"\"{m.Key}\":{Canonical(m.Value)}")) + "}",
            JsonArray items => "[" + string.Join(',', items.Select(Canonical)) + "]",
            null => "null",
            _ => node.ToJsonString(),
        };
}

/// <summary>One database with the policies on it: PostgreSQL's own, or an engine behind Tenon.</summary>
internal abstract class PolicySide : IAsyncDisposable
{
    protected static readonly string[] Tables = ["docs", "notes", "members"];

    /// <summary>Takes the place of what was there; what is wrong with the script, or null.</summary>
    public abstract Task<string?> ApplyAsync(PolicyScript script);

    public abstract Task<Reply> AskAsync(PolicyRequest request);

    /// <summary>Every row of every table, past all policies.</summary>
    public abstract Task<string> RowsAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>PostgreSQL by itself: its own policies decide, as the role and with the claims that PostgREST would set.</summary>
internal sealed class NativePolicies : PolicySide
{
    private const string Surroundings = PrivatePostgres.Roles + """
        create schema auth;
        grant usage on schema auth to public;
        create function auth.jwt() returns jsonb language sql stable as
          $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
        create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$;
        create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$;
        """;

    private readonly NpgsqlConnection connection;

    private NativePolicies(NpgsqlConnection connection) => this.connection = connection;

    public static async Task<NativePolicies> StartAsync(PrivatePostgres postgres)
    {
        string name = new Uri(postgres.CreateDatabase()).AbsolutePath.TrimStart('/');
        var connection = new NpgsqlConnection(postgres.ConnectionTo(name));
        await connection.OpenAsync();
        var native = new NativePolicies(connection);
        await native.RunAsync(Surroundings);
        return native;
    }

    public override async Task<string?> ApplyAsync(PolicyScript script)
    {
        try
        {
            await RunAsync(PolicySchema.Drop + script.Postgres);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState;
        }
    }

    public override async Task<Reply> AskAsync(PolicyRequest request)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        try
        {
            string claims = request.Caller.Claims.Replace("'", "''", StringComparison.Ordinal);
            await RunAsync($"set local role {request.Caller.Role}; select set_config('request.jwt.claims', '{claims}', true)");
            await using var command = new NpgsqlCommand(request.Sql, connection);
            object? answer = await command.ExecuteScalarAsync();
            await transaction.CommitAsync();
            return Reply.Of(request, request.IsSilent ? null : request.IsCount ? JsonValue.Create((long)answer!) : JsonNode.Parse((string)answer!));
        }
        catch (PostgresException refused)
        {
            await transaction.RollbackAsync();
            return new Reply(refused.SqlState, null);
        }
    }

    public override async Task<string> RowsAsync()
    {
        string rows = string.Join(" || ", Tables.Select(t => $"(select coalesce(json_agg(to_jsonb(t) order by {Order(t)})::text, '[]') from {t} t) || E'\\n'"));
        await using var command = new NpgsqlCommand("select " + rows, connection);
        return string.Join('\n', ((string)(await command.ExecuteScalarAsync())!).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Reply.Canonical(JsonNode.Parse(l))));
    }

    private static string Order(string table) => table == "members" ? "org, uid" : "id";

    private async Task RunAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public override ValueTask DisposeAsync() => connection.DisposeAsync();
}

/// <summary>Tenon over HTTP, on whichever engine.</summary>
internal sealed class TenonPolicies : PolicySide
{
    private readonly OracleApp app;

    private TenonPolicies(OracleApp app) => this.app = app;

    public static async Task<TenonPolicies> StartAsync(string engine) => new(await OracleApp.StartAsync(engine));

    public override Task<string?> ApplyAsync(PolicyScript script) => app.ApplyAsync(PolicySchema.Drop + script.Postgres, script.Attached, script.AttachedPolicies);

    public override async Task<Reply> AskAsync(PolicyRequest request)
    {
        using HttpRequestMessage message = app.Request(request.Method, request.Target);
        message.Headers.Add("apikey", app.Keys.PublishableKey);
        message.Headers.Add("Prefer", request.Prefer);
        if (request.Caller.Sub is not null)
        {
            message.Headers.Add("Authorization", "Bearer " + Token(request.Caller));
        }
        if (request.Body is { } body)
        {
            message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(message);
        string text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            // An answer to HEAD has no body; Proxy-Status has the code.
            string code = text.StartsWith('{') ? JsonNode.Parse(text)!["code"]!.GetValue<string>() : Named(answer);
            return new Reply(code, null);
        }
        return Reply.Of(request, request.IsSilent ? null : request.IsCount ? JsonValue.Create(Total(answer)) : JsonNode.Parse(text));
    }

    private static string Named(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Proxy-Status", out var values) && string.Concat(values) is var status && status.LastIndexOf("error=", StringComparison.Ordinal) is >= 0 and var at
            ? status[(at + 6)..]
            : $"HTTP {(int)answer.StatusCode}";

    private static long Total(HttpResponseMessage answer)
    {
        string range = answer.Content.Headers.NonValidated["Content-Range"].ToString();
        return long.Parse(range.AsSpan(range.IndexOf('/', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
    }

    public override async Task<string> RowsAsync()
    {
        var all = new List<string>();
        foreach (string table in Tables)
        {
            using HttpRequestMessage message = app.Request("GET", $"{table}?order={(table == "members" ? "org,uid" : "id")}");
            message.Headers.Add("apikey", app.Keys.SecretKey);
            using HttpResponseMessage answer = await app.Http.SendAsync(message);
            all.Add(Reply.Canonical(JsonNode.Parse(await answer.Content.ReadAsStringAsync())));
        }
        return string.Join('\n', all);
    }

    private string Token(PolicyCaller caller)
    {
        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        string signed = Part("""{"alg":"HS256","typ":"JWT"}""") + "." + Part(caller.Claims);
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(app.Keys.JwtSecret!), Encoding.ASCII.GetBytes(signed)));
    }

    public override ValueTask DisposeAsync() => app.DisposeAsync();
}

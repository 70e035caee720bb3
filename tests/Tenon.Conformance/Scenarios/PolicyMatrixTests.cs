// The policy matrix over HTTP: 20 sets x 25 operations, each cell as native PostgreSQL has it.
// Every set gets tables of its own (docs_01, members_01, ...), so one server answers for all.
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Conformance.Servers;
using Tenon.Testing;
using Xunit;

namespace Tenon.Conformance.Scenarios;

public sealed partial class PolicyMatrixTests
{
    private const string Password = "correct horse battery";

    [Theory]
    [InlineData("sqlite", "compiled")]
    [InlineData("postgres", "compiled")]
    [InlineData("postgres", "native")]
    [InlineData("mariadb", "compiled")]
    public async Task Every_cell_of_the_policy_matrix_is_as_in_PostgreSQL(string engine, string security)
    {
        Assert.SkipWhen(engine == "postgres" && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        Assert.SkipWhen(engine == "mariadb" && PrivateMariaDb.Shared is null, "MariaDB is not installed");
        var app = Directory.CreateTempSubdirectory("tenon-matrix-").FullName;
        try
        {
            if (engine == "mariadb")
            {
                AttachedPolicyMatrix.WriteApp(app, PrivateMariaDb.Shared!, (set, sql) => TableName().Replace(sql, m => m.Value + Suffix(set)));
            }
            else
            {
                WriteApp(app, engine == "postgres" ? PrivatePostgres.Shared!.CreateDatabase() : "sqlite:.tenon/data.db", security);
            }

            await using var server = await ServerUnderTest.StartAsync(app);
            var cells = await Cells(server, engine == "mariadb" ? AttachedPolicyMatrix.Profile : "public");
            Assert.Equal("", PolicyMatrix.Differences(PolicyMatrix.ReadExpected(), cells));
        }
        finally
        {
            Directory.Delete(app, recursive: true);
        }
    }

    private static void WriteApp(string app, string url, string security)
    {
        var settings = $"project_id = \"matrix\"\n[db]\nurl = \"{url}\"\nsecurity = \"{security}\"\n";
        File.WriteAllText(Path.Combine(app, "tenon.toml"), settings);
        var migrations = Directory.CreateDirectory(Path.Combine(app, "migrations")).FullName;
        foreach (var set in PolicyMatrix.Sets)
        {
            var sql = PolicyMatrix.Schema + PolicyMatrix.Rows + set.Sql;
            File.WriteAllText(Path.Combine(migrations, set.Name + ".sql"), TableName().Replace(sql, m => m.Value + Suffix(set)));
        }
    }

    private static string Suffix(PolicySet set) => "_" + set.Name[..2];

    private static async Task<Dictionary<string, string>> Cells(ServerUnderTest server, string profile)
    {
        using var service = server.Client(server.ServiceKey);
        using var alice = server.Client(server.AnonKey, await SignIn(server, service));
        foreach (var client in new[] { service, alice })
        {
            client.DefaultRequestHeaders.Add("Accept-Profile", profile);
            client.DefaultRequestHeaders.Add("Content-Profile", profile);
        }

        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var set in PolicyMatrix.Sets)
        {
            var table = "/rest/v1/docs" + Suffix(set);
            var before = await Rows(service, table);
            Assert.Equal(6, before.Count);
            foreach (var operation in PolicyMatrix.Operations)
            {
                var (error, result) = await Execute(alice, table, operation);
                var after = await Rows(service, table);
                cells[$"{set.Name} {operation.Name}"] = PolicyMatrix.Signature(error, result, before, after);
                if (!JsonNode.DeepEquals(before, after))
                {
                    await Restore(service, table, before);
                }
            }
        }

        return cells;
    }

    private static async Task<string> SignIn(ServerUnderTest server, HttpClient service)
    {
        var user = new { id = PolicyMatrix.Alice, email = "alice@example.test", password = Password, email_confirm = true };
        using var created = await service.PostAsJsonAsync("/auth/v1/admin/users", user);
        created.EnsureSuccessStatusCode();
        using var client = server.Client(server.AnonKey);
        using var answer = await client.PostAsJsonAsync("/auth/v1/token?grant_type=password", new { user.email, user.password });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["access_token"]!.GetValue<string>();
    }

    private static async Task<(string? Error, JsonNode? Result)> Execute(HttpClient client, string table, MatrixOperation operation)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(operation.Method), operation.Target.Replace("/docs", table, StringComparison.Ordinal));
        foreach (var (name, value) in operation.Headers)
        {
            request.Headers.Add(name, value);
        }

        if (operation.Body is not null)
        {
            request.Content = new StringContent(operation.Body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            return (text.StartsWith('{') ? JsonNode.Parse(text)!["code"]!.GetValue<string>() : $"HTTP {(int)answer.StatusCode}", null);
        }

        return (null, operation.Result switch
        {
            "rows" => JsonNode.Parse(text),
            "count" => JsonValue.Create(Count(answer)),
            _ => null,
        });
    }

    // PostgREST's Content-Range has no unit, so the typed header does not read it.
    private static long Count(HttpResponseMessage answer)
    {
        var range = answer.Content.Headers.NonValidated["Content-Range"].ToString();
        return long.Parse(range.AsSpan(range.IndexOf('/') + 1), CultureInfo.InvariantCulture);
    }

    private static async Task<JsonArray> Rows(HttpClient service, string table) =>
        (await service.GetFromJsonAsync<JsonArray>(table + "?order=id"))!;

    private static async Task Restore(HttpClient service, string table, JsonArray rows)
    {
        using var deleted = await service.DeleteAsync(table + "?id=gte.0");
        deleted.EnsureSuccessStatusCode();
        using var inserted = await service.PostAsJsonAsync(table, rows);
        inserted.EnsureSuccessStatusCode();
    }

    [GeneratedRegex(@"\b(docs|members)\b")]
    private static partial Regex TableName();
}

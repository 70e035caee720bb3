// What tenon.toml says of the data API holds in the server that was started with it.
using System.Net;
using System.Text.Json;
using Tenon.Conformance.Servers;
using Tenon.Testing;
using Xunit;

namespace Tenon.Conformance.Scenarios;

public sealed class SettingsTests
{
    private const string Settings = """

        [server]
        max_body_size = "2KiB"
        request_timeout = "5s"

        [api]
        schemas = ["public"]
        max_rows = 2
        max_url_length = 1000
        max_depth = 1
        max_embeds = 2
        max_filters = 3
        max_list_items = 4
        max_insert_rows = 5
        max_cost = 3000
        export_roles = []
        aggregates = false
        openapi = false
        """;

    [Fact]
    public async Task Every_bound_of_the_data_API_is_a_setting()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(Repository.PathTo("tests/clients/app"), Change);
        using HttpClient anon = server.Client(server.AnonKey);
        using HttpClient service = server.Client(server.ServiceKey);
        Assert.Equal(2, JsonDocument.Parse(await anon.GetStringAsync("/rest/v1/films?select=id", Stop)).RootElement.GetArrayLength());
        Assert.Equal(2, JsonDocument.Parse(await service.GetStringAsync("/rest/v1/films?select=id", Stop)).RootElement.GetArrayLength());
        foreach ((string target, string code) in new[]
        {
            ("films?title=eq." + new string('x', 1000), "TN101"),
            ("people?select=id,films!films_director_id_fkey(id,people!films_director_id_fkey(id))", "TN103"),
            ("films?id=gt.0&id=gt.1&id=gt.2&id=gt.3", "TN104"),
            ("films?select=id,a:people!films_director_id_fkey(id),b:people!films_director_id_fkey(id),c:people!films_director_id_fkey(id)", "TN105"),
            ("films?id=in.(1,2,3,4,5)", "TN106"),
            ("films?select=id&offset=3001", "TN110"),
            ("films?select=id.sum()", "PGRST123"),
            ("", "PGRST126"),
        })
        {
            using HttpResponseMessage answer = await anon.GetAsync("/rest/v1/" + target, Stop);
            await Says(code, answer);
        }
        using (HttpResponseMessage answer = await service.PostAsync("/rest/v1/films", new StringContent(new string(' ', 3000)), Stop))
        {
            await Says("TN102", answer);
        }
        using (HttpResponseMessage answer = await service.PostAsync("/rest/v1/films", new StringContent("[{},{},{},{},{},{}]", null, "application/json"), Stop))
        {
            await Says("TN107", answer);
        }
        using (HttpResponseMessage answer = await anon.GetAsync("/rest/v1/endless", Stop))
        {
            await Says("TN109", answer);
            Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static void Change(string folder)
    {
        string file = Path.Combine(folder, "tenon.toml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("[api]\nschemas = [\"public\"]\nmax_rows = 1000\n", "", StringComparison.Ordinal) + Settings);
        File.WriteAllText(
            Path.Combine(folder, "migrations", "99990101000000_endless.sql"),
            "create view endless as select count(*) as n from generate_series(1, 3000) a, generate_series(1, 3000) b, generate_series(1, 3000) c; grant select on endless to anon;"
        );
    }

    private static async Task Says(string code, HttpResponseMessage answer)
    {
        string body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(body.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal), $"{code} expected: {(int)answer.StatusCode} {body}");
    }
}

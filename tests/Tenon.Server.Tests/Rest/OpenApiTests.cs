using System.Text.Json;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>The document at /rest/v1/: what the caller may use, in the form PostgREST gives it, and nothing else.</summary>
public sealed class OpenApiTests : IClassFixture<OpenApiTests.Fixture>
{
    private const string Schema = """
        create type mood as enum ('calm', 'tense');
        create table films (id int primary key, title varchar(40) not null, mood mood, tags text[], facts jsonb, secret text);
        comment on table films is E'All films\n\nOld ones too';
        comment on column films.title is 'as on the poster';
        create table reviews (id int primary key, film_id int not null references films (id), vault_id int, stars numeric(3,1));
        create table vault (id int primary key, code text);
        alter table reviews add foreign key (vault_id) references vault (id);
        create view good as select id, stars from reviews where stars > 4;
        create function best(most int default 3, kinds text[] default '{}') returns setof films language sql stable as 'select * from films limit most';
        create function rate(film int) returns void language sql as 'insert into reviews (id, film_id) values (film, film)';
        create function hidden() returns int language sql stable as 'select 1';
        revoke execute on function hidden() from public;
        grant select (id, title, mood, tags, facts) on films to anon;
        grant select, insert on reviews to anon;
        grant select on good to anon;
        grant all on films, reviews, vault, good to service_role;
        """;

    private readonly TestApp app;

    public OpenApiTests(Fixture fixture) => app = fixture.App;

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() => App = await TestApp.StartAsync(Schema);

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }

    [Fact]
    public async Task The_root_is_a_swagger_2_document_with_a_path_for_all_that_may_be_used()
    {
        JsonElement document = await Document(app.Keys.PublishableKey);
        Assert.Equal("2.0", document.GetProperty("swagger").GetString());
        Assert.Equal("/rest/v1", document.GetProperty("basePath").GetString());
        Assert.Equal(["/", "/films", "/good", "/reviews", "/rpc/best", "/rpc/rate"], Names(document.GetProperty("paths")));
        Assert.Equal(["films", "good", "reviews"], Names(document.GetProperty("definitions")));
    }

    [Fact]
    public async Task Methods_are_those_of_the_role_s_grants()
    {
        JsonElement paths = (await Document(app.Keys.PublishableKey)).GetProperty("paths");
        Assert.Equal(["get"], Names(paths.GetProperty("/films")));
        Assert.Equal(["get", "post"], Names(paths.GetProperty("/reviews")));
        Assert.Equal(["get", "post"], Names(paths.GetProperty("/rpc/best")));
        Assert.Equal(["post"], Names(paths.GetProperty("/rpc/rate")));
        JsonElement service = (await Document(app.Keys.SecretKey)).GetProperty("paths");
        Assert.Equal(["get", "post", "patch", "delete"], Names(service.GetProperty("/vault")));
    }

    [Fact]
    public async Task What_the_caller_may_not_see_is_not_in_the_text_anywhere()
    {
        string text = await Text(app.Keys.PublishableKey);
        foreach (string hidden in new[] { "secret", "vault`", "vault\"", "/vault", "code", "hidden" })
        {
            Assert.DoesNotContain(hidden, text, StringComparison.Ordinal);
        }
        Assert.Contains("secret", await Text(app.Keys.SecretKey), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_have_type_format_keys_and_comments()
    {
        JsonElement films = (await Document(app.Keys.PublishableKey)).GetProperty("definitions").GetProperty("films");
        JsonElement columns = films.GetProperty("properties");
        Assert.Equal(["id", "title", "mood", "tags", "facts"], Names(columns));
        Assert.Equal(["id", "title"], films.GetProperty("required").EnumerateArray().Select(r => r.GetString()!));
        Assert.Equal("{\"format\":\"integer\",\"type\":\"integer\",\"description\":\"Note:\\nThis is a Primary Key.<pk/>\"}", columns.GetProperty("id").GetRawText());
        Assert.Equal("{\"format\":\"character varying(40)\",\"type\":\"string\",\"maxLength\":40,\"description\":\"as on the poster\"}", columns.GetProperty("title").GetRawText());
        Assert.Equal(["calm", "tense"], columns.GetProperty("mood").GetProperty("enum").EnumerateArray().Select(r => r.GetString()!));
        Assert.Equal("{\"format\":\"text[]\",\"type\":\"array\",\"items\":{\"type\":\"string\"}}", columns.GetProperty("tags").GetRawText());
        Assert.Equal("{\"format\":\"jsonb\"}", columns.GetProperty("facts").GetRawText());
    }

    [Fact]
    public async Task A_foreign_key_is_noted_where_its_target_may_be_seen()
    {
        JsonElement columns = (await Document(app.Keys.PublishableKey)).GetProperty("definitions").GetProperty("reviews").GetProperty("properties");
        Assert.Contains("<fk table='films' column='id'/>", columns.GetProperty("film_id").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.False(columns.GetProperty("vault_id").TryGetProperty("description", out _));
    }

    [Fact]
    public async Task Arguments_of_functions_say_which_are_required()
    {
        JsonElement paths = (await Document(app.Keys.PublishableKey)).GetProperty("paths");
        Assert.Equal(
            "[{\"name\":\"most\",\"in\":\"query\",\"required\":false,\"type\":\"integer\",\"format\":\"integer\"},{\"name\":\"kinds\",\"in\":\"query\",\"required\":false,\"type\":\"string\",\"format\":\"text[]\"}]",
            paths.GetProperty("/rpc/best").GetProperty("get").GetProperty("parameters").GetRawText()
        );
        JsonElement body = paths.GetProperty("/rpc/rate").GetProperty("post").GetProperty("parameters")[0].GetProperty("schema");
        Assert.Equal("film", Assert.Single(body.GetProperty("required").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Every_reference_leads_somewhere()
    {
        JsonElement document = await Document(app.Keys.SecretKey);
        int references = 0;
        foreach (string reference in References(document))
        {
            JsonElement at = document;
            foreach (string step in reference[2..].Split('/'))
            {
                Assert.True(at.TryGetProperty(step, out at), reference);
            }
            references++;
        }
        Assert.True(references > 20);
    }

    [Theory]
    [InlineData("GET", "application/openapi+json", 200, "application/openapi+json; charset=utf-8")]
    [InlineData("GET", "application/json", 200, "application/openapi+json; charset=utf-8")]
    [InlineData("HEAD", "*/*", 200, "application/openapi+json; charset=utf-8")]
    [InlineData("GET", "text/csv", 406, "application/json; charset=utf-8")]
    [InlineData("POST", "*/*", 405, "application/json; charset=utf-8")]
    public async Task The_root_answers_GET_and_HEAD_in_its_own_media_type(string method, string accept, int status, string contentType)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add("Accept", accept);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((status, contentType), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
        byte[] body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(method == "HEAD", body.Length == 0);
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        await using TestApp without = await TestApp.StartAsync(Schema, configure: o => o with { Rest = o.Rest with { OpenApi = false } });
        (int status, string body) = await without.SendAsync("GET", "/rest/v1/");
        Assert.Equal(404, status);
        Assert.Contains("PGRST126", body, StringComparison.Ordinal);
    }

    private async Task<string> Text(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/");
        request.Headers.Add("apikey", key);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> Document(string key) => JsonElement.Parse(await Text(key));

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(p => p.Name)];

    private static IEnumerable<string> References(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject()
                .SelectMany(p => p.NameEquals("$ref") ? [p.Value.GetString()!] : References(p.Value)),
            JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
            _ => [],
        };
}

using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Capabilities;

/// <summary>A function that returns one row, not a set, answers one row of nulls where it found none, as PostgreSQL and PostgREST do.</summary>
public sealed class OneRowFunctionTests
{
    private const string Schema = """
        create table studios (id int primary key, name text not null);
        create table films (id int primary key, title text not null, studio_id int references studios (id), hidden boolean not null default false);
        insert into studios values (1, 'North');
        insert into films values (1, 'Alpha', 1, false), (2, 'Beta', 1, true);
        alter table films enable row level security;
        grant select on studios, films to anon;
        create policy p on films for select using (not hidden);
        create function film(wanted int) returns films language sql stable as $$ select * from films where id = wanted $$;
        create function any_film() returns films language sql stable as $$ select * from films order by id desc $$;
        create function film_by_hand(wanted int) returns films language plpgsql as $$
          declare found films;
          begin select * into found from films where id = wanted; return found; end $$;
        create function parts(wanted int, out name text, out number int) language sql stable as $$ select title, id from films where id = wanted $$;
        create function title(wanted int) returns text language sql stable as $$ select title from films where id = wanted $$;
        create function films_of(wanted int) returns setof films language sql stable as $$ select * from films where id = wanted $$;
        """;

    /// <summary>path | body, Content-Range.</summary>
    private static readonly (string Path, string Body, string Range)[] Answers =
    [
        ("rpc/film?wanted=1", """{"id":1,"title":"Alpha","studio_id":1,"hidden":false}""", "0-0/*"),
        ("rpc/film?wanted=9", """{"id":null,"title":null,"studio_id":null,"hidden":null}""", "0-0/*"),
        ("rpc/film?wanted=2", """{"id":null,"title":null,"studio_id":null,"hidden":null}""", "0-0/*"),
        ("rpc/film?wanted=9&select=title,n:id", """{"title":null,"n":null}""", "0-0/*"),
        ("rpc/film?wanted=9&select=id,studios(name)", """{"id":null,"studios":null}""", "0-0/*"),
        ("rpc/film?wanted=9&id=eq.9", "null", "*/*"),
        ("rpc/film?wanted=9&id=is.null&select=id", """{"id":null}""", "0-0/*"),
        ("rpc/film?wanted=1&id=eq.1&select=id", """{"id":1}""", "0-0/*"),
        ("rpc/film?wanted=1&title=eq.x", "null", "*/*"),
        ("rpc/any_film?select=id", """{"id":1}""", "0-0/*"),
        ("rpc/any_film?select=id&id=eq.2", "null", "*/*"),
        ("rpc/parts?wanted=9", """{"name":null,"number":null}""", "0-0/*"),
        ("rpc/parts?wanted=1", """{"name":"Alpha","number":1}""", "0-0/*"),
        ("rpc/title?wanted=9", "null", "0-0/*"),
        ("rpc/films_of?wanted=9", "[]", "*/*"),
    ];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Compiled)]
    [InlineData(Engine.Native)]
    internal async Task Where_it_finds_none_its_row_is_of_nulls(Engine engine)
    {
        await using TestApp app = await StartAsync(engine);
        foreach ((string path, string body, string range) in Answers)
        {
            Assert.Equal((200, body, range), await AskAsync(app, "GET", path, "application/json"));
        }
        string nulls = """{"id":null,"title":null,"studio_id":null,"hidden":null}""";
        Assert.Equal((200, nulls, "0-0/*"), await AskAsync(app, "GET", "rpc/film?wanted=9", "application/vnd.pgrst.object+json"));
        Assert.Equal(406, (await AskAsync(app, "GET", "rpc/film?wanted=9&id=eq.9", "application/vnd.pgrst.object+json")).Status);
        Assert.Equal((200, nulls, "0-0/*"), await AskAsync(app, "POST", "rpc/film_by_hand", "application/json", """{"wanted":9}"""));
        Assert.Equal((200, nulls, "0-0/*"), await AskAsync(app, "POST", "rpc/film", "application/json", """{"wanted":2}"""));
        Assert.Equal((200, "id,title,studio_id,hidden\n,,,", "0-0/*"), await AskAsync(app, "GET", "rpc/film?wanted=9", "text/csv"));
    }

    private static async Task<TestApp> StartAsync(Engine engine)
    {
        Assert.SkipWhen(engine != Engine.Sqlite && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        return engine == Engine.Sqlite
            ? await TestApp.StartAsync(Schema)
            : await TestApp.StartAsync(
                Schema,
                configure: o => o with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase(), Security = engine == Engine.Native ? Enforcement.Native : null }
            );
    }

    private static async Task<(int Status, string Body, string Range)> AskAsync(TestApp app, string method, string path, string accept, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string range = answer.Content.Headers.NonValidated.TryGetValues("Content-Range", out var values) ? values.ToString() : "";
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), range);
    }
}

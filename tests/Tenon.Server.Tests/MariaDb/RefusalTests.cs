// What MariaDB would answer otherwise than PostgreSQL is refused, in words that name it; docs/guides/capabilities.md has the list.
using System.Text.Json;
using Tenon.Server.Tests.Oracles;

namespace Tenon.Server.Tests.MariaDb;

public sealed class RefusalTests : IAsyncLifetime
{
    private OracleApp app = null!;

    public async ValueTask InitializeAsync()
    {
        app = await OracleApp.StartAsync("mariadb");
        Assert.Null(await app.ApplyAsync(
            "",
            "create table films (id int primary key, title varchar(50), gross decimal(10,2), made date, data json, raw varbinary(10)); insert into films values (1, 'Alpha', 1.5, '2020-01-01', '{\"a\":1}', 'x'); create table needs (id int primary key, name varchar(10) not null);",
            "alter table films enable row level security; grant select, insert, update on films to anon; create policy p on films using (true); alter table needs enable row level security; grant insert on needs to anon; create policy p on needs with check (true);"
        ));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Theory]
    [InlineData("films?title=match.^A", "0A000", "operator ~ on this source")]
    [InlineData("films?title=imatch.^a", "0A000", "operator ~* on this source")]
    [InlineData("films?title=not.match.^A", "0A000", "operator ~ on this source")]
    [InlineData("films?or=(title.match.^A,id.eq.2)", "0A000", "operator ~ on this source")]
    [InlineData("films?title=fts.alpha", "0A000", "on this source")]
    [InlineData("films?title=plfts(english).alpha", "0A000", "on this source")]
    [InlineData("films?title=phfts.alpha", "0A000", "on this source")]
    [InlineData("films?title=wfts.alpha", "0A000", "on this source")]
    [InlineData("films?id=sl.(1,2)", "PGRST127", "")]
    [InlineData("films?id=adj.(1,2)", "PGRST127", "")]
    [InlineData("films?data=cs.{\"a\":1}", "42883", "json")]
    [InlineData("films?data=cd.{\"a\":1}", "42883", "json")]
    [InlineData("films?title=cs.{a}", "42883", "")]
    [InlineData("films?title=ov.{a}", "42883", "")]
    [InlineData("films?data=eq.{}", "42883", "json")]
    [InlineData("films?select=gross.avg()", "0A000", "avg(numeric")]
    [InlineData("films?select=made::text", "0A000", "converting date to text on this source")]
    [InlineData("films?select=title::int", "0A000", "converting")]
    [InlineData("films?data->>-1=eq.1", "0A000", "a negative index into json on this source")]
    [InlineData("films?order=data", "0A000", "an order by json on this source")]
    [InlineData("rpc/alpha", "PGRST202", "alpha")]
    public async Task What_is_not_carried_is_refused_by_its_name(string target, string code, string named)
    {
        using HttpRequestMessage request = app.Request("GET", target);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode is >= 400 and < 500, $"{(int)answer.StatusCode} {body}");
        JsonElement error = JsonElement.Parse(body);
        Assert.True(error.GetProperty("code").GetString() == code && error.GetProperty("message").GetString()!.Contains(named, StringComparison.Ordinal), body);
    }

    [Theory]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"id":1,"name":null}""")]
    [InlineData("""[{"id":1,"name":"x"},{"id":2,"name":null}]""")]
    public async Task A_null_that_a_column_refuses_is_named_with_it(string body)
    {
        using HttpRequestMessage request = app.Request("POST", "needs");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(400, (int)answer.StatusCode);
        JsonElement error = JsonElement.Parse(said);
        Assert.Equal("23502", error.GetProperty("code").GetString());
        Assert.Contains("null value in column \"name\"", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}

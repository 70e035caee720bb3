using System.Net;
using System.Text.Json;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>Answers past their buffer (DECISIONS §5): the head goes first, the rest at the client's pace, errors break the connection.</summary>
public sealed class StreamingTests : IClassFixture<StreamingTests.Fixture>
{
    private const int Wide = 3000;
    private const int Many = 1_000_000;

    // Rows of about 1 KiB pass the buffer of 1 MiB; 'bad' raises when cast, near the end.
    private static readonly string Schema = $"""
        create table wide (id int primary key, pad text not null, word text, spare int);
        insert into wide select n, repeat('x', 1000), case when n = {Wide} - 10 then 'bad' else '1' end from generate_series(1, {Wide}) n;
        create table parts (id int primary key, wide_id int not null references wide (id));
        create index parts_wide_idx on parts (wide_id);
        insert into parts select n, n from generate_series(1, {Wide}) n;
        create table many (id int primary key, word text not null);
        insert into many select n, 'w' || n from generate_series(1, {Many}) n;
        create view heavy as select count(*) as n from wide a, wide b, wide c where a.id + b.id + c.id = 7;
        create function wide_rows() returns setof wide language sql stable as 'select * from wide';
        grant select on wide, parts, many, heavy to anon, service_role;
        """;

    private readonly TestApp app;

    public StreamingTests(Fixture fixture) => app = fixture.App;

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() => App = await TestApp.StartAsync(Schema);

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }

    [Fact]
    public async Task Past_the_buffer_the_end_of_the_range_is_open_and_every_row_comes()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?order=id", asService: true);
        Assert.Equal((200, $"0-*/*"), ((int)answer.StatusCode, Range(answer)));
        Assert.Null(answer.Content.Headers.ContentLength);
        Assert.Equal(Enumerable.Range(1, Wide), await Ids(answer));
    }

    [Theory]
    [InlineData("order=id", 200, "0-2999/3000", 3000)]
    [InlineData("order=id&limit=2000", 206, "0-1999/3000", 2000)]
    [InlineData("order=id&offset=500", 206, "500-2999/3000", 2500)]
    public async Task Past_the_buffer_a_count_makes_the_head_right(string query, int status, string range, int rows)
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?" + query, asService: true, prefer: "count=exact");
        Assert.Equal((status, range), ((int)answer.StatusCode, Range(answer)));
        Assert.Equal(rows, (await Ids(answer)).Count);
    }

    [Fact]
    public async Task Without_export_right_max_rows_cuts_a_streamed_answer_too()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,pad,again:pad&order=id", prefer: "count=exact");
        Assert.Equal((206, "0-999/3000"), ((int)answer.StatusCode, Range(answer)));
        Assert.Equal(1000, (await Ids(answer)).Count);
    }

    [Fact]
    public async Task An_answer_within_the_buffer_has_its_length_and_its_range()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?order=id&limit=100", asService: true);
        Assert.Equal("0-99/*", Range(answer));
        Assert.NotNull(answer.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("", "[", "]")]
    [InlineData("application/vnd.pgrst.array+json;nulls=stripped", "[", "]")]
    [InlineData("text/csv", "id,pad", "")]
    public async Task An_answer_of_several_parts_within_the_buffer_is_whole_and_as_long_as_its_head_says(string accept, string start, string end)
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,pad&order=id&limit=900", asService: true, accept: accept.Length > 0 ? accept : null);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(answer.Content.Headers.ContentLength, body.Length);
        Assert.True(body.Length > 900_000);
        Assert.StartsWith(start, body, StringComparison.Ordinal);
        Assert.EndsWith(end, body, StringComparison.Ordinal);
        Assert.Equal(900, body.Split(new string('x', 1000)).Length - 1);
    }

    [Fact]
    public async Task Embeds_are_read_batch_by_batch_and_keep_their_parents()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,pad,parts(id)&order=id", asService: true);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Wide, document.RootElement.GetArrayLength());
        Assert.All(
            document.RootElement.EnumerateArray(),
            row => Assert.Equal(row.GetProperty("id").GetInt32(), Assert.Single(row.GetProperty("parts").EnumerateArray()).GetProperty("id").GetInt32())
        );
    }

    [Fact]
    public async Task Csv_streams_with_one_header_line()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,pad&order=id", asService: true, accept: "text/csv");
        string[] lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n');
        Assert.Equal(Wide + 1, lines.Length);
        Assert.Equal("id,pad", lines[0]);
        Assert.Equal(Enumerable.Range(1, Wide), lines.Skip(1).Select(l => int.Parse(l.AsSpan(0, l.IndexOf(',')), provider: null)));
    }

    [Fact]
    public async Task Stripped_nulls_stream()
    {
        using HttpResponseMessage answer = await Get(
            "/rest/v1/wide?order=id", asService: true, accept: "application/vnd.pgrst.array+json;nulls=stripped");
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("spare", body, StringComparison.Ordinal);
        Assert.Equal(Wide, JsonDocument.Parse(body).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task A_function_that_is_one_query_streams_as_a_table_does()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/rpc/wide_rows?order=id", asService: true);
        Assert.Equal("0-*/*", Range(answer));
        Assert.Equal(Wide, (await Ids(answer)).Count);
    }

    [Fact]
    public async Task Head_of_a_large_answer_sends_no_body()
    {
        using var request = Request(HttpMethod.Head, "/rest/v1/wide", asService: true);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((200, "0-*/*"), ((int)answer.StatusCode, Range(answer)));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        await NobodyReads();
    }

    [Fact]
    public async Task A_later_error_breaks_the_connection_and_never_closes_the_JSON()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,pad,word::int&order=id", asService: true);
        Assert.Equal(200, (int)answer.StatusCode);
        (string body, bool broken) = await ReadAsFarAsPossible(answer);
        Assert.True(broken);
        Assert.StartsWith("[{\"id\":1,", body, StringComparison.Ordinal);
        Assert.False(body.EndsWith(']'), "the JSON looks whole");
        await NobodyReads();
    }

    [Fact]
    public async Task The_same_error_within_the_buffer_is_a_proper_one()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/wide?select=id,word::int&order=id", asService: true);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains("\"22P02\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_million_rows_are_exported_in_constant_memory()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/many?order=id", asService: true);
        await using Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        long rows = 0;
        long bytes = 0;
        byte[] part = new byte[1 << 16];
        for (int read; (read = await body.ReadAsync(part, TestContext.Current.CancellationToken)) > 0; bytes += read)
        {
            rows += part.AsSpan(0, read).Count((byte)'{');
            if (bytes / (8 << 20) != (bytes + read) / (8 << 20))
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
            }
        }
        Assert.Equal(Many, rows);
        Assert.True(bytes > 24 << 20, $"only {bytes} bytes");
        Assert.True(most - before < 8 << 20, $"{(most - before) >> 10} KiB more than at the start");
    }

    [Fact]
    public async Task One_object_of_a_large_table_is_refused_without_reading_it_all()
    {
        using HttpResponseMessage answer = await Get("/rest/v1/many", asService: true, accept: "application/vnd.pgrst.object+json");
        Assert.Equal(406, (int)answer.StatusCode);
        Assert.Contains("The result contains 1000 rows", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_reader_at_once()
    {
        HttpResponseMessage answer = await Get("/rest/v1/many?order=id", asService: true);
        Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await body.ReadAsync(new byte[1024], TestContext.Current.CancellationToken));
        Assert.Equal(1, Rented(app));
        answer.Dispose();
        await NobodyReads();
    }

    [Fact]
    public async Task A_client_that_does_not_read_loses_its_connection_when_its_time_is_over()
    {
        await using TestApp small = await TestApp.StartAsync(
            "create table t (id int primary key, pad text); insert into t select n, repeat('x', 1000) from generate_series(1, 20000) n; grant select on t to service_role;",
            configure: o => o with { Rest = o.Rest with { RequestTimeout = TimeSpan.FromSeconds(1) } }
        );
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/t");
        request.Headers.Add("apikey", small.Keys.SecretKey);
        using HttpResponseMessage answer = await small.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(1, Rented(small));
        await Until(() => Rented(small) == 0);
        Assert.True((await ReadAsFarAsPossible(answer)).Broken);
    }

    [Fact]
    public async Task A_statement_past_its_time_is_57014_and_a_request_past_its_time_TN109()
    {
        await using TestApp slow = await TestApp.StartAsync(
            Heavy, configure: o => o with { StatementTimeout = TimeSpan.FromMilliseconds(300) });
        (int status, string body) = await slow.SendAsync("GET", "/rest/v1/heavy");
        Assert.Equal(500, status);
        Assert.Contains("\"code\":\"57014\"", body, StringComparison.Ordinal);
        Assert.Equal(0, Rented(slow));

        await using TestApp shorter = await TestApp.StartAsync(
            Heavy, configure: o => o with { Rest = o.Rest with { RequestTimeout = TimeSpan.FromMilliseconds(300) } });
        (status, body) = await shorter.SendAsync("GET", "/rest/v1/heavy");
        Assert.Equal(504, status);
        Assert.Contains("\"code\":\"TN109\"", body, StringComparison.Ordinal);
        Assert.Equal(0, Rented(shorter));
    }

    private const string Heavy = """
        create table n (id int primary key);
        insert into n select g from generate_series(1, 3000) g;
        create view heavy as select count(*) as n from n a, n b, n c where a.id + b.id + c.id = 7;
        grant select on heavy to anon;
        """;

    // ---- helpers ----

    private HttpRequestMessage Request(HttpMethod method, string path, bool asService, string? prefer = null, string? accept = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("apikey", asService ? app.Keys.SecretKey : app.Keys.PublishableKey);
        request.Headers.Add("Prefer", prefer ?? "count=none");
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        return request;
    }

    private async Task<HttpResponseMessage> Get(string path, bool asService = false, string? prefer = null, string? accept = null)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, path, asService, prefer, accept);
        return await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static string Range(HttpResponseMessage answer) => Assert.Single(answer.Content.Headers.GetValues("Content-Range"));

    private static async Task<List<int>> Ids(HttpResponseMessage answer)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return [.. document.RootElement.EnumerateArray().Select(r => r.GetProperty("id").GetInt32())];
    }

    private static async Task<(string Body, bool Broken)> ReadAsFarAsPossible(HttpResponseMessage answer)
    {
        using var all = new MemoryStream();
        try
        {
            await (await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)).CopyToAsync(all, TestContext.Current.CancellationToken);
            return (System.Text.Encoding.UTF8.GetString(all.ToArray()), false);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            return (System.Text.Encoding.UTF8.GetString(all.ToArray()), true);
        }
    }

    private static int Rented(TestApp app) => ((SqliteDatabase)app.Host.Backend.Database).ReadersRented;

    private Task NobodyReads() => Until(() => Rented(app) == 0);

    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 400 && !holds(); i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.True(holds(), "not within ten seconds");
    }
}

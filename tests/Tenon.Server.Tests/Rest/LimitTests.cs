using System.Text.Json;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>What one request may ask for: each bound with its default and a code of its own, refused before anything runs.</summary>
public sealed class LimitTests : IClassFixture<LimitTests.Fixture>
{
    private const string Schema = """
        create table a (id int primary key, b_id int, note text);
        create table b (id int primary key, a_id int references a (id));
        alter table a add foreign key (b_id) references b (id);
        insert into a (id) select n from generate_series(1, 20) n;
        grant select, insert on a, b to anon, service_role;
        """;

    private readonly TestApp app;
    private readonly TestApp wide;

    public LimitTests(Fixture fixture) => (app, wide) = (fixture.App, fixture.Wide);

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestApp App { get; private set; } = null!;

        /// <summary>Addresses of any length, so that the other bounds are met.</summary>
        internal TestApp Wide { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            App = await TestApp.StartAsync(Schema);
            Wide = await TestApp.StartAsync(Schema, configure: o => o with { Rest = o.Rest with { Limits = o.Rest.Limits with { UrlLength = 8 << 20 } } });
        }

        public async ValueTask DisposeAsync()
        {
            await App.DisposeAsync();
            await Wide.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_address_past_16_KiB_is_TN101()
    {
        await Refuses(app, "GET", "/rest/v1/a?note=eq." + new string('x', 16 << 10), 414, "TN101");
        await Answers(app, "GET", "/rest/v1/a?note=eq." + new string('x', 15 << 10));
    }

    [Fact]
    public async Task A_body_past_1_MiB_is_TN102()
    {
        await Refuses(app, "POST", "/rest/v1/a", 413, "TN102", $$"""{"id":1000,"note":"{{new string('x', 1 << 20)}}"}""");
        await Answers(app, "POST", "/rest/v1/a", $$"""{"id":1000,"note":"{{new string('x', 1_000_000)}}"}""");
    }

    [Fact]
    public async Task A_body_past_1_MiB_without_a_length_is_TN102_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/rest/v1/a") { Content = new StreamContent(new Endless(4 << 20)) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)answer.StatusCode);
        Assert.Contains("TN102", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    [InlineData(20, false)]
    public async Task Embeds_nested_deeper_than_5_are_TN103(int depth, bool good)
    {
        string select = string.Concat(Enumerable.Range(0, depth).Select(i => (i % 2 == 0 ? "b!a_b_id_fkey" : "a!a_b_id_fkey") + "(")) + "id" + new string(')', depth);
        await Check(app, "/rest/v1/a?limit=1&select=" + select, good, 400, "TN103");
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    [InlineData(20, false)]
    public async Task And_and_or_nested_deeper_than_10_are_TN103(int depth, bool good)
    {
        string tree = string.Concat(Enumerable.Repeat("(and", depth - 1)) + "(id.eq.1,id.eq.2)" + new string(')', depth - 1);
        await Check(app, "/rest/v1/a?or=" + tree, good, 400, "TN103");
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task More_than_100_filters_are_TN104(int filters, bool good)
    {
        await Check(app, "/rest/v1/a?" + string.Join('&', Enumerable.Repeat("id=gt.0", filters)), good, 400, "TN104");
        await Check(app, $"/rest/v1/a?or=({string.Join(',', Enumerable.Repeat("id.eq.1", filters))})", good, 400, "TN104");
    }

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public async Task More_than_8_embeds_are_TN105(int embeds, bool good) =>
        await Check(
            app, "/rest/v1/a?limit=1&select=id," + string.Join(',', Enumerable.Range(0, embeds).Select(i => $"e{i}:b!a_b_id_fkey(id)")), good, 400, "TN105");

    [Theory]
    [InlineData(10_000, true)]
    [InlineData(10_001, false)]
    [InlineData(1_000_000, false)]
    public async Task A_list_of_more_than_10_000_values_is_TN106(int values, bool good) =>
        await Check(wide, $"/rest/v1/a?id=in.({string.Join(',', Enumerable.Repeat("1", values))})", good, 400, "TN106");

    [Fact]
    public async Task An_or_of_100_000_terms_is_refused_by_its_length_and_by_its_terms()
    {
        string target = $"/rest/v1/a?or=({string.Join(',', Enumerable.Repeat("id.eq.1", 100_000))})";
        using (var request = new HttpRequestMessage(HttpMethod.Get, target))
        using (HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal(414, (int)answer.StatusCode);
        }
        await Refuses(wide, "GET", target, 400, "TN104");
    }

    [Fact]
    public async Task An_insert_of_more_than_10_000_rows_is_TN107()
    {
        string Rows(int count) => "[" + string.Join(',', Enumerable.Range(100_000, count).Select(i => $$"""{"id":{{i}}}""")) + "]";
        await Refuses(app, "POST", "/rest/v1/a", 413, "TN107", Rows(10_001));
        await Answers(app, "POST", "/rest/v1/a", Rows(10_000));
        (_, string left) = await app.SendAsync("GET", "/rest/v1/a?select=count()&id=gte.100000");
        Assert.Equal("[{\"count\":10000}]", left);
    }

    [Theory]
    [InlineData("offset=90000", true)]
    [InlineData("offset=100001", false)]
    [InlineData("offset=9223372036854775807", false)]
    [InlineData("select=id,b!a_b_id_fkey(id),e:b!a_b_id_fkey(id)&e.offset=2000000", false)]
    public async Task An_offset_past_max_cost_is_TN110(string query, bool good) => await Check(app, "/rest/v1/a?" + query, good, 400, "TN110");

    [Fact]
    public async Task A_range_past_max_cost_is_TN110_and_export_roles_pay_no_price()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/a");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.TryAddWithoutValidation("Range", "5000000-5000010");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(400, (int)answer.StatusCode);
        using var export = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/a?offset=5000000");
        export.Headers.Add("apikey", app.Keys.SecretKey);
        using HttpResponseMessage exported = await app.Http.SendAsync(export, TestContext.Current.CancellationToken);
        Assert.Equal("[]", await exported.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static Task Check(TestApp app, string target, bool good, int status, string code) =>
        good ? Answers(app, "GET", target) : Refuses(app, "GET", target, status, code);

    private static async Task Answers(TestApp app, string method, string target, string? json = null)
    {
        (int status, string body) = await app.SendAsync(method, target, json: json);
        Assert.True(status is 200 or 201, $"{status} {body[..Math.Min(200, body.Length)]}");
    }

    private static async Task Refuses(TestApp app, string method, string target, int status, string code, string? json = null)
    {
        (int got, string body) = await app.SendAsync(method, target, json: json);
        Assert.True(body.StartsWith('{'), $"{got} {body[..Math.Min(200, body.Length)]}");
        using var error = JsonDocument.Parse(body);
        Assert.Equal((status, code), (got, error.RootElement.GetProperty("code").GetString()));
    }

    /// <summary>A JSON text that goes on.</summary>
    private sealed class Endless(long length) : Stream
    {
        private long at;

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, length - at);
            buffer.AsSpan(offset, read).Fill((byte)' ');
            at += read;
            return read;
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => at; set => throw new NotSupportedException(); }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

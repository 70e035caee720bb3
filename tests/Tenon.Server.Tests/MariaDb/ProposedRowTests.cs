// A row that an upsert proposes and that is there already is refused by the table's check constraints where the same row, inserted, is.
using System.Text;
using System.Text.Json;
using Tenon.Server.Tests.Oracles;

namespace Tenon.Server.Tests.MariaDb;

public sealed class ProposedRowTests(ProposedRowTests.App app) : IClassFixture<ProposedRowTests.App>
{
    private const string Tables = """
        create table things (
          id int primary key, status varchar(20) character set utf8mb4 collate utf8mb4_general_ci, exact varchar(20) character set utf8mb4 collate utf8mb4_bin, old char(5) character set latin1,
          padded varchar(20) character set utf8mb4 collate utf8mb4_general_ci, small text character set latin1 collate latin1_general_cs, price decimal(10,2), ratio float, seen datetime, span time,
          kind enum ('new', 'old', 'gone'), marks set ('a', 'b', 'c'), bits bit(3), made year, host inet6, raw binary(4), form int(5) zerofill, `a"b` int, `or``der` int, path varchar(20),
          constraint c01 check (status in ('new', 'done', 'café')), constraint c02 check (exact = lower(exact)), constraint c03 check (old = 'ab' and length(old) = 2),
          constraint c04 check (padded <> 'forbidden' and padded = lower(padded) collate utf8mb4_bin), constraint c05 check (small in ('é', 'x')), constraint c06 check (price = round(price, 2)),
          constraint c07 check (ratio = cast(ratio as float) and ratio <> 1.1), constraint c08 check (microsecond(seen) = 0), constraint c09 check (span <= '10:00:00'), constraint c10 check (kind + 0 < 3),
          constraint c11 check (marks + 0 > 2), constraint c12 check (bits + 0 = 5), constraint c13 check (made > 1999), constraint c14 check (host = '::1'),
          constraint c15 check (hex(raw) = '61620000'), constraint c16 check (concat(form) = '00007'), constraint c17 check (`a"b` > 0), constraint c18 check (`or``der` > 0),
          constraint c19 check (path <> 'a\\b')
        );
        insert into things (id) values (1);
        """;

    public sealed class App : IAsyncLifetime
    {
        internal OracleApp? Server { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (Testing.PrivateMariaDb.Shared is null)
            {
                return;
            }
            Server = await OracleApp.StartAsync("mariadb");
            Assert.Null(await Server.ApplyAsync("", Tables, "alter table things enable row level security; grant select, insert, update on things to anon; create policy p on things using (true);"));
        }

        public async ValueTask DisposeAsync()
        {
            if (Server is not null)
            {
                await Server.DisposeAsync();
            }
        }
    }

    [Theory]
    [InlineData("""{"status":"New"}""")]
    [InlineData("""{"status":"CAFE "}""")]
    [InlineData("""{"exact":"new"}""")]
    [InlineData("""{"old":"AB"}""")]
    [InlineData("""{"padded":"fine "}""")]
    [InlineData("""{"small":"é"}""")]
    [InlineData("""{"price":1.005}""")]
    [InlineData("""{"price":99999999.99}""")]
    [InlineData("""{"ratio":1.1}""")]
    [InlineData("""{"seen":"2024-01-01T10:00:00.9"}""")]
    [InlineData("""{"span":"10:00:00.9"}""")]
    [InlineData("""{"kind":"old"}""")]
    [InlineData("""{"marks":"c,b,a"}""")]
    [InlineData("""{"bits":5}""")]
    [InlineData("""{"made":24}""")]
    [InlineData("""{"host":"0:0::1"}""")]
    [InlineData("""{"raw":"\\x6162"}""")]
    [InlineData("""{"form":7}""")]
    [InlineData("""{"a\"b":1,"or`der":1}""")]
    [InlineData("""{"path":"a\\\\b"}""")]
    public async Task What_the_table_takes_is_taken(string row)
    {
        await DemandAsync(row, "merge-duplicates", null);
        await DemandAsync(row, "ignore-duplicates", null);
    }

    [Theory]
    [InlineData("""{"status":"newer"}""", "23514")]
    [InlineData("""{"exact":"New"}""", "23514")]
    [InlineData("""{"old":"abc"}""", "23514")]
    [InlineData("""{"old":"abcdefg"}""", "22001")]
    [InlineData("""{"padded":"forbidden "}""", "23514")]
    [InlineData("""{"padded":"Fine"}""", "23514")]
    [InlineData("""{"small":"É"}""", "23514")]
    [InlineData("""{"price":100000000}""", "22003")]
    [InlineData("""{"span":"10:00:01"}""", "23514")]
    [InlineData("""{"kind":"gone"}""", "23514")]
    [InlineData("""{"marks":"b"}""", "23514")]
    [InlineData("""{"bits":4}""", "23514")]
    [InlineData("""{"made":99}""", "23514")]
    [InlineData("""{"host":"::2"}""", "23514")]
    [InlineData("""{"raw":"\\x6163"}""", "23514")]
    [InlineData("""{"a\"b":0}""", "23514")]
    [InlineData("""{"or`der":0}""", "23514")]
    public async Task What_the_table_refuses_is_refused_though_the_row_is_there(string row, string code)
    {
        await DemandAsync(row, "merge-duplicates", code);
        await DemandAsync(row, "ignore-duplicates", code);
    }

    [Fact]
    public async Task Every_row_of_several_is_asked_after_one_of_nulls_too()
    {
        Assert.Null(await RefusalAsync("""[{"id":1,"status":null,"price":null},{"id":9001,"status":"DONE","price":2.005}]""", "merge-duplicates"));
        Assert.Equal("23514", await RefusalAsync("""[{"id":1,"status":null,"price":null},{"id":9001,"status":"undone","price":2}]""", "ignore-duplicates"));
    }

    private async Task DemandAsync(string row, string resolution, string? code)
    {
        Assert.Equal(code, await RefusalAsync("{\"id\":1," + row[1..], resolution));
        // The same of a row that is not there, by the database itself.
        Assert.Equal(code, await RefusalAsync("{\"id\":" + Guid.NewGuid().GetHashCode() + "," + row[1..], ""));
    }

    private async Task<string?> RefusalAsync(string body, string resolution)
    {
        Assert.SkipWhen(app.Server is null, "MariaDB is not installed");
        using HttpRequestMessage request = app.Server!.Request("POST", "things");
        request.Headers.Add("apikey", app.Server.Keys.PublishableKey);
        if (resolution.Length > 0)
        {
            request.Headers.Add("Prefer", "resolution=" + resolution);
        }
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await app.Server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? null : JsonElement.Parse(said).GetProperty("code").GetString();
    }
}

// Large answers and several databases of an attached MariaDB.
using System.Text;
using System.Text.Json;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.Oracles;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

public sealed class AttachedSizeTests
{
    private static string Open(params string[] tables) =>
        string.Concat(tables.Select(t => $"alter table {t} enable row level security; grant select, insert, update, delete on {t} to anon, service_role; create policy p on {t} using (true);\n"));

    [Fact]
    public async Task A_limit_per_parent_is_kept_by_the_database()
    {
        await using OracleApp app = await OracleApp.StartAsync("mariadb");
        Assert.Null(await app.ApplyAsync(
            "",
            """
            create table orders (id int primary key, note varchar(10));
            create table items (id int primary key, order_id int, rank_of int, what varchar(10), foreign key (order_id) references orders (id));
            create table marks (id int primary key, line_id int, foreign key (line_id) references items (id));
            insert into orders select seq, 'o' from seq_1_to_1000;
            insert into items select seq, 1 + seq % 1000, if(seq % 7 = 0, null, seq % 5), concat('w', seq) from seq_1_to_20000;
            insert into marks select seq, 1 + seq % 20000 from seq_1_to_20000;
            """,
            Open("orders", "items", "marks")
        ));
        // The same rows, cut here: twenty items an order come when nothing limits them.
        JsonElement all = await RowsAsync(app, "orders?select=id,items(id,rank_of)&order=id&items.order=rank_of.desc.nullslast,id");
        Assert.Equal(20, all[0].GetProperty("items").GetArrayLength());
        foreach ((string paging, int skip, int take) in new[] { ("items.limit=3", 0, 3), ("items.limit=3&items.offset=2", 2, 3), ("items.limit=0", 0, 0), ("items.limit=9223372036854775807&items.offset=18", 18, 2), ("items.limit=2&items.offset=90", 90, 0) })
        {
            JsonElement cut = await RowsAsync(app, "orders?select=id,items(id,rank_of)&order=id&items.order=rank_of.desc.nullslast,id&" + paging);
            Assert.Equal(1000, cut.GetArrayLength());
            for (int i = 0; i < 1000; i++)
            {
                string wanted = "[" + string.Join(',', all[i].GetProperty("items").EnumerateArray().Skip(skip).Take(take).Select(l => l.GetRawText())) + "]";
                Assert.Equal(wanted, cut[i].GetProperty("items").GetRawText());
            }
        }
        Assert.Contains(app.Compiled, text => text.Contains("row_number() over (partition by", StringComparison.Ordinal));
        // Without an order of its own the keys decide, and embeds below a limited one are those of the rows kept.
        JsonElement nested = await RowsAsync(app, "orders?select=id,items(id,what,marks(id))&id=in.(1,2)&order=id&items.limit=2&items.marks.limit=1");
        Assert.Equal(
            """[{"id":1,"items":[{"id":1000,"what":"w1000","marks":[{"id":999}]},{"id":2000,"what":"w2000","marks":[{"id":1999}]}]},{"id":2,"items":[{"id":1,"what":"w1","marks":[{"id":20000}]},{"id":1001,"what":"w1001","marks":[{"id":1000}]}]}]""",
            nested.GetRawText()
        );
        JsonElement spread = await RowsAsync(app, "items?select=id,orders(id,items(id))&id=eq.5&orders.items.limit=1");
        Assert.Equal("""[{"id":5,"orders":{"id":6,"items":[{"id":5}]}}]""", spread.GetRawText());
    }

    private static async Task<JsonElement> RowsAsync(OracleApp app, string target)
    {
        using HttpRequestMessage request = app.Request("GET", target);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }

    [Fact]
    public async Task A_large_answer_goes_on_at_the_clients_pace_past_the_time_of_a_statement()
    {
        string url = AttachedMariaDb.Server().CreateDatabase("create table numbers (id int primary key); insert into numbers select seq from seq_1_to_3000; create view wide as select a.id * 10 + b.id as id, repeat('x', 1000) as pad from numbers a, numbers b where b.id < 10;");
        await using TestApp app = await StartAsync(new AttachedOptions("crm", url) { Policies = Open("wide"), Timeout = TimeSpan.FromSeconds(1) });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/wide");
        request.Headers.Add("apikey", app.Keys.SecretKey);
        request.Headers.Add("Accept-Profile", "crm");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        await using Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        byte[] part = new byte[1 << 16];
        long rows = 0;
        byte last = 0;
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        for (int read; (read = await body.ReadAsync(part, TestContext.Current.CancellationToken)) > 0;)
        {
            rows += part.AsSpan(0, read).Count((byte)'{');
            last = part[read - 1];
        }
        Assert.Equal((27_000, (byte)']'), (rows, last));
    }

    [Fact]
    public async Task Several_databases_of_one_server_stand_in_one_profile()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string main = server.CreateDatabase("create table people (id int primary key, name varchar(20)); insert into people values (1, 'Ann');");
        string other = server.CreateDatabase($"create table visits (id int auto_increment primary key, person_id int, at date, foreign key (person_id) references {Name(main)}.people (id)); insert into visits values (1, 1, '2024-01-02'); create table apart (id int primary key);");
        await using TestApp app = await StartAsync(new AttachedOptions("crm", main) { Policies = Open("people", "visits"), Schemas = [Name(main), Name(other)], Writable = true });
        Assert.Equal((200, """[{"id":1,"name":"Ann","visits":[{"at":"2024-01-02"}]}]"""), await SendAsync(app, "GET", "people?select=id,name,visits(at)"));
        Assert.Equal((201, """[{"id":2,"people":{"name":"Ann"}}]"""), await SendAsync(app, "POST", "visits?select=id,people(name)", """{"person_id":1,"at":"2024-02-03"}"""));
        Assert.Equal((200, """[{"at":"2024-03-04"}]"""), await SendAsync(app, "PATCH", "visits?id=eq.2&select=at", """{"at":"2024-03-04"}"""));
        Assert.Equal((200, """[{"id":1}]"""), await SendAsync(app, "DELETE", "visits?id=eq.1&select=id"));
        Assert.Equal((200, """[{"id":7}]"""), Created(await SendAsync(app, "PUT", "visits?id=eq.7&select=id", """{"id":7,"person_id":1,"at":null}""")));
        Assert.Equal("2\t1\t2024-03-04\n7\t1\tNULL", server.Execute(other, "select * from visits order by id").Trim());
        Assert.Equal(404, (await SendAsync(app, "GET", "apart")).Status);
    }

    [Fact]
    public async Task A_table_of_a_database_that_is_not_attached_is_not_taken_for_one_of_its_name()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string shop = server.CreateDatabase("create table customers (id int primary key); create table orders (id int primary key, customer int, constraint shop_key foreign key (customer) references customers (id)); insert into customers values (1), (2), (3), (4); insert into orders values (1, 2);");
        string hr = server.CreateDatabase(
            $"""
            create table customers (id int primary key, of int, foreign key (of) references {Name(shop)}.customers (id) on delete cascade);
            create table orders (id int primary key, customer int, own int, constraint hr_key foreign key (customer) references {Name(shop)}.customers (id), constraint hr_own foreign key (own) references customers (id));
            insert into customers values (7, 3); insert into orders values (1, 1, null), (2, null, 7);
            """
        );
        await using TestApp app = await StartAsync(new AttachedOptions("crm", shop) { Policies = Open("customers", "orders"), Writable = true });
        (int status, string told) = await SendAsync(app, "DELETE", "customers?id=eq.2");
        Assert.Equal(409, status);
        Assert.Contains("shop_key", told, StringComparison.Ordinal);
        (status, told) = await SendAsync(app, "DELETE", "customers?id=eq.1");
        Assert.Equal((409, "update or delete on table \"customers\" violates a foreign key constraint of another table"), (status, JsonElement.Parse(told).GetProperty("message").GetString()));
        (status, told) = await SendAsync(app, "DELETE", "customers?id=eq.3");
        Assert.Equal((409, "update or delete violates a foreign key constraint of another table"), (status, JsonElement.Parse(told).GetProperty("message").GetString()));
        server.Execute(hr, "drop table orders; drop table customers;");
        server.Execute(shop, $"create table {Name(hr)}.orders (id int primary key); create table calls (id int primary key, about int, constraint calls_key foreign key (about) references {Name(hr)}.orders (id));");
        await using TestApp anew = await StartAsync(new AttachedOptions("crm", shop) { Policies = Open("orders", "calls"), Writable = true });
        (status, told) = await SendAsync(anew, "POST", "calls", """{"id":1,"about":5}""");
        Assert.Equal((409, "Key is not present in the table it refers to."), (status, JsonElement.Parse(told).GetProperty("details").GetString()));
        Assert.Contains("calls_key", told, StringComparison.Ordinal);
    }

    private static (int, string) Created((int Status, string Body) answer) => answer.Status == 201 ? (200, answer.Body) : answer;

    [Fact]
    public async Task A_database_that_is_not_there_and_a_name_that_is_there_twice_refuse_the_start()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        (string one, string two) = (server.CreateDatabase("create table people (id int primary key);"), server.CreateDatabase("create table people (id int primary key);"));
        StartRefused missing = await Assert.ThrowsAsync<StartRefused>(() => StartAsync(new AttachedOptions("crm", one) { Schemas = [Name(one), "nowhere"] }));
        Assert.Contains("has no database nowhere", missing.Message);
        StartRefused twice = await Assert.ThrowsAsync<StartRefused>(() => StartAsync(new AttachedOptions("crm", one) { Schemas = [Name(one), Name(two)] }));
        Assert.Contains("two databases of source crm have a table people", twice.Message);
    }

    private static string Name(string url) => url.Split('/')[^1];

    private static Task<TestApp> StartAsync(AttachedOptions source) =>
        TestApp.StartAsync("create table own (id int primary key);", configure: o => o with { Engines = AttachedMariaDb.Engines, Sources = [source] });

    private static async Task<(int Status, string Body)> SendAsync(TestApp app, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add(method == "GET" ? "Accept-Profile" : "Content-Profile", "crm");
        request.Headers.Add("Prefer", "return=representation");
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

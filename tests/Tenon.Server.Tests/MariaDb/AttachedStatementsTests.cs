// What an attached MariaDB is asked: by an index where there is one, and in as few round trips as the request allows.
using System.Text;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

/// <summary>A server of its own, since it keeps a log of all statements, and one app on it.</summary>
public sealed class LoggedMariaDb : IAsyncLifetime
{
    private const string Tables = """
        create table customers (id bigint primary key, name varchar(50) not null, key (name));
        create table notes (id int primary key, owner varchar(50) not null, words text, key (owner));
        insert into notes select seq, concat('owner ', seq % 500), 'x' from seq_1_to_2000;
        create table orders (id bigint auto_increment primary key, customer_id bigint not null, placed_at timestamp(6) not null default current_timestamp(6),
          total decimal(12,2) not null, note text, foreign key (customer_id) references customers (id));
        create table order_lines (id bigint primary key, order_id bigint not null, price decimal(12,2) not null, foreign key (order_id) references orders (id));
        insert into customers select seq, concat('Customer ', seq) from seq_1_to_100;
        insert into orders (id, customer_id, total) select seq, seq % 100 + 1, seq from seq_1_to_4000;
        insert into order_lines select seq, seq div 4 + 1, 1.5 from seq_1_to_15000;
        analyze table customers, notes, orders, order_lines;
        """;

    private const string Policies = """
        alter table notes enable row level security;
        create policy own on notes using (owner = coalesce(auth.email(), 'owner 7'));
        grant select, insert, update, delete on notes, customers, orders, order_lines to anon;
        alter table customers enable row level security;
        alter table orders enable row level security;
        alter table order_lines enable row level security;
        create policy all_customers on customers using (true);
        create policy all_lines on order_lines using (true);
        create policy read_orders on orders for select using (true);
        create policy change_orders on orders for update using (true);
        create policy add_orders on orders for insert with check (customer_id = 7);
        """;

    private TestApp? app;
    private string url = "";

    internal TestApp App => app ?? throw new InvalidOperationException("MariaDB is not installed");
    internal PrivateMariaDb? Server { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Server = PrivateMariaDb.Own();
        if (Server is null)
        {
            return;
        }
        url = Server.CreateDatabase(Tables);
        Server.Execute("", "set global log_output = 'TABLE'; set global general_log = 1;");
        app = await TestApp.StartAsync(
            "create table own (id int primary key);",
            configure: o => o with
            {
                Engines = AttachedMariaDb.Engines,
                Sources = [new AttachedOptions("crm", url) { Policies = Policies, Writable = true, Timeout = TimeSpan.FromSeconds(30) }],
            }
        );
    }

    internal string Execute(string sql) => Server!.Execute(url, sql);

    /// <summary>The statements that the app sent since the log was last cut, one a line.</summary>
    internal string[] Statements() =>
        Execute("select argument from mysql.general_log where command_type = 'Query' and user_host like '%tenon%' order by event_time")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal void CutLog() => Execute("truncate table mysql.general_log");

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
        Server?.Stop();
    }
}

public sealed class AttachedStatementsTests(LoggedMariaDb logged) : IClassFixture<LoggedMariaDb>
{
    [Fact]
    public async Task A_page_with_embeds_is_read_by_its_indexes()
    {
        const string Page = "orders?select=id,customer:customers(id,name),lines:order_lines(id,price)&id=gte.2000&order=id.asc&lines.order=id.asc&limit=2";
        (int status, string body) = await SendAsync("GET", Page);
        Assert.Equal(200, status);
        Assert.StartsWith("[{\"id\":2000,\"customer\":{\"id\":1,\"name\":\"Customer 1\"},\"lines\":[{\"id\":7996,\"price\":1.50},", body);
        // Two round trips: the transaction begins with the one and ends with the other.
        string[] sent = logged.Statements();
        Assert.Equal(2, sent.Length);
        Assert.StartsWith("set transaction isolation level repeatable read; start transaction read only; ", sent[0]);
        Assert.EndsWith("; commit", sent[1]);
        string[] reads = [.. sent.Select(s => s.Split("; ").Single(part => part.StartsWith("select ", StringComparison.Ordinal)))];
        Assert.All(reads, ReadsByIndex);
        // The page's own rows come in the order of their key, so that the limit ends the reading.
        Assert.DoesNotContain("filesort", Explain(reads[0]));
    }

    [Theory]
    [InlineData("customers?select=id&name=eq.Customer%207", """[{"id":7}]""")]
    [InlineData("customers?select=id&name=in.(Customer%207,customer%208)", """[{"id":7}]""")]
    [InlineData("notes?select=id&order=id&limit=2", """[{"id":7},{"id":507}]""")]
    public async Task A_varchar_that_a_filter_or_a_policy_compares_is_found_by_its_index(string target, string answer)
    {
        Assert.Equal((200, answer), await SendAsync("GET", target));
        ReadsByIndex(Assert.Single(logged.Statements()));
    }

    [Fact]
    public async Task An_insert_that_its_values_decide_is_one_statement()
    {
        (int status, string body) = await SendAsync("POST", "orders?select=customer_id,total,note", "{\"customer_id\":7,\"total\":12.5,\"note\":\"it's \\\\ \\\"new\\\"\"}");
        Assert.Equal((201, "[{\"customer_id\":7,\"total\":12.50,\"note\":\"it's \\\\ \\\"new\\\"\"}]"), (status, body));
        Assert.StartsWith("insert into \"orders\" (", Assert.Single(logged.Statements()));
        Assert.Equal("1", logged.Execute("select count(*) from orders where customer_id = 7 and total = 12.5 and placed_at > now() - interval 1 hour").Trim());
    }

    [Fact]
    public async Task A_row_that_its_values_refuse_is_not_sent()
    {
        (int status, string body) = await SendAsync("POST", "orders", "{\"customer_id\":8,\"total\":1}");
        Assert.Equal(401, status);
        Assert.Contains("42501", body);
        Assert.Empty(logged.Statements());
        // Nor is any of several, one of which is refused.
        (status, _) = await SendAsync("POST", "orders", "[{\"customer_id\":7,\"total\":1},{\"customer_id\":null,\"total\":1}]");
        Assert.Equal(401, status);
        Assert.Empty(logged.Statements());
    }

    [Fact]
    public async Task An_update_by_key_and_its_row_are_one_round_trip()
    {
        (int status, string body) = await SendAsync("PATCH", "orders?id=eq.5&select=id,note", "{\"note\":\"changed\"}");
        Assert.Equal((200, "[{\"id\":5,\"note\":\"changed\"}]"), (status, body));
        Assert.EndsWith("; commit", Assert.Single(logged.Statements()));
        Assert.Equal("changed", logged.Execute("select note from orders where id = 5").Trim());
        // The same value again still finds its row; a row that is not there is none.
        Assert.Equal((200, "[{\"id\":5}]"), await SendAsync("PATCH", "orders?id=eq.5&select=id", "{\"note\":\"changed\"}"));
        Assert.Equal((200, "[]"), await SendAsync("PATCH", "orders?id=eq.-5&select=id", "{\"note\":\"changed\"}"));
        Assert.Equal("0", logged.Execute("select count(*) from information_schema.innodb_trx").Trim());
    }

    [Fact]
    public async Task An_update_that_fails_is_taken_back_and_leaves_no_transaction()
    {
        for (int i = 0; i < 5; i++)
        {
            (int status, string body) = await SendAsync("PATCH", "orders?id=eq.6&select=id", "{\"customer_id\":100000}");
            Assert.Equal(409, status);
            Assert.Contains("23503", body);
        }
        Assert.Equal("0", logged.Execute("select count(*) from information_schema.innodb_trx").Trim());
        Assert.Equal("7", logged.Execute("select customer_id from orders where id = 6").Trim());
        Assert.Equal((200, "[{\"id\":6}]"), await SendAsync("PATCH", "orders?id=eq.6&select=id", "{\"customer_id\":9}"));
        Assert.Equal("9", logged.Execute("select customer_id from orders where id = 6").Trim());
    }

    [Fact]
    public async Task What_the_update_changes_may_be_asked_for_and_the_row_is_answered()
    {
        // The condition no longer holds of the row when it has been changed.
        (int status, string body) = await SendAsync("PATCH", "orders?id=eq.8&total=eq.8&select=id,total", "{\"total\":80}");
        Assert.Equal((200, "[{\"id\":8,\"total\":80.00}]"), (status, body));
    }

    private string Explain(string statement) =>
        logged.Execute($"set sql_mode = 'ANSI_QUOTES'; explain {statement}");

    // id, select_type, table, type, possible_keys, key, …: the list of keys is no table and has no index.
    private void ReadsByIndex(string statement)
    {
        string[][] steps = [.. Explain(statement).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))];
        Assert.NotEmpty(steps);
        Assert.All(steps.Where(s => s[2] is not ("k" or "tenon: items")), s => Assert.Contains(s[3], (string[])["range", "ref", "eq_ref", "const"]));
    }

    private async Task<(int Status, string Body)> SendAsync(string method, string path, string? body = null)
    {
        Assert.SkipWhen(logged.Server is null, "MariaDB is not installed");
        logged.CutLog();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", logged.App.Keys.PublishableKey);
        request.Headers.Add(method == "GET" ? "Accept-Profile" : "Content-Profile", "crm");
        request.Headers.Add("Prefer", "return=representation");
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage answer = await logged.App.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

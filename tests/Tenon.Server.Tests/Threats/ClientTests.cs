using System.Net;
using System.Net.Sockets;
using System.Text;
using Tenon.Server.Tests.Oracles;

namespace Tenon.Server.Tests.Threats;

/// <summary>
/// Clients that read slowly or leave, on every engine: what they asked for ends in the database too, by its own list of what
/// runs. A statement by itself would take minutes here, and so would a request.
/// </summary>
[Collection(ThreatCollection.Name)]
public sealed class ClientTests(ThreatServers servers)
{
    // Rows of about 1 KiB that nobody stores: 27 MiB in all are more than the buffers between a database and a client hold.
    private const string Views = """
        create view wide as select a.id * 10 + b.id as id, repeat('x', 1000) as pad from numbers a, numbers b where b.id < 10;
        create view heavy as select count(*) as n from numbers a, numbers b, numbers c where a.id + b.id + c.id = 7;
        """;

    // Nobody reads this to the end: 27,000 million rows.
    private const string Endless = "create view endless as select a.id as id, repeat('x', 1000) as pad from numbers a, numbers b, numbers c;";

    private const string Grants = "grant select on wide, heavy, endless to anon, service_role;";

    private static readonly ThreatTables Tables = new(
        $"create table numbers (id int primary key);\ninsert into numbers select n from generate_series(1, 3000) n;\n{Views}\n{Endless}\n{Grants}",
        $"create table numbers (id int primary key);\ninsert into numbers select seq from seq_1_to_3000;\n{Views}\n{Endless}",
        $"""
        {Grants}
        alter table wide enable row level security;
        create policy everyone on wide using (true);
        alter table heavy enable row level security;
        create policy everyone on heavy using (true);
        alter table endless enable row level security;
        create policy everyone on endless using (true);
        """
    );

    private const string Known = "wide?select=id&id=eq.11";
    private const string Row = """[{"id":11}]""";

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_client_that_leaves_ends_its_statement(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach (string prefer in new[] { "count=none", "count=exact" })
        {
            using var leaving = new CancellationTokenSource();
            Task<ThreatAnswer> asked = server.SendAsync("GET", "heavy", prefer: prefer, until: leaving);
            await DatabaseWork.BusyAsync(server.App);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
            await DatabaseWork.FreeAsync(server.App);
        }
        // Not one connection of the pool was left unusable, or in a transaction.
        for (int i = 0; i < 24; i++)
        {
            Assert.Equal(Row, (await server.GetAsync(Known, prefer: i % 2 == 0 ? "count=exact" : "count=none")).Body);
        }
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_client_that_leaves_in_the_middle_of_a_large_answer_ends_its_statement(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        using (Socket client = await AskAsync(server, "GET", "wide"))
        {
            await ReadSomeAsync(client);
            await DatabaseWork.BusyAsync(server.App);
        }
        await DatabaseWork.FreeAsync(server.App);
        // The head of a large answer alone: nothing of the rest is read.
        using (Socket head = await AskAsync(server, "HEAD", "wide"))
        {
            await ReadSomeAsync(head);
            await DatabaseWork.FreeAsync(server.App);
        }
        Assert.Equal(Row, (await server.GetAsync(Known, prefer: "count=none")).Body);
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task The_head_of_an_answer_takes_no_more_rows_than_it_tells_of(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        // Whoever may read all rows has them streamed; of a head there is nothing to stream.
        ThreatAnswer all = await server.SendAsync("HEAD", "endless", token: server.App.Keys.SecretKey);
        Assert.Equal((200, "0-*/*", ""), (all.Status, all.Range, all.Body));
        await DatabaseWork.FreeAsync(server.App);
        Assert.Equal("0-999/*", (await server.SendAsync("HEAD", "endless")).Range);
        Assert.Equal("0-26999/27000", (await server.SendAsync("HEAD", "wide?limit=100000", token: server.App.Keys.SecretKey, prefer: "count=exact")).Range);
        await DatabaseWork.FreeAsync(server.App);
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_slow_reader_of_an_ordinary_answer_holds_nothing_of_the_database(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        using Socket client = await AskAsync(server, "GET", "wide?limit=900");
        await ReadSomeAsync(client);
        await DatabaseWork.FreeAsync(server.App);
        Assert.Equal(200, (await server.GetAsync(Known)).Status);
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_slow_reader_loses_its_connection_and_its_statement_when_its_time_is_over(string engine)
    {
        await using OracleApp app = await OracleApp.StartAsync(engine, TimeSpan.FromMinutes(3), o => o with { Rest = o.Rest with { RequestTimeout = TimeSpan.FromSeconds(4) } });
        await ThreatServer.MakeRoleAsync(app);
        var server = new ThreatServer(app);
        await server.ApplyAsync(Tables);
        using Socket client = await AskAsync(server, "GET", "wide");
        await ReadSomeAsync(client);
        await DatabaseWork.FreeAsync(app);
        // What was on its way still arrives, and then the end: never the end of the JSON.
        string rest = await ReadAllAsync(client);
        Assert.False(rest.TrimEnd().EndsWith("0\r\n\r\n", StringComparison.Ordinal) || rest.Contains("}]", StringComparison.Ordinal), "the answer looks whole");
        Assert.Equal(Row, (await server.GetAsync(Known, prefer: "count=none")).Body);
    }

    /// <summary>A client that takes no more than its window: 4 KiB.</summary>
    private static async Task<Socket> AskAsync(ThreatServer server, string method, string target)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, server.App.Http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        string profile = server.IsAttached ? "Accept-Profile: crm\r\n" : "";
        string request = $"{method} /rest/v1/{target} HTTP/1.1\r\nHost: 127.0.0.1\r\napikey: {server.App.Keys.SecretKey}\r\n{profile}\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task ReadSomeAsync(Socket socket)
    {
        byte[] some = new byte[512];
        int read = await socket.ReceiveAsync(some, TestContext.Current.CancellationToken);
        string head = Encoding.ASCII.GetString(some, 0, read);
        Assert.True(head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), head);
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        var all = new StringBuilder();
        byte[] some = new byte[1 << 16];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(some, TestContext.Current.CancellationToken)) > 0;)
            {
                all.Append(Encoding.ASCII.GetString(some, 0, read));
            }
        }
        catch (SocketException)
        {
            // Reset, which is what it is to look like.
        }
        return all.ToString();
    }
}

namespace Tenon.Server.Tests.Threats;

/// <summary>Requests that cost too much, on every engine: refused before a statement runs, or ended by a bound.</summary>
[Collection(ThreatCollection.Name)]
public sealed class CostTests(ThreatServers servers)
{
    private const string Grants = """
        alter table teams enable row level security;
        create policy everyone on teams using (true);
        alter table people enable row level security;
        create policy everyone on people using (true);
        grant select, insert on teams, people to anon;
        """;

    private static readonly ThreatTables Tables = new(
        $"""
        create table teams (id int primary key, name text);
        create table people (id int primary key, team_id int references teams (id), pad text);
        insert into teams values (1, 'red');
        insert into people values (1, 1, '{Pad}');
        {Grants}
        """,
        $"""
        create table teams (id int primary key, name varchar(50));
        create table people (id int primary key, team_id int, pad varchar(200), foreign key (team_id) references teams (id));
        insert into teams values (1, 'red');
        insert into people values (1, 1, '{Pad}');
        """,
        Grants
    );

    private const string Pad = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";

    private static readonly (string Target, string Code)[] Costly =
    [
        ($"people?or=({string.Join(',', Enumerable.Repeat("id.eq.1", 100_000))})", "TN104"),
        ($"people?{string.Join('&', Enumerable.Repeat("id=eq.1", 101))}", "TN104"),
        ($"people?id=in.({string.Join(',', Enumerable.Repeat("1", 1_000_000))})", "TN106"),
        ($"people?id=eq(any).{{{string.Join(',', Enumerable.Repeat("1", 1_000_000))}}}", "TN106"),
        ($"people?or={string.Concat(Enumerable.Repeat("(and", 19))}(id.eq.1,id.eq.2){new string(')', 19)}", "TN103"),
        ($"people?select={string.Concat(Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? "teams(" : "people("))}id{new string(')', 20)}", "TN103"),
        ($"people?select=id,{string.Join(',', Enumerable.Range(0, 9).Select(i => $"t{i}:teams(id)"))}", "TN105"),
        ("people?offset=100001", "TN110"),
        ("people?offset=9223372036854775807", "TN110"),
        ("teams?select=id,people(id)&people.offset=2000000", "TN110"),
        ($"people?select={string.Join(',', Enumerable.Repeat("a:pad", 2500))}", "TN110"),
        ($"people?select={string.Join(',', Enumerable.Repeat("*", 4000))}", "TN110"),
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Costly_requests_are_refused_by_their_cost_before_they_run(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach ((string target, string code) in Costly)
        {
            ThreatAnswer answer = await server.GetAsync(target, prefer: "count=none");
            Assert.True(answer is { Status: 400 } && answer.Code == code, $"{target[..Math.Min(80, target.Length)]}: {answer.Status} {answer.Code}");
        }
        string rows = "[" + string.Join(',', Enumerable.Range(100, 10_001).Select(i => $$"""{"id":{{i}}}""")) + "]";
        Assert.Equal("TN107", (await server.SendAsync("POST", "people", rows)).Code);
        Assert.Equal("TN102", (await server.SendAsync("POST", "people", $$"""{"id":7,"pad":"{{new string('x', 1 << 20)}}"}""")).Code);
        Assert.Equal(0, await DatabaseWork.RunningAsync(server.App, "people"));
        Assert.Equal("0-0/1", (await server.GetAsync("people")).Range);
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task The_longest_lists_that_are_allowed_are_answered(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        string list = string.Join(',', Enumerable.Range(1, 10_000));
        foreach (string target in new[] { $"people?select=id&id=in.({list})", $"people?select=id&id=not.in.({list.Replace("1,", "0,", StringComparison.Ordinal)})", $"people?select=id&id=eq(any).{{{list}}}", $"people?select=id&or=({string.Join(',', Enumerable.Repeat("id.eq.1", 100))})" })
        {
            ThreatAnswer answer = await server.GetAsync(target, prefer: "count=none");
            Assert.True(answer.Status == 200, $"{target[..40]}: {answer.Status} {answer.Body[..Math.Min(200, answer.Body.Length)]}");
        }
    }

    private static readonly string[] Patterns =
    [
        "match.^(a%2B)%2B$", "match.^(a|aa)%2B$", "match.^(a|a?)%2B$", "match.(.*)(.*)(.*)(.*)(.*)(.*)c$", "match.^((a%2B)*)*c$", "imatch.^(A%2B)%2B$", "match.(x%2Bx%2B)%2By", "match.^(.*?,){30}P", $"match.{string.Concat(Enumerable.Repeat("a?", 60))}{new string('a', 60)}c",
        $"like.{string.Concat(Enumerable.Repeat("*a", 100))}c", $"ilike.{string.Concat(Enumerable.Repeat("*A", 100))}c", "like.*" + string.Concat(Enumerable.Repeat("_*", 100)) + "c", "match.(a{1,255}){1,255}c", "match.((a{1,100}){1,100}){1,100}c",
    ];

    /// <summary>An attached database whose expressions backtrack refuses them; all others answer or refuse, and soon.</summary>
    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_pattern_that_takes_others_minutes_ends(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        foreach (string pattern in Patterns)
        {
            ThreatAnswer answer = await server.SendAsync("GET", "people?select=id&pad=" + pattern, until: limit);
            Assert.True(answer is { Status: 200, Body: "[]" } or { Status: 400, Code: "2201B" or "0A000" or "54001" }, $"{pattern}: {answer}");
        }
        Assert.Equal("""[{"id":1}]""", (await server.GetAsync("people?select=id&pad=like.*b", prefer: "count=none")).Body);
    }
}

using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Query;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Tests.Policies;

/// <summary>What the comparison with PostgreSQL's own policies found, one test each.</summary>
public sealed class PolicyRegressionTests
{
    [Fact]
    public async Task An_upsert_needs_the_right_to_read_the_columns_it_sets()
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table t (id int primary key, seen text not null, unseen text);
            grant select (id, seen), insert, update on t to anon;
            """);
        const string Merge = "resolution=merge-duplicates";
        (int status, string body) = await app.SendAsync("POST", "/rest/v1/t", json: """{"id":1,"seen":null,"unseen":"x"}""", prefer: Merge);
        Assert.True(status == 401 && body.Contains("\"42501\"", StringComparison.Ordinal), body);
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/t", json: """{"id":1,"seen":"a"}""", prefer: Merge)).Status);
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/t", json: """{"id":2,"seen":"a","unseen":"x"}""", prefer: "resolution=ignore-duplicates")).Status);
    }

    private const string Circle = """
        create table docs (id int primary key, org int);
        create table notes (id int primary key, doc_id int);
        create table members (org int primary key);
        create function is_member(o int) returns boolean language sql stable as $$ select exists (select 1 from members m where m.org = o) $$;
        insert into docs values (1, 1), (2, 2);
        insert into notes values (1, 1), (2, 2);
        insert into members values (1);
        grant select, insert, update on docs, notes, members to anon;
        alter table docs enable row level security;
        alter table notes enable row level security;
        create policy of_doc on notes for select using (exists (select 1 from docs d where d.id = notes.doc_id));

        """;

    [Fact]
    public async Task Policies_that_lead_back_to_their_table_and_end_there_are_no_recursion()
    {
        await using TestApp app = await TestApp.StartAsync(Circle + """
            create policy by_org on docs for select using (is_member(org));
            create policy known on docs for insert with check (exists (select 1 from notes n where n.doc_id <> docs.id));
            """);
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/docs", json: """{"id":3,"org":1}""")).Status);
        Assert.Equal((200, """[{"id":1},{"id":3}]"""), await app.SendAsync("GET", "/rest/v1/docs?select=id&order=id"));
        Assert.Equal((200, """[{"id":1}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=id&order=id"));
    }

    [Theory]
    [InlineData("create policy p on docs for select using (exists (select 1 from notes n where n.doc_id = docs.id));")]
    [InlineData("create function f() returns bigint language sql stable as 'select count(*) from docs'; create policy p on docs for select using (f() > 0);")]
    public async Task Policies_that_never_end_are_42P17(string policy)
    {
        await using TestApp app = await TestApp.StartAsync(Circle + policy);
        (int status, string body) = await app.SendAsync("GET", "/rest/v1/docs");
        Assert.True(status == 500 && body.Contains("\"42P17\"", StringComparison.Ordinal), body);
    }

    [Theory]
    [InlineData("rpc/notes_of?word=%25&as_number=gt.0&select=id&order=id")]
    [InlineData("numbers?n=gt.0&select=id&order=id")]
    [InlineData("rpc/positive?select=id&order=id")]
    public async Task A_condition_on_a_function_or_view_that_raises_is_not_asked_of_hidden_rows(string target)
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table notes (id int primary key, owner text, word text, score text);
            create index notes_score on notes (score);
            create function as_number(notes) returns int language sql stable as 'select $1.score::int';
            create function notes_of(word text) returns setof notes language sql stable as 'select n.* from notes n where n.word like notes_of.word';
            create view numbers with (security_invoker = true) as select id, score::int as n from notes;
            create function positive() returns setof numbers language sql stable as 'select * from numbers where n > 0';
            alter table notes enable row level security;
            create policy own on notes for select using (owner in (select 'me'));
            grant select on notes, numbers to anon;
            insert into notes values (1, 'me', 'a', '7'), (2, 'you', 'b', 'a secret');
            """);
        Assert.Equal((200, """[{"id":1}]"""), await app.SendAsync("GET", "/rest/v1/" + target));
    }

    // What SQLite does with two nested queries is its planner's choice of the day: the statement itself must keep them apart.
    [Theory]
    [InlineData("numbers", "n=gt.0&select=id", true)]
    [InlineData("plain", "id=gt.0&select=id", false)]
    public async Task A_condition_that_may_raise_is_fenced_off_from_the_rows_of_a_view(string view, string query, bool fenced)
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table notes (id int primary key, owner text, score text);
            create view numbers with (security_invoker = true) as select id, score::int as n from notes;
            create view plain with (security_invoker = true) as select id, score from notes;
            alter table notes enable row level security;
            create policy own on notes for select using (owner in (select 'me'));
            grant select on notes, numbers, plain to anon;
            """);
        MainDatabase database = app.Host.Backend.Database;
        ReadPlan plan = ReadPlanner.Plan(database.Catalog, view, QueryParser.Parse(query, false, QueryLimits.Default).Value, new PlanOptions { Role = RoleName.Anon }).Value;
        var guarded = GuardedRead.Bind(plan, new PolicyBinder(database.Catalog, new Principal(RoleName.Anon, false))).Value;
        string sql = CompiledRead.Of(ReadLowering.Lower(guarded), plan.Slots, database.Source).Root.Statement.Text;
        Assert.Equal(fenced, System.Text.RegularExpressions.Regex.IsMatch(sql, @"offset 0\b", System.Text.RegularExpressions.RegexOptions.IgnoreCase));
    }

    private const string Given = """
        create table items (id int primary key, owner text, v int);
        alter table items enable row level security;
        grant select, insert, update on items to anon;
        insert into items values (1, 'me', 1);

        """;

    [Fact]
    public async Task A_row_is_not_given_away_out_of_ones_own_sight()
    {
        await using TestApp app = await TestApp.StartAsync(Given + """
            create policy seen on items for select using (owner = 'me');
            create policy changed on items for update using (true) with check (true);
            """);
        (int status, string body) = await app.SendAsync("PATCH", "/rest/v1/items?id=eq.1", json: """{"owner":"you"}""");
        Assert.True(status == 401 && body.Contains("\"42501\"", StringComparison.Ordinal), body);
        Assert.Equal((200, """[{"owner":"me"}]"""), await app.SendAsync("GET", "/rest/v1/items?select=owner"));
        Assert.Equal(204, (await app.SendAsync("PATCH", "/rest/v1/items?id=eq.1", json: """{"v":2}""")).Status);
    }

    [Fact]
    public async Task What_an_upsert_makes_of_an_existing_row_passes_the_check_of_updates()
    {
        await using TestApp app = await TestApp.StartAsync(Given + """
            create policy seen on items for select using (true);
            create policy made on items for insert with check (true);
            create policy changed on items for update using (true) with check (v < 10);
            """);
        const string Merge = "resolution=merge-duplicates";
        (int status, string body) = await app.SendAsync("POST", "/rest/v1/items", json: """{"id":1,"owner":"me","v":50}""", prefer: Merge);
        Assert.True(status == 401 && body.Contains("\"42501\"", StringComparison.Ordinal), body);
        Assert.Equal((200, """[{"id":1,"v":1}]"""), await app.SendAsync("GET", "/rest/v1/items?select=id,v"));
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/items", json: """{"id":2,"owner":"me","v":50}""", prefer: Merge)).Status);
        Assert.Equal(200, (await app.SendAsync("POST", "/rest/v1/items", json: """{"id":1,"owner":"me","v":9}""", prefer: Merge)).Status);
    }
}

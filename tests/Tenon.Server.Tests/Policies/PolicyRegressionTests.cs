using Tenon.Server.Tests.Hosting;

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
}

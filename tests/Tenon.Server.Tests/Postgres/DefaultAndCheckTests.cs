using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>Defaults, a domain's among them, and checks of PostgreSQL: what policies see of them, and as whom they are asked.</summary>
public sealed class DefaultAndCheckTests
{
    private const string Schema = """
        create domain mood as text default 'calm';
        create domain deep_mood as mood;
        create table people (id int primary key, mood mood, deep deep_mood, loud mood default 'loud');
        alter table people enable row level security;
        grant select, insert, update on people to anon;
        create table plain (id int primary key, level int default 3);
        create view plain_view as select id, level from plain;
        alter view plain_view alter column level set default 7;
        grant select, insert, update on plain, plain_view to anon;
        create policy shown on people for select using (true);
        create policy calm on people for insert with check (mood = 'calm');
        create policy changes on people for update using (true) with check (deep <> 'forbidden');
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_what_a_policy_sees_and_what_missing_default_sets(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp app = await TestApp.StartAsync(
            Schema,
            configure: o => o with { DatabaseUrl = url, Security = native ? Enforcement.Native : Enforcement.Compiled }
        );
        Assert.Equal((201, """[{"id":1,"mood":"calm","deep":"calm","loud":"loud"}]"""), await app.SendAsync("POST", "/rest/v1/people", null, """{"id":1}""", "return=representation"));
        Assert.Equal(401, (await app.SendAsync("POST", "/rest/v1/people", null, """{"id":2,"mood":"wild"}""")).Status);
        string[] both = ["return=representation,missing=default", "/rest/v1/people?columns=id,mood,deep,loud&select=id,mood,deep,loud"];
        var (status, body) = await app.SendAsync("POST", both[1], null, """[{"id":3},{"id":4,"deep":"far"}]""", both[0]);
        Assert.Equal(201, status);
        Assert.Equal("""[{"id":3,"mood":"calm","deep":"calm","loud":"loud"},{"id":4,"mood":"calm","deep":"far","loud":"loud"}]""", body);
        (status, body) = await app.SendAsync("PATCH", "/rest/v1/people?id=eq.4&columns=mood,deep,loud&select=mood,deep,loud", null, """{"mood":"new"}""", both[0]);
        Assert.Equal(200, status);
        Assert.Equal("""[{"mood":"new","deep":"calm","loud":"loud"}]""", body);

        // Through a view it is the view's own, as in PostgREST.
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/plain?columns=id", null, """{"id":1}""")).Status);
        (status, body) = await app.SendAsync("PATCH", "/rest/v1/plain_view?id=eq.1&columns=level&select=level", null, "{}", both[0]);
        Assert.Equal((200, """[{"level":7}]"""), (status, body));
    }

    [Fact]
    public async Task A_default_that_only_says_user_needs_no_right_of_the_caller()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        const string Staff = """
            create sequence numbers;
            create table staff (id int primary key default nextval('numbers'), role text default 'user', note text default 'the current_user''s');
            grant select, insert on staff to anon;
            """;
        await using TestApp app = await TestApp.StartAsync(Staff, configure: o => o with { DatabaseUrl = url, Security = Enforcement.Compiled });
        (int, string) made = (201, """[{"id":1,"role":"user","note":"the current_user's"}]""");
        Assert.Equal(made, await app.SendAsync("POST", "/rest/v1/staff", null, "{}", "return=representation"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_that_asks_who_calls_is_asked_as_the_caller(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        const string Posts = """
            create domain word as text check (value <> 'official' or current_user <> 'anon');
            create function may_shout() returns boolean language sql stable as $$ select current_user <> 'anon' $$;
            create table posts (id int primary key, kind text check (kind <> 'official' or current_user <> 'anon'));
            create table words (id int primary key, word word);
            create table shouts (id int primary key, shout boolean check (not shout or may_shout()));
            grant select, insert, update on posts, words, shouts to anon;
            """;
        await using TestApp app = await TestApp.StartAsync(
            Posts,
            configure: o => o with { DatabaseUrl = url, Security = native ? Enforcement.Native : Enforcement.Compiled }
        );
        foreach ((string table, string taken, string refused) in new[]
        {
            ("posts", """{"id":1,"kind":"own"}""", """{"id":2,"kind":"official"}"""),
            ("words", """{"id":1,"word":"own"}""", """{"id":2,"word":"official"}"""),
            ("shouts", """{"id":1,"shout":false}""", """{"id":2,"shout":true}"""),
        })
        {
            Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/" + table, null, taken)).Status);
            foreach ((string method, string target) in new[] { ("POST", table), ("PATCH", table + "?id=eq.1") })
            {
                (int status, string body) = await app.SendAsync(method, "/rest/v1/" + target, null, refused);
                Assert.Equal(400, status);
                Assert.Contains("23514", body, StringComparison.Ordinal);
            }
        }
    }
}

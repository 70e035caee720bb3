using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>
/// SQLite reads a to-many embed parent by parent where an index leads to the rows, and by one join with all keys where none
/// does. Twins of the same rows, one indexed and one not, answer alike; the plan tells which way each goes.
/// </summary>
public sealed class OneParentTests(OneParentTests.App fixture) : IClassFixture<OneParentTests.App>
{
    // Columns of the twins: i_… has the index, s_… is scanned. The keys are of two columns, of text, and of a whole number.
    private const string Schema = """
        create table parents (id int primary key, code text not null unique, a int not null, b text, unique (a, b));
        insert into parents values (1, 'x"\é', 1, 'p'), (2, '', 1, 'q'), (3, '3', 2, null), (4, 'none', 9, 'p');
        create table i_lines (id int primary key, parent int references parents (id), n int, secret boolean not null default false);
        create table s_lines (id int primary key, parent int references parents (id), n int, secret boolean not null default false);
        create index on i_lines (parent, n);
        insert into i_lines values (10, 1, 5, false), (11, 2, 1, false), (12, 1, 3, true), (13, 1, 4, false), (14, 2, null, false), (15, null, 1, false), (16, 3, 7, true), (17, 1, 9, false);
        insert into s_lines select * from i_lines;
        create table i_parts (id int primary key, line int not null references i_lines (id), name text);
        create table s_parts (id int primary key, line int not null references s_lines (id), name text);
        create index on i_parts (line);
        insert into i_parts values (1, 10, 'bolt'), (2, 10, 'nut'), (3, 13, 'pin'), (4, 12, 'hidden');
        insert into s_parts select * from i_parts;
        create table i_codes (id int primary key, parent text references parents (code));
        create table s_codes (id int primary key, parent text references parents (code));
        create index on i_codes (parent);
        insert into i_codes values (1, 'x"\é'), (2, ''), (3, '3'), (4, 'x"\é'), (5, null);
        insert into s_codes select * from i_codes;
        create table i_pairs (id int primary key, a int, b text, foreign key (a, b) references parents (a, b));
        create table s_pairs (id int primary key, a int, b text, foreign key (a, b) references parents (a, b));
        create index on i_pairs (a, b);
        insert into i_pairs values (1, 1, 'p'), (2, 1, 'q'), (3, 1, 'p'), (4, 2, null);
        insert into s_pairs select * from i_pairs;
        create table tags (id int primary key, name text not null);
        insert into tags values (1, 'red'), (2, 'blue'), (3, 'grey');
        create table i_tagged (parent int references parents (id), tag int references tags (id), primary key (parent, tag));
        create table s_tagged (parent int references parents (id), tag int references tags (id), primary key (tag, parent));
        insert into i_tagged values (1, 1), (1, 2), (2, 2), (4, 3);
        insert into s_tagged (tag, parent) values (1, 1), (2, 1), (2, 2), (3, 4);
        create table allowed (n int primary key);
        insert into allowed values (1), (4), (5);
        create table i_listed (id int primary key, parent int references parents (id), n int);
        create index on i_listed (parent);
        insert into i_listed select id, parent, n from i_lines;
        alter table i_listed enable row level security;
        create policy listed on i_listed using (n in (select n from allowed));
        alter table i_lines enable row level security;
        alter table s_lines enable row level security;
        create policy shown on i_lines using (not secret);
        create policy shown on s_lines using (not secret);
        grant select, insert on parents, i_lines, s_lines, i_parts, s_parts, i_codes, s_codes, i_pairs, s_pairs, tags, i_tagged, s_tagged, i_listed, allowed to anon;
        """;

    private TestApp Served => fixture.Served!;

    [Theory]
    [InlineData("parents?select=id,l:~lines(id,n)&l.order=id&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id,n)&l.order=n.desc.nullslast,id&order=id.desc", true)]
    [InlineData("parents?select=id,l:~lines(id)&l.order=n&l.limit=1&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id)&l.order=n&l.limit=1&l.offset=1&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id)&l.order=n&l.limit=0&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id)&l.order=id&l.offset=1&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id)&l.n=gt.4&order=id", true)]
    [InlineData("parents?select=id,l:~lines!inner(id)&l.n=gt.4&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id,p:~parts(name))&l.order=id&l.p.order=name.desc&order=id", true)]
    [InlineData("parents?select=id,l:~lines(id,p:~parts(name))&l.limit=2&l.order=n&l.p.limit=1&l.p.order=name&order=id&limit=2&offset=1", true)]
    [InlineData("parents?select=id,...~lines(n)&~lines.order=n,id&order=id", true)]
    [InlineData("parents?select=code,c:~codes(id)&c.order=id&order=id", true)]
    [InlineData("parents?select=id,c:~pairs(id)&c.order=id&order=id", true)]
    [InlineData("parents?select=id,t:tags!~tagged(name)&t.order=name&order=id", true)]
    [InlineData("parents?select=id,l:~lines(count())&order=id", false)]
    [InlineData("parents?select=id,l:~lines(n.sum())&order=id", false)]
    [InlineData("parents?select=id,l:~lines(id)&id=eq.77", true)]
    public async Task Twins_with_and_without_an_index_answer_alike(string form, bool byParent)
    {
        Assert.Equal(byParent, await IsByParent(form.Replace("~", "i_", StringComparison.Ordinal)));
        Assert.False(await IsByParent(form.Replace("~", "s_", StringComparison.Ordinal)));
        (int status, string body) = await AskAsync(form.Replace("~", "i_", StringComparison.Ordinal));
        Assert.Equal((200, body), (status, (await AskAsync(form.Replace("~", "s_", StringComparison.Ordinal))).Body));
    }

    [Fact]
    public async Task Rows_come_in_the_order_asked_for_and_hidden_ones_do_not_come()
    {
        (int status, string body) = await AskAsync("parents?select=id,l:i_lines(id,n)&l.order=n.desc.nullslast&l.limit=2&order=id");
        Assert.Equal(
            (200, """[{"id":1,"l":[{"id":17,"n":9},{"id":10,"n":5}]},{"id":2,"l":[{"id":11,"n":1},{"id":14,"n":null}]},{"id":3,"l":[]},{"id":4,"l":[]}]"""),
            (status, body));
    }

    [Fact]
    public async Task A_subquery_that_does_not_hang_on_the_row_is_computed_once_for_all_parents()
    {
        const string Listed = "parents?select=id,l:i_listed(id)&l.order=id&order=id";
        Assert.False(await IsByParent(Listed));
        Assert.Equal((200, """[{"id":1,"l":[{"id":10},{"id":13}]},{"id":2,"l":[{"id":11}]},{"id":3,"l":[]},{"id":4,"l":[]}]"""), await AskAsync(Listed));
    }

    [Fact]
    public async Task An_index_made_and_dropped_while_the_server_runs_changes_the_way_and_not_the_answer()
    {
        const string Request = "parents?select=id,c:late(id)&c.order=id&order=id";
        await using TestApp app = await TestApp.StartAsync(
            """
            create table parents (id int primary key);
            create table late (id int primary key, parent int references parents (id));
            insert into parents values (1), (2);
            insert into late values (7, 1), (8, 2), (9, 1);
            grant select on parents, late to anon;
            """,
            configure: App.WithPlans);
        const string Answer = """[{"id":1,"c":[{"id":7},{"id":9}]},{"id":2,"c":[{"id":8}]}]""";
        foreach ((string change, bool byParent) in ((string, bool)[])[("", false), ("create index late_idx on late (parent)", true), ("drop index late_idx", false)])
        {
            if (change.Length > 0)
            {
                await StaleSchemaTests.MigrateAsync(app, change.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), change);
            }
            for (int i = 0; i < 8; i++)
            {
                Assert.Equal((200, Answer), await app.SendAsync("GET", "/rest/v1/" + Request));
            }
            Assert.Equal(byParent, await IsByParent(app, Request));
        }
    }

    private Task<(int Status, string Body)> AskAsync(string request) => Served.SendAsync("GET", "/rest/v1/" + request);

    private Task<bool> IsByParent(string request) => IsByParent(Served, request);

    // The keys of all parents are rows of json_each.
    private static async Task<bool> IsByParent(TestApp app, string request)
    {
        string plan = await PlanTests.PlanAsync(app, "GET", request, PlanTests.Text);
        return !plan.Contains("VIRTUAL TABLE", StringComparison.Ordinal) && !plan.Contains("json_each", StringComparison.Ordinal);
    }

    public sealed class App : IAsyncLifetime
    {
        internal TestApp? Served { get; private set; }

        internal static BackendOptions WithPlans(BackendOptions options) => options with { Rest = options.Rest with { PlanEnabled = true } };

        public async ValueTask InitializeAsync() => Served = await TestApp.StartAsync(Schema, configure: WithPlans);

        public async ValueTask DisposeAsync() => await Served!.DisposeAsync();
    }
}

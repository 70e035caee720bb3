// Children with a limit per parent: the rows of all parents numbered, and each parent's rows by a select of its own, answer alike.
using System.Text;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

/// <summary>A server of its own, since it keeps a log of all statements, and one app that has attached it in three ways.</summary>
public sealed class TwinMariaDb : IAsyncLifetime
{
    private const string Tables = """
        create table people (id bigint unsigned primary key, name varchar(40) not null, code varchar(20) collate utf8mb4_general_ci unique, old varchar(20) character set latin1 unique,
          mark uuid unique, born date unique, seen datetime(6) unique, at timestamp(6) null unique, rate decimal(12,4) unique, small smallint unique, mood enum ('a', 'b', 'c') unique);
        create table members (id int primary key, area int not null, who varchar(40) not null, key (area), key (who));
        create table walls (area int primary key, why varchar(20));
        create table posts (id int primary key, person_id bigint unsigned, code varchar(20) collate utf8mb4_general_ci, old varchar(20) character set latin1, mark uuid, born date,
          seen datetime(6), at timestamp(6) null, rate decimal(12,4), small smallint, mood enum ('a', 'b', 'c'), owner varchar(40) not null, area int not null, score int, title varchar(60) not null,
          body json, raw blob, cost decimal(10,2), big bigint, real_one double, flag boolean, span time, made datetime(6),
          foreign key (person_id) references people (id), foreign key (code) references people (code), foreign key (old) references people (old), foreign key (mark) references people (mark),
          foreign key (born) references people (born), foreign key (seen) references people (seen), foreign key (at) references people (at), foreign key (rate) references people (rate),
          foreign key (small) references people (small), foreign key (mood) references people (mood), key scored (person_id, score));
        create table replies (id int primary key, post_id int not null, person_id bigint unsigned, owner varchar(40) not null, words varchar(60), foreign key (post_id) references posts (id), foreign key (person_id) references people (id));
        create table rooms (house int, door int, name varchar(20), primary key (house, door));
        create table beds (id int primary key, house int, door int, size int, foreign key (house, door) references rooms (house, door));
        create table moods (id int primary key, who varchar(40) not null);
        create table visits (id int primary key, person_id bigint unsigned not null, foreign key (person_id) references people (id));
        create table quotes (id int primary key, person_id bigint unsigned not null, who varchar(40) not null, foreign key (person_id) references people (id));
        create table bounded (id int primary key, low int, constraint low_positive check (low > 0));
        create table tags (id int primary key, tag varchar(20) not null);
        create table post_tags (post_id int, tag_id int, primary key (post_id, tag_id), foreign key (post_id) references posts (id), foreign key (tag_id) references tags (id));
        """;

    private const string Rows = """
        insert into people select seq, concat('Person ', seq), concat('Code', seq), concat('é', seq), concat('a11ce000-0000-4000-8000-', lpad(seq, 12, '0')), '1990-01-01' + interval seq day,
          '2000-01-01 00:00:00.000001' + interval seq hour, '2001-01-01 00:00:00.5' + interval seq hour, seq + 0.0625, seq, if(seq <= 3, elt(seq, 'a', 'b', 'c'), null) from seq_1_to_60;
        insert into members select seq, seq % 7, if(seq % 2 = 0, 'ann', 'bob') from seq_1_to_20;
        insert into walls select seq, 'high' from seq_1_to_3;
        insert into posts select seq, if(seq % 11 = 0, null, 1 + seq % 40), concat(if(seq % 3 = 0, 'code', 'CODE'), 1 + seq % 40), concat('é', 1 + seq % 40), concat('a11ce000-0000-4000-8000-', lpad(1 + seq % 40, 12, '0')),
          '1990-01-01' + interval 1 + seq % 40 day, '2000-01-01 00:00:00.000001' + interval 1 + seq % 40 hour, '2001-01-01 00:00:00.5' + interval 1 + seq % 40 hour, 1 + seq % 40 + 0.0625, 1 + seq % 40,
          elt(1 + seq % 3, 'a', 'b', 'c'), elt(1 + seq % 3, 'ann', 'bob', 'cy'), seq % 7, if(seq % 5 = 0, null, seq % 4), concat('Title ', seq % 13, ' "é😀\\'), json_object('n', seq), unhex(lpad(hex(seq), 4, '0')),
          seq / 7, seq * 1000000007, seq / 3, seq % 2 = 0, sec_to_time(seq * 37), '2024-01-01' + interval seq * 7919 % 100003 minute from seq_1_to_900;
        insert into replies select seq, 1 + seq % 900, if(seq % 9 = 0, null, 1 + seq % 60), elt(1 + seq % 3, 'ann', 'bob', 'cy'), concat('w', seq % 17) from seq_1_to_4000;
        insert into rooms select seq div 5, seq % 5, concat('room ', seq) from seq_1_to_40;
        insert into beds select seq, if(seq % 13 = 0, null, 1 + seq % 7), seq % 5, seq % 3 from seq_1_to_400;
        insert into tags select seq, concat('t', seq) from seq_1_to_9;
        insert ignore into post_tags select 1 + seq % 900, 1 + seq % 9 from seq_1_to_2500;
        insert into bounded select seq, 1 from seq_1_to_100;
        insert into moods select seq, if(seq % 2 = 0, 'ann', 'bob') from seq_1_to_9;
        insert into visits select seq, 1 + seq % 60 from seq_1_to_6000;
        insert into quotes select seq, 1 + seq % 60, elt(1 + seq % 3, 'ann', 'bob', 'cy') from seq_1_to_6000;
        analyze table moods, visits, quotes, people, members, walls, posts, replies, rooms, beds, tags, post_tags;
        """;

    private const string Policies = """
        alter table people enable row level security;
        alter table bounded enable row level security;
        alter table moods enable row level security;
        alter table visits enable row level security;
        alter table quotes enable row level security;
        alter table posts enable row level security;
        alter table replies enable row level security;
        alter table rooms enable row level security;
        alter table beds enable row level security;
        alter table tags enable row level security;
        alter table post_tags enable row level security;
        alter table members enable row level security;
        alter table walls enable row level security;
        grant select, insert, update on people, posts, replies, rooms, beds, tags, post_tags, members, walls, moods, visits, quotes, bounded to anon, authenticated, service_role;
        create policy people_all on people using (name <> 'Person 7') with check (true);
        create policy posts_anon on posts for select to anon using (owner <> 'cy' and not exists (select 1 from walls w where w.area = posts.area));
        create policy posts_own on posts for select to authenticated using (owner = split_part(auth.email(), '@', 1) or exists (select 1 from members m where m.area = posts.area and m.who = 'ann'));
        create policy posts_write on posts for update using (true);
        create policy replies_read on replies using (owner <> 'bob' or words > 'w3');
        create policy rooms_all on rooms using (true);
        create policy beds_all on beds using (size > 0);
        create policy tags_all on tags using (true);
        create policy post_tags_all on post_tags using (tag_id <> 3);
        create policy bounded_all on bounded using (true);
        create policy moods_all on moods using (true);
        create policy visits_all on visits using (true);
        create policy quotes_moods on quotes using (exists (select 1 from moods m where m.who = quotes.who));
        create policy members_all on members using (true);
        create policy walls_all on walls using (why = 'high');
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
        url = Server.CreateDatabase("set sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'; set time_zone = '+00:00';" + Tables + Rows);
        Server.Execute("", "set global log_output = 'TABLE'; set global general_log = 1;");
        AttachedOptions Attached(string name, string scheme) => new(name, url.Replace("mysql:", scheme + ":", StringComparison.Ordinal)) { Policies = Policies, Writable = true, Timeout = TimeSpan.FromSeconds(30) };
        app = await TestApp.StartAsync(
            "create table own (id int primary key);",
            configure: o => o with
            {
                Engines = AttachedMariaDb.Twins,
                Sources = [Attached("numbered", "never"), Attached("apart", "always"), Attached("measured", "mysql")],
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

public sealed class PerParentTests(TwinMariaDb twins) : IClassFixture<TwinMariaDb>
{
    private const string Numbered = "numbered";
    private const string Apart = "apart";
    private const string Joined = " union all ";

    private const string Every = "id,owner,area,score,title,body,raw,cost,big,real_one,flag,span,made,mark,born,seen,at,rate,small,mood,code,old";

    /// <summary>Each with a limit per parent that is read parent by parent.</summary>
    private static readonly string[] Requests =
    [
        "people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1(id,score)&order=id&posts.order=score&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1(id,score)&order=id&posts.order=score.desc&posts.limit=4",
        "people?select=id,posts!posts_ibfk_1(id,score)&order=id&posts.order=score.desc.nullslast,title.desc&posts.limit=5",
        "people?select=id,posts!posts_ibfk_1(id,score)&order=id&posts.order=score.asc.nullsfirst&posts.limit=5&posts.offset=2",
        "people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=0",
        "people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=2&posts.offset=900",
        "people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=9223372036854775807&posts.offset=7",
        "people?select=id,posts!posts_ibfk_1(" + Every + ")&order=id&posts.order=made.desc&posts.limit=6",
        "people?select=id,posts!posts_ibfk_1(id)&order=id.desc&limit=1&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1(id)&order=name&offset=5&limit=20&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1!inner(id)&order=id&posts.limit=1&posts.score=eq.2",
        "people?select=id,posts!posts_ibfk_1!inner(id)&order=id&posts.limit=2&posts.title=like.*1*&limit=7",
        "people?select=id,posts!posts_ibfk_1(id,title)&order=id&posts.limit=2&posts.title=in.(Title 1 \"é😀\\,Title 2 \"é😀\\,nothing)",
        "people?select=id,posts!posts_ibfk_1(id,cost)&order=id&posts.limit=2&posts.or=(cost.gt.50.5,and(score.is.null,flag.is.true))",
        "people?select=id,posts!posts_ibfk_1(id,cost)&order=id&posts.limit=2&posts.made=gte.2024-01-20T00:00:00&posts.order=made",
        "people?select=id,posts!posts_ibfk_2(id,code)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_4(id,mark)&order=id&posts.limit=3&posts.order=id.desc",
        "people?select=id,posts!posts_ibfk_5(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_6(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_7(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_8(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_9(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1(id,replies(id,words,people(name)))&order=id&posts.limit=2&posts.replies.limit=2&posts.replies.order=words.desc",
        "people?select=id,posts!posts_ibfk_1(id,replies(count))&order=id&posts.limit=2",
        "people?select=id,posts!posts_ibfk_1(id,tags(tag))&order=id&posts.limit=2&posts.tags.order=id",
        "people?select=id,...posts!posts_ibfk_1(titles:title)&order=id&posts.limit=3",
        "people?select=id,first:posts!posts_ibfk_1(id),last:posts!posts_ibfk_1(id)&order=id&first.limit=2&last.limit=2&last.order=id.desc",
        "posts?select=id,replies(id)&order=id&replies.limit=1&person_id=is.null",
        "replies?select=id,posts(id,replies(id))&order=id&limit=50&posts.replies.limit=2",
        "replies?select=id,posts!inner(id,people!posts_ibfk_1(posts!posts_ibfk_1(id)))&order=id&limit=50&posts.people.posts.limit=2",
        "people?select=id,replies(id,posts!inner(id,title))&order=id&replies.limit=3&replies.posts.score=gt.1",
        "people?select=id,replies(id,posts(title))&order=id&replies.limit=3&replies.order=posts(title),id",
        "rooms?select=house,door,beds(id,size)&order=house,door&beds.limit=2&beds.order=size.desc",
        "beds?select=id,rooms(name,beds(id))&order=id&limit=60&rooms.beds.limit=2",
        "people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=3&id=eq.1",
        "people?select=id,posts!posts_ibfk_1(id)&posts.limit=3&id=eq.100000",
    ];

    /// <summary>With a limit per parent that cannot be, or is not to be, read parent by parent.</summary>
    private static readonly string[] Others =
    [
        // The key is compared by its bytes; an enum; rows of a junction; no rows but their number; a policy that would read a table for each parent.
        "people?select=id,posts!posts_ibfk_3(id)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_10(id)&order=id&posts.limit=3",
        "posts?select=id,tags(tag)&order=id&limit=40&tags.limit=1&tags.order=tag.desc",
        "people?select=id,posts!posts_ibfk_1(count)&order=id&posts.limit=3",
        "people?select=id,posts!posts_ibfk_1(score,count())&order=id&posts.limit=3&posts.order=score",
        "people?select=id,quotes(id)&order=id&quotes.limit=1",
    ];

    [Fact]
    public async Task Each_parents_rows_by_themselves_are_those_that_numbering_gives()
    {
        (string token, _) = await SignUpAsync();
        var wrong = new StringBuilder();
        foreach (string request in Requests)
        {
            twins.CutLog();
            await AnswerAsync(Apart, request, token);
            if (twins.Statements().Any(IsApart) == request.Contains("id=eq.100000", StringComparison.Ordinal))
            {
                wrong.AppendLine($"{request} is not read parent by parent");
            }
            foreach (string? caller in (string?[])[null, token, twins.App.Keys.SecretKey])
            {
                string numbered = await AnswerAsync(Numbered, request, caller);
                string apart = await AnswerAsync(Apart, request, caller);
                if (numbered != apart || !apart.StartsWith("20", StringComparison.Ordinal))
                {
                    wrong.AppendLine($"{request}\n  {numbered}\n  {apart}");
                }
            }
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task What_cannot_be_read_parent_by_parent_is_numbered_and_answered_alike()
    {
        foreach (string request in Others)
        {
            string numbered = await AnswerAsync(Numbered, request, null);
            twins.CutLog();
            Assert.Equal(numbered, await AnswerAsync(Apart, request, null));
            Assert.StartsWith("20", numbered);
            Assert.DoesNotContain(twins.Statements(), IsApart);
        }
    }

    [Fact]
    public async Task A_statement_joins_a_bounded_number_of_parents_and_all_go_out_at_once()
    {
        await AnswerAsync(Apart, Requests[0], null);
        twins.CutLog();
        string answer = await AnswerAsync(Apart, Requests[0], null);
        string[] sent = twins.Statements();
        Assert.Equal(59, answer.Split("\"posts\"").Length - 1);
        // The parents, and 59 selects of their children: four statements that one round trip takes.
        Assert.Equal([16, 16, 16, 11], sent.SelectMany(s => s.Split("; ")).Where(IsApart).Select(s => s.Split(Joined).Length));
        Assert.Single(sent, s => s.StartsWith("set transaction", StringComparison.Ordinal));
        Assert.Single(sent, s => s.EndsWith("commit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_a_parent_has_on_the_average_and_rows_wanted_decide()
    {
        // 100 visits a person; 4.4 replies a post.
        (string Request, bool IsApart)[] cases =
        [
            ("people?select=id,visits(id)&order=id&visits.limit=2", true), ("people?select=id,visits(id)&order=id&visits.limit=40", false),
            ("people?select=id,visits(id)&order=id&visits.limit=2&visits.offset=40", false), ("posts?select=id,replies(id)&order=id&replies.limit=1", false),
        ];
        foreach ((string request, bool isApart) in cases)
        {
            twins.CutLog();
            string measured = await AnswerAsync("measured", request, null);
            Assert.Equal((request, isApart), (request, twins.Statements().Any(IsApart)));
            Assert.Equal(await AnswerAsync(Numbered, request, null), measured);
            Assert.Equal(await AnswerAsync(Apart, request, null), measured);
        }
    }

    [Fact]
    public async Task Values_that_are_large_are_not_repeated_for_each_parent()
    {
        string request = $"people?select=id,visits(id)&order=id&visits.limit=2&visits.id=in.({string.Join(',', Enumerable.Range(1, 1500))})";
        twins.CutLog();
        string apart = await AnswerAsync(Apart, request, null);
        Assert.DoesNotContain(twins.Statements(), IsApart);
        Assert.Equal(await AnswerAsync(Numbered, request, null), apart);
        Assert.StartsWith("200 ", apart);
    }

    /// <summary>Their size is that of their bytes in the statement, as often as they stand there.</summary>
    [Theory]
    [InlineData("%E6%9C%AC", 1400, "neq", false)]
    [InlineData("'", 2200, "neq", false)]
    [InlineData("a", 2200, "neq", true)]
    [InlineData("a", 2200, "eq", false)]
    public async Task A_value_is_as_large_as_its_bytes(string character, int times, string comparison, bool isApart)
    {
        string request = $"people?select=id,posts!posts_ibfk_1(id)&order=id&posts.limit=2&posts.title={comparison}.{string.Concat(Enumerable.Repeat(character, times))}";
        twins.CutLog();
        string apart = await AnswerAsync(Apart, request, null);
        Assert.Equal(isApart, twins.Statements().Any(IsApart));
        Assert.Equal(await AnswerAsync(Numbered, request, null), apart);
        Assert.StartsWith("200 ", apart);
    }

    [Fact]
    public async Task More_keys_than_a_list_holds_go_out_in_several()
    {
        const string Request = "replies?select=id,posts(id,replies(id))&order=id&posts.replies.order=id";
        var pages = new StringBuilder();
        for (int page = 0; page < 4; page++)
        {
            string part = await AnswerAsync(Numbered, $"{Request}&limit=1000&offset={page * 1000}", twins.App.Keys.SecretKey);
            pages.Append(page > 0 ? "," : "").Append(part.AsSpan(part.IndexOf('[', StringComparison.Ordinal) + 1)).Length--;
        }
        twins.CutLog();
        string whole = await AnswerAsync(Numbered, Request, twins.App.Keys.SecretKey);
        Assert.Equal(4, twins.Statements().Count(s => s.Contains("json_table", StringComparison.Ordinal)));
        Assert.Equal($"[{pages}]", whole[whole.IndexOf('[', StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task A_key_that_is_there_twice_and_one_that_is_null_are_read_as_they_are()
    {
        twins.CutLog();
        string answer = await AnswerAsync(Apart, "posts?select=id,people!posts_ibfk_1(id,posts!posts_ibfk_1(id))&id=in.(1,41,11,81)&order=id&people.posts.limit=2", twins.App.Keys.SecretKey);
        const string Two = """{"id":2,"posts":[{"id":1},{"id":41}]}""";
        Assert.Equal($$"""200 0-3/4 [{"id":1,"people":{{Two}}},{"id":11,"people":null},{"id":41,"people":{{Two}}},{"id":81,"people":{{Two}}}]""", answer);
        Assert.Contains(twins.Statements(), IsApart);
    }

    [Fact]
    public async Task An_index_that_has_gone_is_done_without_and_the_schema_is_read_anew()
    {
        const string Request = "tags?select=id,post_tags(post_id)&order=id&post_tags.limit=2";
        string numbered = await AnswerAsync(Numbered, Request, null);
        Assert.Equal(numbered, await AnswerAsync(Apart, Request, null));
        twins.Execute("alter table post_tags drop foreign key post_tags_ibfk_2; alter table post_tags rename index tag_id to renamed; alter table post_tags add foreign key post_tags_ibfk_2 (tag_id) references tags (id);");
        Assert.Equal(numbered, await AnswerAsync(Apart, Request, null));
        twins.CutLog();
        Assert.Equal(numbered, await AnswerAsync(Apart, Request, null));
        Assert.Contains(twins.Statements(), s => s.Contains("force index (\"renamed\")", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tables_conditions_are_asked_of_a_row_proposed_without_a_look_at_its_rows()
    {
        Assert.SkipWhen(twins.Server is null, "MariaDB is not installed");
        twins.CutLog();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/rest/v1/bounded?id=eq.1") { Content = new StringContent("""{"id":1,"low":2}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("apikey", twins.App.Keys.PublishableKey);
        request.Headers.Add("Content-Profile", "measured");
        using HttpResponseMessage answer = await twins.App.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        string asked = Assert.Single(twins.Statements(), s => s.Contains("with recursive", StringComparison.Ordinal));
        string plan = twins.Execute("set sql_mode = 'ANSI_QUOTES'; explain " + asked[asked.IndexOf("with recursive", StringComparison.Ordinal)..].Split(';')[0]);
        Assert.Contains("Zero limit", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rows_answered_of_a_write_have_the_same_children()
    {
        const string Path = "posts?id=in.(1,2,3,5)&select=id,replies(id)&order=id&replies.limit=2&replies.order=id.desc";
        string numbered = await AnswerAsync(Numbered, Path, twins.App.Keys.SecretKey, """{"flag":true}""");
        twins.CutLog();
        Assert.Equal(numbered, await AnswerAsync(Apart, Path, twins.App.Keys.SecretKey, """{"flag":true}"""));
        Assert.StartsWith("200 ", numbered);
        Assert.Contains(twins.Statements(), IsApart);
    }

    private static bool IsApart(string statement) => statement.Contains("force index", StringComparison.Ordinal);

    private async Task<(string Token, string Id)> SignUpAsync()
    {
        Assert.SkipWhen(twins.Server is null, "MariaDB is not installed");
        return await twins.App.SignUpAsync("ann@example.com");
    }

    private async Task<string> AnswerAsync(string profile, string path, string? token, string? patch = null)
    {
        Assert.SkipWhen(twins.Server is null, "MariaDB is not installed");
        using var request = new HttpRequestMessage(patch is null ? HttpMethod.Get : HttpMethod.Patch, "/rest/v1/" + path);
        request.Headers.Add("apikey", token is { } secret && secret == twins.App.Keys.SecretKey ? secret : twins.App.Keys.PublishableKey);
        if (token is not null && token != twins.App.Keys.SecretKey)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        request.Headers.Add("Prefer", "count=exact,return=representation");
        request.Headers.Add(patch is null ? "Accept-Profile" : "Content-Profile", profile);
        request.Content = patch is null ? null : new StringContent(patch, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await twins.App.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string range = answer.Content.Headers.NonValidated.TryGetValues("Content-Range", out var ranges) ? ranges.ToString() : "";
        return $"{(int)answer.StatusCode} {range} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
    }
}

using System.Text;
using System.Text.Json;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>What went wrong elsewhere (class by class), tried on the data API.</summary>
public sealed class ThreatTests
{
    private static string Schema(string hiddenWord, string hiddenRow) => $"""
        create table teams (id int primary key, name text not null);
        create table people (id int primary key, name text not null, team_id int references teams (id), secret text, pay numeric(10,2), notes jsonb);
        create function peek(people) returns text language sql stable as 'select $1.secret';
        create function shout(people) returns text language sql stable as 'select upper($1.name)';
        create table diary (id int primary key, owner text not null, line text not null, score text);
        create function as_number(diary) returns int language sql stable as 'select $1.score::int';
        alter table diary enable row level security;
        create policy own on diary for all to anon using (owner = 'me') with check (owner = 'me');
        create table pages (id int primary key, diary_id int references diary (id), body text);
        create function pages_of(diary) returns bigint language sql stable as 'select count(*) from pages p where p.diary_id = $1.score::int';
        grant select, insert, update, delete on diary to anon;
        grant select on teams, pages to anon;
        grant select (id, name, team_id), update (name), insert (id, name) on people to anon;
        grant all on teams, people, diary, pages to service_role;
        insert into teams values (1, 'red');
        insert into people values (1, 'Ann', 1, '{hiddenWord}', {hiddenWord.Length}, '{$"{{\"k\":\"{hiddenWord}\"}}"}'), (2, 'Bob', 1, 'x', 5, null);
        insert into diary values (1, 'me', 'mine', '1'), (3, 'me', 'mine too', '3');
        insert into pages values (1, 1, 'p');
        {hiddenRow}
        """;

    /// <summary>Every place in a request where a column can stand.</summary>
    private static readonly string[] ColumnOracles =
    [
        "people?select=id,secret", "people?select=id,x:secret", "people?select=x:secret::text", "people?select=notes->k", "people?select=x:notes->>k",
        "people?select=id&secret=eq.alpha", "people?select=id&secret=like.a*", "people?select=id&secret=not.is.null", "people?select=id&secret=in.(alpha,beta)",
        "people?select=id&or=(secret.eq.alpha,id.eq.2)", "people?select=id&and=(id.eq.1,not.or(secret.eq.alpha))", "people?select=id&not.or=(secret.like.a*)",
        "people?select=id&notes->>k=eq.alpha", "people?select=id&or=(notes->>k.eq.alpha)", "people?select=id&secret=eq(any).{alpha,z}", "people?select=id&pay=gt.4",
        "people?select=id&order=secret", "people?select=id&order=notes->>k.desc", "people?select=x:secret&order=x", "people?select=secret.max()", "people?select=pay.sum(),count()",
        "people?select=secret,count()", "teams?select=name,people(secret)", "teams?select=name,people(id)&people.secret=eq.alpha", "teams?select=name,people(id)&people.order=secret",
        "teams?select=name,people!inner(id)&people.or=(secret.eq.alpha)", "teams?select=name,...people(secret)", "teams?select=name,people(pay.sum())", "people?select=*",
        "people?select=id,peek", "people?select=id&peek=eq.alpha", "people?select=id&order=peek", "people?select=id&or=(peek.like.a*)", "people?select=id,shout", "teams?select=name,people(peek)",
        "people?select=id,secret&limit=0", "people?select=id&secret=eq.alpha&limit=0",
    ];

    [Fact]
    public async Task Filter_sort_and_alias_oracles_learn_nothing_of_a_hidden_column()
    {
        await using TestApp one = await TestApp.StartAsync(Schema("alpha", ""));
        await using TestApp other = await TestApp.StartAsync(Schema("omega", ""));
        foreach (string target in ColumnOracles)
        {
            (int status, string body) = await one.SendAsync("GET", "/rest/v1/" + target, prefer: "count=exact");
            Assert.True(status == 401 && body.Contains("\"42501\"", StringComparison.Ordinal), $"{target}: {status} {body}");
            Assert.Equal((status, body), await other.SendAsync("GET", "/rest/v1/" + target, prefer: "count=exact"));
        }
        foreach ((string method, string target, string? body, string? prefer) in new (string, string, string?, string?)[]
        {
            ("PATCH", "people?secret=eq.alpha", """{"name":"x"}""", null),
            ("PATCH", "people?id=eq.1&select=secret", """{"name":"x"}""", "return=representation"),
            ("PATCH", "people?id=eq.1", """{"secret":"x"}""", null),
            ("POST", "people?select=secret", """{"id":9,"name":"x"}""", "return=representation"),
            ("POST", "people", """{"id":9,"name":"x","pay":1}""", null),
            ("POST", "people?on_conflict=secret", """{"id":1,"name":"x"}""", "resolution=merge-duplicates"),
            ("DELETE", "people?secret=eq.alpha", null, null),
            ("PATCH", "people?peek=eq.alpha", """{"name":"x"}""", null),
            ("PATCH", "people?id=eq.1&select=id,peek", """{"name":"x"}""", "return=representation"),
        })
        {
            (int status, string answer) = await one.SendAsync(method, "/rest/v1/" + target, json: body, prefer: prefer);
            Assert.True(status is >= 400 and < 500, $"{method} {target}: {status} {answer}");
            Assert.Equal((status, answer), await other.SendAsync(method, "/rest/v1/" + target, json: body, prefer: prefer));
        }
    }

    private static readonly string[] RowOracles =
    [
        "diary?order=id", "diary?select=count()", "diary?select=owner,count()", "diary?select=score.max()", "diary?id=gt.0&order=id", "diary?select=id&owner=eq.you", "diary?select=id&owner=neq.me",
        "diary?select=id,score::int&order=id", "diary?select=id&line=match.^s", "diary?select=id&or=(owner.eq.you,id.eq.1)", "diary?order=score.desc&limit=1", "diary?offset=1&order=id", "diary?offset=2",
        "pages?select=id,diary(line)&order=id", "pages?select=id,diary!inner(line)&order=id", "pages?select=id,diary()&diary=is.null", "pages?select=id,diary()&diary=not.is.null", "pages?select=id&order=id",
        "pages?select=id,diary(line)&order=diary(line),id", "pages?select=id,...diary(line)&order=id", "diary?select=id,pages(count)&order=id", "diary?select=id,pages(body)&order=id", "diary?id=eq.2",
        "diary?select=id,as_number&order=id", "diary?select=id&as_number=gt.0&order=id", "diary?select=id&order=as_number.desc", "diary?select=id,pages_of&order=id", "diary?select=id&pages_of=gte.0&order=pages_of,id",
        "pages?select=id,diary(as_number)&order=id", "pages?select=id,diary!inner(id)&diary.as_number=gt.0", "pages?select=id,diary(id)&order=diary(as_number),id", "diary?select=id&or=(as_number.gt.0,id.eq.1)&order=id",
    ];

    [Fact]
    public async Task Hidden_rows_change_no_byte_of_any_answer()
    {
        // The hidden rows would raise when cast, sort first and last, and are pointed at by a visible page.
        const string Hidden = "insert into diary values (2, 'you', 'secret line', 'no number'), (99, 'you', 'zzz', '9'); update pages set diary_id = 1; insert into pages values (2, 2, 'q');";
        const string None = "update pages set diary_id = 1; insert into pages values (2, null, 'q');";
        await using TestApp with = await TestApp.StartAsync(Schema("a", Hidden));
        await using TestApp without = await TestApp.StartAsync(Schema("a", None));
        foreach (string target in RowOracles)
        {
            foreach (string prefer in new[] { "count=none", "count=exact" })
            {
                (int status, string body) = await with.SendAsync("GET", "/rest/v1/" + target, prefer: prefer);
                Assert.Equal((target, status, body), Named(target, await without.SendAsync("GET", "/rest/v1/" + target, prefer: prefer)));
                Assert.DoesNotContain("secret line", body, StringComparison.Ordinal);
            }
        }
        foreach (string method in new[] { "PATCH", "DELETE" })
        {
            string? change = method == "PATCH" ? """{"line":"changed"}""" : null;
            Assert.Equal(
                await without.SendAsync(method, "/rest/v1/diary?score=eq.no number", json: change, prefer: "return=representation,count=exact"),
                await with.SendAsync(method, "/rest/v1/diary?score=eq.no number", json: change, prefer: "return=representation,count=exact")
            );
        }
    }

    private static (string, int, string) Named(string target, (int Status, string Body) answer) => (target, answer.Status, answer.Body);

    [Fact]
    public async Task A_row_is_checked_after_its_update_too()
    {
        await using TestApp app = await TestApp.StartAsync(Schema("a", "insert into diary values (2, 'you', 'theirs', '2');"));
        foreach ((string method, string target, string body, string? prefer) in new (string, string, string, string?)[]
        {
            ("PATCH", "diary?id=eq.1", """{"owner":"you"}""", null),
            ("PATCH", "diary", """{"owner":"you"}""", "return=representation"),
            ("POST", "diary", """{"id":1,"owner":"you","line":"x"}""", "resolution=merge-duplicates"),
            ("POST", "diary", """[{"id":10,"owner":"me","line":"x"},{"id":11,"owner":"you","line":"x"}]""", null),
            ("PUT", "diary?id=eq.1", """{"id":1,"owner":"you","line":"x"}""", null),
            ("POST", "diary", """{"id":2,"owner":"me","line":"taken over"}""", "resolution=merge-duplicates"),
        })
        {
            (int status, string answer) = await app.SendAsync(method, "/rest/v1/" + target, json: body, prefer: prefer);
            Assert.True(status == 401 && answer.Contains("\"42501\"", StringComparison.Ordinal), $"{method} {target} {body}: {status} {answer}");
        }
        (_, string rows) = await app.SendAsync("GET", "/rest/v1/diary?select=id,owner,line&order=id");
        Assert.Equal("""[{"id":1,"owner":"me","line":"mine"},{"id":3,"owner":"me","line":"mine too"}]""", rows);
    }

    private const string Secretive = """
        create table invoices (id int primary key, label text not null unique);
        create table vault (id int primary key, code text);
        create table boxes (id int primary key, kept_in int constraint box_link references vault (id), invoice_id int references invoices (id));
        create table vault_invoices (vault_id int references vault (id), invoice_id int references invoices (id), primary key (vault_id, invoice_id));
        create table box_invoices_private (box_id int references boxes (id), invoice_id int references invoices (id), primary key (box_id, invoice_id));
        create function vault_open() returns int language sql stable as 'select 1';
        revoke execute on function vault_open() from public;
        create function invoice_total() returns int language sql stable as 'select 1';
        create table ledger (invoice_id int primary key constraint vault_entry references invoices (id));
        grant select, insert, delete on invoices, boxes to anon;
        insert into invoices values (1, 'one'), (2, 'two');
        insert into ledger values (2);
        insert into boxes values (1, null, 1);
        """;

    [Theory]
    [InlineData("GET", "vaults", "PGRST205")]
    [InlineData("GET", "boxes?select=id,vaults(code)", "PGRST200")]
    [InlineData("GET", "boxes?select=id,invoices!box_invoices_privat(label)", "PGRST200")]
    [InlineData("GET", "boxes?select=id,invoices!box_invoices_private(label)", "PGRST200")]
    [InlineData("GET", "boxes?select=id,invoices(label)", null)]
    [InlineData("GET", "boxes?select=id,box_invoices_privat(box_id)", "PGRST200")]
    [InlineData("GET", "invoices?select=id,vault(code)", "PGRST200")]
    [InlineData("GET", "invoices?select=id,vault_invoice(vault_id)", "PGRST200")]
    [InlineData("POST", "rpc/vault_opn", "PGRST202")]
    [InlineData("POST", "boxes", "23503", """{"id":2,"kept_in":77}""")]
    [InlineData("DELETE", "invoices?id=eq.2", "23503")]
    public async Task Errors_help_without_naming_what_is_hidden(string method, string target, string? code, string? body = null)
    {
        await using TestApp app = await TestApp.StartAsync(Secretive);
        (int status, string answer) = await app.SendAsync(method, "/rest/v1/" + target, json: method == "POST" ? body ?? "{}" : null);
        Assert.True(code is null ? status == 200 : answer.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal), $"{status} {answer}");
        // What the caller wrote may come back; nothing that it did not write.
        foreach (string hidden in new[] { "vault_invoices", "vault_open", "box_invoices_private", "vault" })
        {
            Assert.True(target.Contains(hidden, StringComparison.Ordinal) || !answer.Contains(hidden, StringComparison.Ordinal), $"{answer} names {hidden}");
        }
    }

    [Theory]
    [InlineData("GET", "users")]
    [InlineData("GET", "auth.users")]
    [InlineData("GET", "auth.sessions")]
    [InlineData("GET", "refresh_tokens")]
    [InlineData("GET", "sqlite_master")]
    [InlineData("GET", "sqlite_schema")]
    [InlineData("GET", "pg_class")]
    [InlineData("GET", "pragma_table_info")]
    [InlineData("GET", "tenon_migrations")]
    [InlineData("GET", "\"auth.users\"")]
    [InlineData("GET", "profiles?select=id,users(email)")]
    [InlineData("GET", "profiles?select=id,id(email)")]
    [InlineData("GET", "profiles?select=id,profiles_id_fkey(email)")]
    [InlineData("GET", "profiles?select=id,...users(encrypted_password)")]
    [InlineData("GET", "profiles?select=id&order=users(email)")]
    [InlineData("GET", "profiles?select=id,identities(user_id)")]
    [InlineData("GET", "profiles?select=id,json_each(value)")]
    [InlineData("POST", "rpc/on_user")]
    [InlineData("POST", "rpc/uid")]
    [InlineData("POST", "rpc/auth.uid")]
    [InlineData("POST", "rpc/load_extension")]
    [InlineData("POST", "rpc/tn_convert")]
    public async Task Internal_objects_are_not_reached_through_the_generic_route(string method, string target)
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table profiles (id uuid primary key references auth.users (id), name text);
            create function on_user() returns trigger language plpgsql security definer as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
            create trigger on_user after insert on auth.users for each row execute function on_user();
            grant all on profiles to anon, authenticated, service_role;
            """);
        await app.SignUpAsync("someone@example.com");
        foreach (string? key in new[] { null, app.Keys.SecretKey })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + target);
            request.Headers.Add("apikey", key ?? app.Keys.PublishableKey);
            request.Content = method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null;
            using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
            string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)answer.StatusCode is 400 or 404 or 406, $"{(int)answer.StatusCode} {body}");
            Assert.DoesNotContain("someone@example.com", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Plans_are_cached_per_role_and_claims_are_never_in_them()
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table notes (id int generated by default as identity primary key, owner uuid not null default auth.uid(), body text);
            alter table notes enable row level security;
            create policy own on notes for all to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
            create table staff (id int primary key, pay int);
            insert into staff values (1, 9);
            grant all on notes to authenticated, service_role;
            grant all on staff to service_role;
            """);
        (string ann, _) = await app.SignUpAsync("ann@example.com");
        (string bob, _) = await app.SignUpAsync("bob@example.com");
        await app.SendAsync("POST", "/rest/v1/notes", ann, """{"body":"of Ann"}""");
        await app.SendAsync("POST", "/rest/v1/notes", bob, """{"body":"of Bob"}""");
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal((200, """[{"body":"of Ann"}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=body", ann));
            Assert.Equal((200, """[{"body":"of Bob"}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=body", bob));
            Assert.Equal(401, (await app.SendAsync("GET", "/rest/v1/notes?select=body")).Status);
            Assert.Equal((200, """[{"id":1,"pay":9}]"""), await app.SendAsync("GET", "/rest/v1/staff", app.Keys.SecretKey));
            Assert.Equal(401, (await app.SendAsync("GET", "/rest/v1/staff")).Status);
            Assert.Equal(403, (await app.SendAsync("GET", "/rest/v1/staff", ann)).Status);
        }
    }

    [Fact]
    public async Task A_grant_or_policy_that_changed_holds_for_the_next_request()
    {
        await using TestApp app = await TestApp.StartAsync("create table t (id int primary key); insert into t values (1), (2); grant select on t to anon;");
        Assert.Equal((200, """[{"id":1},{"id":2}]"""), await app.SendAsync("GET", "/rest/v1/t?order=id"));
        await Apply(app, "2", "alter table t enable row level security; create policy odd on t for select using (id % 2 = 1);");
        Assert.Equal((200, """[{"id":1}]"""), await app.SendAsync("GET", "/rest/v1/t?order=id"));
        await Apply(app, "3", "revoke select on t from anon;");
        Assert.Equal(401, (await app.SendAsync("GET", "/rest/v1/t?order=id")).Status);
        (_, string document) = await app.SendAsync("GET", "/rest/v1/");
        Assert.DoesNotContain("\"/t\"", document, StringComparison.Ordinal);
    }

    private static async Task Apply(TestApp app, string version, string sql)
    {
        var refused = await app.Host.Backend.Database.ApplyAsync(version, version, sql, 0, TestContext.Current.CancellationToken);
        Assert.True(refused is null, refused?.Message);
    }

    [Fact]
    public async Task Aliases_repetitions_and_patterns_do_not_amplify()
    {
        await using TestApp app = await TestApp.StartAsync(
            "create table t (id int primary key, pad text); insert into t values (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'); grant select on t to anon;");
        await Refuses(app, "select=" + string.Join(',', Enumerable.Repeat("a:pad", 2500)), "TN110");
        await Refuses(app, "select=" + string.Join(',', Enumerable.Repeat("*", 4000)), "TN110");
        (int status, string body) = await app.SendAsync("GET", "/rest/v1/t?select=id&pad=match.^(a%2B)%2B$");
        Assert.Equal((200, "[]"), (status, body));
        (status, body) = await app.SendAsync("GET", "/rest/v1/t?select=id&pad=like." + string.Concat(Enumerable.Repeat("*a", 200)) + "c");
        Assert.Equal((200, "[]"), (status, body));
        Assert.Equal((200, """[{"id":1}]"""), await app.SendAsync("GET", "/rest/v1/t?select=id"));
    }

    private static async Task Refuses(TestApp app, string query, string code)
    {
        (int status, string body) = await app.SendAsync("GET", "/rest/v1/t?" + query);
        using var error = JsonDocument.Parse(body.StartsWith('{') ? body : "{\"code\":null}");
        Assert.Equal((400, code), (status, error.RootElement.GetProperty("code").GetString()));
    }
}

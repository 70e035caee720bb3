using System.Text;

namespace Tenon.Server.Tests.Threats;

/// <summary>Filters, orders and aliases that ask for what is hidden, helpful errors, internal objects: what others leaked, on every engine.</summary>
[Collection(ThreatCollection.Name)]
public sealed class HiddenDataTests(ThreatServers servers)
{
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
        "people?select=id,secret&limit=0", "people?select=id&secret=eq.alpha&limit=0", "people?select=id&secret=isdistinct.alpha", "people?select=id&secret=match.^a", "people?select=id&secret=fts.alpha",
    ];

    /// <summary>The same behind functions, which attached sources have not.</summary>
    private static readonly string[] FunctionOracles =
    [
        "people?select=id,peek", "people?select=id&peek=eq.alpha", "people?select=id&order=peek", "people?select=id&or=(peek.like.a*)", "people?select=id,shout", "teams?select=name,people(peek)",
    ];

    private static readonly (string Method, string Target, string? Body, string? Prefer)[] WrittenOracles =
    [
        ("PATCH", "people?secret=eq.alpha", """{"name":"x"}""", null),
        ("PATCH", "people?id=eq.1&select=secret", """{"name":"x"}""", "return=representation"),
        ("PATCH", "people?id=eq.1", """{"secret":"x"}""", null),
        ("POST", "people?select=secret", """{"id":9,"name":"x"}""", "return=representation"),
        ("POST", "people", """{"id":9,"name":"x","pay":1}""", null),
        ("POST", "people?on_conflict=secret", """{"id":1,"name":"x"}""", "resolution=merge-duplicates"),
        ("DELETE", "people?secret=eq.alpha", null, null),
        ("PATCH", "people?peek=eq.alpha", """{"name":"x"}""", null),
        ("PATCH", "people?id=eq.1&select=id,peek", """{"name":"x"}""", "return=representation"),
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Filter_sort_and_alias_oracles_learn_nothing_of_a_hidden_column(string engine)
    {
        ThreatServer one = await servers.StartAsync(engine, HiddenTables.Of("alpha", ""));
        string[] targets = one.IsAttached ? ColumnOracles : [.. ColumnOracles, .. FunctionOracles];
        ThreatAnswer[] answers = await AskedAsync(one, targets);
        for (int i = 0; i < targets.Length; i++)
        {
            Assert.True(answers[i] is { Status: 401, Code: "42501" }, $"{targets[i]}: {answers[i]}");
        }
        ThreatAnswer[] written = await WrittenAsync(one);
        Assert.All(written, a => Assert.InRange(a.Status, 400, 499));

        ThreatServer other = await servers.StartAsync(engine, HiddenTables.Of("omega", ""));
        Same(targets, answers, await AskedAsync(other, targets));
        Same([.. WrittenOracles.Select(w => w.Method + " " + w.Target)], written, await WrittenAsync(other));
    }

    private static async Task<ThreatAnswer[]> WrittenAsync(ThreatServer server)
    {
        var answers = new List<ThreatAnswer>();
        foreach ((string method, string target, string? body, string? prefer) in WrittenOracles)
        {
            answers.Add(await server.SendAsync(method, target, body, prefer));
        }
        return [.. answers];
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

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Hidden_rows_change_no_byte_of_any_answer(string engine)
    {
        // The hidden rows would raise when cast, sort first and last, and are pointed at by a visible page.
        const string Hidden = "insert into diary values (2, 'you', 'secret line', 'no number'), (99, 'you', 'zzz', '9'); insert into pages values (2, 2, 'q');";
        const string None = "insert into pages values (2, null, 'q');";
        string[] targets = RowOracles;
        ThreatServer with = await servers.StartAsync(engine, HiddenTables.Of("a", Hidden));
        ThreatAnswer[] answers = [.. await AskedAsync(with, targets), .. await AskedAsync(with, targets, "count=none"), .. await ChangedAsync(with)];
        Assert.All(answers, a => Assert.DoesNotContain("secret line", a.Body, StringComparison.Ordinal));
        Assert.True(answers.Count(a => a.Status is 200 or 206) > 20, "hardly anything was answered");

        ThreatServer without = await servers.StartAsync(engine, HiddenTables.Of("a", None));
        Same([.. targets, .. targets, "PATCH", "DELETE"], answers, [.. await AskedAsync(without, targets), .. await AskedAsync(without, targets, "count=none"), .. await ChangedAsync(without)]);
    }

    private static async Task<ThreatAnswer[]> ChangedAsync(ThreatServer server) =>
        [
            await server.SendAsync("PATCH", "diary?score=eq.no number", """{"line":"changed"}""", "return=representation,count=exact"),
            await server.SendAsync("DELETE", "diary?score=eq.no number", null, "return=representation,count=exact"),
        ];

    private static async Task<ThreatAnswer[]> AskedAsync(ThreatServer server, string[] targets, string prefer = "count=exact")
    {
        var answers = new List<ThreatAnswer>();
        foreach (string target in targets)
        {
            answers.Add(await server.GetAsync(target, prefer: prefer));
        }
        return [.. answers];
    }

    private static void Same(string[] asked, ThreatAnswer[] one, ThreatAnswer[] other)
    {
        Assert.Equal(asked.Length, one.Length);
        for (int i = 0; i < asked.Length; i++)
        {
            Assert.True(one[i] == other[i], $"{asked[i]}\n{one[i]}\n{other[i]}");
        }
    }

    private static readonly ThreatTables Secretive = new(
        """
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
        """,
        """
        create table invoices (id int primary key, label varchar(50) not null unique);
        create table vault (id int primary key, code varchar(50));
        create table boxes (id int primary key, kept_in int, invoice_id int, constraint box_link foreign key (kept_in) references vault (id), foreign key (invoice_id) references invoices (id));
        create table vault_invoices (vault_id int, invoice_id int, primary key (vault_id, invoice_id), foreign key (vault_id) references vault (id), foreign key (invoice_id) references invoices (id));
        create table box_invoices_private (box_id int, invoice_id int, primary key (box_id, invoice_id), foreign key (box_id) references boxes (id), foreign key (invoice_id) references invoices (id));
        create table ledger (invoice_id int primary key, constraint vault_entry foreign key (invoice_id) references invoices (id));
        insert into invoices values (1, 'one'), (2, 'two');
        insert into ledger values (2);
        insert into boxes values (1, null, 1);
        """,
        """
        alter table invoices enable row level security;
        create policy everyone on invoices using (true);
        alter table boxes enable row level security;
        create policy everyone on boxes using (true);
        grant select, insert, delete on invoices, boxes to anon;
        """
    );

    private static readonly (string Method, string Target, string? Code, string? Body)[] Hints =
    [
        ("GET", "vaults", "PGRST205", null),
        ("GET", "boxes?select=id,vaults(code)", "PGRST200", null),
        ("GET", "boxes?select=id,invoices!box_invoices_privat(label)", "PGRST200", null),
        ("GET", "boxes?select=id,invoices!box_invoices_private(label)", "PGRST200", null),
        ("GET", "boxes?select=id,invoices(label)", null, null),
        ("GET", "boxes?select=id,box_invoices_privat(box_id)", "PGRST200", null),
        ("GET", "invoices?select=id,vault(code)", "PGRST200", null),
        ("GET", "invoices?select=id,vault_invoice(vault_id)", "PGRST200", null),
        ("POST", "rpc/vault_opn", "PGRST202", "{}"),
        ("POST", "boxes", "23503", """{"id":2,"kept_in":77}"""),
        ("DELETE", "invoices?id=eq.2", "23503", null),
        ("POST", "invoices", "23505", """{"id":9,"label":"one"}"""),
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Errors_help_without_naming_what_is_hidden(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Secretive);
        foreach ((string method, string target, string? code, string? body) in Hints)
        {
            ThreatAnswer answer = await server.SendAsync(method, target, body);
            Assert.True(code is null ? answer.Status == 200 : answer.Code == code, $"{method} {target}: {answer}");
            // What the caller wrote may come back; nothing that it did not write.
            foreach (string hidden in new[] { "vault_invoices", "vault_open", "box_invoices_private", "vault", "information_schema", "select " })
            {
                bool written = target.Contains(hidden, StringComparison.Ordinal);
                Assert.True(written || !answer.Body.Contains(hidden, StringComparison.Ordinal), $"{method} {target}: {answer.Body} names {hidden}");
            }
        }
    }

    private static readonly string[] Internal =
    [
        "users", "auth.users", "auth.sessions", "refresh_tokens", "tenon_migrations", "\"auth.users\"", "profiles?select=id,users(email)", "profiles?select=id,id(email)", "profiles?select=id,profiles_id_fkey(email)",
        "profiles?select=id,...users(encrypted_password)", "profiles?select=id&order=users(email)", "profiles?select=id,identities(user_id)", "profiles?select=id,json_each(value)", "public.profiles", "crm.profiles", "ledger", "vault",
        "sqlite_master", "sqlite_schema", "pragma_table_info", "pg_class", "pg_catalog.pg_authid", "pg_stat_activity", "information_schema.tables", "\"information_schema\".\"tables\"", "tables", "processlist", "mysql.user",
        "user", "global_priv", "profiles?select=id,pg_sleep(1)", "profiles?select=id,version()",
    ];

    private static readonly ThreatTables Outside = new(
        """
        create table profiles (id uuid primary key references auth.users (id), name text);
        create table ledger (id int primary key);
        create table vault (id int primary key);
        create function on_user() returns trigger language plpgsql security definer as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
        create trigger on_user after insert on auth.users for each row execute function on_user();
        grant all on profiles to anon, authenticated, service_role;
        """,
        "create table profiles (id uuid primary key, name varchar(50)); create table ledger (id int primary key); create table vault (id int primary key);",
        "alter table profiles enable row level security; create policy everyone on profiles using (true); grant select, insert, update, delete on profiles to anon, authenticated, service_role;"
    );

    private static readonly string[] InternalCalls = ["rpc/on_user", "rpc/uid", "rpc/auth.uid", "rpc/load_extension", "rpc/tn_convert", "rpc/pg_sleep", "rpc/pg_read_file", "rpc/version", "rpc/sleep", "rpc/load_file", "rpc/set_config"];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Internal_objects_are_not_reached_through_the_generic_route(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Outside);
        await server.App.App.SignUpAsync("someone@example.com");
        foreach (string? key in new[] { null, server.App.Keys.SecretKey })
        {
            // What is neither granted nor anybody else's is the service key's to read in a main database.
            foreach (string target in Internal.Where(t => key is null || server.IsAttached || t is not ("ledger" or "vault")))
            {
                Refused(target, await server.GetAsync(target, key));
            }
            foreach (string target in InternalCalls)
            {
                Refused(target, await server.SendAsync("POST", target, "{}", token: key));
                Refused(target, await server.SendAsync("GET", target, token: key));
            }
        }
    }

    private static void Refused(string target, ThreatAnswer answer)
    {
        Assert.True(answer.Status is 400 or 401 or 403 or 404 or 406, $"{target}: {answer}");
        Assert.DoesNotContain("someone@example.com", answer.Body, StringComparison.Ordinal);
    }

    /// <summary>The same table and column in other letters, and the same path in other spellings.</summary>
    private static readonly string[] Spellings =
    [
        "PEOPLE?select=id,secret", "People?select=secret", "people?select=SECRET", "people?select=id,Secret", "people?select=id&Secret=eq.alpha", "people?select=id&SECRET=like.a*", "people?select=id&order=SECRET",
        "people/?select=secret", "/people?select=secret", "./people?select=secret", "%70eople?select=secret", "people%00?select=secret", "people%20?select=secret", "people;x=1?select=secret", "people?select=%73ecret",
        "\"people\"?select=secret", "`people`?select=secret", "people?select=\"secret\"", "people?select=`secret`", "people?select=id&\"secret\"=eq.alpha", "people?Select=secret", "people?select=people.secret",
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Another_spelling_of_a_path_or_a_name_opens_no_other_door(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, HiddenTables.Of("alpha", "insert into diary values (2, 'you', 'secret line', '2');"));
        foreach (string target in Spellings.Append("DIARY").Append("diary/").Append("Diary?order=id").Append("diary?ID=eq.2").Append("diary?OWNER=eq.you"))
        {
            ThreatAnswer answer = await server.GetAsync(target);
            Assert.False(answer.Status >= 500, $"{target}: {answer}");
            Assert.DoesNotContain("secret line", answer.Body, StringComparison.Ordinal);
            // The word stands in some targets, and may come back in an error that quotes them.
            Assert.True(answer.Status >= 400 || !answer.Body.Contains("alpha", StringComparison.Ordinal), $"{target}: {answer}");
        }
        using var shouted = new HttpRequestMessage(HttpMethod.Get, "/REST/V1/people?select=secret");
        shouted.Headers.Add("apikey", server.App.Keys.PublishableKey);
        using HttpResponseMessage answered = await server.App.Http.SendAsync(shouted, TestContext.Current.CancellationToken);
        string body = Encoding.UTF8.GetString(await answered.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain("alpha", body, StringComparison.Ordinal);
    }
}

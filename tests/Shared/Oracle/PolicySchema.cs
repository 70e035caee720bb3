using System.Globalization;

namespace Tenon.Testing;

/// <summary>
/// Grammar of tables, rows, grants, policies, functions and triggers for the comparison of policies with PostgreSQL's own.
/// One script in PostgreSQL's SQL, run as it is by every main database; for an attached one its tables beside it.
/// </summary>
internal static class PolicySchema
{
    public const string Alice = "a11ce000-0000-4000-8000-000000000001";
    public const string Bob = "b0b00000-0000-4000-8000-000000000002";

    public static readonly string[] DocColumns = ["id", "owner", "org", "status", "secret", "amount", "meta"];
    public static readonly string[] NoteColumns = ["id", "doc_id", "owner", "body"];

    public const string Drop = """
        drop table if exists notes, docs, members cascade;
        drop function if exists visible_docs();
        drop function if exists touch_doc(int, text);
        drop function if exists is_member(int);
        drop function if exists owner_of(int);
        drop function if exists guard_docs();
        drop function if exists guard_notes();

        """;

    private const string Tables = """
        create table members (org int not null, uid uuid not null, primary key (org, uid));
        create table docs (
          id int primary key, owner uuid {0}, org int, status text default 'draft', secret int, amount numeric(8,2), meta jsonb);
        create table notes (id int primary key, doc_id int references docs (id) on delete {1}, owner uuid {2}, body text);

        """;

    // Texts under the collation most databases have, which holds upper and lower case for equal.
    private const string AttachedTables = """
        drop table if exists notes, docs, members;
        create table members (org int not null, uid uuid not null, primary key (org, uid));
        create table docs (
          id int primary key, owner uuid {0}, org int, status varchar(50) default 'draft', secret int, amount numeric(8,2), meta json) collate utf8mb4_general_ci;
        create table notes (id int primary key, doc_id int, owner uuid {2}, body varchar(50),
          foreign key (doc_id) references docs (id) on delete {1}) collate utf8mb4_general_ci;

        """;

    public static PolicyScript Make(Draws draws, bool attached = false)
    {
        string Tabled(string script, string owner, string onDelete, string author) =>
            string.Format(CultureInfo.InvariantCulture, script, owner, onDelete, author);

        // Nobody asks in the attached database: its defaults know no auth.uid().
        string own = attached ? $"default '{Alice}'" : "default auth.uid()";
        (string owner, string onDelete, string author) = (draws.Of("", own, "not null " + own, "not null"), draws.Of("cascade", "set null"), draws.Of("", own));
        string rows = string.Concat(Rows(draws));
        if (attached)
        {
            (string ours, string theirs) = AttachedTriggers.Make(draws);
            string policies = GrantsAndPolicies(draws, attached);
            return new PolicyScript(Tabled(Tables, owner, onDelete, author) + rows + ours + policies)
            {
                Attached = Tabled(AttachedTables, owner, onDelete, author) + rows + theirs,
                AttachedPolicies = policies,
            };
        }
        return new PolicyScript(Tabled(Tables, owner, onDelete, author) + rows + Functions(draws) + Triggers(draws) + GrantsAndPolicies(draws, attached));
    }

    private static string GrantsAndPolicies(Draws draws, bool attached)
    {
        string grants = Grants(draws, out bool docsAreRead);
        return grants + Policies(draws, docsAreRead, attached);
    }

    // ---- rows ----

    private static string Uid(Draws draws) => draws.Of($"'{Alice}'", $"'{Bob}'", "null");

    private static IEnumerable<string> Rows(Draws draws)
    {
        int id = 0;
        foreach (string row in draws.Several(2, 8, d =>
            $"{(d.Chance(15) ? $"'{Bob}'" : d.Of($"'{Alice}'", $"'{Bob}'"))}, {d.Of("1", "2", "9", "null")}, {d.Of("'public'", "'draft'", "'private'")}, "
            + $"{d.Of("null", "10", "25", "40")}, {d.Of("null", "10.50", "0", "-3.10")}, {d.Of("null", "'{\"k\":\"a\",\"n\":2}'", "'{\"k\":\"b\"}'", "'[1]'")}"))
        {
            yield return $"insert into docs values ({++id}, {row});\n";
        }
        int note = 0;
        foreach (string row in draws.Several(0, 6, d => $"{d.Of("1", "2", "null")}, {Uid(d)}, {d.Of("'x'", "'y'", "null")}"))
        {
            yield return $"insert into notes values ({++note}, {row});\n";
        }
        var members = draws.Several(0, 4, d => $"({d.Of("1", "2", "9")}, {d.Of($"'{Alice}'", $"'{Bob}'")})").Distinct().ToList();
        if (members.Count > 0)
        {
            yield return $"insert into members values {string.Join(", ", members)};\n";
        }
    }

    // ---- functions and triggers ----

    // owner_of stands in policies of the table it reads: with the caller's rights that is an endless recursion, which Tenon
    // refuses when it plans (42P17) and PostgreSQL when it comes to it (54001).
    private static string Functions(Draws draws) => $"""
        create function is_member(o int) returns boolean language sql stable {Security(draws)} as
          $$ select exists (select 1 from members m where m.org = o and m.uid = auth.uid()) $$;
        create function owner_of(d int) returns uuid language sql stable security definer as $$ select owner from docs where id = d $$;
        create function visible_docs() returns setof docs language sql stable {Security(draws)} as $$ select * from docs where status <> 'private' $$;
        create function touch_doc(d int, s text) returns void language sql {Security(draws)} as $$ update docs set status = s where id = d $$;

        """;

    private static string Security(Draws draws) => draws.Of("security invoker", "security definer");

    private static string Triggers(Draws draws)
    {
        string Body(string table, params ReadOnlySpan<string> bodies) =>
            $"create function guard_{table}() returns trigger language plpgsql as $$ begin {draws.Of(bodies)} return new; end $$;\n"
            + $"create trigger guard before {draws.Of("insert", "update", "insert or update")} on {table} for each row execute function guard_{table}();\n";

        return (draws.Chance(35)
                ? Body(
                    "docs",
                    "new.status := lower(new.status);",
                    "new.owner := coalesce(new.owner, auth.uid());",
                    "new.owner := auth.uid();",
                    "new.org := coalesce(new.org, 2);",
                    "if new.status = 'private' then new.secret := 25; end if;",
                    "if new.org is null then raise exception 'an org' using errcode = '23514'; end if;")
                : "")
            + (draws.Chance(15) ? Body("notes", "new.owner := auth.uid();", "new.body := coalesce(new.body, 'z');") : "");
    }

    // ---- grants ----

    private static string Grants(Draws draws, out bool docsAreRead)
    {
        string roles = draws.Of("authenticated", "authenticated, anon", "public");
        string docs = draws.Make(
            _ => $"grant select, insert, update, delete on docs to {roles};\n",
            d => $"grant select ({Columns(d, DocColumns)}), insert ({Columns(d, DocColumns)}), update ({Columns(d, DocColumns)}), delete on docs to {roles};\n",
            d => $"grant select, insert ({Columns(d, DocColumns)}), update ({Columns(d, DocColumns)}) on docs to {roles};\n",
            _ => $"grant insert, update, delete on docs to {roles};\n");
        docsAreRead = docs.StartsWith("grant select,", StringComparison.Ordinal);
        string notes = draws.Make(
            _ => $"grant select, insert, update, delete on notes to {roles};\n",
            _ => $"grant select, delete on notes to {roles};\n");
        // Policies read notes and members, so their readers may too: without the right PostgreSQL refuses or not by whether its
        // planner dropped the subquery ("… or true"); Tenon refuses always.
        return docs + notes + $"grant select on members to {roles};\n"
            + "grant all on docs, notes, members to service_role;\n";
    }

    private static string Columns(Draws draws, string[] columns)
    {
        // Nearly all of them: with few columns most requests are refused before any policy is asked.
        string left = draws.Of(columns[1..]);
        return string.Join(", ", columns.Where(c => c != left));
    }

    // ---- policies ----

    // An attached table without row security does not exist for the API: it is open by a policy.
    private static string Policies(Draws draws, bool docsAreRead, bool attached)
    {
        var sql = new System.Text.StringBuilder();
        int number = 0;
        if (!draws.Chance(5) || attached)
        {
            sql.Append("alter table docs enable row level security;\n");
        }
        foreach (string policy in draws.Several(1, 5, d => Policy(d, e => DocsCondition(e, 2, attached))))
        {
            sql.Append(CultureInfo.InvariantCulture, $"create policy p{++number} on docs {policy};\n");
        }
        List<string> notes = draws.Chance(50) ? draws.Several(0, 3, d => Policy(d, e => NotesCondition(e, 1, docsAreRead, attached))) : Open(attached);
        List<string> members = draws.Chance(40)
            ? draws.Several(0, 2, d => $"for select using ({d.Of("true", "uid = auth.uid()", "org = 1", "org <> 2 and uid is not null")})")
            : Open(attached);
        foreach ((string table, List<string> policies) in new[] { ("notes", notes), ("members", members) })
        {
            sql.Append(policies == NoSecurity ? "" : $"alter table {table} enable row level security;\n");
            foreach (string policy in policies)
            {
                sql.Append(CultureInfo.InvariantCulture, $"create policy p{++number} on {table} {policy};\n");
            }
        }
        return sql.ToString();
    }

    private static readonly List<string> NoSecurity = [];

    private static List<string> Open(bool attached) => attached ? ["using (true)"] : NoSecurity;

    private static string Policy(Draws draws, Func<Draws, string> condition)
    {
        string kind = draws.Chance(25) ? "as restrictive " : "";
        string command = draws.Of("all", "select", "update", "insert", "delete", "all", "select");
        string roles = draws.Of("", " to authenticated", " to anon", " to public", " to anon, authenticated");
        string @using = command == "insert" ? "" : $" using ({condition(draws)})";
        bool mayCheck = command is "all" or "update" or "insert";
        string check = command == "insert" || (mayCheck && draws.Chance(45)) ? $" with check ({condition(draws)})" : "";
        return $"{kind}for {command}{roles}{@using}{check}";
    }

    private static string DocsCondition(Draws draws, int depth, bool attached) =>
        depth == 0 || !draws.Chance(45)
            ? draws.Of(attached ? AttachedDocsAtoms : DocsAtoms)
            : draws.Make(
                d => $"({DocsCondition(d, depth - 1, attached)} and {DocsCondition(d, depth - 1, attached)})",
                d => $"({DocsCondition(d, depth - 1, attached)} or {DocsCondition(d, depth - 1, attached)})",
                d => $"not ({DocsCondition(d, depth - 1, attached)})",
                d => $"case when {DocsCondition(d, depth - 1, attached)} then {DocsCondition(d, depth - 1, attached)} else {draws.Of("false", "null::boolean", "true")} end");

    private static readonly string[] DocsAtoms =
    [
        "true", "owner = auth.uid()", "org = 1", "status = 'public'", "org in (1, null, 9)", "org not in (1, null)",
        "secret is null", "secret > 20", "amount >= 10.5", "amount < 0.00", "status like 'p%'", "status not like '%ra%'",
        "coalesce(org, 0) = 2", "org between 1 and 2", "owner is distinct from auth.uid()", "(select auth.uid()) = owner",
        "auth.role() = 'authenticated'", "current_user = 'authenticated'", "auth.jwt() ->> 'level' = 'gold'", "id % 2 = 0",
        "meta ->> 'k' = 'a'", "meta is not null", "meta -> 'n' = '2'", "length(status) > 5", "null::boolean", "false", "owner is null",
        "case when status = 'public' then true when org is null then null else owner = auth.uid() end",
        "exists (select 1 from members m where m.org = docs.org and m.uid = auth.uid())",
        "not exists (select 1 from members m where m.org = docs.org)",
        "org in (select m.org from members m where m.uid = auth.uid())",
        "org not in (select m.org from members m where m.uid = auth.uid())",
        "org = any (array[1, 9])", "org = any (select m.org from members m)",
        "(select count(*) from members m where m.org = docs.org) > 1",
        "(select max(m.org) from members m where m.uid = auth.uid()) = org",
        "is_member(org)", "owner_of(1) = auth.uid()",
        "exists (select 1 from notes n where n.doc_id = docs.id and n.owner = auth.uid())",
        "status = 'public' or exists (select 1 from members m join notes n on n.owner = m.uid where m.org = docs.org)",
    ];

    // Functions are the main database's, and comparing json is refused on MariaDB.
    private static readonly string[] AttachedDocsAtoms =
        [.. DocsAtoms.Where(a => !a.Contains("is_member", StringComparison.Ordinal) && !a.Contains("owner_of", StringComparison.Ordinal) && !a.Contains("meta -> ", StringComparison.Ordinal))];

    // Where docs may not be read, a policy that reads it is refused; PostgreSQL drops the subquery, and with it the refusal,
    // where a constant beside it decides: "… or true", or a policy beside that is true.
    private static string NotesCondition(Draws draws, int depth, bool docsAreRead, bool attached) =>
        depth == 0 || !draws.Chance(40)
            ? draws.Of(
                docsAreRead ? "true" : "id > 0", "owner = auth.uid()", "body = 'x'", "owner is null", "doc_id = 1", "body is distinct from 'y'",
                docsAreRead ? "false" : "id < 0",
                "exists (select 1 from docs d where d.id = notes.doc_id and d.status = 'public')",
                "doc_id in (select id from docs where owner = auth.uid())", attached ? "id % 2 = 1" : "is_member(doc_id)")
            : draws.Make(
                d => $"({NotesCondition(d, 0, docsAreRead, attached)} and {NotesCondition(d, 0, docsAreRead, attached)})",
                d => $"({NotesCondition(d, 0, docsAreRead, attached)} or {NotesCondition(d, 0, docsAreRead, attached)})",
                d => $"not ({NotesCondition(d, 0, docsAreRead, attached)})");
}

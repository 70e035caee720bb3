using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Xunit;

namespace Tenon.Core.Tests.Policies;

/// <summary>Which tables and views strangers reach past every row policy.</summary>
public sealed class OpenTablesTests
{
    private const string Notes = "create role auditor; create role no_role_of_a_token; create table notes (id int primary key, owner uuid); ";
    private const string Guarded = Notes + "alter table notes enable row level security; ";

    [Fact]
    public void A_granted_table_without_row_security_is_open_and_the_mend_closes_it()
    {
        OpenTable open = Assert.Single(Find(Notes + "grant select on notes to anon, authenticated;"));
        Assert.Equal("table public.notes is granted to anon and authenticated but has no row level security: anyone can read it", open.ToString());
        Assert.Equal("alter table public.notes enable row level security;", open.Mend);
        Assert.Empty(Find(Notes + "grant select on notes to anon, authenticated;" + open.Mend));
    }

    [Theory]
    [InlineData("grant select on notes to authenticated;", "every signed-in user can read it")]
    [InlineData("grant select (id), update (id) on notes to anon;", "anyone can read and write it")]
    [InlineData("grant insert on notes to public;", "granted to anon and authenticated and auditor but has no row level security: anyone can write it")]
    [InlineData("grant select on notes to auditor;", "granted to auditor but has no row level security: every user with the role auditor can read it")]
    public void It_says_who_can_do_what(string grant, string said) => Assert.EndsWith(said, Assert.Single(Find(Notes + grant)).ToString());

    [Theory]
    [InlineData(Notes)]
    [InlineData(Notes + "grant all on notes to service_role;")]
    [InlineData(Notes + "grant all on notes to no_role_of_a_token;")]
    [InlineData(Guarded + "grant all on notes to auditor;")]
    [InlineData(Guarded + "grant all on notes to anon, authenticated;")]
    [InlineData("create schema hidden; create table hidden.notes (id int primary key); grant all on hidden.notes to anon;")]
    [InlineData(Guarded + "create view all_notes as select * from notes;")]
    [InlineData(Guarded + "create view all_notes with (security_invoker = true) as select * from notes; grant select on all_notes to anon;")]
    [InlineData("create table t (id int); create view v as select * from t; grant select on v to anon;")]
    [InlineData(Guarded + "create view inner_view with (security_invoker = true) as select id from notes; create view v as select id from inner_view; grant select on v to anon;")]
    public void What_nobody_reaches_or_policies_guard_is_not_open(string sql) => Assert.Empty(Find(sql));

    [Theory]
    [InlineData("create view v as select id from notes;")]
    [InlineData("create view v as select 1 as one where exists (select 1 from notes);")]
    [InlineData("create view v as with n as (select id from notes) select * from n;")]
    [InlineData("create table t (id int); create view v as select t.id from t left join notes on notes.id = t.id;")]
    [InlineData("create view inner_view as select id from notes; create view v as select id from inner_view;")]
    public void A_view_with_its_owners_rights_over_a_guarded_table_is_open_wherever_the_table_stands(string view)
    {
        OpenTable open = Assert.Single(Find(Guarded + view + "grant select on v to authenticated;"));
        Assert.Equal("public.v", open.Name.ToString());
        Assert.Equal("public.notes", open.Guarded.ToString());
        Assert.Equal("alter view public.v set (security_invoker = true);", open.Mend);
        Assert.Empty(Find(Guarded + view + "grant select on v to authenticated;" + open.Mend));
    }

    [Fact]
    public void A_name_that_needs_quotes_has_them_in_the_mend()
    {
        const string Sql = "create table \"My Notes\" (id int primary key); grant select on \"My Notes\" to anon;";
        OpenTable open = Assert.Single(Find(Sql));
        Assert.Equal("alter table public.\"My Notes\" enable row level security;", open.Mend);
        Assert.Empty(Find(Sql + open.Mend));
    }

    [Theory]
    [InlineData("notes", 0)]
    [InlineData("public.notes", 0)]
    [InlineData("other.notes", 1)]
    [InlineData("note", 1)]
    public void A_listed_table_may_be_open(string listed, int left) =>
        Assert.Equal(left, OpenTables.Find(Load(Notes + "grant select on notes to anon;"), ["public"], [listed], []).Length);

    [Fact]
    public void An_entry_that_names_no_open_table_is_told() =>
        Assert.Equal(["nots", "public.shut"], OpenTables.Idle(
            Load(Notes + "grant select on notes to anon; create table shut (id int);"), ["public"], ["notes", "nots", "public.shut"], []));

    private static IEnumerable<OpenTable> Find(string sql) => OpenTables.Find(Load(sql), ["public"], [], ["auditor", "service_role", "anon"]);

    private static Core.Catalog.Catalog Load(string sql) =>
        SchemaBuilder.Apply(Core.Catalog.Catalog.Empty, SchemaParser.ParseScript(sql).Value, new SchemaOptions()).Value.Catalog;
}

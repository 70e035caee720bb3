using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Schema;

public class SchemaBuilderTests
{
    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    internal static Outcome<SchemaChange> Apply(Core.Catalog.Catalog catalog, string sql)
    {
        var parsed = SchemaParser.ParseScript(sql);
        return parsed.Failed ? parsed.Error! : SchemaBuilder.Apply(catalog, parsed.Value);
    }

    private static SchemaChange Made(string sql) => Apply(Core.Catalog.Catalog.Empty, sql).Value;

    private static Error Refused(string sql) => Apply(Core.Catalog.Catalog.Empty, sql).Error!;

    private static QualifiedName Public(string name) => new("public", name);

    [Fact]
    public void The_servers_own_tables_and_the_hiring_app_are_accepted()
    {
        var catalog = Core.Catalog.Catalog.Empty;
        string own = Path.Combine(Root(), "src/Tenon.Server/Store/Migrations");
        string app = Path.Combine(Root(), "apps/hiring/migrations");
        foreach (string file in Directory.GetFiles(own, "*.sql").Order().Concat(Directory.GetFiles(app, "*.sql").Order()))
        {
            var outcome = Apply(catalog, File.ReadAllText(file));
            string at = outcome.Error is { } e ? $"{Path.GetFileName(file)} {new Span(e.Position ?? 0, 0).LineAndColumn(File.ReadAllText(file))}: {e.Code} {e.Message} {e.Hint}" : "";
            Assert.Equal("", at);
            catalog = outcome.Value.Catalog;
        }
        Assert.True(catalog.Find(Public("companies"))!.RowSecurity);
    }

    [Fact]
    public void Constraints_without_a_name_get_PostgreSQLs()
    {
        Table t = Made(
            """
            create table p (id int primary key, a int, b int, unique (a, b));
            create table t (id serial primary key, a int unique check (a > 0) references p, b int,
              check (a > b), check (b > 0), check (b > 1), foreign key (a, b) references p (a, b));
            create index on t (lower(a::text), b); create index on t (b); create index on t (b);
            """
        ).Catalog.Find(Public("t"))!;
        Assert.Equal("t_pkey", t.PrimaryKey!.Name);
        Assert.Equal(["t_a_key"], t.Uniques.Select(u => u.Name));
        Assert.Equal(["t_a_check", "t_check", "t_b_check", "t_b_check1"], t.Checks.Select(c => c.Name));
        Assert.Equal(["t_a_fkey", "t_a_b_fkey"], t.ForeignKeys.Select(f => f.Name));
        Assert.Equal(["t_lower_b_idx", "t_b_idx", "t_b_idx1"], t.Indexes.Select(i => i.Name));
    }

    [Theory]
    [InlineData("create table t (a int); create table t (a int)", "42P07")]
    [InlineData("create table t (a int); create table \"T\" (a int)", "42P07")]
    [InlineData("create table t (a int, a int)", "42701")]
    [InlineData("create table t (a int, \"A\" int)", "42701")]
    [InlineData("create table t (a money)", "42704")]
    [InlineData("create table x.t (a int)", "3F000")]
    [InlineData("create table t (a int references u)", "42P01")]
    [InlineData("create table u (b int); create table t (a int references u (b))", "42830")]
    [InlineData("create table u (b text primary key); create table t (a int references u)", "42804")]
    [InlineData("create table t (a int, primary key (b))", "42703")]
    [InlineData("create table t (a int primary key, primary key (a))", "42P16")]
    [InlineData("create table t (a int check (b > 1))", "42703")]
    [InlineData("create table t (a int check (a + 1))", "42804")]
    [InlineData("create table t (a int default 'x')", "22P02")]
    [InlineData("create table t (a text generated always as identity)", "42P16")]
    [InlineData("alter table t add a int", "42P01")]
    [InlineData("create table t (a int); alter table t drop b", "42703")]
    [InlineData("create table t (a int); alter table t add a int", "42701")]
    [InlineData("create table t (a int); create view v as select a from t; drop table t", "2BP01")]
    [InlineData("create table t (a int); create view v as select a from t; alter table t drop a", "2BP01")]
    [InlineData("create table t (a int primary key); create table u (b int references t); drop table t", "2BP01")]
    [InlineData("create type m as enum ('a'); create table t (a m); drop type m", "2BP01")]
    [InlineData("create function f() returns boolean language sql as 'select true'; create table t (a int); create policy p on t using (f()); drop function f()", "2BP01")]
    [InlineData("create table t (a int); create policy p on t using (true); create policy p on t using (true)", "42710")]
    [InlineData("create table t (a int); create policy p on t using (a)", "42804")]
    [InlineData("create table t (a int); grant select on t to nobody", "42704")]
    [InlineData("create table t (a int); grant select (b) on t to anon", "42703")]
    [InlineData("create function f() returns int language sql as 'select b from nothing'", "42P01")]
    [InlineData("create function f() returns int language sql as 'select 1'; create function f() returns int language sql as 'select 1'", "42723")]
    [InlineData("create function f() returns int language sql as 'select 1'; create or replace function f() returns text language sql as 'select ''1'''", "42P13")]
    [InlineData("create table t (a int); create function f() returns int language sql as 'select 1'; create trigger g after insert on t for each row execute function f()", "42P17")]
    [InlineData("create schema auth", "42P06")]
    [InlineData("create table t (a int); insert into t values ('x')", "22P02")]
    public void What_PostgreSQL_refuses_is_refused_with_its_code(string sql, string code) => Assert.Equal(code, Refused(sql).Code.Text);

    [Fact]
    public void Cascade_drops_what_depends_on_the_dropped()
    {
        var catalog = Made(
            """
            create table t (a int primary key);
            create table u (b int references t, c int);
            create view v as select a from t;
            create view w as select a from v;
            create policy p on u using (exists (select 1 from t));
            drop table t cascade;
            """
        ).Catalog;
        Assert.Equal([Public("u")], catalog.Tables.Keys);
        Assert.Empty(catalog.Find(Public("u"))!.ForeignKeys);
        Assert.Empty(catalog.Find(Public("u"))!.Policies);
    }

    [Fact]
    public void Renaming_a_column_renames_it_in_keys_checks_indexes_and_policies()
    {
        Table t = Made(
            """
            create table t (a int primary key, b int check (b > 0));
            create index i on t (b) where b > 1;
            create policy p on t using (t.b = 1);
            alter table t rename b to c;
            alter table t rename a to id;
            """
        ).Catalog.Find(Public("t"))!;
        Assert.Equal(["id", "c"], t.Columns.Select(c => c.Name));
        Assert.Equal(["id"], t.PrimaryKey!.Columns);
    }

    [Fact]
    public void Grants_add_up_and_revokes_take_away()
    {
        Table t = Made(
            """
            create table t (a int, b int);
            grant select on t to anon; grant insert, update on t to anon;
            grant select (a), update (b) on t to authenticated; grant select (b) on t to authenticated;
            revoke insert on t from anon; revoke update on t from authenticated;
            """
        ).Catalog.Find(Public("t"))!;
        Assert.Equal(2, t.Grants.Length);
        Assert.Equal(Privileges.Select | Privileges.Update, t.Grants[0].Privileges);
        Assert.Equal(["a", "b"], t.Grants[1].Columns);
    }
}

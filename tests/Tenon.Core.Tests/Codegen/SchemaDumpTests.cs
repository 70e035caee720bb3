using Tenon.Core.Codegen;
using Tenon.Core.Tests.Schema;
using Xunit;

namespace Tenon.Core.Tests.Codegen;

public class SchemaDumpTests
{
    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    public static TheoryData<string> Corpus() =>
        [.. Directory.GetFiles(Path.Combine(Root(), "tests/tutorials"), "*.sql").Select(f => "tests/tutorials/" + Path.GetFileName(f)).Order(), "apps/hiring/migrations", "tests/clients/app/migrations"];

    private static Core.Catalog.Catalog CatalogOf(string path)
    {
        string full = Path.Combine(Root(), path);
        Core.Catalog.Catalog catalog = TutorialTests.OwnTables();
        foreach (string file in Directory.Exists(full) ? Directory.GetFiles(full, "*.sql").Order().ToArray() : [full])
        {
            catalog = SchemaBuilderTests.Apply(catalog, File.ReadAllText(file)).Value.Catalog;
        }
        return catalog;
    }

    private static string Dump(Core.Catalog.Catalog catalog)
    {
        var dump = new SchemaDump(catalog, TutorialTests.OwnTables());
        return dump.BeforeRows() + "\n" + dump.AfterRows();
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void A_schema_dumped_loaded_and_dumped_again_is_the_same_text(string path)
    {
        string first = Dump(CatalogOf(path));
        var loaded = SchemaBuilderTests.Apply(TutorialTests.OwnTables(), first);
        string problem = loaded.Error is { } e ? $"{e.Message} {e.Hint} at: {first[(e.Position ?? 0)..][..Math.Min(200, first.Length - (e.Position ?? 0))]}" : "";
        Assert.Equal("", problem);
        Assert.Equal(first, Dump(loaded.Value.Catalog));
        Assert.Contains("create table", first);
    }

    [Fact]
    public void Everything_a_schema_has_is_in_its_dump()
    {
        string schema = """
            create schema crm;
            create role auditor;
            create type crm.mood as enum ('good', 'it''s bad');
            create table crm."Order" (
              id bigint generated always as identity (start with 7) primary key,
              "select" varchar(3) not null default 'a''b',
              mood crm.mood default 'good',
              tags text[] not null default '{}',
              price numeric(12,2) check (price > 0),
              gross numeric generated always as (price * 1.19) stored,
              at timestamptz not null default now(),
              parent bigint references crm."Order" (id) on delete set null deferrable initially deferred,
              unique ("select", mood)
            );
            comment on table crm."Order" is 'what was ordered';
            comment on column crm."Order".price is 'net';
            create unique index late on crm."Order" (lower("select"), price desc nulls last) where price > 10;
            create function crm.total(least_price numeric default 0) returns numeric language sql stable security definer as $$
              select sum(price) from crm."Order" where price >= least_price $$;
            create function crm.parts(x int, out a int, out b text) language plpgsql as $f$ begin a := x; b := '$$'; end $f$;
            create function crm.rows() returns table (id bigint, price numeric) language sql as $$ select id, price from crm."Order" $$;
            revoke execute on function crm.total(numeric) from public;
            grant execute on function crm.total(numeric) to authenticated;
            create function crm.touch() returns trigger language plpgsql as $$ begin new.at := now(); return new; end $$;
            create trigger touch before insert or update of price on crm."Order" for each row when (new.price > 1) execute function crm.touch();
            create view crm.cheap (number, price) with (security_invoker = true) as select id, price from crm."Order" where price < 10 order by id;
            alter table crm."Order" enable row level security;
            create policy "Only auditors" on crm."Order" as restrictive for select to auditor using (price < (select crm.total()));
            create policy own on crm."Order" for update using (true) with check (mood = 'good');
            grant select, insert on crm."Order" to authenticated;
            grant update (mood, tags) on crm."Order" to authenticated;
            create trigger on_user after insert on auth.users for each row execute function crm.touch();
            alter publication supabase_realtime add table crm."Order";
            """;
        string dump = Dump(SchemaBuilderTests.Apply(TutorialTests.OwnTables(), schema).Value.Catalog);
        string golden = Path.Combine(Root(), "tests/Tenon.Core.Tests/golden/codegen/dump.sql");
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            File.WriteAllText(golden, dump);
        }
        Assert.Equal(File.ReadAllText(golden), dump);
        var loaded = SchemaBuilderTests.Apply(TutorialTests.OwnTables(), dump);
        Assert.Equal("", loaded.Error is { } e ? $"{e.Message} at {dump[(e.Position ?? 0)..]}" : "");
        Assert.Equal(dump, Dump(loaded.Value.Catalog));
    }
}

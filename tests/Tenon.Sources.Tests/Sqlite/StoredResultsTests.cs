using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>What indexes, checks and generated columns keep: only what is the same forever, and anew when a function changed.</summary>
public sealed class StoredResultsTests : IAsyncDisposable
{
    private const string Things = """
        create table owners (id int primary key);
        create table things (
          id int primary key, owner int references owners on delete cascade, name text not null, price numeric,
          short text generated always as (lower(name)) stored,
          constraint no_x check (lower(name) <> 'x'));
        create unique index things_upper on things (upper(name));
        create index things_price on things (price);
        create index things_plain on things (name);
        insert into owners values (1);
        insert into things (id, owner, name, price) values (1, 1, 'Ada', 9), (2, 1, 'Bob', 10), (3, null, 'Cy', 11.5);
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-stored-").FullName;
    private SqliteDatabase database = null!;

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Open() =>
        database = (SqliteDatabase)
            await SourceRegistry.OpenMainAsync(
                new MainDatabaseOptions("sqlite:data.db") { Folder = folder, Schema = SchemaOptions.Standard, Durable = false },
                TestContext.Current.CancellationToken
            );

    private async Task OpenWith(string sql)
    {
        await Open();
        Error? error = await database.ApplyAsync("0001", "things", sql, 0, TestContext.Current.CancellationToken);
        Assert.Null(error);
    }

    private async Task<string?> Value(string sql)
    {
        string? value = null;
        await database.Writer.RunExclusiveAsync(connection => value = connection.QueryText(new SqliteSql(sql)));
        return value;
    }

    /// <summary>The file as a version wrote it whose functions and orders were others; stamps are what it left.</summary>
    private async Task WriteAsAnotherVersion(string sql, Action<SqliteConnection> functions)
    {
        await database.DisposeAsync();
        var options = new SqliteOptions(Path.Combine(folder, "data.db")) { Extensions = new SqliteExtensions().Add(SqliteLibrary.Register).Add(functions) };
        using SqliteConnection connection = SqliteConnection.Open(options, SqliteMode.Writer);
        connection.ExecuteScript(sql);
    }

    private static void Backwards(SqliteConnection connection)
    {
        foreach (string name in new[] { "tn_lower", "tn_upper" })
        {
            connection.CreateScalar(name, -1, FunctionTraits.Pure, (context, a) => context.Text(string.Concat(a[0].ToString().Reverse())));
        }
        connection.CreateCollation("TN_NUMERIC", (a, b) => b.SequenceCompareTo(a));
    }

    private const string Rewritten = "update things set name = name || ''; delete from things; "
        + "insert into things (id, owner, name, price) values (1, 1, 'Ada', '9'), (2, 1, 'Bob', '10'), (3, null, 'Cy', '11.5');";

    [Fact]
    public async Task The_stamp_of_each_function_that_took_part_is_recorded()
    {
        await OpenWith(Things);
        string? names = await Value("select group_concat(name, ' ' order by name) from \"tenon.functions\"");
        Assert.Equal("TN_NUMERIC lower text_ne upper", names);
        Assert.Empty(database.Renewed);
        await database.DisposeAsync();
        await Open();
        Assert.Empty(database.Renewed);
        await database.ApplyAsync("0002", "less", "alter table things drop column short; alter table things drop constraint no_x", 0, TestContext.Current.CancellationToken);
        Assert.Equal("TN_NUMERIC upper", await Value("select group_concat(name, ' ' order by name) from \"tenon.functions\""));
    }

    [Fact]
    public async Task What_other_functions_and_orders_computed_is_made_anew_at_start()
    {
        await OpenWith(Things);
        await WriteAsAnotherVersion(Rewritten + "update \"tenon.functions\" set stamp = '0' where name in ('lower', 'upper', 'TN_NUMERIC')", Backwards);
        await Open();
        Assert.Equal(["public.things"], database.Renewed);
        Assert.Equal("ok", await Value("select group_concat(integrity_check) from pragma_integrity_check"));
        Assert.Equal("ada,bob,cy", await Value("select group_concat(short, ',' order by id) from things"));
        Assert.Equal("Ada,Bob,Cy", await Value("select group_concat(name, ',' order by price) from things"));
        Assert.Equal("Bob", await Value("select name from things indexed by things_upper where tn_upper(name) = 'BOB'"));
        Assert.Equal("2", await Value("select cast(count(*) as text) from things where owner = 1"));
        Assert.Equal("23503", (await database.ApplyAsync("0002", "bad", "insert into things (id, owner, name) values (4, 7, 'D')", 0, TestContext.Current.CancellationToken))?.Code.Text);
        await database.DisposeAsync();
        await Open();
        Assert.Empty(database.Renewed);
    }

    [Fact]
    public async Task Only_the_indexes_of_the_function_that_changed_are_made_anew()
    {
        await OpenWith(Things);
        await WriteAsAnotherVersion(Rewritten + "update \"tenon.functions\" set stamp = '0' where name = 'upper'",
            c => c.CreateScalar("tn_upper", -1, FunctionTraits.Pure, (context, a) => context.Text(string.Concat(a[0].ToString().Reverse()))));
        await Open();
        Assert.Equal(["things_upper"], database.Renewed);
        Assert.Equal("ok", await Value("select group_concat(integrity_check) from pragma_integrity_check"));
    }

    [Fact]
    public async Task Without_another_stamp_nothing_is_made_anew_and_the_order_stays_as_it_was_written()
    {
        await OpenWith(Things);
        await WriteAsAnotherVersion(Rewritten, Backwards);
        await Open();
        Assert.Empty(database.Renewed);
        Assert.NotEqual("ok", await Value("select group_concat(integrity_check) from pragma_integrity_check"));
    }

    [Fact]
    public async Task A_database_that_never_recorded_stamps_is_made_anew_once()
    {
        await OpenWith(Things);
        await WriteAsAnotherVersion(Rewritten + "drop table \"tenon.functions\"", Backwards);
        await Open();
        Assert.Equal(["public.things"], database.Renewed);
        Assert.Equal("ok", await Value("select group_concat(integrity_check) from pragma_integrity_check"));
    }

    [Fact]
    public async Task Rows_that_break_a_rule_under_the_new_functions_stop_the_start_and_nothing_is_changed()
    {
        await OpenWith(Things);
        await WriteAsAnotherVersion("update things set name = 'X' where id = 1; update \"tenon.functions\" set stamp = '0' where name = 'lower'", Backwards);
        TenonException refused = await Assert.ThrowsAsync<TenonException>(Open);
        Assert.StartsWith("rows of public.things (no_x) do not hold under the functions of this version", refused.Error.Message, StringComparison.Ordinal);
        Assert.Equal("23514", refused.Error.Code.Text);
        await WriteAsAnotherVersion("update things set name = 'Y' where id = 1", Backwards);
        await Open();
        Assert.Equal(["public.things"], database.Renewed);
    }

    [Theory]
    [InlineData("create index i on t (((at at time zone 'Europe/Berlin')::date));", "function timezone cannot be used in index expression", 23)]
    [InlineData("create index i on t (((at at time zone zone)::date));", "function timezone cannot be used in index expression", 23)]
    [InlineData("alter table t add column angle float8 generated always as (sin(x)) stored;", "function sin cannot be used in column generation expression", 59)]
    [InlineData("alter table t add check ((name::date) > '2020-01-01');", "a cast from text to date cannot be used in check constraint", 26)]
    [InlineData("create index i on t (name) where to_char(x, '9') = ' 1';", "functions in index predicate must be marked IMMUTABLE", null)]
    [InlineData("alter table t add check (to_char(x, '9') = ' 1');", "function to_char cannot be used in check constraint", 25)]
    [InlineData("alter table t add check (fine(name));", "function fine cannot be used in check constraint", 25)]
    public async Task What_may_change_is_refused_at_its_place_with_a_mend(string sql, string message, int? at)
    {
        await OpenWith("create table t (id int primary key, at timestamptz, zone text, x float8, name text); "
            + "create function fine(t text) returns boolean language sql immutable as $$ select length(t) > 1 $$;");
        Error? error = await database.ApplyAsync("0002", "refused", "\n" + sql, 0, TestContext.Current.CancellationToken);
        Assert.Equal(message, error?.Message);
        if (at is not null)
        {
            Assert.Equal("0A000", error!.Code.Text);
            Assert.NotNull(error.Hint);
            Assert.StartsWith("What is stored has to be the same forever", error.Details, StringComparison.Ordinal);
            Assert.Equal(2, new Span(error.Position!.Value, 0).LineAndColumn("\n" + sql).Line);
            Assert.Equal(at, error.Position - 1);
        }
    }

    [Theory]
    [InlineData("create index i on t (((at at time zone 'UTC')::date));")]
    [InlineData("create index i on t ((at at time zone '+02'));")]
    [InlineData("create unique index i on t (lower(name)) where name ~* '^[a-z]+@';")]
    [InlineData("alter table t add column total numeric(10,2) generated always as (round(coalesce(x, 0)::numeric * 1.2, 2)) stored;")]
    [InlineData("alter table t add check (zone in ('a', 'b') and x between 1 and 2 and name || zone is not null and sqrt(x) > 1);")]
    public async Task What_is_the_same_forever_is_taken(string sql)
    {
        await OpenWith("create table t (id int primary key, at timestamptz, zone text, x float8, name text);" + sql);
        Assert.NotNull(await Value("select name from \"tenon.functions\" limit 1"));
    }
}

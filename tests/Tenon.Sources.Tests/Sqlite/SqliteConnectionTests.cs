using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

public sealed class SqliteConnectionTests : IDisposable
{
    private readonly TestDatabase database = new();
    private readonly SqliteConnection connection;

    public SqliteConnectionTests() => connection = SqliteConnection.Open(database.Options, SqliteMode.Writer);

    [Fact]
    public void Every_storage_class_comes_back_as_it_was_bound()
    {
        using SqliteStatement s = connection.Prepare(new SqliteSql("select ?1, ?2, ?3, ?4, ?5, ?6, ?7"));
        s.Bind(1, long.MinValue);
        s.Bind(2, 0.1);
        s.BindText(3, "Grüße 🌲"u8);
        s.BindBlob(4, [0, 255, 1]);
        s.BindNull(5);
        s.BindText(6, ""u8);
        s.BindBlob(7, []);
        Assert.True(s.Read());
        Assert.Equal(long.MinValue, s.GetInt64(0));
        Assert.Equal(0.1, s.GetDouble(1));
        Assert.Equal("Grüße 🌲", Encoding.UTF8.GetString(s.GetUtf8(2)));
        Assert.Equal([0, 255, 1], s.GetBytes(3).ToArray());
        Assert.True(s.IsNull(4));
        Assert.Equal(Native.TypeText, s.GetStorageType(5));
        Assert.True(s.GetUtf8(5).IsEmpty);
        Assert.Equal(Native.TypeBlob, s.GetStorageType(6));
        Assert.False(s.Read());
    }

    [Fact]
    public void Pragmas_are_what_the_writer_needs()
    {
        Assert.Equal("wal", connection.QueryText(new SqliteSql("PRAGMA journal_mode")));
        Assert.Equal(2, connection.QueryInt64(new SqliteSql("PRAGMA synchronous")));
        Assert.Equal(1, connection.QueryInt64(new SqliteSql("PRAGMA foreign_keys")));
        Assert.Equal(0, connection.QueryInt64(new SqliteSql("PRAGMA recursive_triggers")));
        Assert.Equal(0, connection.QueryInt64(new SqliteSql("PRAGMA trusted_schema")));
        using SqliteConnection work = SqliteConnection.Open(database.Options, SqliteMode.Private);
        Assert.Equal(0, work.QueryInt64(new SqliteSql("PRAGMA foreign_keys")));
    }

    [Fact]
    public void A_reader_cannot_write()
    {
        connection.ExecuteScript("create table t(a)");
        using SqliteConnection reader = SqliteConnection.Open(database.Options, SqliteMode.Reader);
        SqliteException e = Assert.Throws<SqliteException>(() => reader.ExecuteScript("insert into t values (1)"));
        Assert.Equal("25006", e.Failure.SqlState);
    }

    [Fact]
    public void A_statement_is_prepared_once_per_text_object_and_forgets_its_parameters()
    {
        SqliteSql sql = new("select ?1");
        SqliteStatement first = connection.Prepare(sql);
        first.Bind(1, 7);
        Assert.True(first.Read());
        first.Dispose();
        using SqliteStatement second = connection.Prepare(sql);
        Assert.Same(first, second);
        Assert.True(second.Read());
        Assert.True(second.IsNull(0));
        using SqliteStatement nested = connection.Prepare(sql);
        Assert.NotSame(second, nested);
        Assert.Equal(2, connection.StatementsInUse);
    }

    [Fact]
    public void A_read_with_a_bound_limit_is_prepared_once_however_often_it_runs()
    {
        connection.ExecuteScript("create table t(id integer primary key); insert into t values (1), (2), (3)");
        Select bound = new TypeChecker(Catalog.Empty).CheckSelect(SqlParser.ParseSelect("select 1 as id limit 1").Value).Value;
        Select limited = bound with { Limit = new ParameterExpr(0) { Type = LogicalType.Int8 } };
        SqliteSql compiled = SqliteSource.CompileSelect(limited).Sql;
        string limit = compiled.ToString()[compiled.ToString().IndexOf(" limit ", StringComparison.Ordinal)..];
        Assert.Equal(0, RepreparationsOf("select id from t where id > ?2" + limit));
        // What a bare parameter costs; once SQLite no longer does this, the form above can go.
        Assert.NotEqual(0, RepreparationsOf("select id from t where id > ?2 limit ?1"));
    }

    private int RepreparationsOf(string text)
    {
        SqliteSql sql = new(text);
        int repreparations = 0;
        for (int run = 1; run <= 3; run++)
        {
            using SqliteStatement statement = connection.Prepare(sql);
            statement.Bind(1, run);
            statement.Bind(2, 0);
            int rows = 0;
            while (statement.Read())
                rows++;
            Assert.Equal(run, rows);
            repreparations = statement.Repreparations;
        }
        return repreparations;
    }

    [Fact]
    public void The_cache_is_bounded_and_drops_the_least_recently_used()
    {
        using SqliteConnection small = SqliteConnection.Open(database.Options with { StatementCache = 2 }, SqliteMode.Reader);
        SqliteSql[] texts = [new("select 1"), new("select 2"), new("select 3")];
        foreach (SqliteSql sql in texts)
            small.Execute(sql);
        SqliteStatement kept = small.Prepare(texts[2]);
        kept.Dispose();
        using SqliteStatement again = small.Prepare(texts[2]);
        Assert.Same(kept, again);
        small.Execute(texts[0]);
        small.Execute(texts[1]);
        small.Execute(texts[0]);
        Assert.Equal(1, small.StatementsInUse);
    }

    [Fact]
    public void Two_statements_in_one_text_are_refused()
    {
        Assert.Throws<ArgumentException>(() => connection.Prepare(new SqliteSql("select 1; select 2")));
        connection.Execute(new SqliteSql("select 1; "));
        Assert.Equal(0, connection.StatementsInUse);
    }

    [Theory]
    [InlineData("insert into auth_t(id) values (1)", "23502", "auth.t", "name", null)]
    [InlineData("insert into auth_t(id, name) values (1, 'x'), (2, 'x')", "23505", "auth.t", "name", null)]
    [InlineData("insert into auth_t(id, name) values (1, 'x'), (1, 'y')", "23505", "auth.t", "id", null)]
    [InlineData("insert into auth_t(id, name, n) values (1, 'x', -1)", "23514", null, null, "n_positive")]
    [InlineData("insert into auth_t(id, name, other) values (1, 'x', 99)", "23503", null, null, null)]
    [InlineData("insert into auth_t(id, name, a, b) values (1, 'x', 1, 1), (2, 'y', 1, 1)", "23505", "auth.t", "a,b", null)]
    [InlineData("insert into auth_t(id, name, n) values (1, 'x', 1), (2, 'X', 1)", "23505", null, null, "t_lower")]
    [InlineData("select fail()", "22012", null, null, null)]
    [InlineData("select nonsense from nowhere", "XX000", null, null, null)]
    [InlineData("select sum(v) from (values (9223372036854775807), (1)) t(v)", "XX000", null, null, null)]
    public void Failures_carry_the_sqlstate_and_what_they_name(
        string sql,
        string state,
        string? table,
        string? columns,
        string? constraint
    )
    {
        connection.ExecuteScript(
            """
            create table "auth.t"(id integer primary key, name text not null unique, n integer constraint n_positive check (n > 0),
              other integer references "auth.t"(id), a integer, b integer, unique (a, b));
            create unique index t_lower on "auth.t"(lower(name)) where n is not null;
            """
        );
        connection.CreateScalar("fail", 0, FunctionTraits.None, (c, _) => c.Error("22012", "division by zero", "d", "h"));
        SqliteException e = Assert.Throws<SqliteException>(() =>
            connection.ExecuteScript(sql.Replace("auth_t", "\"auth.t\"", StringComparison.Ordinal))
        );
        Assert.Equal(state, e.Failure.SqlState);
        Assert.Equal(table, e.Failure.Table);
        Assert.Equal(columns ?? "", string.Join(",", e.Failure.Columns));
        Assert.Equal(constraint, e.Failure.Constraint);
    }

    [Theory]
    [InlineData(Native.Busy, "55P03")]
    [InlineData(Native.Interrupt, "57014")]
    [InlineData(Native.Full, "53100")]
    [InlineData(Native.IoErrWrite, "58030")]
    [InlineData(Native.ReadOnly | (1 << 8), "25006")]
    [InlineData(Native.Corrupt, "XX001")]
    [InlineData(Native.NotADb, "XX001")]
    [InlineData(Native.NoMem, "53200")]
    [InlineData(Native.IoErrNoMem, "53200")]
    [InlineData(Native.TooBig, "54000")]
    [InlineData(Native.CantOpen, "58030")]
    public void Result_codes_have_an_sqlstate(int code, string state) =>
        Assert.Equal(state, SqliteErrors.Describe(code, "text").SqlState);

    [Fact]
    public void An_error_raised_by_a_function_keeps_its_four_parts()
    {
        connection.CreateScalar(
            "boom",
            -1,
            FunctionTraits.None,
            (_, _) => throw new TenonException(new Error(ErrorCodes.DivisionByZero, "division by zero", "the detail", "the hint"))
        );
        SqliteException e = Assert.Throws<SqliteException>(() => connection.ExecuteScript("select boom(1, 2)"));
        Error error = e.Failure.ToError();
        Assert.Equal(("22012", "division by zero", "the detail", "the hint"), (error.Code.Text, error.Message, error.Details, error.Hint));
        Assert.Equal(400, error.Code.Status);
    }

    [Fact]
    public void An_unexpected_exception_in_a_function_does_not_show_its_text()
    {
        connection.CreateScalar("oops", 0, FunctionTraits.None, (_, _) => throw new InvalidOperationException("secret"));
        SqliteException e = Assert.Throws<SqliteException>(() => connection.ExecuteScript("select oops()"));
        Assert.Equal("XX000", e.Failure.SqlState);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    private sealed class Product : SqliteAggregate
    {
        private long value = 1;

        public override void Step(SqliteArguments arguments) => value *= arguments[0].Int64;

        public override void Inverse(SqliteArguments arguments) => value /= arguments[0].Int64;

        public override void Result(SqliteContext context) => context.Int64(value);
    }

    [Fact]
    public void Aggregates_work_grouped_empty_and_as_windows()
    {
        connection.CreateAggregate("product", 1, FunctionTraits.Pure, () => new Product());
        Assert.Equal(24, connection.QueryInt64(new SqliteSql("select product(v) from (select 2 v union all select 3 union all select 4)")));
        Assert.Equal(1, connection.QueryInt64(new SqliteSql("select product(v) from (select 1 v where 0)")));
        SqliteSql window = new(
            "select group_concat(p, ' ') from (select product(v) over (order by v rows 1 preceding) p from (select 2 v union all select 3 union all select 4))"
        );
        Assert.Equal("2 6 12", connection.QueryText(window));
    }

    [Fact]
    public void Collations_order_and_index()
    {
        connection.CreateCollation("backwards", (a, b) => b.SequenceCompareTo(a));
        connection.ExecuteScript("create table w(t text collate backwards); create index i on w(t); insert into w values ('a'),('c'),('b')");
        Assert.Equal("c b a", connection.QueryText(new SqliteSql("select group_concat(t, ' ') from (select t from w order by t)")));
    }

    [Fact]
    public void Only_innocuous_functions_may_be_used_in_the_schema()
    {
        connection.CreateScalar("f_pure", 1, FunctionTraits.Pure, (c, a) => c.Value(a[0]));
        connection.CreateScalar("f_own", 1, FunctionTraits.Deterministic, (c, a) => c.Value(a[0]));
        connection.ExecuteScript("create table t(a); create index i on t(f_pure(a)); insert into t values (1)");
        Assert.Throws<SqliteException>(() => connection.ExecuteScript("create index j on t(f_own(a)); insert into t values (2)"));
    }

    [Fact]
    public void A_deadline_stops_a_running_statement()
    {
        connection.Guard(TestContext.Current.CancellationToken, TimeProvider.System.GetTimestamp() + TimeProvider.System.TimestampFrequency / 20);
        SqliteException e = Assert.Throws<SqliteException>(() => connection.Execute(Endless));
        Assert.Equal("57014", e.Failure.SqlState);
        Assert.Contains("statement timeout", e.Failure.Message, StringComparison.Ordinal);
        connection.Unguard();
        Assert.Equal(1, connection.QueryInt64(new SqliteSql("select 1")));
    }

    internal static readonly SqliteSql Endless = new(
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    );

    public void Dispose()
    {
        connection.Dispose();
        database.Dispose();
    }
}

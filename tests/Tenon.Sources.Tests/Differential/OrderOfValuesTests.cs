using System.Text;
using Npgsql;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>Types whose order SQLite does not have: rows come as PostgreSQL's B-tree sorts them.</summary>
public sealed class OrderOfValuesTests
{
    private static readonly string[] Documents =
    [
        "null", "true", "false", "0", "1", "1.0", "-1", "-1.5", "10", "9", "12345678901234567890.5", "12345678901234567890.50001",
        "-0.001", "0.0010", "1e3", "\"\"", "\"a\"", "\"A\"", "\"b\"", "\"aa\"", "\"ä\"", "\"\\u00e4\\n\"", "\"😀\"", "\"\\uffff\"", "[]", "[1]",
        "[2]", "[1,2]", "[null]", "[[]]", "[{}]", "[[1]]", "[\"a\"]", "[true,false]", "{}", "{\"b\":1}", "{\"aa\":1}", "{\"a\":null}",
        "{\"a\":1}", "{\"a\":2}", "{\"a\":1,\"b\":2}", "{\"aa\":1,\"c\":1}", "{\"b\":1,\"d\":1}", "{\"a\":{\"x\":[1,2]}}", "{\"a\":{\"x\":[1,3]}}",
        "{\"a\\nb\":1}", "{\"a\\tb\":1}",
    ];

    private static readonly string[] Numbers = ["{}", "{1}", "{2}", "{10}", "{9}", "{1,2}", "{1,NULL}", "{NULL}", "{-5,3}", "{{1,2},{3,4}}", "{1,2,3,4}"];

    private static readonly string[] Words = ["{}", "{a}", "{B}", "{a,b}", "{\"\"}", "{NULL}", "{ä}", "{😀}", "{\"x y\"}", "{\"q\\\"q\"}", "{10}", "{9}"];

    [Fact]
    public void Any_two_jsonb_values_compare_as_in_PostgreSQL()
    {
        using NpgsqlConnection postgres = Open();
        using var command = new NpgsqlCommand(
            "select x.o - 1, y.o - 1, case when x.v::jsonb < y.v::jsonb then -1 when x.v::jsonb = y.v::jsonb then 0 else 1 end "
                + "from unnest($1) with ordinality x(v, o), unnest($1) with ordinality y(v, o)",
            postgres
        );
        command.Parameters.AddWithValue(Documents);
        var found = new List<string>();
        int compared = 0;
        using NpgsqlDataReader rows = command.ExecuteReader();
        while (rows.Read())
        {
            (string a, string b, int expected) = (Documents[rows.GetInt64(0)], Documents[rows.GetInt64(1)], rows.GetInt32(2));
            int got = Math.Sign(JsonbOrder.Compare(Utf8(a), Utf8(b)));
            int evaluated = Math.Sign(Ordering.Compare(LogicalType.Jsonb, Stored(LogicalType.Jsonb, a), Stored(LogicalType.Jsonb, b)));
            compared++;
            if (got != expected || evaluated != expected)
            {
                found.Add($"{a} and {b}: SQLite {got}, evaluator {evaluated}, PostgreSQL {expected}");
            }
        }
        Assert.Equal(Documents.Length * Documents.Length, compared);
        Assert.True(found.Count == 0, string.Join("\n", found));
    }

    [Fact]
    public void Rows_are_sorted_by_jsonb_and_arrays_as_in_PostgreSQL()
    {
        using NpgsqlConnection postgres = Open();
        Assert.Equal(SortedThere(postgres, "jsonb", Documents), SortedHere(LogicalType.Jsonb, Documents));
        Assert.Equal(SortedThere(postgres, "int4[]", Numbers), SortedHere(LogicalType.ArrayOf(LogicalType.Int4), Numbers));
        Assert.Equal(SortedThere(postgres, "text[]", Words), SortedHere(LogicalType.ArrayOf(LogicalType.Text), Words));
    }

    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("{\"b\":1.00}", "{\"b\":1}")]
    [InlineData("[1,[2.50]]", "[1.0,[2.5]]")]
    [InlineData("1", "\"1\"")]
    [InlineData("\"a\"", "\"a\"")]
    public void Numbers_inside_jsonb_are_equal_by_value(string a, string b)
    {
        using var ways = new ThreeWays();
        Assert.SkipUnless(ways.HasPostgres, "PostgreSQL is not installed");
        foreach (string expression in new[] { "a = b", "a <> b", "a < b", "a >= b", "a is distinct from b", "nullif(a, b) is null", "a in (b)" })
        {
            var test = new DifferentialCase(expression, "jsonb", "jsonb");
            var bound = ThreeWays.Bind(test).Value;
            Datum[] row = [Stored(LogicalType.Jsonb, a), Stored(LogicalType.Jsonb, b)];
            string expected = ways.Postgres(test, [a, b]);
            Assert.Equal((expression, expected, expected), (expression, ThreeWays.Evaluate(bound, row), ways.Sqlite(bound, test.Types, row)));
        }
    }

    private static NpgsqlConnection Open()
    {
        Assert.SkipUnless(PrivatePostgres.Shared is not null, "PostgreSQL is not installed");
        var connection = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionString);
        connection.Open();
        return connection;
    }

    // Equal values (1 and 1.0) stay in the order they came in, here and there.
    private static List<int> SortedThere(NpgsqlConnection postgres, string type, string[] values)
    {
        string collation = type == "text[]" ? " collate \"C\"" : "";
        using var command = new NpgsqlCommand(
            $"select o::int4 - 1 from unnest($1) with ordinality x(v, o) order by v::{type}{collation}, o",
            postgres
        );
        command.Parameters.AddWithValue(values);
        using NpgsqlDataReader rows = command.ExecuteReader();
        var order = new List<int>();
        while (rows.Read())
        {
            order.Add(rows.GetInt32(0));
        }
        return order;
    }

    private static List<int> SortedHere(LogicalType type, string[] values)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-order-").FullName;
        try
        {
            using SqliteConnection sqlite = SqliteConnection.Open(new SqliteOptions(Path.Combine(folder, "o.db")), SqliteMode.Private);
            SqliteLibrary.Register(sqlite);
            sqlite.Execute(new SqliteSql("create table t (v text, o integer)"));
            for (int i = 0; i < values.Length; i++)
            {
                using SqliteStatement insert = sqlite.Prepare(new SqliteSql("insert into t values (?1, ?2)"));
                insert.BindText(1, Encoding.UTF8.GetBytes(Stored(type, values[i]).Text));
                insert.Bind(2, i);
                insert.Read();
            }
            using SqliteStatement sorted = sqlite.Prepare(new SqliteSql($"select o from t order by v{SqliteDialect.OrderCollationOf(type)}, o"));
            var order = new List<int>();
            while (sorted.Read())
            {
                order.Add((int)sorted.GetInt64(0));
            }
            return order;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Utf8(string document) => Encoding.UTF8.GetBytes(Stored(LogicalType.Jsonb, document).Text);

    private static Datum Stored(LogicalType type, string text) => TypeInput.Parse(type, text).Value;
}

using System.Text;
using System.Text.Json;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Capabilities;

/// <summary>
/// One JSON for equal values whatever the database: docs/guides/types.md is written from what each answers, value by value.
/// TENON_GOLDEN=write writes the page anew.
/// </summary>
public sealed class TypeTableTests
{
    private const string Guide = "docs/guides/types.md";

    /// <summary>A type, its counterpart in MariaDB (null: not compared), and values; those of OnlyHere are not asked of MariaDB.</summary>
    private sealed record Type(string Name, string? MariaDb, string[] Values)
    {
        public string[] OnlyHere { get; init; } = [];

        public string? Title { get; init; }

        /// <summary>The one value SQLite cannot keep, and what it gives in its place.</summary>
        public (string Value, string Json)? OnSqlite { get; init; }

        public string[] All => [.. Values, .. OnlyHere];
    }

    private static readonly string HundredDigits = string.Concat(Enumerable.Range(0, 100).Select(i => (char)('1' + (i * 7 % 9))));

    private static readonly (string Value, string Json) NoNegativeZero = ("-0", "0");

    private static readonly Type[] Types =
    [
        new("boolean", "boolean", ["true", "false"]),
        new("smallint", "smallint", ["-32768", "0", "32767"]),
        new("integer", "int", ["-2147483648", "2147483647"]),
        new("bigint", "bigint", ["-9223372036854775808", "9007199254740993", "9223372036854775807"]),
        new("numeric", "decimal(65,0)", ["0", "12345678901234567890123456789012345678901234567890"])
        {
            OnlyHere = [HundredDigits, "-" + HundredDigits + ".5", "1.50", "-0.000000000000000000000000000001", "NaN"],
        },
        new("numeric(12,2)", "decimal(12,2)", ["9999999999.99", "-0.01", "12.5", "0"]),
        new("real", null, []) { OnlyHere = ["0.1", "-0", "3.4028235e38", "1e-45", "16777216", "1e15", "Infinity", "-Infinity"], OnSqlite = NoNegativeZero },
        new("double precision", "double", ["0.1", "1.7976931348623157e308", "5e-324", "123456789012345680", "1e15", "1e-7"]) { OnlyHere = ["-0", "Infinity", "-Infinity"], OnSqlite = NoNegativeZero },
        new("text", "longtext", ["", " padded ", "äöü 日本語 😀", "\"quoted\" \\ back/slash", "line\nbreak\ttab", "e\u0301 \u2028 \u200d", "<b>&amp;</b>"]),
        new("character varying(10)", "varchar(10)", ["", "äöü😀"]),
        new("character(5)", null, []) { OnlyHere = ["ab", "", "abcde"] },
        new("uuid", "uuid", ["00000000-0000-0000-0000-000000000000", "A11CE000-0000-4000-8000-0000000000FF"]),
        new("date", "date", ["2024-02-29", "1000-01-01", "9999-12-31"])
        {
            OnlyHere = ["0001-01-01", "0044-03-15 BC", "4714-11-24 BC", "10000-01-01", "5874897-12-31", "infinity", "-infinity"],
        },
        new("time without time zone", null, []) { OnlyHere = ["00:00:00", "23:59:59.999999", "12:30:00.5", "24:00:00"] },
        new("timestamp without time zone", "datetime(6)", ["2024-02-29 10:11:12.5", "1000-01-01 00:00:00", "9999-12-31 23:59:59.999999"])
        {
            OnlyHere = ["0001-01-01 00:00:00", "4714-11-24 00:00:00 BC", "10000-01-01 00:00:00", "294276-12-31 23:59:59.999999", "infinity", "-infinity"],
        },
        new("timestamp with time zone", "timestamp(6) null", ["2024-02-29 10:11:12.5", "2037-12-31 23:59:59.999999"])
        {
            OnlyHere = ["2024-02-29 10:11:12.5+01:30", "0001-01-01 00:00:00+00", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity"],
        },
        new("interval", null, []) { OnlyHere = ["00:00:00", "1 year 2 mons 3 days 04:05:06.7", "-1 day", "178000000 years", "1 mon -30 days"] },
        new("json", "json", ["{\"b\":1, \"a\":  [1, 2.50]}", "[]", "\"text\"", "12345678901234567890.5"]),
        new("jsonb", null, []) { OnlyHere = ["{\"b\":1, \"a\":  [1, 2.50], \"b\": 2}", "[]", "\"é\\u0041\"", "1e3", "null", HundredDigits] },
        new("bytea", "blob", ["\\x", "\\x00ff27"]),
        new("integer[]", null, []) { OnlyHere = ["{}", "{1,NULL,3}", "{{1,2},{3,4}}"] },
        new("text[]", null, []) { OnlyHere = ["{}", "{\"a,b\",\"\",NULL,\"NULL\",\"é\\\\\"}"] },
        new("timestamptz[]", null, []) { OnlyHere = ["{\"2024-02-29 10:11:12+00\",infinity}"] },
        new("mood", "enum ('sad', 'so so', 'happy')", ["sad", "so so", "happy"]) { Title = "an enum" },
        new("tsvector", null, []) { OnlyHere = ["fat:1A cat:2,5 'it''s'", ""] },
    ];

    private static string Quoted(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string MainSchema()
    {
        var sql = new StringBuilder("create type mood as enum ('sad', 'so so', 'happy');\n");
        for (int t = 0; t < Types.Length; t++)
        {
            string values = string.Join(", ", Types[t].All.Append(null).Select((v, i) => $"({i}, {(v is null ? "null" : Quoted(v))})"));
            sql.Append($"create table t{t} (id int primary key, v {Types[t].Name}); insert into t{t} values {values};\n");
        }
        return sql.ToString();
    }

    private static string AttachedSchema()
    {
        var sql = new StringBuilder();
        for (int t = 0; t < Types.Length; t++)
        {
            if (Types[t].MariaDb is { } type)
            {
                string values = string.Join(", ", Types[t].Values.Append(null).Select((v, i) => $"({i}, {InMariaDb(type, v)})"));
                sql.Append($"create table t{t} (id int primary key, v {type}) character set utf8mb4; insert into t{t} values {values};\n");
            }
        }
        return sql.ToString();
    }

    private static string InMariaDb(string type, string? value) =>
        value is null ? "null"
        : type == "boolean" ? value
        : type == "blob" ? $"x'{value[2..]}'"
        : Quoted(value);

    private static string Grants() => string.Concat(Types.Select((_, i) => $"grant select on t{i} to anon;\n"));

    private static string Policies() => string.Concat(Types.Select((t, i) => t.MariaDb is null ? "" : FourEngines.Open($"t{i}")));

    [Fact]
    public async Task The_guide_says_the_JSON_of_every_value_and_every_database_gives_it()
    {
        Assert.SkipUnless(FourEngines.AreInstalled, "PostgreSQL and MariaDB are not both installed");
        await using FourEngines engines = await FourEngines.StartAsync(MainSchema() + Grants(), AttachedSchema(), Policies());
        var problems = new List<string>();
        var text = new StringBuilder(Introduction);
        for (int t = 0; t < Types.Length; t++)
        {
            string[] expected = await ValuesAsync(engines, Engine.Compiled, t);
            foreach (Engine engine in Enum.GetValues<Engine>())
            {
                if (engine != Engine.MariaDb || Types[t].MariaDb is not null)
                {
                    Compare(Types[t], engine, expected, await ValuesAsync(engines, engine, t), problems);
                }
            }
            Append(text, Types[t], expected);
        }
        Assert.True(problems.Count == 0, string.Join("\n", problems));
        string path = Repository.PathTo(Guide);
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            await File.WriteAllTextAsync(path, text.ToString(), TestContext.Current.CancellationToken);
        }
        Assert.Equal(text.ToString(), await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    private static async Task<string[]> ValuesAsync(FourEngines engines, Engine engine, int table)
    {
        (int status, _, _, string body) = await engines.AskAsync(engine, "GET", $"t{table}?select=v&order=id");
        return status == 200 ? [.. JsonDocument.Parse(body).RootElement.EnumerateArray().Select(r => r.GetProperty("v").GetRawText())] : [$"{status} {body}"];
    }

    private static void Compare(Type type, Engine engine, string[] expected, string[] actual, List<string> problems)
    {
        string[] wanted = engine == Engine.MariaDb ? [.. expected[..type.Values.Length], "null"] : [.. expected];
        if (engine == Engine.Sqlite && type.OnSqlite is { } other)
        {
            wanted[Array.IndexOf(type.All, other.Value)] = other.Json;
        }
        for (int i = 0; i < Math.Max(wanted.Length, actual.Length); i++)
        {
            if (i >= wanted.Length || i >= actual.Length || wanted[i] != actual[i])
            {
                problems.Add($"{type.Name} {(i < type.All.Length ? type.All[i] : "null")} on {engine}: {actual.ElementAtOrDefault(i)}, on PostgreSQL {wanted.ElementAtOrDefault(i)}");
            }
        }
    }

    private const string Introduction = """
        # Types and their JSON

        Equal values have one JSON, whichever database holds them, but for what is named here: a test compares every line below, byte
        for byte, on the embedded SQLite, on PostgreSQL (policies compiled and native) and, where it says "the same", on an attached
        MariaDB. NULL is `null` everywhere. How MariaDB's types are read stands in [attached sources](sources.md#types).
        Numbers are exact: read them with a parser that keeps digits beyond 2^53, or ask for `column::text`. What JSON has no number
        for (`NaN`, infinities) is a string, as in PostgreSQL. Times come in UTC.

        """;

    private static void Append(StringBuilder text, Type type, string[] json)
    {
        text.Append($"\n## {type.Title ?? type.Name}\n\n| SQL | JSON | {(type.MariaDb is { } maria ? "MariaDB: " + maria.Replace(" null", "", StringComparison.Ordinal) : "MariaDB: not compared")} |\n|---|---|---|\n");
        for (int i = 0; i < type.All.Length; i++)
        {
            string there = type.MariaDb is null ? "" : i < type.Values.Length ? "the same" : "not compared";
            string here = type.OnSqlite is { } other && other.Value == type.All[i] ? $", on SQLite {Code(other.Json)}" : "";
            text.Append($"| {Code(type.All[i])} | {Code(json[i])}{here} | {there} |\n");
        }
    }

    private static string Code(string text) =>
        text.Length == 0 ? "(empty)" : $"`{text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\u2028", "\\u2028", StringComparison.Ordinal).Replace("\u200d", "\\u200d", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal)}`";
}

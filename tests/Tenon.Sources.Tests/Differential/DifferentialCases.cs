namespace Tenon.Sources.Tests.Differential;

/// <summary>An expression over columns a, b, c and the types of its columns.</summary>
internal sealed record DifferentialCase(string Expression, params string[] Types)
{
    public override string ToString() => $"{Expression} [{string.Join(", ", Types)}]";
}

// What is compared: at least one case for every function and operator that apps use.
internal static class DifferentialCases
{
    public static IEnumerable<DifferentialCase> All() =>
        [.. Operators(), .. Numbers(), .. Texts(), .. Patterns(), .. Cuts(), .. Times(), .. Formats(), .. Json(), .. Arrays(), .. Casts(), .. Syntax()];

    private static IEnumerable<DifferentialCase> Operators()
    {
        string[] types =
        [
            "boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision", "text", "uuid",
            "date", "time", "timestamp", "timestamptz", "interval", "jsonb", "bytea", "integer[]", "text[]",
        ];
        foreach (string type in types)
        {
            yield return new("a = b", type, type);
            yield return new("a <> b", type, type);
            yield return new("a < b", type, type);
            yield return new("a >= b", type, type);
            yield return new("a is distinct from b", type, type);
            yield return new("greatest(a, b)", type, type);
            yield return new("nullif(a, b)", type, type);
        }
        foreach (string type in new[] { "smallint", "integer", "bigint", "numeric", "real", "double precision" })
        {
            foreach (string op in new[] { "+", "-", "*", "/" })
            {
                yield return new($"a {op} b", type, type);
            }
            yield return new("- a", type);
            yield return new("abs(a)", type);
        }
        foreach (string type in new[] { "smallint", "integer", "bigint", "numeric" })
        {
            yield return new("a % b", type, type);
            yield return new("mod(a, b)", type, type);
        }
        yield return new("a + b", "integer", "bigint");
        yield return new("a * b", "integer", "numeric");
        yield return new("a / b", "numeric", "double precision");
        yield return new("a = b", "integer", "numeric");
        yield return new("a < b", "bigint", "double precision");
        yield return new("a & b", "integer", "integer");
        yield return new("a | b", "bigint", "bigint");
        yield return new("a # b", "integer", "integer");
        yield return new("~ a", "integer");
        yield return new("a << b", "integer", "small");
        yield return new("a >> b", "bigint", "small");
    }

    private static IEnumerable<DifferentialCase> Numbers()
    {
        foreach (string name in new[] { "round", "trunc", "ceil", "floor", "sign", "sqrt", "exp", "ln", "log" })
        {
            yield return new($"{name}(a)", "numeric");
            yield return new($"{name}(a)", "double precision");
        }
        yield return new("round(a, b)", "numeric", "small");
        yield return new("trunc(a, b)", "numeric", "small");
        yield return new("power(a, b)", "numeric", "small");
        yield return new("power(a, b)", "double precision", "double precision");
        yield return new("div(a, b)", "numeric", "numeric");
        yield return new("log(a, b)", "numeric", "numeric");
        yield return new("gcd(a, b)", "integer", "integer");
        yield return new("lcm(a, b)", "bigint", "bigint");
        yield return new("to_hex(a)", "integer");
        yield return new("to_hex(a)", "bigint");
        yield return new("cbrt(a)", "double precision");
        yield return new("least(a, b)", "numeric", "numeric");
        yield return new("scale(a)", "numeric");
        yield return new("trim_scale(a)", "numeric");
    }

    private static IEnumerable<DifferentialCase> Texts()
    {
        string[] names =
        [
            "lower", "upper", "initcap", "length", "char_length", "octet_length", "reverse", "btrim", "ltrim",
            "rtrim", "md5", "ascii", "quote_literal", "quote_ident", "quote_nullable", "trim",
        ];
        foreach (string name in names)
        {
            yield return new($"{name}(a)", "text");
        }
        yield return new("a || b", "text", "text");
        yield return new("a || b", "text", "integer");
        yield return new("a || b", "text", "boolean");
        yield return new("concat(a, b, c)", "text", "boolean", "numeric");
        yield return new("concat_ws(a, b, c)", "text", "text", "integer");
        yield return new("format('%s-%I-%L', a, b, c)", "integer", "key", "text");
    }

    private static IEnumerable<DifferentialCase> Patterns()
    {
        yield return new("a like b", "text", "pattern");
        yield return new("a not like b", "text", "pattern");
        yield return new("a ilike b", "text", "pattern");
        yield return new("a ~ b", "text", "regex");
        yield return new("a !~* b", "text", "regex");
        yield return new("a ~* b", "text", "regex");
        yield return new("regexp_replace(a, b, '<\\&>')", "text", "regex");
        yield return new("regexp_replace(a, b, 'x', 'g')", "text", "regex");
        yield return new("regexp_match(a, b)", "text", "regex");
    }

    private static IEnumerable<DifferentialCase> Cuts()
    {
        yield return new("substr(a, b)", "text", "small");
        yield return new("substring(a from b for c)", "text", "small", "small");
        yield return new("substring(a from b)", "text", "regex");
        yield return new("left(a, b)", "text", "small");
        yield return new("right(a, b)", "text", "small");
        yield return new("lpad(a, b, c)", "text", "small", "key");
        yield return new("rpad(a, b)", "text", "small");
        yield return new("repeat(a, b)", "text", "small");
        yield return new("replace(a, b, c)", "text", "key", "text");
        yield return new("translate(a, b, c)", "text", "text", "key");
        yield return new("split_part(a, b, c)", "text", "key", "small");
        yield return new("split_part(a, ' ', b)", "text", "small");
        yield return new("position(a in b)", "key", "text");
        yield return new("strpos(a, b)", "text", "text");
        yield return new("starts_with(a, b)", "text", "text");
        yield return new("btrim(a, b)", "text", "text");
        yield return new("chr(a)", "integer");
        yield return new("encode(a, 'base64')", "bytea");
        yield return new("encode(a, 'hex')", "bytea");
        yield return new("decode(a, 'hex')", "text");
        yield return new("string_to_array(a, b)", "text", "key");
        yield return new("string_to_array(a, ',')", "text");
    }

    private static IEnumerable<DifferentialCase> Times()
    {
        yield return new("a + b", "date", "small");
        yield return new("a - b", "date", "date");
        yield return new("a + b", "date", "interval");
        yield return new("a + b", "date", "time");
        foreach (string type in new[] { "timestamp", "timestamptz" })
        {
            yield return new("a + b", type, "interval");
            yield return new("a - b", type, "interval");
            yield return new("a - b", type, type);
            yield return new("age(a, b)", type, type);
            yield return new("date_trunc(b, a)", type, "field");
            yield return new("date_part(b, a)", type, "field");
            yield return new("a at time zone b", type, "zone");
        }
        foreach (string type in new[] { "date", "time", "timestamp", "timestamptz", "interval" })
        {
            string[] fields =
            [
                "year", "month", "day", "hour", "second", "epoch", "dow", "week", "doy", "century", "quarter",
                "milliseconds",
            ];
            foreach (string field in fields)
            {
                yield return new($"extract({field} from a)", type);
            }
        }
        yield return new("a + b", "time", "interval");
        yield return new("a - b", "time", "time");
        yield return new("a + b", "interval", "interval");
        yield return new("a - b", "interval", "interval");
        yield return new("a * b", "interval", "double precision");
        yield return new("a / b", "interval", "double precision");
        yield return new("- a", "interval");
        yield return new("date_trunc(b, a)", "interval", "field");
        yield return new("date_trunc(b, a)", "date", "field");
        yield return new("justify_days(a)", "interval");
        yield return new("justify_hours(a)", "interval");
        yield return new("justify_interval(a)", "interval");
        yield return new("make_date(2000, a, b)", "small", "small");
        yield return new("to_date(a, 'YYYY-MM-DD')", "text");
        yield return new("to_timestamp(a)", "double precision");
        yield return new("a < b", "date", "timestamptz");
        yield return new("to_char(a, 'YYYY-MM-DD HH24:MI:SS.US Mon Dy Q IW DDD AM')", "timestamp");
        yield return new("to_char(a, 'FMDay, FMDDth FMMonth YYYY')", "timestamptz");
        yield return new("to_char(a, '999,990.99')", "numeric");
        yield return new("to_char(a, 'FM999990.0099')", "numeric");
        yield return new("to_char(a, '0000')", "integer");
    }

    private static IEnumerable<DifferentialCase> Formats()
    {
        yield return new("make_interval(days => a)", "integer");
        yield return new("make_interval(1, a, mins => b)", "small", "small");
        yield return new("make_interval(secs => a)", "double precision");
        yield return new("make_time(a, b, 30.5)", "small", "small");
        yield return new("make_timestamp(2024, a, 28, b, 15, 7.25)", "small", "small");
        yield return new("make_timestamptz(2024, 2, a, 10, b, 59.999999)", "small", "small");
        yield return new("to_char(a, 'DD/MM/YYYY, HH12:MI:SS.MS pm')", "timestamptz");
        yield return new("to_char(a, 'YYYY-\"W\"IW-ID IYYY IDDD WW W D J CC SSSS')", "timestamp");
        yield return new("to_char(a, 'MONTH Month mon DAY dy FMDD. FMMonth Y,YYY YYY YY Y BC ad RM FMrm TZ OF TZH:TZM FF3 FF1')", "timestamptz");
        yield return new("to_char(a, 'Dth DDTH FMDDth HHth')", "date");
        yield return new("to_char(a, 'HH24:MI:SS')", "interval");
        yield return new("to_char(a, 'YYYY MM DD FMHH12 US')", "interval");
        yield return new("to_char(a, '9990.99')", "numeric");
        yield return new("to_char(a, 'FM999.999')", "numeric");
        yield return new("to_char(a, 'FM9,999,999')", "integer");
        yield return new("to_char(a, 'S9999.9')", "numeric");
        yield return new("to_char(a, '9999.9S')", "numeric");
        yield return new("to_char(a, '9999MI')", "integer");
        yield return new("to_char(a, '99999PR')", "integer");
        yield return new("to_char(a, 'SG99999.00')", "numeric");
        yield return new("to_char(a, '\"Total: \"9G999D99')", "numeric");
        yield return new("to_char(a, '00.0')", "numeric");
        yield return new("to_char(a, 'FM00.00')", "numeric");
        yield return new("to_char(a, '999999999999999999999')", "bigint");
    }

    private static IEnumerable<DifferentialCase> Json()
    {
        foreach (string type in new[] { "json", "jsonb" })
        {
            yield return new("a -> b", type, "key");
            yield return new("a ->> b", type, "key");
            yield return new("a -> b", type, "small");
            yield return new("a ->> b", type, "small");
            yield return new("a #> b", type, "path");
            yield return new("a #>> b", type, "path");
            yield return new($"{type}_typeof(a)", type);
            yield return new($"{type}_array_length(a)", type);
            yield return new($"{type}_build_object('k', a, 'v', b)", "integer", "text");
            yield return new($"{type}_build_array(a, b, c)", "numeric", "timestamptz", "boolean");
        }
        yield return new("a @> b", "jsonb", "jsonb");
        yield return new("a <@ b", "jsonb", "jsonb");
        yield return new("a ? b", "jsonb", "key");
        yield return new("a ?| b", "jsonb", "text[]");
        yield return new("a ?& b", "jsonb", "text[]");
        yield return new("a || b", "jsonb", "jsonb");
        yield return new("a - b", "jsonb", "key");
        yield return new("a - b", "jsonb", "small");
        yield return new("a #- b", "jsonb", "path");
        yield return new("jsonb_set(a, b, '\"new\"')", "jsonb", "path");
        yield return new("jsonb_set(a, b, '1', false)", "jsonb", "path");
        yield return new("jsonb_insert(a, b, '\"new\"')", "jsonb", "path");
        yield return new("jsonb_strip_nulls(a)", "jsonb");
        string[] types =
        [
            "boolean", "integer", "bigint", "numeric", "double precision", "text", "uuid", "date", "timestamp",
            "timestamptz", "interval", "json", "jsonb", "bytea", "integer[]", "text[]",
        ];
        foreach (string type in types)
        {
            yield return new("to_jsonb(a)", type);
            yield return new("to_json(a)", type);
        }
    }

    private static IEnumerable<DifferentialCase> Arrays()
    {
        foreach (string type in new[] { "integer[]", "text[]" })
        {
            string element = type == "integer[]" ? "small" : "key";
            yield return new("array_length(a, 1)", type);
            yield return new("cardinality(a)", type);
            yield return new("array_append(a, b)", type, element);
            yield return new("array_prepend(b, a)", type, element);
            yield return new("array_cat(a, b)", type, type);
            yield return new("a || b", type, type);
            yield return new("array_remove(a, b)", type, element);
            yield return new("array_replace(a, b, b)", type, element);
            yield return new("array_position(a, b)", type, element);
            yield return new("a @> b", type, type);
            yield return new("a <@ b", type, type);
            yield return new("a && b", type, type);
            yield return new("b = any(a)", type, element);
            yield return new("b <> all(a)", type, element);
            yield return new("b < any(a)", type, element);
            yield return new("a[b]", type, "small");
            yield return new("array_to_string(a, ',')", type);
            yield return new("array_to_string(a, ',', '*')", type);
            yield return new("array_upper(a, 1)", type);
        }
        yield return new("array[a, b]", "integer", "numeric");
    }

    private static IEnumerable<DifferentialCase> Casts()
    {
        (string From, string[] To)[] casts =
        [
            ("boolean", ["text", "integer"]),
            ("smallint", ["integer", "text", "numeric"]),
            ("integer", ["smallint", "bigint", "numeric(5,2)", "real", "boolean", "text", "varchar(3)"]),
            ("bigint", ["integer", "smallint", "double precision", "text"]),
            ("numeric", ["integer", "bigint", "double precision", "real", "text", "numeric(6,1)"]),
            ("double precision", ["integer", "bigint", "numeric", "real", "text"]),
            ("real", ["double precision", "numeric", "integer", "text"]),
            ("text", ["integer", "boolean", "numeric", "date", "uuid", "jsonb", "char(3)", "varchar(2)", "interval"]),
            ("uuid", ["text"]),
            ("date", ["text", "timestamp", "timestamptz"]),
            ("timestamp", ["date", "time", "text", "timestamptz", "timestamp(0)"]),
            ("timestamptz", ["date", "timestamp", "text"]),
            ("time", ["interval", "text"]),
            ("interval", ["text", "time"]),
            ("jsonb", ["text", "integer", "boolean", "numeric", "json"]),
            ("json", ["text", "jsonb"]),
            ("integer[]", ["text", "bigint[]", "text[]"]),
            ("text[]", ["text", "integer[]"]),
            ("bytea", ["text"]),
        ];
        return casts.SelectMany(c => c.To.Select(to => new DifferentialCase($"a::{to}", c.From)));
    }

    private static IEnumerable<DifferentialCase> Syntax()
    {
        yield return new("a and b", "boolean", "boolean");
        yield return new("a or b", "boolean", "boolean");
        yield return new("not a", "boolean");
        yield return new("a is null", "text");
        yield return new("a is not true", "boolean");
        yield return new("a is unknown", "boolean");
        yield return new("a in (1, null, 3)", "small");
        yield return new("a not in (1, 2)", "small");
        yield return new("a not in (1, null)", "small");
        yield return new("a between b and c", "small", "small", "small");
        yield return new("case when a > 1 then b else c end", "small", "text", "key");
        yield return new("coalesce(a, b, 'z')", "text", "key");
    }
}

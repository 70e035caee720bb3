using System.Buffers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Xunit;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Tests.Types;

public sealed class TypeInputTests
{
    private static readonly Dictionary<string, LogicalType> Types = new()
    {
        ["boolean"] = LogicalType.Boolean,
        ["smallint"] = LogicalType.Int2,
        ["integer"] = LogicalType.Int4,
        ["bigint"] = LogicalType.Int8,
        ["numeric"] = LogicalType.Numeric,
        ["numeric(5,2)"] = LogicalType.NumericOf(5, 2),
        ["numeric(3,0)"] = LogicalType.NumericOf(3, 0),
        ["real"] = LogicalType.Float4,
        ["double precision"] = LogicalType.Float8,
        ["varchar(3)"] = LogicalType.VarcharOf(3),
        ["char(3)"] = LogicalType.CharOf(3),
        ["uuid"] = LogicalType.Uuid,
        ["date"] = LogicalType.Date,
        ["time"] = LogicalType.Time,
        ["timestamp"] = LogicalType.Timestamp,
        ["timestamp(3)"] = LogicalType.Timestamp.WithPrecision(3),
        ["timestamptz"] = LogicalType.TimestampTz,
        ["interval"] = LogicalType.Interval,
        ["json"] = LogicalType.Json,
        ["jsonb"] = LogicalType.Jsonb,
        ["bytea"] = LogicalType.Bytea,
        ["integer[]"] = LogicalType.ArrayOf(LogicalType.Int4),
        ["text[]"] = LogicalType.ArrayOf(LogicalType.Text),
        ["numeric[]"] = LogicalType.ArrayOf(LogicalType.Numeric),
        ["timestamptz[]"] = LogicalType.ArrayOf(LogicalType.TimestampTz),
        ["boolean[]"] = LogicalType.ArrayOf(LogicalType.Boolean),
    };

    // Each line was answered by PostgreSQL 15: type, input, text out, JSON out; "!" stands before SQLSTATE and message.
    public static IEnumerable<TheoryDataRow<string, string, string, string>> Golden()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("type-input.golden.tsv")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            yield return new(fields[0], fields[1], fields[2], fields[3]);
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Text_is_read_and_written_as_PostgreSQL_does(string type, string input, string text, string json)
    {
        LogicalType logical = Types[type];
        if (!TypeInput.Parse(logical, input).TryGet(out Datum value, out Error error))
        {
            string shown = $"!{error.Code} {error.Message}" + (error.Details is null ? "" : $" | {error.Details}");
            Assert.Equal(text, shown);
            return;
        }
        Assert.Equal(text, logical.Kind == TypeKind.Boolean ? TypeOutput.CastToText(logical, value) : TypeOutput.ToText(logical, value));
        Assert.Equal(json, Json(logical, value));
        var appended = new StringBuilder();
        TypeOutput.AppendJson(logical, value, appended);
        Assert.Equal(json, appended.ToString());
    }

    private static string Json(LogicalType type, Datum value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        TypeOutput.WriteJson(type, value, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    [Theory]
    [InlineData("12", "12")]
    [InlineData("\"12\"", "12")]
    [InlineData("null", "null")]
    [InlineData("1.5", "!22P02")]
    [InlineData("true", "!22P02")]
    public void A_body_s_value_for_an_integer_goes_by_way_of_its_text(string json, string expected) =>
        Assert.Equal(expected, Body(LogicalType.Int4, json));

    [Theory]
    [InlineData("[1,2,null]", "[1,2,null]")]
    [InlineData("\"{1,2}\"", "[1,2]")]
    [InlineData("[]", "[]")]
    [InlineData("[[1],[2,3]]", "!2202E")]
    [InlineData("5", "!22P02")]
    [InlineData("[\"x\"]", "!22P02")]
    public void A_body_s_array_becomes_an_array(string json, string expected) =>
        Assert.Equal(expected, Body(LogicalType.ArrayOf(LogicalType.Int4), json));

    [Theory]
    [InlineData("{\"b\":1,\"a\":[1.50]}", "{\"a\": [1.50], \"b\": 1}")]
    [InlineData("\"x\"", "\"x\"")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    public void A_body_s_value_for_jsonb_is_kept_exactly(string json, string expected) =>
        Assert.Equal(expected, Body(LogicalType.Jsonb, json));

    [Fact]
    public void A_body_s_object_for_text_keeps_its_own_text() =>
        Assert.Equal("\"{\\\"a\\\": 1}\"", Body(LogicalType.Text, "{\"a\": 1}"));

    [Fact]
    public void A_nul_character_is_refused() => Assert.Equal("!22P05", Body(LogicalType.Text, "\"a\\u0000b\""));

    // Both ways in must agree.
    private static string Body(LogicalType type, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        string fromElement = Shown(type, TypeInput.FromJson(type, document.RootElement));
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        string fromReader = Shown(type, TypeInput.FromJson(type, ref reader));
        if (!json.Contains("u0000", StringComparison.Ordinal))
        {
            Assert.Equal(fromElement, fromReader);
        }
        return fromReader;
    }

    private static string Shown(LogicalType type, Outcome<Datum> outcome) =>
        outcome.TryGet(out Datum value, out Error error) ? Json(type, value) : "!" + error.Code;
}

using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Rest;
using Xunit;

namespace Tenon.Server.Tests.Rest;

public sealed class PayloadTests
{
    private static readonly ImmutableArray<PayloadColumn> Columns =
    [
        new("id", 0, LogicalType.Int4),
        new("name", 2, LogicalType.Text),
    ];

    private static async Task<RequestBody> Body(string text, int limit = 1 << 20)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await RequestBody.ReadAsync(context.Request, limit, TestContext.Current.CancellationToken);
    }

    private static async Task<Outcome<Payload>> Json(string text, bool sameKeys = true) => JsonPayload.Read(await Body(text), sameKeys, 3);

    private static List<Datum[]> Rows(Payload payload, Datum missing = default) =>
        payload.Rows(new PayloadRequest(Columns, 3) { Missing = missing }).Value;

    [Fact]
    public async Task An_object_and_an_array_of_one_are_the_same_rows()
    {
        foreach (string text in new[] { """{"name":"a","id":1}""", """ [ {"id":1,"name":"a"} ] """ })
        {
            using Payload payload = (await Json(text)).Value;
            Assert.Equal(1, payload.Count);
            Assert.Equal(["id", "name"], payload.Keys.Order());
            Assert.Equal([Datum.Of(1), Datum.Null, Datum.Of("a")], Assert.Single(Rows(payload)));
        }
    }

    [Fact]
    public async Task Of_several_objects_the_first_is_read_alone_where_one_is_wanted()
    {
        using Payload payload = (await Json("""[{"id":1},{"id":"not a number"}]""")).Value;
        Datum[] row = Assert.Single(payload.Rows(new PayloadRequest(Columns, 3) { FirstOnly = true }).Value);
        Assert.Equal(Datum.Of(1), row[0]);
        Assert.NotNull(payload.Rows(new PayloadRequest(Columns, 3)).Error);
    }

    [Theory]
    [InlineData("", "Empty or invalid json")]
    [InlineData("{\"a\":1", "Empty or invalid json")]
    [InlineData("{\"a\":1}x", "Empty or invalid json")]
    [InlineData("{\"a\":\"\\ud800\"}", "Empty or invalid json")]
    [InlineData("[{\"a\":1},{\"b\":1}]", "All object keys must match")]
    [InlineData("[{\"a\":1},{\"a\":1,\"b\":2}]", "All object keys must match")]
    [InlineData("[{\"a\":1,\"b\":2},{\"a\":1}]", "All object keys must match")]
    [InlineData("[{\"a\":1,\"b\":2},{\"a\":1,\"a\":2}]", "All object keys must match")]
    [InlineData("[1,2]", "All object keys must match")]
    [InlineData("7", "The body must be a JSON object or an array of objects")]
    public async Task Bodies_that_are_no_rows_are_refused(string text, string message)
    {
        Error error = (await Json(text)).Error!;
        Assert.Equal(("PGRST102", message), (error.Code.Text, error.Message));
    }

    [Fact]
    public async Task The_place_of_a_fault_is_told() =>
        Assert.Equal("Invalid JSON at line 2, byte 2", (await Json("{\n x}")).Error!.Details);

    [Fact]
    public async Task Too_many_rows_have_a_code_of_their_own() =>
        Assert.Equal("TN107", (await Json("[{},{},{},{}]")).Error!.Code.Text);

    [Fact]
    public async Task With_columns_objects_may_differ_and_what_is_missing_is_marked()
    {
        using Payload payload = (await Json("""[{"id":1,"x":[{}]},{"name":"b"},{}]""", sameKeys: false)).Value;
        List<Datum[]> rows = Rows(payload, Datum.Of("default"));
        Assert.Equal([Datum.Of(1), Datum.Null, Datum.Of("default")], rows[0]);
        Assert.Equal([Datum.Of("default"), Datum.Null, Datum.Of("b")], rows[1]);
        Assert.Equal([Datum.Of("default"), Datum.Null, Datum.Of("default")], rows[2]);
    }

    [Fact]
    public async Task Escaped_keys_are_the_names_they_stand_for()
    {
        using Payload payload = (await Json("""[{"n\u0061me":"x","id":null}]""")).Value;
        Assert.Equal(["name", "id"], payload.Keys);
        Assert.Equal([Datum.Null, Datum.Null, Datum.Of("x")], Assert.Single(Rows(payload)));
    }

    [Fact]
    public async Task A_value_of_the_wrong_type_is_PostgreSQLs_error()
    {
        using Payload payload = (await Json("""{"id":"x"}""")).Value;
        Error error = payload.Rows(new PayloadRequest(Columns, 3)).Error!;
        Assert.Equal(("22P02", "invalid input syntax for type integer: \"x\""), (error.Code.Text, error.Message));
    }

    [Fact]
    public async Task A_body_past_the_limit_is_refused()
    {
        Error error = (await Assert.ThrowsAsync<TenonException>(() => Body(new string('x', 2000), 1000))).Error;
        Assert.Equal(("TN102", 413), (error.Code.Text, error.Code.Status));
    }

    [Fact]
    public void Csv_has_a_header_quotes_and_nulls()
    {
        Payload payload = CsvPayload.Read("id,name\r\n1,\"a \"\"b\"\", c\"\n2,NULL\n3,\n"u8, 10).Value;
        Assert.Equal(["id", "name"], payload.Keys);
        List<Datum[]> rows = Rows(payload);
        Assert.Equal(Datum.Of("a \"b\", c"), rows[0][2]);
        Assert.True(rows[1][2].IsNull);
        Assert.Equal(Datum.Of(""), rows[2][2]);
    }

    [Fact]
    public void A_byte_order_mark_before_csv_is_no_part_of_the_first_name() =>
        Assert.Equal(["id", "name"], CsvPayload.Read("\uFEFFid,name\n1,x"u8, 10).Value.Keys);

    [Theory]
    [InlineData("", "Empty or invalid CSV")]
    [InlineData("a,b\n1", "All lines must have same number of fields")]
    [InlineData("a\n\"x", "Empty or invalid CSV")]
    public void Broken_csv_is_refused(string text, string message) =>
        Assert.Equal(message, CsvPayload.Read(Encoding.UTF8.GetBytes(text), 10).Error!.Message);

    [Fact]
    public void A_form_is_one_row_of_texts()
    {
        Payload payload = FormPayload.Read("id=5&name=a+b%2Cc&id=7"u8).Value;
        Assert.Equal([Datum.Of(7), Datum.Null, Datum.Of("a b,c")], Assert.Single(Rows(payload)));
    }

    [Fact]
    public void No_body_throws() =>
        Gen.OneOf(Gen.Byte.Array[0, 60], Gen.Char["{}[]\",:ab\\u01 \n"].Array[0, 60].Select(c => Encoding.UTF8.GetBytes(c)))
            .Sample(
                bytes =>
                {
                    bool json = JsonPayload.Fault(bytes) is not null;
                    return json | CsvPayload.Read(bytes, 10).Failed | FormPayload.Read(bytes).Failed || true;
                },
                iter: 20_000
            );
}

using Tenon.Core.Errors;
using Tenon.Server.Rest;
using Xunit;

namespace Tenon.Server.Tests.Rest;

public sealed class HeaderTests
{
    [Theory]
    [InlineData(null, "application/json; charset=utf-8")]
    [InlineData("*/*", "application/json; charset=utf-8")]
    [InlineData("application/json", "application/json; charset=utf-8")]
    [InlineData("text/html, */*;q=0.1", "application/json; charset=utf-8")]
    [InlineData("application/vnd.pgrst.object+json", "application/vnd.pgrst.object+json; charset=utf-8")]
    [InlineData("application/vnd.pgrst.object", "application/vnd.pgrst.object+json; charset=utf-8")]
    [InlineData("application/vnd.pgrst.object+json;nulls=stripped", "application/vnd.pgrst.object+json; nulls=stripped; charset=utf-8")]
    [InlineData("application/vnd.pgrst.array+json;nulls=stripped", "application/vnd.pgrst.array+json; nulls=stripped; charset=utf-8")]
    [InlineData("text/csv", "text/csv; charset=utf-8")]
    [InlineData("application/json;q=0.5, text/csv", "text/csv; charset=utf-8")]
    public void Accept_decides_the_answer(string? accept, string contentType) =>
        Assert.Equal(contentType, MediaTypes.Negotiate(accept).ContentType);

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/geo+json")]
    [InlineData("application/json;q=0")]
    public void What_cannot_be_answered_is_406(string accept)
    {
        Assert.Equal(AnswerForm.Other, MediaTypes.Negotiate(accept).Form);
        Error error = MediaTypes.NotAvailable(accept);
        Assert.Equal(("PGRST107", 406, $"None of these media types are available: {accept}"), (error.Code.Text, error.Code.Status, error.Message));
    }

    [Theory]
    [InlineData("0-24", 0, 25)]
    [InlineData("items=5-5", 5, 1)]
    [InlineData("bytes=0-1", 0, long.MaxValue)]
    [InlineData("10-", 10, long.MaxValue)]
    [InlineData("nonsense", 0, long.MaxValue)]
    [InlineData("-5", 0, long.MaxValue)]
    public void Range_says_which_rows(string header, long offset, long limit) =>
        Assert.Equal(new Paging(offset, limit), Paging.FromRange(header).Value);

    [Fact]
    public void A_range_that_ends_before_it_starts_is_416()
    {
        Error error = Paging.FromRange("5-2").Error!;
        Assert.Equal(("PGRST103", 416), (error.Code.Text, error.Code.Status));
        Assert.Equal("The lower boundary must be lower than or equal to the upper boundary in the Range header.", error.Details);
    }

    [Fact]
    public void Query_and_header_meet()
    {
        Assert.Equal(new Paging(10, 5), new Paging(10, 20).And(new Paging(0, 15)));
        Assert.Equal(new Paging(20, 0), new Paging(0, 10).And(new Paging(20, 5)));
        Assert.Equal(new Paging(3, long.MaxValue - 3), Paging.All.And(new Paging(3, long.MaxValue)));
        Assert.Equal(new Paging(3, 7), new Paging(3, long.MaxValue).AtMost(7));
    }

    [Theory]
    [InlineData(0, 10, null, "0-9/*", 200)]
    [InlineData(0, 10, 10L, "0-9/10", 200)]
    [InlineData(5, 10, 40L, "5-14/40", 206)]
    [InlineData(0, 0, null, "*/*", 200)]
    [InlineData(0, 0, 0L, "*/0", 200)]
    [InlineData(3, 0, 3L, "*/3", 206)]
    public void Content_range_and_status_follow_the_table(long offset, long rows, long? total, string range, int status) =>
        Assert.Equal((range, status), (Paging.ContentRange(offset, rows, total), Paging.Status(rows, total)));

    [Fact]
    public void An_offset_behind_the_end_is_an_error_when_the_total_is_known()
    {
        Assert.Null(Paging.OutOfBounds(100, null));
        Assert.Null(Paging.OutOfBounds(3, 3));
        Assert.Equal("An offset of 100 was requested, but there are only 3 rows.", Paging.OutOfBounds(100, 3)!.Details);
    }
}

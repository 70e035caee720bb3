using System.Text;
using Tenon.Core.Types;
using Tenon.Sources.MySql;

namespace Tenon.Server.Tests.MariaDb;

public sealed class ParentKeysTests
{
    [Theory]
    [InlineData("[1,2,3]", 3, 100, null)]
    [InlineData("[1,2,3,4,5,6,7]", 3, 100, "0:[1,2,3] 3:[4,5,6] 6:[7]")]
    [InlineData("[1,null,1,1,null,2]", 2, 100, "0:[1,null] 2:[1,1] 4:[null,2]")]
    [InlineData("[[1,\"],[\"],[null,\"\\\"\"],[3,\"]\"]]", 2, 100, "0:[[1,\"],[\"],[null,\"\\\"\"]] 2:[[3,\"]\"]]")]
    [InlineData("[\"aaaaaaaaaa\",\"bbbbbbbbbb\",\"cccccccccc\",\"d\"]", 100, 26, "0:[\"aaaaaaaaaa\",\"bbbbbbbbbb\"] 2:[\"cccccccccc\",\"d\"]")]
    [InlineData("[\"aaaaaaaaaaaaaaaaaaaa\",1]", 100, 5, "0:[\"aaaaaaaaaaaaaaaaaaaa\"] 1:[1]")]
    [InlineData("[]", 1, 1, null)]
    public void Keys_are_cut_between_two_of_them(string json, int most, int mostBytes, string? lists)
    {
        List<KeyList>? cut = ParentKeys.Cut(Encoding.UTF8.GetBytes(json), most, mostBytes);
        Assert.Equal(lists, cut is null ? null : string.Join(' ', cut.Select(l => $"{l.First}:{Encoding.UTF8.GetString(l.Json.Span)}")));
    }

    [Fact]
    public void A_key_with_a_part_that_is_null_is_none()
    {
        ParentKeys keys = ParentKeys.Read("[[1,\"a\"],[null,\"b\"],[2,null],[3,\"\\u00e9\"]]"u8, [LogicalType.Int8, LogicalType.Text])!;
        Assert.Equal([0, 3], keys.Ordinals);
        Assert.Equal([1L, "a", 3L, "é"], keys.Values);
    }

    [Fact]
    public void A_key_is_as_long_as_its_bytes_with_quotes_twice() =>
        Assert.Equal(7, ParentKeys.Read("[\"a\",\"\u65e5''\"]"u8, [LogicalType.Text])!.LongestKey);

    [Theory]
    [InlineData("[1.5]")]
    [InlineData("[\"1\"]")]
    [InlineData("[true]")]
    [InlineData("[1,18446744073709551615]")]
    public void A_part_that_is_not_written_as_its_type_is_left_to_the_database(string json) =>
        Assert.Null(ParentKeys.Read(Encoding.UTF8.GetBytes(json), [LogicalType.Int8]));
}

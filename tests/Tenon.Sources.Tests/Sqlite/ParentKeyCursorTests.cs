using System.Text;
using Tenon.Sources.Sqlite;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

public sealed class ParentKeyCursorTests : IDisposable
{
    private readonly TestDatabase database = new("create table t(a)");

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData("[]", "")]
    [InlineData("[1,-20,9223372036854775807]", "0:1 1:-20 2:9223372036854775807")]
    [InlineData("[1.5,null]", "0:1.5 1:NULL")]
    [InlineData("""["a,]","","q\"\\\u00e4"]""", "0:'a,]' 1:'' 2:'q\"\\ä'")]
    public void Keys_of_one_column_are_bound_as_they_were_written(string keys, string bound) => Assert.Equal(bound, Read(keys, 1));

    [Theory]
    [InlineData("""[[1,"x"],[2,null]]""", "0:1,'x' 1:2,NULL")]
    [InlineData("""[["]","\""],["",3]]""", "0:']','\"' 1:'',3")]
    public void Keys_of_several_columns_are_bound_part_by_part(string keys, string bound) => Assert.Equal(bound, Read(keys, 2));

    private string Read(string keys, int parts)
    {
        using SqliteConnection connection = SqliteConnection.Open(database.Options, SqliteMode.Reader);
        using SqliteStatement quoted = connection.Prepare(new SqliteSql(parts == 1 ? "select quote(?1)" : "select quote(?1) || ',' || quote(?2)"));
        var cursor = new ParentKeyCursor(Encoding.UTF8.GetBytes(keys));
        var found = new List<string>();
        while (cursor.Next())
        {
            quoted.Reset();
            cursor.Bind(quoted, [.. Enumerable.Range(1, parts)]);
            Assert.True(quoted.Read());
            found.Add($"{cursor.Ordinal}:{Encoding.UTF8.GetString(quoted.GetUtf8(0))}");
        }
        return string.Join(' ', found);
    }
}

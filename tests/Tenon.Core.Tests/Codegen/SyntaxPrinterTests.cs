using Tenon.Core.Codegen;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Tests.Expressions;
using Xunit;

namespace Tenon.Core.Tests.Codegen;

public class SyntaxPrinterTests
{
    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../golden/sql"));

    private static IEnumerable<string> Texts(string file) =>
        File.ReadAllText(Path.Combine(Root(), file))
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(block => block.Split("\n=> ")[0].Trim('\n'))
            .Where(text => !text.StartsWith("=>", StringComparison.Ordinal));

    [Fact]
    public void An_expression_printed_and_read_again_is_the_same_tree()
    {
        int seen = 0;
        foreach (string text in Texts("expressions.txt"))
        {
            if (SqlParser.ParseExpression(text) is { Failed: false } parsed)
            {
                string printed = SyntaxPrinter.Print(parsed.Value);
                Assert.Equal(SqlParserTests.Show(parsed), SqlParserTests.Show(SqlParser.ParseExpression(printed)));
                seen++;
            }
        }
        Assert.InRange(seen, 50, int.MaxValue);
    }

    [Fact]
    public void A_query_printed_and_read_again_is_the_same_tree()
    {
        int seen = 0;
        foreach (string text in Texts("statements.txt"))
        {
            if (SqlParser.ParseSelect(text) is { Failed: false } parsed && !Writes(parsed.Value))
            {
                string printed = SyntaxPrinter.Print(parsed.Value);
                Assert.Equal(SqlParserTests.Show(parsed), SqlParserTests.Show(SqlParser.ParseSelect(printed)));
                seen++;
            }
        }
        Assert.InRange(seen, 15, int.MaxValue);
    }

    private static bool Writes(Select select) => select.With.Any(w => w.Body is not SelectStatement);

    [Theory]
    [InlineData("with recursive t (n) as (values (1) union all select n + 1 from t where n < 5), u as materialized (select 1) select * from t, u")]
    [InlineData("select a.x, b.* from a join (b left join c using (id)) on a.id = b.id natural join d cross join lateral (select 1) as e (f)")]
    [InlineData("select x from f(1) with ordinality as g (x, n), lateral h(x) as (y int, z text) order by x desc nulls last limit 3 offset 1")]
    [InlineData("select distinct on (a) sum(b) over w, rank() over (partition by c order by d rows between 1 preceding and current row) from t window w as (order by e)")]
    [InlineData("(select 1 order by 1) union (select 2 intersect select 3) except all values (4, default_)")]
    [InlineData("select count(*) filter (where a), percentile_cont(0.5) within group (order by b) from t group by c, d having max(e) > 1 for update")]
    [InlineData("select from t where exists (select from u where u.id = t.id) and (x, y) in (select a, b from v) and z = any (array(select 1))")]
    [InlineData("select case x when 1 then 'a' else 'b' end, case when y then 1 end, coalesce(a, b), array[[1, 2], [3, 4]][1][2], (r).f, row(1, 2)")]
    [InlineData("select trim(both 'x' from y), substring(z from 2 for 3), position('a' in b), overlay(a placing b from 1), extract(epoch from c), d at time zone 'utc'")]
    public void A_query_of_every_clause_printed_and_read_again_is_the_same_tree(string text)
    {
        var parsed = SqlParser.ParseSelect(text);
        Assert.Null(parsed.Error);
        Assert.Equal(SqlParserTests.Show(parsed), SqlParserTests.Show(SqlParser.ParseSelect(SyntaxPrinter.Print(parsed.Value))));
    }

    [Theory]
    [InlineData("(a + b) * -1", "(a + b) * (-1)")]
    [InlineData("not a and b or c", "((not a) and b) or c")]
    [InlineData("\"Order\".\"select\" not like 'it''s'", "\"Order\".\"select\" not like 'it''s'")]
    [InlineData("x::varchar(3)[]", "x::varchar(3)[]")]
    [InlineData("extract(year from t) = any (array[1, 2])", "extract('year' from t) = any (array[1, 2])")]
    [InlineData("(storage.foldername(name))[1]", "(storage.foldername(name))[1]")]
    [InlineData("count(distinct x order by y desc) filter (where z)", "count(distinct x order by y desc) filter (where z)")]
    public void Only_what_needs_it_is_quoted_or_put_in_parentheses(string text, string printed) =>
        Assert.Equal(printed, SyntaxPrinter.Print(SqlParser.ParseExpression(text).Value));
}

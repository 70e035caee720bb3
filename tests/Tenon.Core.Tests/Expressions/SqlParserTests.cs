using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Parsing;
using Xunit;

namespace Tenon.Core.Tests.Expressions;

public class SqlParserTests
{
    internal static string Show<T>(Outcome<T> outcome) =>
        outcome.Error is { } error
            ? $"{error.Code} at {error.Position}: {error.Message}{(error.Hint is null ? "" : " | " + error.Hint)}"
            : TreePrinter.Print(outcome.Value);

    [Fact]
    public void Expressions_become_the_trees_of_the_golden_file() =>
        Golden.Check("sql/expressions.txt", text => Show(SqlParser.ParseExpression(text)));

    [Fact]
    public void Statements_become_the_trees_of_the_golden_file() =>
        Golden.Check("sql/statements.txt", text => Show(SqlParser.ParseStatement(text)));

    [Fact]
    public void Errors_name_the_token_and_its_position() =>
        Golden.Check("sql/errors.txt", text => Show(SqlParser.ParseStatement(text)));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("not ", "")]
    [InlineData("- ", "")]
    [InlineData("f(", ")")]
    [InlineData("case when true then ", " end")]
    [InlineData("(select ", ")")]
    [InlineData("array[", "]")]
    [InlineData("a in (", ")")]
    public void Nesting_without_end_is_refused_and_does_not_overflow_the_stack(string open, string close)
    {
        foreach (int depth in new[] { 500, 100_000 })
        {
            string text = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
            Assert.Equal(ErrorCodes.StatementTooComplex, SqlParser.ParseExpression(text).Error?.Code);
        }
    }

    [Theory]
    [InlineData(" || 'x'")]
    [InlineData("::text")]
    [InlineData("[1]")]
    [InlineData(" is null")]
    public void A_chain_without_end_is_refused(string link)
    {
        string text = "a" + string.Concat(Enumerable.Repeat(link, 20_000));
        Assert.Equal(ErrorCodes.StatementTooComplex, SqlParser.ParseExpression(text).Error?.Code);
    }

    [Theory]
    [InlineData("select * from a", " join b")]
    [InlineData("select * from a", " cross join b")]
    [InlineData("select * from a", ", b")]
    [InlineData("select 1", " union select 1")]
    public void A_query_without_end_is_refused(string start, string link)
    {
        string text = start + string.Concat(Enumerable.Repeat(link, 20_000));
        Assert.Equal(ErrorCodes.StatementTooComplex, SqlParser.ParseStatement(text).Error?.Code);
    }

    [Fact]
    public void Long_lists_of_and_and_of_values_are_flat_and_allowed()
    {
        string and = string.Join(" and ", Enumerable.Repeat("a = 1", 20_000));
        Assert.False(SqlParser.ParseExpression(and).Failed);
        string rows = string.Join(", ", Enumerable.Repeat("(1, 'x')", 20_000));
        Assert.False(SqlParser.ParseStatement("insert into t values " + rows).Failed);
    }

    [Fact]
    public void Between_nested_in_itself_does_not_double_without_bound()
    {
        string text = "a";
        for (int i = 0; i < 100; i++)
        {
            text = $"({text} between b and c)";
        }
        Assert.Equal(ErrorCodes.StatementTooComplex, SqlParser.ParseExpression(text).Error?.Code);
    }
}

using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources.Postgres;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

/// <summary>PostgreSQL keeps one plan of a statement only where it knows how many rows are asked for.</summary>
public sealed class PageFormsTests
{
    private static readonly PostgresCompiled Statement = PostgresDialect.Compile(
        new Select(new SelectCore([new SelectItem(new ConstantExpr(Datum.Of(7)) { Type = LogicalType.Int8 }, null)]))
        {
            Limit = new ParameterExpr(0) { Type = LogicalType.Int8 },
            Offset = new ParameterExpr(1) { Type = LogicalType.Int8 },
            Output = [new RowField("id", LogicalType.Int8)],
        });

    private static string? TextOf(PostgresCompiled statement, Datum limit, Datum offset) =>
        statement.Pages!.For(new StatementArguments { Slots = [limit, offset], Context = new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role } })?.Text;

    [Fact]
    public void The_first_page_of_a_usual_size_stands_in_the_text()
    {
        Assert.EndsWith(" limit $1::bigint offset $2::bigint", Statement.Text, StringComparison.Ordinal);
        Assert.EndsWith(" limit 10", TextOf(Statement, Datum.Of(10), Datum.Of(0)), StringComparison.Ordinal);
        Assert.EndsWith(" limit 0", TextOf(Statement, Datum.Of(0), Datum.Null), StringComparison.Ordinal);
        Assert.DoesNotContain("limit", TextOf(Statement, Datum.Null, Datum.Null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(1001, 0)]
    [InlineData(-1, 0)]
    [InlineData(10, -1)]
    public void Other_pages_are_parameters(long limit, long offset) => Assert.Null(TextOf(Statement, Datum.Of(limit), Datum.Of(offset)));

    [Fact]
    public void A_form_is_made_once_and_of_the_first_eight_sizes_only()
    {
        PostgresCompiled statement = PostgresDialect.Compile(
            new Select(new SelectCore([new SelectItem(new ParameterExpr(1) { Type = LogicalType.Int8 }, null)]))
            {
                Limit = new ParameterExpr(0) { Type = LogicalType.Int8 },
                Output = [new RowField("n", LogicalType.Int8)],
            });
        string?[] made = [.. Enumerable.Range(1, 8).Select(n => TextOf(statement, Datum.Of(n), Datum.Of(7)))];
        Assert.All(made, Assert.NotNull);
        Assert.Null(TextOf(statement, Datum.Of(9), Datum.Of(7)));
        Assert.Same(made[3], TextOf(statement, Datum.Of(4), Datum.Of(7)));
    }
}

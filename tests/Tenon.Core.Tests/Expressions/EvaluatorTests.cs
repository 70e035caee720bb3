using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Expressions;

public sealed class EvaluatorTests
{
    [Theory]
    [InlineData("null and false", "false")]
    [InlineData("null and true", "NULL")]
    [InlineData("null or true", "true")]
    [InlineData("null or false", "NULL")]
    [InlineData("not null::boolean", "NULL")]
    [InlineData("1 in (2, null)", "NULL")]
    [InlineData("1 not in (1, null)", "false")]
    [InlineData("1 = any(array[null, 1])", "true")]
    [InlineData("1 <> all(array[null, 2])", "NULL")]
    [InlineData("1 = any(null::int[])", "NULL")]
    [InlineData("null is not distinct from null::int", "true")]
    [InlineData("case when null then 1 else 2 end", "2")]
    [InlineData("coalesce(null, 3, 1/0)", "3")]
    [InlineData("false and 1/0 = 1", "false")]
    [InlineData("true or 1/0 = 1", "true")]
    [InlineData("1/0", "!22012")]
    [InlineData("2147483647 + 1", "!22003")]
    [InlineData("ln(0::float8)", "!2201E")]
    [InlineData("ln(0::numeric)", "!2201E")]
    [InlineData("power(-1.5::float8, 0.5::float8)", "!2201F")]
    [InlineData("sqrt(-1::numeric)", "!2201F")]
    [InlineData("width_bucket(1::numeric, 0::numeric, 10::numeric, 0)", "!2201G")]
    [InlineData("format('%I', null::text)", "!22004")]
    [InlineData("substring('abc', 1, -1)", "!22011")]
    [InlineData("'abc' || 1", "abc1")]
    [InlineData("(array['a','b'])[2]", "b")]
    [InlineData("(array['a','b'])[3]", "NULL")]
    [InlineData("'{\"a\":{\"b\":[1,2]}}'::jsonb #>> '{a,b,1}'", "2")]
    public void Expressions_follow_three_valued_logic(string text, string expected)
    {
        Expr syntax = SqlParser.ParseExpression(text).Value;
        Expr expr = new TypeChecker(new NoNames()).CheckExpression(syntax, ScopeOfRanges.Empty).Value;
        string shown = Evaluator.Evaluate(expr, new EvaluationScope()).TryGet(out Datum value, out Error error)
            ? value.IsNull
                ? "NULL"
                : TypeOutput.CastToText(expr.Type, value)
            : "!" + error.Code;
        Assert.Equal(expected, shown);
    }

    private sealed class NoNames : IBindingScope
    {
        public IEnumerable<string> RelationNames => [];

        public RelationShape? FindRelation(string? schema, string name) => null;

        public IEnumerable<RoutineShape> FindRoutines(string? schema, string name) => [];

        public LogicalType? FindType(string? schema, string name) => null;
    }
}

using CsCheck;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

// Random typed trees over functions that never raise, NULLs included: what the writer's SQL gives on SQLite is what the
// evaluator gives. Functions that may raise are compared one by one in DifferentialTests.
public sealed class WriterIsEvaluatorTests
{
    private static readonly string[] TypeNames = ["boolean", "integer", "bigint", "numeric", "text", "timestamptz", "jsonb"];

    private static readonly Function[] Functions =
    [
        .. FunctionCatalog.All.Where(f =>
            f.Shape == FunctionShape.Scalar
            && f is { Total: true, IsPolymorphic: false, Volatility: Volatility.Immutable, Parameters.Length: > 0 }
            && f.Parameters.Append(f.Result).All(p => TypeNames.Any(n => EdgeValues.Types[n].Equals(p)))
        ),
    ];

    [Fact]
    public void The_writer_s_SQL_gives_what_the_evaluator_gives()
    {
        Assert.True(Functions.Length > 60, $"only {Functions.Length} functions take part");
        using var ways = new ThreeWays();
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                Expr expr = Tree(random, EdgeValues.Types[TypeNames[random.Next(TypeNames.Length)]], 4);
                string memory = ThreeWays.Evaluate(expr, []);
                string sqlite = ways.Sqlite(expr, ["boolean"], [Datum.Null]);
                Assert.True(memory == sqlite, $"evaluator {memory}, SQLite {sqlite} by {ways.LastSql}");
            },
            iter: 3000,
            threads: 1
        );
    }

    private static Expr Tree(Random random, LogicalType type, int depth)
    {
        Function[] fitting = depth == 0 ? [] : Array.FindAll(Functions, f => f.Result.Equals(type));
        int choice = random.Next(10);
        if (depth > 0 && type.Kind == TypeKind.Boolean && choice < 4)
        {
            return Logic(random, depth - 1);
        }
        if (depth > 0 && choice == 4)
        {
            return new CoalesceExpr([Tree(random, type, depth - 1), Tree(random, type, depth - 1)]) { Type = type };
        }
        if (fitting.Length == 0 || choice == 9)
        {
            return Leaf(random, type);
        }
        Function function = fitting[random.Next(fitting.Length)];
        return new ApplyExpr(function, [.. function.Parameters.Select(p => Tree(random, p, depth - 1))]) { Type = type };
    }

    private static Expr Logic(Random random, int depth)
    {
        LogicalType boolean = LogicalType.Boolean;
        Expr Operand() => Tree(random, boolean, depth);
        return random.Next(5) switch
        {
            0 => new AndExpr([Operand(), Operand()]) { Type = boolean },
            1 => new OrExpr([Operand(), Operand()]) { Type = boolean },
            2 => new NotExpr(Operand()) { Type = boolean },
            3 => new TestExpr(Operand(), TestKind.True, random.Next(2) == 0) { Type = boolean },
            _ => new CaseExpr(null, [new WhenClause(Operand(), Operand())], Operand()) { Type = boolean },
        };
    }

    private static ConstantExpr Leaf(Random random, LogicalType type)
    {
        string?[] values = EdgeValues.Of(TypeNames.First(n => EdgeValues.Types[n].Equals(type)));
        string? text = values[random.Next(values.Length)];
        return new ConstantExpr(text is null ? Datum.Null : TypeInput.Parse(type, text).Value) { Type = type };
    }
}

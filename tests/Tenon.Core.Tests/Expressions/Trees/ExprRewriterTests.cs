using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Expressions.Trees;

public sealed class ExprRewriterTests
{
    private sealed class Rename : ExprRewriter
    {
        public override Expr Visit(Expr expr) => expr is ColumnExpr { Range: "t0" } c ? c with { Range = "t9" } : base.Visit(expr);

        public override FromItem VisitFrom(FromItem from) =>
            from is TableFrom { Alias: "t0" } t ? t with { Alias = "t9" } : base.VisitFrom(from);
    }

    private static readonly Function Equal =
        new("int4_eq", "int4eq", [LogicalType.Int4, LogicalType.Int4], LogicalType.Boolean) { Operator = "=", Total = true };

    private static ColumnExpr Column(string range, string name) => new(range, name) { Type = LogicalType.Int4 };

    private static Select Sample(string range) =>
        new(
            new SelectCore([new SelectItem(Column(range, "a"), "a")])
            {
                From = new TableFrom(new QualifiedName("public", "t"), range, []),
                Where = new AndExpr([
                    new ApplyExpr(Equal, [Column(range, "a"), new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 }]),
                    new NotExpr(new TestExpr(Column(range, "b"), TestKind.Null, false)),
                ]),
            }
        )
        {
            OrderBy = [new OrderItem(Column(range, "b"))],
        };

    [Fact]
    public void A_tree_that_no_rule_touches_stays_the_same_object()
    {
        Select select = Sample("t1");
        Assert.Same(select, new Rename().VisitSelect(select));
        var exists = new ExistsExpr(select);
        Assert.Same(exists, new Rename().Visit(exists));
        var insert = new InsertStatement(new QualifiedName("public", "t"), "t2", ["a"], select);
        Assert.Same(insert, new Rename().VisitStatement(insert));
    }

    [Fact]
    public void A_change_deep_inside_rebuilds_its_ancestors_only()
    {
        var tree = new AndExpr([new ExistsExpr(Sample("t0")), new ExistsExpr(Sample("t1"))]);
        var visited = (AndExpr)new Rename().Visit(tree);
        Assert.NotSame(tree, visited);
        Assert.Same(tree.Items[1], visited.Items[1]);
        ExprFacts facts = ExprFacts.Of(visited);
        Assert.True(facts.Reads("t9"));
        Assert.True(facts.Reads("t1"));
        Assert.False(facts.Reads("t0"));
    }

    [Fact]
    public void Facts_tell_what_a_tree_reads_and_whether_it_may_raise()
    {
        ExprFacts facts = ExprFacts.Of(new ExistsExpr(Sample("t0")));
        Assert.True(facts.HasSubquery);
        Assert.Equal(["a", "b"], facts.Columns["t0"].Order());
        Assert.True(facts.IsTotal);
        Assert.Single(facts.Tables);

        Expr cast = new ConvertExpr(new ColumnExpr("t0", "x") { Type = LogicalType.Text }, true) { Type = LogicalType.Int4 };
        Assert.False(ExprFacts.Of(cast).IsTotal);
        Assert.True(ExprFacts.Of(new ConstantExpr(Datum.True)).IsConstant);
        Assert.False(ExprFacts.Of(new ContextExpr(ContextKind.Uid)).IsConstant);
    }
}

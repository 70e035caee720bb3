namespace Tenon.Server.Tests.Architecture;

/// <summary>The rules themselves: each way of naming another part is seen, and what only looks like it is not.</summary>
public sealed class RuleTests
{
    private static string[] Named(string code) =>
        [.. References.In(SourceTree.Parse("src/Tenon.Core/Planning/Sample.cs", code)).Select(r => r.Namespace).Distinct()];

    [Theory]
    [InlineData("using Tenon.Core.Sql; namespace Tenon.Core.Planning; class C;", "Tenon.Core.Sql")]
    [InlineData("using W = Tenon.Core.Sql.SqlWriter; namespace Tenon.Core.Planning; class C;", "Tenon.Core.Sql")]
    [InlineData("using static Tenon.Core.Expressions.Functions.Define; namespace Tenon.Core.Planning; class C;", "Tenon.Core.Expressions.Functions")]
    [InlineData("namespace Tenon.Core.Planning; class C { Sql.SqlWriter? w; }", "Tenon.Core.Sql")]
    [InlineData("namespace Tenon.Core.Planning; class C { Core.Sql.SqlWriter? w; }", "Tenon.Core.Sql")]
    [InlineData("namespace Tenon.Core.Planning; class C { Tenon.Core.Sql.SqlWriter? w; }", "Tenon.Core.Sql")]
    [InlineData("namespace Tenon.Core.Planning; class C { global::Tenon.Core.Sql.SqlWriter? w; }", "Tenon.Core.Sql")]
    [InlineData("namespace Tenon.Core.Planning; class C { object M() => Policies.RowPolicies.Using(1).Then(2); }", "Tenon.Core.Policies")]
    [InlineData("namespace Tenon.Core.Planning; class C { object M(C c) => c.Do(Sql.ReadLowering.Lower(c)); }", "Tenon.Core.Sql")]
    public void A_namespace_is_seen_however_it_is_named(string code, string expected) => Assert.Contains(expected, Named(code));

    [Theory]
    [InlineData("namespace Tenon.Core.Planning; class C { object M() => Catalog.Find(1); int Catalog; }")]
    [InlineData("namespace Tenon.Core.Planning; class C { /* Tenon.Core.Sql.SqlWriter */ string s = \"Tenon.Core.Sql.SqlWriter\"; }")]
    public void A_property_a_comment_or_a_text_is_no_reference(string code) => Assert.Empty(Named(code));

    [Fact]
    public void A_breach_names_file_line_and_rule()
    {
        var thrown = Assert.ThrowsAny<Exception>(() => Finding.None([new Finding("src/A.cs", 7, "a rule", "what is wrong")]));
        Assert.Contains("src/A.cs:7: what is wrong [a rule]", thrown.Message);
    }

    [Fact]
    public void The_product_is_read_whole()
    {
        Assert.True(SourceTree.Product.Count() > 300);
        Assert.All(SourceTree.Product, f => Assert.DoesNotContain(f.Root.GetDiagnostics(), d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error));
    }
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tenon.Server.Tests.Architecture;

/// <summary>Sizes: a file or method that grows past these nearly always holds two ideas.</summary>
public sealed class SizeTests(ITestOutputHelper output)
{
    private const int FileLimit = 500;
    private const int MethodLimit = 50;

    [Fact]
    public void No_file_is_longer_than_500_lines()
    {
        int[] lines = [.. SourceTree.Product.Select(f => f.Lines).Order()];
        output.WriteLine($"src: {lines.Length} files, {lines.Sum()} lines; median {lines[lines.Length / 2]}, p90 {lines[lines.Length * 9 / 10]}, longest {lines[^1]}");
        Finding.None(
            from file in SourceTree.All
            where file.Lines > FileLimit
            select new Finding(file.Path, FileLimit, "files up to 500 lines", $"{file.Lines} lines: split it where a second idea begins")
        );
    }

    [Fact]
    public void Half_of_the_files_stay_near_a_page()
    {
        int[] lines = [.. SourceTree.Product.Select(f => f.Lines).Order()];
        Assert.True(lines[lines.Length / 2] <= 120, $"the median file of src has {lines[lines.Length / 2]} lines; aim at 100");
        Assert.True(lines[lines.Length * 9 / 10] <= 320, $"nine of ten files of src have up to {lines[lines.Length * 9 / 10]} lines; aim at 300");
    }

    [Fact]
    public void No_method_is_longer_than_50_lines() =>
        Finding.None(
            from file in SourceTree.All
            from method in file.Root.DescendantNodes().Where(IsMethod)
            let lines = LinesOf(method)
            where lines > MethodLimit
            select file.Breach(method, "methods up to 50 lines", $"{NameOf(method)} has {lines} lines")
        );

    private static bool IsMethod(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        || node is PropertyDeclarationSyntax { ExpressionBody: not null };

    // From the first line of the signature, attributes and comments left out, to the closing brace.
    private static int LinesOf(SyntaxNode method)
    {
        SyntaxToken first = method.ChildNodesAndTokens()
            .Where(c => !c.IsKind(Microsoft.CodeAnalysis.CSharp.SyntaxKind.AttributeList))
            .Select(c => c.IsToken ? c.AsToken() : c.AsNode()!.GetFirstToken())
            .First();
        FileLinePositionSpan all = method.GetLocation().GetLineSpan();
        int from = first.GetLocation().GetLineSpan().StartLinePosition.Line;
        return all.EndLinePosition.Line - from + 1;
    }

    private static string NameOf(SyntaxNode method) =>
        method switch
        {
            MethodDeclarationSyntax m => m.Identifier.Text,
            ConstructorDeclarationSyntax c => c.Identifier.Text,
            LocalFunctionStatementSyntax l => l.Identifier.Text,
            PropertyDeclarationSyntax p => p.Identifier.Text,
            _ => method.GetType().Name,
        };
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tenon.Testing;

namespace Tenon.Server.Tests.Architecture;

/// <summary>House style that a parser can see.</summary>
public sealed class StyleTests
{
    [Fact]
    public void There_are_no_regions() =>
        Finding.None(
            from file in SourceTree.All
            from region in file.Root.DescendantNodes(descendIntoTrivia: true).OfType<RegionDirectiveTriviaSyntax>()
            select file.Breach(region, "no regions", "split the file instead")
        );

    [Fact]
    public void Warnings_are_switched_off_rarely()
    {
        int lines = SourceTree.Product.Sum(f => f.Lines);
        List<string> pragmas =
        [
            .. from file in SourceTree.Product
            from pragma in file.Root.DescendantNodes(descendIntoTrivia: true).OfType<PragmaWarningDirectiveTriviaSyntax>()
            where pragma.DisableOrRestoreKeyword.IsKind(SyntaxKind.DisableKeyword)
            select $"{file.Path}:{SourceFile.LineOf(pragma)}",
        ];
        Assert.True(pragmas.Count * 10_000 <= lines * 10, $"{pragmas.Count} pragmas in {lines} lines, at most 10 in 10,000:\n{string.Join("\n", pragmas)}");
    }

    [Fact]
    public void Interfaces_are_few()
    {
        List<string> interfaces =
        [
            .. from file in SourceTree.Product
            from type in file.All<InterfaceDeclarationSyntax>()
            select $"{file.Path}:{SourceFile.LineOf(type)} {type.Identifier.Text}",
        ];
        int files = SourceTree.Product.Count();
        Assert.True(interfaces.Count * 100 < files * 5, $"{interfaces.Count} interfaces in {files} files, fewer than 5 in 100:\n{string.Join("\n", interfaces)}");
    }

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Finding.None(
            from file in SourceTree.All
            from space in file.All<NamespaceDeclarationSyntax>()
            select file.Breach(space, "file-scoped namespaces", $"write namespace {space.Name};")
        );

    /// <summary>What an embedding app writes against: the hosting library and the options of features.</summary>
    private static bool IsExtensionPoint(SourceFile file) =>
        file.Path is "src/Tenon.Server.Provider/ProviderExtensions.cs" or "src/Tenon.Sources/SourceEngine.cs" or "src/Tenon.Sources.MySql/MySqlEngine.cs"
        || file.Project == "Tenon.Server" && (file.Folder == "Hosting" || file.Name.EndsWith("Options.cs", StringComparison.Ordinal));

    [Fact]
    public void Types_are_internal_except_extension_points() =>
        Finding.None(
            from file in SourceTree.Product
            where !IsExtensionPoint(file)
            from type in file.All<BaseTypeDeclarationSyntax>()
            where type.Parent is not BaseTypeDeclarationSyntax && type.Modifiers.Any(SyntaxKind.PublicKeyword)
            select file.Breach(type, "internal by default", $"{type.Identifier.Text} is public")
        );

    [Fact]
    public void Classes_are_sealed_unless_something_derives_from_them()
    {
        HashSet<string> bases =
        [
            .. from file in SourceTree.All
            from type in file.All<BaseTypeDeclarationSyntax>()
            from inherited in type.BaseList?.Types ?? []
            select NameOf(inherited.Type),
        ];
        Finding.None(
            from file in SourceTree.Product
            from type in file.All<TypeDeclarationSyntax>()
            where type is ClassDeclarationSyntax or RecordDeclarationSyntax && !type.IsKind(SyntaxKind.RecordStructDeclaration)
            where !type.Modifiers.Any(m => m.IsKind(SyntaxKind.SealedKeyword) || m.IsKind(SyntaxKind.AbstractKeyword) || m.IsKind(SyntaxKind.StaticKeyword))
            where !bases.Contains(type.Identifier.Text) && !OtherPartSays(type)
            select file.Breach(type, "sealed by default", $"{type.Identifier.Text} is not sealed and nothing derives from it")
        );
    }

    private static string NameOf(TypeSyntax type) =>
        type switch
        {
            QualifiedNameSyntax q => q.Right.Identifier.Text,
            SimpleNameSyntax s => s.Identifier.Text,
            _ => type.ToString(),
        };

    private static bool OtherPartSays(TypeDeclarationSyntax part) =>
        part.Modifiers.Any(SyntaxKind.PartialKeyword)
        && SourceTree.Product.SelectMany(f => f.All<TypeDeclarationSyntax>()).Any(t =>
            t.Identifier.Text == part.Identifier.Text
            && t.Modifiers.Any(m => m.IsKind(SyntaxKind.SealedKeyword) || m.IsKind(SyntaxKind.AbstractKeyword) || m.IsKind(SyntaxKind.StaticKeyword))
        );

    [Fact]
    public void The_front_door_stays_clean()
    {
        // .git is a folder or, in a second working tree, a file; what git ignores is not counted.
        string[] ignored = [".git", "artifacts", "TestResults", ".vs", ".idea"];
        string[] entries = [.. Directory.GetFileSystemEntries(Repository.Root).Select(e => Path.GetFileName(e)!).Where(e => !ignored.Contains(e))];
        Assert.True(entries.Length <= 24, $"{entries.Length} entries at the root, at most 24: {string.Join(", ", entries.Order())}");
    }

    private static readonly string[] Clocks = ["DateTime.Now", "DateTime.UtcNow", "DateTimeOffset.Now", "DateTimeOffset.UtcNow", "DateTime.Today", "Stopwatch.StartNew", "Stopwatch.GetTimestamp", "Environment.TickCount64", "Environment.TickCount"];

    [Fact]
    public void Time_comes_from_a_TimeProvider() =>
        Finding.None(
            from file in SourceTree.Product
            from access in file.All<MemberAccessExpressionSyntax>()
            where Clocks.Any(c => access.ToString() == c || access.ToString().EndsWith("." + c, StringComparison.Ordinal))
            select file.Breach(access, "no banned clock", $"{access}: take a TimeProvider")
        );

    [Fact]
    public void The_banned_symbols_are_banned_by_the_build()
    {
        string banned = SourceTree.Read("eng/BannedSymbols.txt");
        foreach (string symbol in new[] { "System.DateTime.UtcNow", "System.DateTime.Now", "System.DateTimeOffset.UtcNow", "System.DateTimeOffset.Now" })
        {
            Assert.Contains(symbol, banned);
        }
    }
}

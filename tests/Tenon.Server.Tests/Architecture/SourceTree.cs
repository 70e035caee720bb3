using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tenon.Testing;

namespace Tenon.Server.Tests.Architecture;

/// <summary>A C# file, parsed. Path is relative to the repository, with forward slashes.</summary>
internal sealed record SourceFile(string Path, string Text, CompilationUnitSyntax Root)
{
    /// <summary>src/Tenon.Core/Sql/SqlWriter.cs → Tenon.Core.</summary>
    public string Project { get; } = Path.Split('/')[1];

    /// <summary>src/Tenon.Core/Expressions/Trees/X.cs → Expressions; empty for a file at the project's root.</summary>
    public string Folder { get; } = Path.Split('/') is { Length: > 3 } parts ? parts[2] : "";

    public string Name => System.IO.Path.GetFileName(Path);

    public int Lines { get; } = Text.Count(c => c == '\n') + (Text.EndsWith('\n') ? 0 : 1);

    public IEnumerable<string> Namespaces =>
        Root.DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<BaseNamespaceDeclarationSyntax>()
            .Select(n => n.Name.ToString());

    public IEnumerable<T> All<T>()
        where T : SyntaxNode => Root.DescendantNodes().OfType<T>();

    public static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    public Finding Breach(SyntaxNode at, string rule, string what) => new(Path, LineOf(at), rule, what);
}

/// <summary>The repository's files as the rules read them: what git would keep, parsed once per run.</summary>
internal static class SourceTree
{
    private static readonly HashSet<string> Outside = new(StringComparer.Ordinal)
    {
        ".git", "artifacts", "bin", "obj", "node_modules", "dist", ".tenon", "TestResults", ".vs", ".idea",
    };

    private static readonly Lazy<IReadOnlyList<string>> Paths = new(() => [.. Walk(Repository.Root).Order(StringComparer.Ordinal)]);

    private static readonly Lazy<IReadOnlyList<SourceFile>> Parsed = new(
        () =>
            [
                .. Paths.Value.Where(p => p.EndsWith(".cs", StringComparison.Ordinal)).AsParallel().AsOrdered()
                    .Select(p => Parse(p, File.ReadAllText(Repository.PathTo(p)))),
            ]
    );

    /// <summary>Every file, relative to the root.</summary>
    public static IReadOnlyList<string> Files => Paths.Value;

    /// <summary>All C# files.</summary>
    public static IReadOnlyList<SourceFile> All => Parsed.Value;

    /// <summary>The C# files of the product.</summary>
    public static IEnumerable<SourceFile> Product => All.Where(f => f.Path.StartsWith("src/", StringComparison.Ordinal));

    public static IEnumerable<SourceFile> Of(string project) => Product.Where(f => f.Project == project);

    public static SourceFile Parse(string path, string text) =>
        new(path, text, CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetCompilationUnitRoot());

    public static string Read(string path) => File.ReadAllText(Repository.PathTo(path));

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (Outside.Contains(Path.GetFileName(path)))
            {
                continue;
            }
            if (!Directory.Exists(path))
            {
                yield return Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
            }
            else if (!File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
            {
                foreach (string inner in Walk(path))
                {
                    yield return inner;
                }
            }
        }
    }
}

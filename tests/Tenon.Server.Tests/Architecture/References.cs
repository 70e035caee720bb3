using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tenon.Server.Tests.Architecture;

/// <summary>A namespace of ours that a file names, by using or by a qualified name.</summary>
internal readonly record struct Reference(string Namespace, SyntaxNode At)
{
    /// <summary>Tenon.Core.Expressions.Trees → Tenon.Core.</summary>
    public string Project => string.Join('.', Namespace.Split('.').Take(2));

    /// <summary>Tenon.Core.Expressions.Trees → Expressions.</summary>
    public string Folder => Namespace.Split('.') is { Length: > 2 } parts ? parts[2] : "";

    public bool IsIn(string name) => Namespace == name || Namespace.StartsWith(name + ".", StringComparison.Ordinal);
}

/// <summary>
/// Which namespaces a file names. A name may be written from the root (Tenon.Core.Sql.X) or from any namespace around it
/// (Core.Sql.X, Sql.X), so each dotted name is resolved outwards against the namespaces and types there are.
/// </summary>
internal static class References
{
    private static readonly Lazy<HashSet<string>> Namespaces = new(
        () => [.. SourceTree.Product.SelectMany(f => f.Namespaces).SelectMany(Prefixes)]
    );

    private static readonly Lazy<HashSet<string>> Types = new(
        () =>
            [
                .. from file in SourceTree.Product
                from space in file.Namespaces
                from type in file.All<BaseTypeDeclarationSyntax>()
                select $"{space}.{type.Identifier.Text}",
            ]
    );

    public static IEnumerable<Reference> In(SourceFile file)
    {
        foreach (UsingDirectiveSyntax directive in file.All<UsingDirectiveSyntax>())
        {
            string name = directive.NamespaceOrType?.ToString() ?? "";
            if (name.StartsWith("Tenon.", StringComparison.Ordinal))
            {
                yield return new Reference(Longest(name.Split('.')) ?? name, directive);
            }
        }
        string home = file.Namespaces.FirstOrDefault() ?? "";
        foreach (SyntaxNode node in file.Root.DescendantNodes(n => n is not (UsingDirectiveSyntax or QualifiedNameSyntax or MemberAccessExpressionSyntax)))
        {
            if (node is QualifiedNameSyntax or MemberAccessExpressionSyntax && Segments(node) is { Length: > 1 } segments)
            {
                if (Resolve(home, segments) is { } found)
                {
                    yield return new Reference(found, node);
                }
            }
            foreach (Reference inner in Inside(home, node))
            {
                yield return inner;
            }
        }
    }

    // The walk stops at a dotted name; what stands below its dots (a call in a chain) is looked at by itself.
    private static IEnumerable<Reference> Inside(string home, SyntaxNode node)
    {
        if (node is not (QualifiedNameSyntax or MemberAccessExpressionSyntax))
        {
            yield break;
        }
        foreach (SyntaxNode below in node.DescendantNodes())
        {
            bool begins = below is QualifiedNameSyntax or MemberAccessExpressionSyntax
                && below.Parent is not (QualifiedNameSyntax or MemberAccessExpressionSyntax);
            if (begins && Segments(below) is { Length: > 1 } segments && Resolve(home, segments) is { } found)
            {
                yield return new Reference(found, below);
            }
        }
    }

    private static string? Resolve(string home, string[] segments)
    {
        for (string around = home; ; around = around[..Math.Max(around.LastIndexOf('.'), 0)])
        {
            string first = around.Length == 0 ? segments[0] : $"{around}.{segments[0]}";
            if (Types.Value.Contains(first) && !Namespaces.Value.Contains(first))
            {
                return null;
            }
            if (Namespaces.Value.Contains(first))
            {
                string[] full = around.Length == 0 ? segments : [.. around.Split('.'), .. segments];
                string found = Longest(full)!;
                int used = found.Split('.').Length;
                // Catalog.Find(x) on a property Catalog is no reference to the namespace; Catalog.Table is.
                return used < full.Length && Types.Value.Contains($"{found}.{full[used]}") ? found : null;
            }
            if (around.Length == 0)
            {
                return null;
            }
        }
    }

    /// <summary>The longest beginning that is a namespace.</summary>
    private static string? Longest(string[] segments)
    {
        for (int n = segments.Length; n > 0; n--)
        {
            string candidate = string.Join('.', segments.Take(n));
            if (Namespaces.Value.Contains(candidate))
            {
                return candidate;
            }
        }
        return null;
    }

    private static IEnumerable<string> Prefixes(string name)
    {
        string[] parts = name.Split('.');
        return Enumerable.Range(1, parts.Length).Select(n => string.Join('.', parts.Take(n)));
    }

    private static string[] Segments(SyntaxNode node)
    {
        switch (node)
        {
            case QualifiedNameSyntax q:
                return [.. Segments(q.Left), .. Segments(q.Right)];
            case MemberAccessExpressionSyntax m:
                string[] left = Segments(m.Expression);
                return left.Length == 0 ? [] : [.. left, m.Name.Identifier.Text];
            case AliasQualifiedNameSyntax a:
                return [a.Name.Identifier.Text];
            case SimpleNameSyntax s:
                return [s.Identifier.Text];
            default:
                return [];
        }
    }
}

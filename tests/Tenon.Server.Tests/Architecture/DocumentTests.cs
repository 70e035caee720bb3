using System.Text.RegularExpressions;
using Tenon.Core.Schema.Parsing;
using Tenon.Testing;

namespace Tenon.Server.Tests.Architecture;

/// <summary>Documents: no dead link, nothing out of reach, samples that hold, no traces of a machine.</summary>
public sealed partial class DocumentTests
{
    private sealed record Link(string File, int Line, string Target);

    private static IEnumerable<string> Documents => SourceTree.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal));

    [GeneratedRegex(@"\[(?:[^\]\[]|\[[^\]]*\])*\]\((?<target>[^)\s]+)(?:\s+""[^""]*"")?\)|^\[[^\]]+\]:\s*(?<target>\S+)")]
    private static partial Regex LinkPattern();

    private static IEnumerable<Link> LinksOf(string document)
    {
        bool fenced = false;
        string[] lines = SourceTree.Read(document).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                fenced = !fenced;
            }
            string line = fenced ? "" : Regex.Replace(lines[i], "`[^`]*`", "");
            foreach (Match match in LinkPattern().Matches(line))
            {
                yield return new Link(document, i + 1, match.Groups["target"].Value);
            }
        }
    }

    private static bool IsOutside(string target) => target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    /// <summary>The file a link points at, relative to the root.</summary>
    private static string PathOf(Link link)
    {
        string path = link.Target.Split('#')[0];
        string folder = Path.GetDirectoryName(link.File) ?? "";
        string full = path.Length == 0 ? Repository.PathTo(link.File) : Path.GetFullPath(Path.Combine(Repository.Root, folder, Uri.UnescapeDataString(path)));
        return Path.GetRelativePath(Repository.Root, full).Replace('\\', '/');
    }

    [Fact]
    public void No_link_is_dead() =>
        Finding.None(
            from document in Documents
            from link in LinksOf(document)
            where !IsOutside(link.Target)
            let wrong = Wrong(link)
            where wrong is not null
            select new Finding(link.File, link.Line, "no dead link", wrong)
        );

    private static string? Wrong(Link link)
    {
        string path = PathOf(link);
        string full = Repository.PathTo(path);
        if (path.StartsWith("..", StringComparison.Ordinal) || !File.Exists(full) && !Directory.Exists(full))
        {
            return $"{link.Target}: there is no {path}";
        }
        return link.Target.Split('#') is [_, { Length: > 0 } anchor] && path.EndsWith(".md", StringComparison.Ordinal) && !Anchors(path).Contains(anchor)
            ? $"{link.Target}: {path} has no heading #{anchor}"
            : null;
    }

    // As the usual renderers make them: lower case, punctuation dropped, spaces to hyphens, repeats numbered.
    private static HashSet<string> Anchors(string document)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Regex.Matches(SourceTree.Read(document), @"^#{1,6}\s+(.+?)\s*$", RegexOptions.Multiline))
        {
            string slug = Regex.Replace(heading.Groups[1].Value.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-');
            string numbered = slug;
            for (int n = 1; !anchors.Add(numbered); n++)
            {
                numbered = $"{slug}-{n}";
            }
        }
        return anchors;
    }

    [Fact]
    public void Every_document_is_reached_from_the_readme()
    {
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out string? document))
        {
            foreach (Link link in LinksOf(document).Where(l => !IsOutside(l.Target)))
            {
                string path = PathOf(link);
                if (path.EndsWith(".md", StringComparison.Ordinal) && File.Exists(Repository.PathTo(path)) && reached.Add(path))
                {
                    open.Enqueue(path);
                }
            }
        }
        Finding.None(
            from document in Documents
            where (document.StartsWith("docs/", StringComparison.Ordinal) || !document.Contains('/')) && !reached.Contains(document)
            select new Finding(document, 1, "every document is reached from the README", "link it from README.md or a document that is linked")
        );
    }

    [GeneratedRegex(@"^```sql\s*\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex SqlBlock();

    [Fact]
    public void SQL_in_the_guides_parses() =>
        Finding.None(
            from document in Documents
            where document.StartsWith("docs/guides/", StringComparison.Ordinal) || document == "README.md"
            let text = SourceTree.Read(document)
            from Match block in SqlBlock().Matches(text)
            let error = SchemaParser.ParseScript(block.Groups["text"].Value).Error
            where error is not null
            select new Finding(document, text[..block.Index].Count(c => c == '\n') + 1, "samples in the docs hold", $"{error.Message} ({error.Code})")
        );

    // Where somebody worked, or where somebody's packages came from, is nobody's business.
    [GeneratedRegex(@"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|tmp/tools)/|[A-Z]:\\Users\\|https?://(?!registry\.npmjs\.org/|api\.nuget\.org/)[\w.-]*(?:artifactory|nexus|jfrog|proget|verdaccio|packages?|registry|mirror|pypi|nuget)[\w-]*\.[\w.-]+", RegexOptions.IgnoreCase)]
    private static partial Regex Trace();

    private static readonly HashSet<string> Binary = [".png", ".ico", ".woff2", ".db", ".parquet", ".gz", ".jpg", ".webp"];

    [Fact]
    public void The_tree_bears_no_trace_of_a_machine() =>
        Finding.None(
            from path in SourceTree.Files
            where !Binary.Contains(Path.GetExtension(path)) && !path.EndsWith("Architecture/DocumentTests.cs", StringComparison.Ordinal)
            from line in SourceTree.Read(path).Split('\n').Select((text, i) => (text, number: i + 1))
            let match = Trace().Match(line.text)
            where match.Success
            select new Finding(path, line.number, "no machine paths or package hosts", match.Value)
        );
}

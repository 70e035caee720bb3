namespace Tenon.Server.Tests.Architecture;

/// <summary>One breach of a rule: where, which rule, and what to do.</summary>
internal sealed record Finding(string File, int Line, string Rule, string What)
{
    public override string ToString() => $"{File}:{Line}: {What} [{Rule}]";

    public static void None(IEnumerable<string> findings)
    {
        string[] all = [.. findings];
        Assert.True(all.Length == 0, $"{all.Length} against the rules of CONTRIBUTING.md:\n{string.Join("\n", all)}");
    }

    public static void None(IEnumerable<Finding> findings)
    {
        List<Finding> all = [.. findings.OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line)];
        Assert.True(all.Count == 0, $"{all.Count} against the rules of CONTRIBUTING.md:\n{string.Join("\n", all)}");
    }
}

using System.Runtime.CompilerServices;
using Tenon.Core.Schema;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Schema;

/// <summary>The corpus of tests/tutorials: written after the well-known quick-starts, each file by itself on the server's own tables.</summary>
public class TutorialTests
{
    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(Path.Combine(Root(), "tests/tutorials"), "*.sql").Select(f => Path.GetFileName(f)!).Order()];

    internal static Core.Catalog.Catalog OwnTables()
    {
        var catalog = Core.Catalog.Catalog.Empty;
        foreach (string file in Directory.GetFiles(Path.Combine(Root(), "src/Tenon.Server/Store/Migrations"), "*.sql").Order())
        {
            catalog = SchemaBuilderTests.Apply(catalog, File.ReadAllText(file)).Value.Catalog;
        }
        return catalog;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_quick_start_is_accepted_as_it_is_written(string file)
    {
        string text = File.ReadAllText(Path.Combine(Root(), "tests/tutorials", file));
        var outcome = SchemaBuilderTests.Apply(OwnTables(), text);
        string problem = outcome.Error is { } e
            ? $"{new Span(e.Position ?? 0, 0).LineAndColumn(text)}: {e.Code} {e.Message} {e.Hint}"
            : "";
        Assert.Equal("", problem);
        Assert.Contains(outcome.Value.Steps, s => s is CreateTableStep);
    }
}

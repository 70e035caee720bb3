using Tenon.Core.Schema.Parsing;
using Tenon.Core.Tests.Expressions;
using Xunit;

namespace Tenon.Core.Tests.Schema;

public class SchemaParserTests
{
    private static string Show(string text)
    {
        var outcome = SchemaParser.ParseScript(text);
        return outcome.Failed
            ? SqlParserTests.Show(outcome)
            : string.Join("\n   ", outcome.Value.Select(TreePrinter.Print));
    }

    [Fact]
    public void Statements_become_the_trees_of_the_golden_file() => Golden.Check("schema/statements.txt", Show);

    [Fact]
    public void Errors_name_the_construct_its_position_and_what_to_write_instead() => Golden.Check("schema/errors.txt", Show);
}

using System.Runtime.CompilerServices;
using Tenon.Core.Codegen;
using Tenon.Core.Tests.Expressions.Checking;
using Xunit;

namespace Tenon.Core.Tests.Codegen;

public sealed class TypeScriptTests
{
    [Fact]
    public void The_database_type_is_as_reviewed()
    {
        string path = Path.Combine(Folder(), "..", "golden", "codegen", "database.ts");
        string made = TypeScript.Generate(TestCatalog.Load("codegen/catalog.sql", Path.Combine(Folder(), "..", "Expressions", "Checking", "x.cs")), ["public"]);
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            File.WriteAllText(path, made);
        }
        Assert.Equal(File.ReadAllText(path), made);
    }

    [Fact]
    public void An_empty_schema_gives_a_type_that_still_compiles()
    {
        string made = TypeScript.Generate(Core.Catalog.Catalog.Empty, ["public", "app"]);
        Assert.Contains("Tables: {\n      [_ in never]: never\n", made);
        Assert.Contains("  app: {\n", made);
    }

    private static string Folder([CallerFilePath] string caller = "") => Path.GetDirectoryName(caller)!;
}

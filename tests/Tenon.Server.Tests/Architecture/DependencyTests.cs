using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tenon.Server.Tests.Architecture;

/// <summary>Who may name whom: between assemblies, inside Core, between engines, between features.</summary>
public sealed class DependencyTests
{
    // A folder of Core may name those before it. Schema and Codegen stand beside the line: nothing on it names them.
    private static readonly string[] Line =
        ["Errors", "Types", "Expressions", "Catalog", "Query", "Planning", "Policies", "Sql"];

    private static readonly Dictionary<string, string[]> BesideTheLine = new()
    {
        ["Schema"] = ["Errors", "Types", "Expressions", "Catalog"],
        ["Codegen"] = ["Errors", "Types", "Expressions", "Catalog"],
    };

    private static readonly Dictionary<string, string[]> Assemblies = new()
    {
        ["Tenon.Core"] = [],
        ["Tenon.Sources"] = ["Tenon.Core"],
        ["Tenon.Sources.MySql"] = ["Tenon.Core", "Tenon.Sources"],
        ["Tenon.Server"] = ["Tenon.Core", "Tenon.Sources"],
        ["Tenon.Server.Provider"] = ["Tenon.Core", "Tenon.Sources", "Tenon.Server"],
        ["Tenon.Cli"] = ["Tenon.Core", "Tenon.Sources", "Tenon.Sources.MySql", "Tenon.Server", "Tenon.Server.Provider"],
    };

    /// <summary>Folders of Server that are no feature: every feature may use them.</summary>
    private static readonly string[] Shared = ["Hosting", "Store"];

    /// <summary>What Auth shows the other features: who calls, or why nobody does.</summary>
    private static readonly string[] CallerTypes = ["Caller", "CallerResolver", "CredentialFailure", "Resolution", "KeyCommands"];

    [Fact]
    public void An_assembly_names_only_those_below_it() =>
        Finding.None(
            from file in SourceTree.Product
            from reference in References.In(file)
            where reference.Project != file.Project && reference.Project.StartsWith("Tenon.", StringComparison.Ordinal)
            where !Assemblies.GetValueOrDefault(file.Project, []).Contains(reference.Project)
            select file.Breach(reference.At, "assemblies", $"{file.Project} may not name {reference.Project}")
        );

    [Fact]
    public void Core_is_one_straight_line() =>
        Finding.None(
            from file in SourceTree.Of("Tenon.Core")
            from reference in References.In(file)
            where reference.Project == "Tenon.Core" && reference.Folder != file.Folder && !Allowed(file.Folder).Contains(reference.Folder)
            select file.Breach(reference.At, "Core is one line", $"{file.Folder} may not name {reference.Folder}; only {string.Join(", ", Allowed(file.Folder))}")
        );

    private static IReadOnlyList<string> Allowed(string folder) =>
        BesideTheLine.TryGetValue(folder, out string[]? named) ? named
        : Array.IndexOf(Line, folder) is >= 0 and int at ? Line[..at]
        : throw new InvalidOperationException($"src/Tenon.Core/{folder} has no place in the line: give it one in {nameof(DependencyTests)}");

    [Fact]
    public void Namespaces_follow_the_folders() =>
        Finding.None(
            from file in SourceTree.Product
            let expected = string.Join('.', file.Path.Split('/')[1..^1])
            from space in file.Namespaces
            where space != expected && !file.Path.StartsWith("src/Tenon.Cli/Program", StringComparison.Ordinal)
            select new Finding(file.Path, 1, "namespace = folder", $"namespace {space}, expected {expected}")
        );

    [Fact]
    public void Only_the_server_and_its_commands_know_ASP_NET_Core() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Project is not ("Tenon.Server" or "Tenon.Server.Provider" or "Tenon.Cli")
            from directive in file.All<UsingDirectiveSyntax>()
            where directive.NamespaceOrType.ToString().StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            select file.Breach(directive, "ASP.NET Core", $"{file.Project} may not name ASP.NET Core")
        );

    [Fact]
    public void Core_depends_on_the_base_library_alone()
    {
        string project = SourceTree.Read("src/Tenon.Core/Tenon.Core.csproj");
        Assert.DoesNotContain("PackageReference", project);
        Assert.DoesNotContain("FrameworkReference", project);
        Assert.DoesNotContain("ProjectReference", project);
    }

    [Fact]
    public void An_engine_never_names_another() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Project.StartsWith("Tenon.Sources", StringComparison.Ordinal) && file.Folder.Length > 0
            from reference in References.In(file)
            where Engines.Contains(reference.Namespace.Split('.').ElementAtOrDefault(2) ?? "") && reference.Folder != file.Folder
            where reference.Project == "Tenon.Sources"
            select file.Breach(reference.At, "a database is a folder", $"{file.Folder} may not name {reference.Folder}")
        );

    private static HashSet<string> Engines =>
        [.. SourceTree.Product.Where(f => f.Project == "Tenon.Sources" && f.Folder.Length > 0).Select(f => f.Folder)];

    /// <summary>The one file outside the engines' folders that says which product is behind a URL.</summary>
    private const string Registry = "src/Tenon.Sources/SourceRegistry.cs";

    [Fact]
    public void Outside_its_folder_only_the_registry_names_a_product() =>
        Finding.None(
            from file in SourceTree.Product
            where !(file.Project == "Tenon.Sources" && file.Folder.Length > 0) && file.Path != Registry
            from reference in References.In(file)
            where reference.Project == "Tenon.Sources" && Engines.Contains(reference.Folder)
            select file.Breach(reference.At, "only the registry names a product", $"{reference.Namespace} is named outside {Registry}")
        );

    /// <summary>Engines in packages of their own are named where the program is put together, once each.</summary>
    private const string Composition = "src/Tenon.Cli/Configuration/AttachedSettings.cs";

    [Fact]
    public void An_engine_of_a_package_is_named_where_the_program_is_put_together() =>
        Finding.None(
            from file in SourceTree.Product
            where !file.Project.StartsWith("Tenon.Sources.", StringComparison.Ordinal) && file.Path != Composition
            from reference in References.In(file)
            where Assemblies.Keys.Any(a => a.StartsWith("Tenon.Sources.", StringComparison.Ordinal) && reference.IsIn(a))
            select file.Breach(reference.At, "only the composition names a package", $"{reference.Namespace} is named outside {Composition}")
        );

    [Fact]
    public void A_feature_never_names_another() =>
        Finding.None(
            from file in SourceTree.Of("Tenon.Server")
            where file.Folder != "Hosting"
            from reference in References.In(file)
            where reference.Project == "Tenon.Server" && reference.Folder != file.Folder && !MayName(file.Folder, reference.Folder)
            select file.Breach(reference.At, "a feature never names another", $"{file.Folder} may not name {reference.Folder}; go through a hook, a change or a job")
        );

    private static bool MayName(string folder, string other) =>
        folder == "Store" ? false : Shared.Contains(other) || other == "Auth";

    [Fact]
    public void Of_sign_in_a_feature_sees_the_caller_alone()
    {
        HashSet<string> auth = [.. TypesOf("Auth")];
        Finding.None(
            from file in SourceTree.Of("Tenon.Server")
            where file.Folder is not ("Auth" or "Hosting")
            where References.In(file).Any(r => r.IsIn("Tenon.Server.Auth"))
            let own = Members(file.Folder)
            from name in file.All<SimpleNameSyntax>()
            where auth.Contains(name.Identifier.Text) && !CallerTypes.Contains(name.Identifier.Text) && !own.Contains(name.Identifier.Text)
            where name.Parent is not MemberAccessExpressionSyntax access || access.Expression == name
            select file.Breach(name, "a feature sees the caller alone", $"{file.Folder} may not name {name.Identifier.Text} of Auth; only {string.Join(", ", CallerTypes)}")
        );
    }

    private static IEnumerable<string> TypesOf(string folder) =>
        SourceTree.Of("Tenon.Server").Where(f => f.Folder == folder).SelectMany(f => f.All<BaseTypeDeclarationSyntax>()).Select(t => t.Identifier.Text);

    // Names a feature declares itself (properties, parameters, types) mean its own thing.
    private static HashSet<string> Members(string folder) =>
        [
            .. from file in SourceTree.Of("Tenon.Server")
            where file.Folder == folder
            from member in file.Root.DescendantNodes()
            let name = member switch
            {
                PropertyDeclarationSyntax p => p.Identifier.Text,
                BaseTypeDeclarationSyntax t => t.Identifier.Text,
                ParameterSyntax p => p.Identifier.Text,
                MethodDeclarationSyntax m => m.Identifier.Text,
                EnumMemberDeclarationSyntax e => e.Identifier.Text,
                _ => "",
            }
            where name.Length > 0
            select name,
        ];
}

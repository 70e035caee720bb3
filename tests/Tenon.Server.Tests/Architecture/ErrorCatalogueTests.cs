using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tenon.Core.Errors;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Architecture;

/// <summary>Errors are a closed catalogue: each code has a constant, a description, a place that raises it and a test.</summary>
public sealed partial class ErrorCatalogueTests
{
    private const string Catalogue = "src/Tenon.Core/Errors/ErrorCodes.cs";
    private const string AuthCatalogue = "src/Tenon.Server/Auth/AuthErrors.cs";

    private static readonly IReadOnlyList<(string Name, ErrorCode Code)> Codes =
    [
        .. typeof(ErrorCodes).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Where(f => f.FieldType == typeof(ErrorCode))
            .Select(f => (f.Name, (ErrorCode)f.GetValue(null)!)),
    ];

    /// <summary>Codes that only a database on another machine gives, and whose source is being built.</summary>
    private static readonly string[] Awaited = ["08006", "40001"];

    [GeneratedRegex(@"^\| `(?<code>\w+)` \| (?<status>[\d, ]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    private static Dictionary<string, string> Documented(string path)
    {
        var rows = new Dictionary<string, string>();
        foreach (Match row in Row().Matches(SourceTree.Read(path)))
        {
            Assert.True(rows.TryAdd(row.Groups["code"].Value, row.Groups["status"].Value), $"{path} describes {row.Groups["code"].Value} twice");
        }
        return rows;
    }

    [Fact]
    public void Codes_are_unique() =>
        Finding.None(Codes.GroupBy(c => c.Code.Text).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(c => c.Name))}"));

    [Fact]
    public void The_docs_describe_every_code_and_no_other()
    {
        Dictionary<string, string> documented = Documented("docs/errors.md");
        Finding.None(Codes.Where(c => !documented.ContainsKey(c.Code.Text)).Select(c => $"docs/errors.md lacks {c.Code} ({c.Name})"));
        Finding.None(documented.Keys.Except(Codes.Select(c => c.Code.Text)).Select(c => $"docs/errors.md describes {c}, which {Catalogue} lacks"));
        Finding.None(Codes.Where(c => documented[c.Code.Text] != $"{c.Code.Status}").Select(c => $"docs/errors.md gives {c.Code} the status {documented[c.Code.Text]}, the catalogue {c.Code.Status}"));
    }

    [Fact]
    public void The_docs_describe_every_code_of_sign_in_and_no_other()
    {
        Dictionary<string, string> documented = Documented("docs/errors-auth.md");
        ILookup<string, int> made = AuthCodes().ToLookup(c => c.Code, c => c.Status);
        string[] codes = [.. made.Select(g => g.Key)];
        Assert.NotEmpty(codes);
        Finding.None(codes.Except(documented.Keys).Select(c => $"docs/errors-auth.md lacks {c}"));
        Finding.None(documented.Keys.Except(codes).Select(c => $"docs/errors-auth.md describes {c}, which {AuthCatalogue} lacks"));
        Finding.None(
            from code in made
            let expected = string.Join(", ", code.Distinct().Order())
            where documented[code.Key] != expected
            select $"docs/errors-auth.md gives {code.Key} the status {documented[code.Key]}, the catalogue {expected}"
        );
    }

    // new("code", status, …) in the file of the catalogue, as text and number stand there.
    private static IEnumerable<(string Code, int Status)> AuthCodes() =>
        from file in SourceTree.Product
        where file.Path == AuthCatalogue
        from creation in file.All<BaseObjectCreationExpressionSyntax>()
        let arguments = creation.ArgumentList?.Arguments
        where arguments is { Count: >= 2 } && arguments.Value[0].Expression.IsKind(SyntaxKind.StringLiteralExpression)
        let status = arguments!.Value[1].Expression as LiteralExpressionSyntax
        where status is not null && int.TryParse(status.Token.ValueText, out _)
        select (((LiteralExpressionSyntax)arguments.Value[0].Expression).Token.ValueText, (int)status.Token.Value!);

    [Fact]
    public void Every_code_is_raised_somewhere()
    {
        HashSet<string> raised = Words(SourceTree.Product.Where(f => f.Path != Catalogue).Select(f => f.Text), Raised());
        Finding.None(
            from code in Codes
            where !Awaited.Contains(code.Code.Text) && !raised.Contains(code.Name) && !raised.Contains(code.Code.Text)
            select $"nothing raises {code.Code} ({code.Name}): take it out of the catalogue and the docs"
        );
    }

    [Fact]
    public void Every_code_is_provoked_by_a_test()
    {
        HashSet<string> provoked = Words(Tests(), Provoked());
        Finding.None(
            from code in Codes
            where !Awaited.Contains(code.Code.Text) && !provoked.Contains(code.Name) && !provoked.Contains(code.Code.Text)
            select $"no test provokes {code.Code} ({code.Name})"
        );
        Finding.None(
            from code in AuthCodes().Select(c => c.Code).Distinct()
            where !provoked.Contains(code)
            select $"no test provokes {code} of sign-in"
        );
    }

    [GeneratedRegex(@"\bErrorCodes\.(\w+)|""([0-9A-Z]{5,8})""")]
    private static partial Regex Raised();

    // As tests write an expected code: its constant, in quotes, or behind what golden files and scenarios put before it.
    [GeneratedRegex(@"\bErrorCodes\.(\w+)|(?:error=|=> |-- fails |[""'(!\t=]|\bcode: |; |""\d{3} )([0-9A-Z]{5,8}|[a-z_]+)\b")]
    private static partial Regex Provoked();

    private static HashSet<string> Words(IEnumerable<string> texts, Regex pattern) =>
        [.. texts.SelectMany(t => pattern.Matches(t)).Select(m => m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value)];

    private static IEnumerable<string> Tests() =>
        from path in SourceTree.Files
        where path.StartsWith("tests/", StringComparison.Ordinal) && !path.Contains("/Architecture/", StringComparison.Ordinal)
        where Path.GetExtension(path) is ".cs" or ".http" or ".mjs" or ".txt" or ".tsv" or ".sql"
        select SourceTree.Read(path);

    [Fact]
    public void Codes_are_made_in_the_catalogue_alone() =>
        Finding.None(
            from file in SourceTree.Product
            from creation in file.All<ObjectCreationExpressionSyntax>()
            let allowed = creation.Type.ToString() switch { nameof(ErrorCode) => Catalogue, nameof(AuthError) => AuthCatalogue, _ => file.Path }
            where file.Path != allowed
            select file.Breach(creation, "closed catalogue", $"{creation.Type} is made in {allowed} alone")
        );

    [Fact]
    public void Errors_are_raised_by_their_constants()
    {
        HashSet<string> texts = [.. Codes.Select(c => c.Code.Text), .. AuthCodes().Select(c => c.Code).Where(c => c.Contains('_'))];
        Finding.None(
            from file in SourceTree.Product
            where file.Path is not (Catalogue or AuthCatalogue)
            from literal in file.All<LiteralExpressionSyntax>()
            where literal.IsKind(SyntaxKind.StringLiteralExpression) && texts.Contains(literal.Token.ValueText) && RaisesWith(literal)
            select file.Breach(literal, "closed catalogue", $"write the constant of {literal.Token.ValueText}")
        );
    }

    // new SqliteFailure(…, "23505", …), new(code, "23505", …), FromSqlState("22011"): what makes an error of it.
    private static bool RaisesWith(LiteralExpressionSyntax literal) =>
        literal.Parent is ArgumentSyntax { Parent: ArgumentListSyntax list }
        && (list.Parent is BaseObjectCreationExpressionSyntax || list.Parent is InvocationExpressionSyntax call && call.Expression.ToString().EndsWith("FromSqlState", StringComparison.Ordinal));
}

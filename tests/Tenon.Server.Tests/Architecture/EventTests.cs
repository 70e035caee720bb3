using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tenon.Server.Tests.Architecture;

/// <summary>What the server may say in its log is a closed list: source-generated methods with an id of their own.</summary>
public sealed partial class EventTests
{
    [GeneratedRegex("^Log(Trace|Debug|Information|Warning|Error|Critical)?$")]
    private static partial Regex FreeForm();

    [Fact]
    public void Nothing_is_logged_in_free_form() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Text.Contains("Microsoft.Extensions.Logging", StringComparison.Ordinal)
            from call in file.All<InvocationExpressionSyntax>()
            where call.Expression is MemberAccessExpressionSyntax access && FreeForm().IsMatch(access.Name.Identifier.Text)
            where ((MemberAccessExpressionSyntax)call.Expression).Expression.ToString() is not ("Math" or "Numeric")
            select file.Breach(call, "events are a closed list", "log through a [LoggerMessage] method")
        );

    [Fact]
    public void Libraries_never_write_to_the_console() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Project != "Tenon.Cli"
            from access in file.All<MemberAccessExpressionSyntax>()
            where access.Expression is IdentifierNameSyntax { Identifier.Text: "Console" }
            select file.Breach(access, "events are a closed list", "only commands write to the console")
        );

    [Fact]
    public void Every_event_has_an_id_of_its_own()
    {
        var known = new Dictionary<string, string>();
        var findings = new List<Finding>();
        foreach (SourceFile file in SourceTree.Product)
        {
            foreach (AttributeSyntax attribute in file.All<AttributeSyntax>().Where(a => a.Name.ToString() == "LoggerMessage"))
            {
                string id = attribute.ArgumentList?.Arguments
                    .Where(a => a.NameEquals is null || a.NameEquals.Name.ToString() == "EventId")
                    .Select(a => a.Expression.ToString()).FirstOrDefault(e => int.TryParse(e, out _)) ?? "none";
                string place = $"{file.Path}:{SourceFile.LineOf(attribute)}";
                if (id == "none" || !known.TryAdd(id, place))
                {
                    findings.Add(file.Breach(attribute, "one id per event", id == "none" ? "the event has no id" : $"{id} is taken by {known[id]}"));
                }
            }
        }
        Assert.NotEmpty(known);
        Finding.None(findings);
    }
}

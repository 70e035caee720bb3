using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Planning;
using Tenon.Core.Query;
using Tenon.Core.Tests.Expressions;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Planning;

public sealed class PlanningTests
{
    private static readonly PlanOptions Options = new();

    [Theory]
    [InlineData("reads")]
    [InlineData("embeds")]
    [InlineData("filters")]
    [InlineData("calls")]
    [InlineData("writes")]
    [InlineData("refusals")]
    [InlineData("operators")]
    public void Requests_become_the_plans_of_the_golden_files(string file) => Golden.Check($"planning/{file}.txt", Answer);

    /// <summary>"GET /films?select=*", "POST /films?columns=a Prefer keys a,b": the request line, then what else matters.</summary>
    private static string Answer(string request)
    {
        string[] parts = request.Split(' ', 3);
        string[] target = parts[1].TrimStart('/').Split('?', 2);
        string query = target.Length > 1 ? target[1] : "";
        bool call = target[0].StartsWith("rpc/", StringComparison.Ordinal);
        if (!QueryParser.Parse(query, call && parts[0] == "GET", QueryLimits.Default).TryGet(out QuerySyntax syntax, out Error error))
        {
            return PlanPrinter.Print(error);
        }
        string rest = parts.Length > 2 ? parts[2] : "";
        if (call)
        {
            return Call(target[0][4..], syntax, parts[0], rest);
        }
        if (parts[0] == "GET")
        {
            return ReadPlanner.Plan(Films.Catalog, target[0], syntax, Options).TryGet(out ReadPlan read, out error)
                ? PlanPrinter.Print(read)
                : PlanPrinter.Print(error);
        }
        return WritePlanner.Plan(Films.Catalog, target[0], syntax, Intent(parts[0], rest), Options).TryGet(out WritePlan write, out error)
            ? PlanPrinter.Print(write)
            : PlanPrinter.Print(error);
    }

    private static string Call(string name, QuerySyntax syntax, string method, string rest)
    {
        CallBody? body = method == "GET" ? null : new CallBody(Words(rest, "keys")) { WholeKinds = [TypeKind.Json, TypeKind.Jsonb] };
        return ReadPlanner.PlanCall(Films.Catalog, name, syntax, body, Options).TryGet(out CallPlan plan, out Error error)
            ? PlanPrinter.Print(plan.Read) + $"\n   {(plan.ReadOnly ? "reads" : "writes")} body {string.Join(", ", plan.BodyArguments.Select(a => $"{a.Name} ${a.Slot}"))}"
            : PlanPrinter.Print(error);
    }

    private static WriteIntent Intent(string method, string rest)
    {
        Preferences prefer = Preferences.Parse(string.Join(',', Words(rest, "prefer")));
        return new WriteIntent(Enum.Parse<WriteMethod>(method, ignoreCase: true))
        {
            PayloadKeys = Words(rest, "keys"),
            Resolution = prefer.Resolution,
            MissingIsDefault = prefer.MissingIsDefault == true,
            Return = prefer.Return ?? ReturnPreference.Minimal,
            MaxAffected = prefer.IsStrict ? prefer.MaxAffected : null,
        };
    }

    // "keys a,b prefer return=representation": the words behind a word.
    private static ImmutableArray<string> Words(string rest, string word)
    {
        string[] parts = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int at = Array.IndexOf(parts, word);
        return at < 0 ? [] : [.. parts[at + 1].Split(',')];
    }

    [Fact]
    public void Hints_name_nothing_that_the_role_may_not_see()
    {
        QuerySyntax any = QueryParser.Parse("", false, QueryLimits.Default).Value;
        Assert.Null(ReadPlanner.Plan(Films.Catalog, "secretss", any, Options).Error!.Hint);
        Assert.NotNull(ReadPlanner.Plan(Films.Catalog, "secretss", any, Options with { SeesEverything = true }).Error!.Hint);
    }

    [Theory]
    [InlineData("return=representation, count=exact", "return=representation, count=exact")]
    [InlineData("count=exact,return=minimal,resolution=merge-duplicates,missing=default", "resolution=merge-duplicates, missing=default, return=minimal, count=exact")]
    [InlineData("return=minimal, return=representation", "return=minimal")]
    [InlineData("max-affected=5", null)]
    [InlineData("handling=strict, max-affected=5, timezone=Europe/Berlin", "handling=strict, timezone=Europe/Berlin, max-affected=5")]
    [InlineData("anything", null)]
    public void Preferences_that_were_heeded_are_named_in_order(string header, string? applied) =>
        Assert.Equal(applied, Preferences.Parse(header).Applied());

    [Fact]
    public void Unknown_preferences_fail_under_strict_handling_only()
    {
        Assert.Null(Preferences.Parse("foo, return=maybe").Refusal());
        Error error = Preferences.Parse("handling=strict, foo, return=maybe").Refusal()!;
        Assert.Equal(("PGRST122", "Invalid preferences: foo, return=maybe"), (error.Code.Text, error.Details));
    }
}

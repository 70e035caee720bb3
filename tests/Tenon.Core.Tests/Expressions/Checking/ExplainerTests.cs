using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Expressions.Checking;

public sealed class ExplainerTests
{
    private static readonly Core.Catalog.Catalog Catalog = TestCatalog.Load("checking/catalog.sql");

    [Theory]
    [InlineData("todos", "user_id = (select auth.uid())", "user_id equals the caller's id")]
    [InlineData("todos", "true", "always")]
    [InlineData("todos", "false", "never")]
    [InlineData("todos", "not done and (auth.role() = 'a' or priority >= 2)", "done is false and (the caller's role equals 'a' or priority is at least 2)")]
    [InlineData("todos", "auth.jwt() -> 'app_metadata' ->> 'org' = title", "the caller's claim app_metadata.org equals title")]
    [InlineData("todos", "title is null or mood in ('sad', 'ok')", "title is missing or mood is one of 'sad', 'ok'")]
    [InlineData("todos", "'work' = any (tags)", "'work' is among tags")]
    [InlineData("orgs", "is_member(id)", "is_member(id) says yes")]
    [InlineData("orgs", "id in (select my_orgs())", "id is among the my_orgs of my_orgs()")]
    [InlineData("messages", "sent_at::date = current_date", "the day of sent_at equals the day of the time of the request")]
    [InlineData(
        "orgs",
        "exists (select 1 from members m where m.org_id = orgs.id and m.user_id = auth.uid())",
        "there is a row in members where members.org_id equals id and members.user_id equals the caller's id"
    )]
    [InlineData(
        "orgs",
        "id in (select org_id from members where user_id = auth.uid())",
        "id is among the org_id of members where members.user_id equals the caller's id"
    )]
    [InlineData("orgs", "(select count(*) from members where org_id = id) < 5", "the number of rows of members where members.org_id equals id is less than 5")]
    public void A_policy_reads_as_words(string table, string policy, string words)
    {
        ScopeOfRanges scope = ScopeOfRanges.OfTable(Catalog.FindRelation(null, table)!, "this");
        Expr bound = new TypeChecker(Catalog)
            .CheckExpression(SqlParser.ParseExpression(policy).Value, scope, LogicalType.Boolean, ExpressionUse.Policy)
            .Value;
        Assert.Equal(words, Explainer.Explain(bound));
    }
}

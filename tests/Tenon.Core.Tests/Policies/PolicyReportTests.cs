using Tenon.Core.Policies;
using Tenon.Core.Tests.Schema;
using Tenon.Core.Types;
using Xunit;

namespace Tenon.Core.Tests.Policies;

public class PolicyReportTests
{
    private static readonly Core.Catalog.Catalog Catalog = SchemaBuilderTests
        .Apply(
            TutorialTests.OwnTables(),
            """
            create table members (org int, user_id uuid);
            create function is_member(o int) returns boolean language sql stable security definer as $$
              select exists (select 1 from members where org = o and user_id = auth.uid()) $$;
            create table docs (id int primary key, org int, owner uuid, secret text);
            alter table docs enable row level security;
            create policy members on docs for select to authenticated using (is_member(org));
            create policy own on docs using (owner = auth.uid()) with check (owner = auth.uid() and org is not null);
            create policy sober on docs as restrictive for update to authenticated using (secret is null);
            grant select (id, org), update on docs to authenticated;
            create table open (id int);
            grant select on open to anon;
            create view owned as select id from docs;
            grant select on owned to anon;
            """
        )
        .Value.Catalog;

    private static CommandInWords[] Of(string table, RoleName role) => [.. PolicyReport.Of(Catalog, Catalog.Resolve(null, table)!, Principal.Of(role))];

    [Fact]
    public void Policies_of_a_command_are_told_in_words_with_those_that_read_by_their_owners_rights()
    {
        CommandInWords select = Of("docs", RoleName.Authenticated)[0];
        Assert.Equal("rows that one of the policies lets through", select.Verdict);
        Assert.Equal(["id", "org"], select.Columns);
        Assert.Equal([("members", "is_member(org) says yes"), ("own", "owner equals the caller's id")], select.Policies.Select(p => (p.Name, p.Rows!)));
        Assert.Equal(["public.is_member"], select.Policies[0].OwnersRights);
        Assert.Empty(select.Policies[1].OwnersRights);
        Assert.All(select.Policies, p => Assert.Null(p.NewRows));
    }

    [Fact]
    public void An_update_is_told_by_the_rows_it_may_touch_and_the_rows_it_may_leave_behind()
    {
        CommandInWords update = Of("docs", RoleName.Authenticated)[2];
        Assert.Equal("rows that one of the permissive policies lets through, and every restrictive one", update.Verdict);
        PolicyInWords own = update.Policies.Single(p => p.Name == "own");
        Assert.Equal(("owner equals the caller's id", "owner equals the caller's id and org is present"), (own.Rows, own.NewRows));
        Assert.False(update.Policies.Single(p => p.Name == "sober").Permissive);
    }

    [Fact]
    public void What_is_not_granted_is_refused_with_the_grant_that_would_let_it()
    {
        CommandInWords insert = Of("docs", RoleName.Authenticated)[1];
        Assert.Equal((false, "refused"), (insert.Granted, insert.Verdict));
        Assert.EndsWith("GRANT INSERT ON public.docs TO authenticated;", insert.Denied!.Hint);
        Assert.Empty(insert.Policies);
    }

    [Theory]
    [InlineData("open", "anon", "every row: row level security is off")]
    [InlineData("owned", "anon", "every row of the view: it reads with the rights of its owner")]
    [InlineData("docs", "service_role", "every row: this role is not asked for policies")]
    public void What_no_policy_restricts_says_why(string table, string role, string verdict) =>
        Assert.Equal(verdict, Of(table, new RoleName(role))[0].Verdict);
}

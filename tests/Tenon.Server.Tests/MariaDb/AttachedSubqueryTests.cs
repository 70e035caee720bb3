// Subqueries of policies that MariaDB has no such form for: answered as the embedded database answers, or refused by name.
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Tests.MariaDb;

public sealed class AttachedSubqueryTests
{
    private const string People = "create table members (id int primary key, who varchar(20), org int, points int); insert into members values (1, 'ann', 1, 5), (2, 'bob', 1, 9), (3, 'cy', 2, 1), (4, 'dee', 3, 7), (5, 'ann', 3, 2);";

    /// <summary>Conditions of a policy on docs, and what is refused of them, where anything is.</summary>
    private static readonly (string Condition, string? Refused)[] Policies =
    [
        ("org in (select m.org from members m order by m.points desc limit 2)", null),
        ("org not in (select m.org from members m order by m.points limit 1)", null),
        ("org in (select m.org from members m where m.who = docs.owner order by m.points limit 1)", "a limit in a subquery of IN"),
        ("org = any (select m.org from members m order by m.points desc limit 1 offset 1)", null),
        ("exists (select 1 from members m where m.org = docs.org order by m.points limit 1)", null),
        ("exists (select 1 from members m where m.org = docs.org offset 1)", null),
        ("owner = (select m.who from members m where m.org = docs.org order by m.points desc limit 1)", null),
        ("exists (select 1 from (select m.org from members m where m.points > 4) x where x.org = docs.org)", null),
        ("exists (select 1 from (select m.org from members m where m.who = docs.owner) x where x.org = docs.org)", "a query in FROM or WITH"),
        ("(select count(*) from members m where m.org = docs.org) > 1", null),
        ("(select max(m.points) from members m where m.org = docs.org) >= 7", null),
        ("org in (select m.org from members m group by m.org having count(*) > 1)", null),
        ("org in (select m.org from members m union select 99 order by 1)", null),
        ("org in (select m.org from members m where m.who = 'ann' except select 1)", null),
        ("exists (with high as (select * from members where points > 4) select 1 from high where high.org = docs.org)", null),
        ("exists (with own as (select * from members where who = docs.owner) select 1 from own where own.org = docs.org)", "a query in FROM or WITH"),
        ("org in (with recursive n as (select 1 as v union all select v + 1 from n where v < 2) select v from n)", null),
        ("exists (select 1 from members m join members n on n.org = m.org and n.id <> m.id where m.org = docs.org)", null),
        ("exists (select 1 from members m left join members n on n.org = m.org and n.id <> m.id where m.org = docs.org and n.id is null)", null),
        ("owner in (select distinct on (m.org) m.who from members m order by m.org, m.points)", null),
        ("owner in (select distinct on (m.org) m.who from members m where m.org = docs.org order by m.org, m.points)", "a query in FROM or WITH"),
        ("exists (select 1 from members where members.org = docs.org and members.who = docs.owner)", null),
    ];

    [Fact]
    public async Task A_policys_subquery_is_answered_as_in_the_embedded_database_or_refused_by_name()
    {
        // A table for each policy.
        string rows = People + string.Concat(Policies.Select((_, i) => $"create table docs{i} (id int primary key, owner varchar(20), org int); insert into docs{i} values (1, 'ann', 1), (2, 'bob', 1), (3, 'ann', 2), (4, 'cy', 3), (5, null, 3);"));
        string policies = string.Concat(Policies.Select((p, i) => Open($"docs{i}", p.Condition.Replace("docs.", $"docs{i}.", StringComparison.Ordinal)))) + Open("members", "true");
        await using TestApp app = await TestApp.StartAsync(
            rows + policies,
            configure: o => o with { Engines = AttachedMariaDb.Engines, Sources = [new AttachedOptions("crm", AttachedMariaDb.Server().CreateDatabase(rows)) { Policies = policies }] }
        );
        for (int i = 0; i < Policies.Length; i++)
        {
            (string condition, string? refused) = Policies[i];
            (int status, string body) = await ReadAsync(app, "crm", i);
            if (refused is null)
            {
                Assert.Equal((condition, await ReadAsync(app, "public", i)), (condition, (status, body)));
                Assert.Equal((condition, 200), (condition, status));
            }
            else
            {
                Assert.Equal((condition, 400), (condition, status));
                Assert.Contains($"\"message\":\"{refused}", body);
                Assert.Contains("0A000", body);
            }
        }
    }

    private static string Open(string table, string condition) =>
        $"grant select on {table} to anon; alter table {table} enable row level security; create policy p on {table} using ({condition});";

    private static async Task<(int Status, string Body)> ReadAsync(TestApp app, string profile, int table)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/rest/v1/docs{table}?select=id&order=id");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add("Accept-Profile", profile);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

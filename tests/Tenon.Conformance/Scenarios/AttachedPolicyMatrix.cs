// The policy matrix as an app that attaches a MariaDB: tables there, policies in sources/crm/policies.sql.
using System.Text;
using Tenon.Testing;

namespace Tenon.Conformance.Scenarios;

internal static class AttachedPolicyMatrix
{
    public const string Profile = "crm";

    private const string Tables = """
        create table docs (id int primary key, owner uuid not null, org int, status varchar(50) not null, secret int) collate utf8mb4_general_ci;
        create table members (org int not null, uid uuid not null, primary key (org, uid));

        """;

    /// <summary>Nothing is exposed without row security: where a set leaves members open, a policy says so.</summary>
    public static string PoliciesOf(PolicySet set) =>
        """
        grant select, insert, update, delete on docs to authenticated;
        grant select on members to authenticated;
        alter table docs enable row level security;

        """
        + (set.Sql.Contains("alter table members enable row level security", StringComparison.Ordinal)
            ? ""
            : "alter table members enable row level security; create policy open on members using (true);\n")
        + set.Sql;

    public static void WriteApp(string app, PrivateMariaDb server, Func<PolicySet, string, string> suffixed)
    {
        var tables = new StringBuilder();
        var policies = new StringBuilder();
        foreach (PolicySet set in PolicyMatrix.Sets)
        {
            tables.AppendLine(suffixed(set, Tables + PolicyMatrix.Rows));
            policies.AppendLine(suffixed(set, PoliciesOf(set)));
        }

        string url = server.CreateDatabase(tables.ToString());
        File.WriteAllText(Path.Combine(app, "tenon.toml"), $"project_id = \"matrix\"\n[sources.{Profile}]\nurl = \"{url}\"\nwritable = true\n");
        string folder = Directory.CreateDirectory(Path.Combine(app, "sources", Profile)).FullName;
        File.WriteAllText(Path.Combine(folder, "policies.sql"), policies.ToString());
    }
}

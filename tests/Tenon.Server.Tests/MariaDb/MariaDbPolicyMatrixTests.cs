// The policy matrix on an attached MariaDB, in process: every cell as native PostgreSQL has it.
using System.Text.Json.Nodes;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Tests.Policies;
using Tenon.Sources;
using Tenon.Testing;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Tenon.Server.Tests.MariaDb;

public sealed class MariaDbPolicyMatrixTests
{
    // Keys and texts under the collation most databases have, which holds upper and lower case for equal.
    private const string Tables = """
        create table docs (id int primary key, owner uuid not null, org int, status varchar(50) not null, secret int) collate utf8mb4_general_ci;
        create table members (org int not null, uid uuid not null, primary key (org, uid));
        """;

    /// <summary>Nothing is exposed without row security: where a set leaves members open, a policy says so.</summary>
    private static string PoliciesOf(PolicySet set) =>
        """
        grant select, insert, update, delete on docs to authenticated;
        grant select on members to authenticated;
        alter table docs enable row level security;

        """
        + (set.Sql.Contains("alter table members enable row level security", StringComparison.Ordinal)
            ? ""
            : "alter table members enable row level security; create policy open on members using (true);\n")
        + set.Sql;

    [Fact]
    public async Task Every_cell_of_the_policy_matrix_on_MariaDB_is_as_in_PostgreSQL()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase(Tables);
        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (PolicySet set in PolicyMatrix.Sets)
        {
            await using AttachedDatabase database = AttachedMariaDb.Open(url, PoliciesOf(set));
            var run = new MatrixRun(database.Source, await database.CatalogAsync(TestContext.Current.CancellationToken), new QualifiedName("crm", "docs"));
            server.Execute(url, "delete from docs; delete from members; " + PolicyMatrix.Rows);
            JsonArray before = await run.Table();
            foreach (MatrixOperation operation in PolicyMatrix.Operations)
            {
                string? error = null;
                JsonNode? result = null;
                try
                {
                    result = await run.Execute(operation);
                }
                catch (TenonException e)
                {
                    error = e.Error.Code.Text;
                }
                catch (SourceException e)
                {
                    error = e.ToError().Code.Text;
                }

                JsonArray after = await run.Table();
                cells[$"{set.Name} {operation.Name}"] = PolicyMatrix.Signature(error, result, before, after);
                if (!JsonNode.DeepEquals(before, after))
                {
                    server.Execute(url, "delete from docs; delete from members; " + PolicyMatrix.Rows);
                }
            }
        }

        Assert.Equal("", PolicyMatrix.Differences(PolicyMatrix.ReadExpected(), cells));
    }
}

// The policy matrix through planner, policy binder and SQLite, without HTTP: every cell as native PostgreSQL has it.
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;
using Tenon.Testing;
using Xunit;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Tenon.Server.Tests.Policies;

public sealed class PolicyMatrixTests : IAsyncDisposable
{
    private const string Storage = """
        create table docs (id integer primary key, owner text not null, org integer, status text not null, secret integer) strict;
        create table members (org integer not null, uid text not null, primary key (org, uid)) strict;
        """;

    private static readonly QualifiedName Docs = new("public", "docs");
    private static readonly QualifiedName Members = new("public", "members");
    private readonly string _folder = Directory.CreateTempSubdirectory("tenon-matrix-").FullName;
    private readonly SqliteOptions _options;
    private readonly SqliteReaders _readers;
    private readonly SqliteWriter _writer;
    private readonly SqliteSource _source;
    private Catalog _catalog = Catalog.Empty;

    public PolicyMatrixTests()
    {
        _options = new SqliteOptions(Path.Combine(_folder, "data.db")) { Synchronous = SqliteSynchronous.Normal };
        _options.Extensions.Add(SqliteLibrary.Register);
        Script(Storage);
        _readers = new SqliteReaders(_options, 2);
        _writer = new SqliteWriter(_options);
        _source = new SqliteSource(_readers, _writer, () => _catalog, TimeSpan.FromSeconds(8));
    }

    public async ValueTask DisposeAsync()
    {
        await _readers.DisposeAsync();
        await _writer.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_cell_of_the_policy_matrix_is_as_in_PostgreSQL()
    {
        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var set in PolicyMatrix.Sets)
        {
            _catalog = CatalogOf(set);
            foreach (var operation in PolicyMatrix.Operations)
            {
                Script("delete from docs; delete from members; " + PolicyMatrix.Rows);
                var run = new MatrixRun(_source, _catalog, Docs);
                var before = await run.Table();
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
                catch (SqliteException e)
                {
                    error = e.Failure.SqlState;
                }

                cells[$"{set.Name} {operation.Name}"] = PolicyMatrix.Signature(error, result, before, await run.Table());
            }
        }

        Assert.Equal("", PolicyMatrix.Differences(PolicyMatrix.ReadExpected(), cells));
    }

    private void Script(string sql)
    {
        using var connection = SqliteConnection.Open(_options, SqliteMode.Private);
        connection.ExecuteScript(sql);
    }

    private static Catalog CatalogOf(PolicySet set)
    {
        var statements = SchemaParser.ParseScript(set.Sql).Value;
        return Catalog.Empty
            .With(new Table(Docs, [
                new Column("id", LogicalType.Int4) { NotNull = true }, new Column("owner", LogicalType.Uuid) { NotNull = true },
                new Column("org", LogicalType.Int4), new Column("status", LogicalType.Text) { NotNull = true },
                new Column("secret", LogicalType.Int4),
            ])
            {
                PrimaryKey = new KeyConstraint("docs_pkey", ["id"]),
                RowSecurity = true,
                Policies = PoliciesOf(statements, Docs),
                Grants = [new Grant(RoleName.Authenticated, Privileges.All, [])],
            })
            .With(new Table(Members, [
                new Column("org", LogicalType.Int4) { NotNull = true }, new Column("uid", LogicalType.Uuid) { NotNull = true },
            ])
            {
                PrimaryKey = new KeyConstraint("members_pkey", ["org", "uid"]),
                RowSecurity = set.Sql.Contains("alter table members enable row level security", StringComparison.Ordinal),
                Policies = PoliciesOf(statements, Members),
                Grants = [new Grant(RoleName.Authenticated, Privileges.Select, [])],
            });
    }

    private static ImmutableArray<Policy> PoliciesOf(ImmutableArray<SchemaStatement> statements, QualifiedName table) =>
        [.. statements.OfType<CreatePolicy>().Where(p => p.Table.Name == table.Name)
            .Select(p => new Policy(p.Name, p.Permissive, p.Command, p.Roles) { Using = p.Using, Check = p.Check })];
}

using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources.Postgres.Writing;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

/// <summary>What is compiled and what is left to the database, on catalogs introspected from a real one.</summary>
public sealed class CompiledWriteTests
{
    private static readonly QualifiedName Docs = new("public", "docs");

    [Fact]
    public async Task Every_write_of_the_policy_matrix_is_compiled()
    {
        foreach (PolicySet set in Testing.PolicyMatrix.Sets)
        {
            await using MainDatabase database = await OpenAsync(Testing.PolicyMatrix.Schema + set.Sql);
            foreach (WriteKind kind in Enum.GetValues<WriteKind>())
            {
                CompiledWrite write = Compile(database, Docs, kind, ["id", "owner", "org", "status"], RoleName.Authenticated);
                bool asks = write.Write.Parts is not { Check: null, ConflictTarget: null, ConflictCheck: null };
                string text = ((PostgresWrite)write).Statement([], false).Text;
                Assert.Equal(asks, text.Contains("tenon.deny", StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [InlineData("create view t as select 1 as id", "a view")]
    [InlineData("create table t (id int); alter table t enable row level security; create policy p on t using (pg_backend_pid() > 0)", "a policy with a function Tenon does not know")]
    [InlineData("create table t (id int, n int generated always as (id + 1) stored); alter table t enable row level security; create policy p on t using (n > 0)", "a check of a generated column")]
    [InlineData("create table t (id int); create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger g before insert on t for each row execute function f()", "a trigger")]
    public async Task What_only_the_database_can_decide_is_left_to_it(string schema, string why)
    {
        await using MainDatabase database = await OpenAsync(schema + "; grant all on t to authenticated;");
        TenonException refused = Assert.Throws<TenonException>(() =>
            Compile(database, new QualifiedName("public", "t"), WriteKind.Insert, ["id"], RoleName.Authenticated)
        );
        Assert.NotEqual(ErrorCodes.InsufficientPrivilege, refused.Error.Code);
        Assert.Equal([Enforcement.Compiled, Enforcement.Native], database.Source.Enforcements);
        Assert.NotEmpty(why);
    }

    private static CompiledWrite Compile(MainDatabase database, QualifiedName name, WriteKind kind, string[] columns, RoleName role)
    {
        Table table = database.Catalog.Find(name)!;
        bool merges = kind is WriteKind.InsertOrUpdate or WriteKind.InsertOrIgnore;
        var demand = new WriteDemand(kind, table, "r")
        {
            Written = kind == WriteKind.Delete ? [] : columns,
            Updated = kind == WriteKind.InsertOrUpdate ? columns : [],
            Read = merges ? ["id"] : [],
            Targets = kind is WriteKind.Update or WriteKind.Delete ? WriteDemand.TargetsOf(name, "r", null) : null,
        };
        GuardedWrite write = GuardedWrite.Bind(demand, new PolicyBinder(database.Catalog, Principal.Of(role))).Value;
        int[] given = [.. columns.Select(table.OrdinalOf)];
        var options = new InsertOptions(given) { Arbiters = merges ? [[table.OrdinalOf("id")]] : [], Set = given };
        return database.Source.CompileWrite(write, options, null);
    }

    private static async Task<MainDatabase> OpenAsync(string schema)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var options = new MainDatabaseOptions(PrivatePostgres.Shared!.CreateDatabase()) { PoolSize = 2 };
        MainDatabase database = await SourceRegistry.OpenMainAsync(options, cancellation);
        Error? refused = await database.ApplyAsync("1", "test", schema, 0, cancellation);
        Assert.Equal("", refused?.Message ?? "");
        return database;
    }
}

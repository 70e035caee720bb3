using System.Text.Json;
using Npgsql;
using Tenon.Core.Codegen;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>A PostgreSQL server's databases share its roles: those that no rule of a database names are not told of as its own.</summary>
public sealed class RolesOfServerTests
{
    private static async Task AdminAsync(string sql)
    {
        await using NpgsqlDataSource admin = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionString + ";Pooling=false");
        await using NpgsqlCommand command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<AccessRule[]> RulesAsync(TestApp app)
    {
        (int status, string body) = await app.SendAsync("GET", "/auth/v1/admin/environment", app.Keys.SecretKey);
        Assert.Equal(200, status);
        JsonElement access = JsonElement.Parse(body).GetProperty("access");
        return [.. access.EnumerateArray().Select(r => new AccessRule(Text(r, "kind"), Text(r, "key"), Text(r, "create"), Text(r, "drop")))];
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    [Fact]
    public async Task Roles_of_other_databases_are_nobodys_difference()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string unique = Guid.NewGuid().ToString("N")[..12];
        (string stranger, string editor) = ("stranger_" + unique, "editor_" + unique);
        await AdminAsync($"create role {stranger} nologin");
        try
        {
            const string table = "create table notes (id int primary key);";
            await using TestApp one = await TestApp.StartAsync(
                $"{table} create role {editor}; grant select on notes to {editor};",
                configure: options => options with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase() }
            );
            await using TestApp two = await TestApp.StartAsync(table);
            AccessRule[] rules = await RulesAsync(one);
            Assert.Equal("role", Assert.Single(rules, rule => rule.Key == $"role {editor}").Kind);
            Assert.Equal(AccessRule.RoleOfServer, Assert.Single(rules, rule => rule.Key == $"role {stranger}").Kind);
            AccessRule[] others = await RulesAsync(two);
            string[] there = [.. AccessSteps.Between(rules, others).Select(step => $"{step.Action} {step.Key}")];
            Assert.Equal([$"add role {editor}", $"add grant select on public.notes to {editor}"], there.Where(step => step.Contains(unique, StringComparison.Ordinal)));
            Assert.DoesNotContain(there, step => step.StartsWith("add role", StringComparison.Ordinal) && !step.Contains(unique, StringComparison.Ordinal));
            Assert.DoesNotContain(AccessSteps.Between(others, rules), step => step.Key == $"role {stranger}" || step.Key == "role postgres");
        }
        finally
        {
            await AdminAsync($"drop role {stranger}");
        }
    }
}

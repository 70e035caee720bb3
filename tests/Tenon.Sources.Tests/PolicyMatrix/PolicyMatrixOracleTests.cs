// Takes the outcome of every cell of the policy matrix from native PostgreSQL.
using System.Text.Json.Nodes;
using Npgsql;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.PolicyMatrix;

public sealed class PolicyMatrixOracleTests
{
    // What Supabase's projects have: the roles of the data API and the caller's id from the request's claims.
    private const string Surroundings = PrivatePostgres.Roles + """
        create schema auth;
        grant usage on schema auth to anon, authenticated;
        create function auth.uid() returns uuid language sql stable
          as $$ select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid $$;
        """;

    private const string TableAsJson = "select coalesce(json_agg(d), '[]') from docs d";

    [Fact]
    public async Task Policy_matrix_matches_a_live_PostgreSQL()
    {
        if (PrivatePostgres.Shared is not { } postgres)
        {
            Assert.Skip("no PostgreSQL on this machine");
            return;
        }

        var cells = await Cells(postgres, TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("TENON_WRITE_EXPECTED") == "1")
        {
            await File.WriteAllTextAsync(
                Testing.PolicyMatrix.ExpectedFile, Testing.PolicyMatrix.Format(cells), TestContext.Current.CancellationToken);
        }

        Assert.Equal("", Testing.PolicyMatrix.Differences(Testing.PolicyMatrix.ReadExpected(), cells));
    }

    [Fact]
    public void Policy_matrix_has_500_cells_and_every_kind_of_outcome()
    {
        var expected = Testing.PolicyMatrix.ReadExpected();
        Assert.Equal(500, expected.Count);
        var outcomes = expected.Values
            .GroupBy(v => JsonNode.Parse(v)!["error"]?.GetValue<string>() ?? "ok")
            .ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(["23505", "42501", "ok"], outcomes.Keys.Order(StringComparer.Ordinal));
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", outcomes.Select(o => $"{o.Key}: {o.Value}")));
    }

    private static async Task<Dictionary<string, string>> Cells(PrivatePostgres postgres, CancellationToken cancel)
    {
        await using (var server = await Open(postgres.ConnectionString, cancel))
        {
            await Run(server, "create database policy_matrix", cancel);
        }

        await using var connection = await Open(postgres.ConnectionTo("policy_matrix"), cancel);
        await Run(connection, Surroundings + Testing.PolicyMatrix.Schema + Testing.PolicyMatrix.Rows, cancel);
        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var set in Testing.PolicyMatrix.Sets)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await Run(connection, set.Sql, cancel);
            foreach (var operation in Testing.PolicyMatrix.Operations)
            {
                cells[$"{set.Name} {operation.Name}"] = await Cell(connection, operation, cancel);
            }
        }

        return cells;
    }

    private static async Task<string> Cell(NpgsqlConnection connection, MatrixOperation operation, CancellationToken cancel)
    {
        var before = await Table(connection, cancel);
        await Run(connection, "savepoint cell", cancel);
        string? error = null;
        JsonNode? result = null;
        var after = before;
        try
        {
            await Run(
                connection,
                "set local role authenticated; " +
                $$"""select set_config('request.jwt.claims', '{"sub":"{{Testing.PolicyMatrix.Alice}}","role":"authenticated"}', true)""",
                cancel);
            result = await Execute(connection, operation, cancel);
            await Run(connection, "reset role", cancel);
            after = await Table(connection, cancel);
        }
        catch (PostgresException e)
        {
            error = e.SqlState;
        }

        await Run(connection, "rollback to savepoint cell; release savepoint cell", cancel);
        return Testing.PolicyMatrix.Signature(error, result, before, after);
    }

    private static async Task<JsonNode?> Execute(NpgsqlConnection connection, MatrixOperation operation, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(operation.Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (operation.Result == "none")
        {
            return null;
        }

        var rows = new JsonArray();
        while (await reader.ReadAsync(cancel))
        {
            if (operation.Result == "count")
            {
                return JsonValue.Create(reader.GetInt64(0));
            }

            rows.Add(new JsonObject
            {
                ["id"] = reader.GetInt32(0),
                ["owner"] = reader.GetGuid(1).ToString(),
                ["org"] = reader.IsDBNull(2) ? null : reader.GetInt32(2),
                ["status"] = reader.GetString(3),
                ["secret"] = reader.IsDBNull(4) ? null : reader.GetInt32(4),
            });
        }

        return rows;
    }

    private static async Task<JsonArray> Table(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(TableAsJson, connection);
        return JsonNode.Parse((string)(await command.ExecuteScalarAsync(cancel))!)!.AsArray();
    }

    private static async Task<NpgsqlConnection> Open(string connectionString, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancel);
        return connection;
    }

    private static async Task Run(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}

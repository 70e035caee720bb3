using System.Text;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Writing;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>
/// Whole scripts (tests/fixtures/scripts) run on Tenon's SQLite and on a live PostgreSQL: the same rows come out of every
/// statement, and what one refuses the other refuses with the same code. A line "-- schema" begins a migration, "-- rows" a
/// write unit whose answers are compared, "-- fails CODE" one that must fail with that code and leave nothing behind.
/// </summary>
public sealed class ScriptTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("tenon-script-").FullName;
    private SqliteDatabase database = null!;
    private int version;

    private static string Scripts => Path.Combine(Repository.Root, "tests/fixtures/scripts");

    public static TheoryData<string> Files() => [.. Directory.GetFiles(Scripts, "*.sql").Select(f => Path.GetFileName(f)!).Order()];

    public async ValueTask InitializeAsync() =>
        database = (SqliteDatabase)
            await SourceRegistry.OpenMainAsync(
                new MainDatabaseOptions("sqlite:data.db") { Folder = folder, Schema = SchemaOptions.Standard, Durable = false }
            );

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_script_gives_what_PostgreSQL_gives(string file)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "no PostgreSQL on this machine");
        string name = $"tenon_script_{Path.GetFileNameWithoutExtension(file)}";
        await using NpgsqlConnection postgres = await Create(name);
        int compared = 0;
        foreach ((string kind, string text, int line) in Parts(await File.ReadAllLinesAsync(Path.Combine(Scripts, file), Cancel)))
        {
            string expected = await OnPostgres(postgres, text);
            string actual = kind == "schema" ? await Migrate(text) : await Run(text);
            string place = $"{file}:{line}\n";
            if (kind.StartsWith("fails ", StringComparison.Ordinal))
            {
                Assert.True(expected.StartsWith($"!{kind[6..]}\n", StringComparison.Ordinal), place + "PostgreSQL: " + expected);
                Assert.True(actual.StartsWith($"!{kind[6..]}\n", StringComparison.Ordinal), place + "Tenon: " + actual);
                continue;
            }
            Assert.False(expected.StartsWith('!'), place + expected);
            string wanted = kind == "schema" ? "" : expected;
            Assert.True(wanted == actual, $"{place}PostgreSQL:\n{wanted}\nTenon:\n{actual}");
            compared += expected.Length;
        }
        Assert.True(compared > 0, "the script compares nothing");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IEnumerable<(string Kind, string Text, int Line)> Parts(string[] lines)
    {
        string? kind = null;
        var text = new StringBuilder();
        int start = 0;
        for (int i = 0; i <= lines.Length; i++)
        {
            string? next = i == lines.Length ? "" : Heading(lines[i]);
            if (next is null)
            {
                text.AppendLine(lines[i]);
                continue;
            }
            if (kind is not null)
            {
                yield return (kind, text.ToString(), start);
            }
            (kind, start) = (next, i + 1);
            text.Clear();
        }
    }

    private static string? Heading(string line) =>
        line is "-- schema" or "-- rows" || line.StartsWith("-- fails ", StringComparison.Ordinal) ? line[3..].Trim() : null;

    // ---- PostgreSQL ----

    private static async Task<NpgsqlConnection> Create(string name)
    {
        await using (var admin = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionString))
        {
            await admin.OpenAsync(Cancel);
            await using NpgsqlCommand create = new($"create database {name} template template0 encoding 'UTF8' locale 'C'", admin);
            await create.ExecuteNonQueryAsync(Cancel);
        }
        var connection = new NpgsqlConnection(PrivatePostgres.Shared.ConnectionTo(name) + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        return connection;
    }

    // One message of several statements is one transaction, as a write unit is.
    private static async Task<string> OnPostgres(NpgsqlConnection connection, string text)
    {
        try
        {
            var answers = new StringBuilder();
            await using var command = new NpgsqlCommand(text, connection) { AllResultTypesAreUnknown = true };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancel);
            do
            {
                while (await reader.ReadAsync(Cancel))
                {
                    answers.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetString(i))).Append('\n');
                }
            } while (await reader.NextResultAsync(Cancel));
            return answers.ToString();
        }
        catch (PostgresException failure)
        {
            return $"!{failure.SqlState}\n{failure.MessageText}";
        }
    }

    // ---- Tenon ----

    private async Task<string> Migrate(string text)
    {
        Error? error = await database.ApplyAsync($"{++version:D4}", "script", text, Now, Cancel);
        return error is null ? "" : Show(error, text);
    }

    private static long Now => (DateTimeOffset.UtcNow - new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)).Ticks / 10;

    private static string Show(Error error, string text) =>
        $"!{error.Code}\n{error.Message} {error.Details} {error.Hint} at {new Span(error.Position ?? 0, 0).LineAndColumn(text)}";

    private async Task<string> Run(string text)
    {
        if (!SchemaParser.ParseScript(text).TryGet(out var statements, out Error refused))
        {
            return Show(refused, text);
        }
        Catalog catalog = database.Catalog;
        var arguments = new StatementArguments { Context = new RequestContext { Now = Now, CurrentUser = Principal.Owner.Role } };
        try
        {
            return await database.Writer.RunAsync(
                context =>
                {
                    var answers = new StringBuilder();
                    var session = new SqliteWriteSession(context, catalog);
                    foreach (SchemaStatement statement in statements)
                    {
                        Statement bound = new TypeChecker(catalog).CheckStatement(((RowStatement)statement).Statement).Value;
                        List<Datum[]> rows = session.Execute(bound, Principal.Owner, arguments);
                        Append(answers, TypeChecker.OutputOf(bound), rows);
                    }
                    return answers.ToString();
                },
                Cancel
            );
        }
        catch (TenonException failure)
        {
            return Show(failure.Error, text);
        }
        catch (SqliteException failure)
        {
            return $"!{failure.Failure.SqlState}\n{failure.Failure.Internal}";
        }
    }

    private static void Append(StringBuilder answers, IReadOnlyList<RowField> output, List<Datum[]> rows)
    {
        foreach (Datum[] row in rows)
        {
            answers.AppendJoin('|', output.Select((f, i) => row[i].IsNull ? "∅" : Text(f.Type, row[i]))).Append('\n');
        }
    }

    private static string Text(LogicalType type, Datum value) =>
        type.Kind switch
        {
            TypeKind.Void => "",
            TypeKind.Boolean => value.Boolean ? "t" : "f",
            _ => TypeOutput.ToText(type, value),
        };
}

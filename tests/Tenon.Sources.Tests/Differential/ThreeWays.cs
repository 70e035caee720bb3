using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;
using Tenon.Testing;

namespace Tenon.Sources.Tests.Differential;

/// <summary>One expression, computed by the evaluator, by SQLite from the writer's SQL, and by PostgreSQL from the text itself.</summary>
internal sealed class ThreeWays : IDisposable
{
    // One of its own for each instance: test classes run side by side.
    private readonly string database = $"tenon_differential_{Guid.NewGuid():n}";

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-differential-").FullName;
    private readonly SqliteConnection sqlite;
    private readonly NpgsqlConnection? postgres;

    public ThreeWays()
    {
        sqlite = SqliteConnection.Open(new SqliteOptions(Path.Combine(folder, "d.db")), SqliteMode.Private);
        SqliteLibrary.Register(sqlite);
        if (PrivatePostgres.Shared is { } instance)
        {
            using (var admin = new NpgsqlConnection(instance.ConnectionString))
            {
                admin.Open();
                using NpgsqlCommand create = new(
                    $"create database {database} template template0 encoding 'UTF8' locale 'C.UTF-8'",
                    admin
                );
                create.ExecuteNonQuery();
            }
            postgres = new NpgsqlConnection(instance.ConnectionTo(database));
            postgres.Open();
        }
    }

    /// <summary>What SQLite was asked last, for messages.</summary>
    public string LastSql { get; private set; } = "";

    public bool HasPostgres => postgres is not null;

    public void Dispose()
    {
        sqlite.Dispose();
        postgres?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The expression bound over columns a, b, c of these types.</summary>
    public static Outcome<Expr> Bind(DifferentialCase test)
    {
        if (!SqlParser.ParseExpression(test.Expression).TryGet(out Expr syntax, out Error error))
        {
            return error;
        }
        RowField[] columns = [.. test.Types.Select((t, i) => new RowField(Name(i), EdgeValues.Types[t]))];
        var shape = new RelationShape(new QualifiedName("public", "t"), [.. columns]);
        return new TypeChecker(new NoNames()).CheckExpression(syntax, ScopeOfRanges.OfTable(shape, "t"));
    }

    private static string Name(int index) => ((char)('a' + index)).ToString();

    public static string Evaluate(Expr expr, Datum[] row)
    {
        Outcome<Datum> outcome = Evaluator.Evaluate(
            expr,
            new EvaluationScope { Column = (_, column) => row[column[0] - 'a'] }
        );
        return outcome.TryGet(out Datum value, out Error error) ? Show(expr.Type, value) : "!" + error.Code;
    }

    public string Sqlite(Expr expr, string[] types, Datum[] row)
    {
        try
        {
            var writer = new Writer();
            writer.Put("select ").Value(expr).Put(" from (select ");
            for (int i = 0; i < row.Length; i++)
            {
                writer
                    .Put(i > 0 ? ", " : "")
                    .Value(new ConstantExpr(row[i]) { Type = EdgeValues.Types[types[i]] })
                    .Put($" as \"{Name(i)}\"");
            }
            string sql = writer.Put(") as \"t\"").Finish().Text;
            LastSql = sql;
            using SqliteStatement statement = sqlite.Prepare(new SqliteSql(sql));
            statement.Read();
            return Show(expr.Type, SqliteValues.Read(statement, 0, expr.Type));
        }
        catch (TenonException failure)
        {
            return "!" + failure.Error.Code;
        }
        catch (SqliteException failure)
        {
            return "!" + failure.Failure.SqlState;
        }
    }

    public string Postgres(DifferentialCase test, string?[] row)
    {
        string columns = string.Join(
            ", ",
            row.Select((v, i) => $"{Quote(v)}::{EdgeValues.SqlName(test.Types[i])} as {Name(i)}")
        );
        try
        {
            using var command = new NpgsqlCommand(
                $"select ({test.Expression})::text from (select {columns}) as t",
                postgres
            );
            return command.ExecuteScalar() is string text ? text : "NULL";
        }
        catch (PostgresException failure)
        {
            return "!" + failure.SqlState;
        }
    }

    public string PostgresType(DifferentialCase test)
    {
        string columns = string.Join(", ", test.Types.Select((t, i) => $"null::{EdgeValues.SqlName(t)} as {Name(i)}"));
        try
        {
            using var command = new NpgsqlCommand(
                $"select pg_typeof({test.Expression})::text from (select {columns}) as t",
                postgres
            );
            return (string)command.ExecuteScalar()!;
        }
        catch (PostgresException failure)
        {
            return "!" + failure.SqlState;
        }
    }

    private static string Quote(string? value) =>
        value is null ? "null" : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Show(LogicalType type, Datum value) =>
        value.IsNull ? "NULL" : TypeOutput.CastToText(type, value);

    private sealed class Writer : SqliteDialect
    {
        public Writer Put(string sql)
        {
            Syntax(sql);
            return this;
        }

        public Writer Value(Expr expr)
        {
            Write(expr);
            return this;
        }
    }

    private sealed class NoNames : IBindingScope
    {
        public IEnumerable<string> RelationNames => [];

        public RelationShape? FindRelation(string? schema, string name) => null;

        public IEnumerable<RoutineShape> FindRoutines(string? schema, string name) => [];

        public LogicalType? FindType(string? schema, string name) => null;
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// One statement as somebody typed it, in a transaction of its own: PostgreSQL reads it, with the rights and policies of the
/// caller's role, so everything it knows may be asked. Results come as text; numbers, booleans and JSON are told apart.
/// </summary>
internal static class TypedStatement
{
    public static async Task<Outcome<TypedResult>> RunAsync(PostgresPool pool, string sql, RequestContext? caller, CancellationToken cancellation)
    {
        PostgresConnection rented = await pool.RentAsync(caller?.CurrentUser.Text, cancellation).ConfigureAwait(false);
        rented.Role = caller?.CurrentUser.Text;
        bool clean = true;
        try
        {
            await using NpgsqlTransaction transaction = await rented.Connection
                .BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellation)
                .ConfigureAwait(false);
            if (caller is not null)
            {
                await using var settings = new NpgsqlBatch(rented.Connection);
                CallerSettings.AddTo(settings, CallerShape.Identity).Set(caller, caller.CurrentUser.Text);
                await settings.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            TypedResult result = await ReadAsync(rented.Connection, sql, cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
            return result;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            PostgresFailure error = PostgresErrors.Of(failure);
            clean = !error.IsConnectionLost;
            int? position = failure is PostgresException { Position: > 0 and var at } ? at - 1 : null;
            return (caller is null ? error.ToFullError() : error.ToError()) with { Position = position };
        }
        finally
        {
            pool.Return(rented, clean);
        }
    }

    private static async Task<TypedResult> ReadAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        (string Name, string Type)[] columns = [.. Enumerable.Range(0, reader.FieldCount).Select(i => (reader.GetName(i), reader.GetDataTypeName(i)))];
        var rows = new List<string?[]>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            rows.Add([.. Enumerable.Range(0, columns.Length).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i))]);
        }
        await reader.CloseAsync().ConfigureAwait(false);
        return Typed(columns, rows, TagOf(sql, reader.RecordsAffected, rows.Count));
    }

    private static readonly string[] Verbs = ["select", "insert", "update", "delete", "merge", "values", "table"];

    // WITH names what comes behind its parentheses.
    private static string TagOf(string sql, long affected, int read)
    {
        int depth = 0;
        string verb = "select";
        foreach (Token token in SqlLexer.Tokenize(sql).Tokens)
        {
            depth += token.Is("(") ? 1 : token.Is(")") ? -1 : 0;
            if (depth == 0 && token.Kind == TokenKind.Word && Verbs.Contains(token.Text))
            {
                verb = token.Text;
                break;
            }
        }
        return verb is "insert" or "update" or "delete" or "merge"
            ? string.Create(CultureInfo.InvariantCulture, $"{(verb == "insert" ? "INSERT 0" : verb.ToUpperInvariant())} {Math.Max(affected, 0)}")
            : "SELECT " + read.ToString(CultureInfo.InvariantCulture);
    }

    private static TypedResult Typed((string Name, string Type)[] columns, List<string?[]> texts, string tag)
    {
        List<Datum[]> rows = [.. texts.Select(r => new Datum[columns.Length])];
        var fields = ImmutableArray.CreateBuilder<RowField>();
        for (int i = 0; i < columns.Length; i++)
        {
            LogicalType type = TypeOf(columns[i].Type);
            // PostgreSQL's numeric knows infinities: such a column stays text.
            if (!Fill(rows, texts, i, type))
            {
                type = LogicalType.Text;
                Fill(rows, texts, i, type);
            }
            fields.Add(new RowField(columns[i].Name, type));
        }
        return new TypedResult(tag, fields.DrainToImmutable(), rows);
    }

    private static bool Fill(List<Datum[]> rows, List<string?[]> texts, int column, LogicalType type)
    {
        for (int r = 0; r < rows.Count; r++)
        {
            if (texts[r][column] is not { } text)
            {
                rows[r][column] = Datum.Null;
            }
            else if (TypeInput.Parse(type, text).TryGet(out Datum value, out _))
            {
                rows[r][column] = value;
            }
            else
            {
                return false;
            }
        }
        return true;
    }

    private static LogicalType TypeOf(string name) =>
        name.Split('(')[0] switch
        {
            "boolean" => LogicalType.Boolean,
            "smallint" => LogicalType.Int2,
            "integer" => LogicalType.Int4,
            "bigint" => LogicalType.Int8,
            "numeric" => LogicalType.Numeric,
            "real" => LogicalType.Float4,
            "double precision" => LogicalType.Float8,
            "json" => LogicalType.Json,
            "jsonb" => LogicalType.Jsonb,
            _ => LogicalType.Text,
        };
}

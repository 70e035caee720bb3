using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Introspection;

/// <summary>Rows of pg_proc → routines. The text of language sql is read where Tenon can, so that policies may inline it.</summary>
internal static class RoutineReader
{
    /// <summary>Null for a function whose parameters have no value form (internal and pseudo-types).</summary>
    public static Routine? Read(NpgsqlDataReader row, PostgresTypes types)
    {
        string[]? modes = row.IsDBNull(3) ? null : row.GetFieldValue<string[]>(3);
        string[]? names = row.IsDBNull(2) ? null : row.GetFieldValue<string[]>(2);
        uint[] all = row.GetFieldValue<uint[]>(4);
        string?[] defaults = row.IsDBNull(7) ? [] : row.GetFieldValue<string?[]>(7);
        var parameters = ImmutableArray.CreateBuilder<RoutineParameter>();
        var columns = ImmutableArray.CreateBuilder<RowField>();
        for (int i = 0; i < all.Length; i++)
        {
            string mode = modes?[i] ?? "i";
            string name = names is not null && i < names.Length ? names[i] : "";
            LogicalType type = types.Of(all[i], -1);
            if (mode is "i" or "b" or "v")
            {
                Expr? value = i < defaults.Length && defaults[i] is { } text ? DefaultOf(text) : null;
                parameters.Add(new RoutineParameter(name, type, value, mode == "v"));
            }
            if (mode is "o" or "b" or "t")
            {
                columns.Add(new RowField(name, type));
            }
        }
        string language = row.GetString(14);
        string body = row.GetString(15);
        return new Routine(new QualifiedName(row.GetString(0), row.GetString(1)), parameters.ToImmutable(), types.Of(row.GetFieldValue<uint>(9), -1))
        {
            // One out parameter is the result itself; several are its columns.
            ResultColumns = columns.Count > 1 || modes?.Contains("t") == true ? columns.ToImmutable() : [],
            ResultName = columns is [{ Name: { Length: > 0 } only }] ? only : null,
            MediaType = types.MediaOf(row.GetFieldValue<uint>(9)),
            ReturnsSet = row.GetBoolean(10),
            Volatility = row.GetString(11) switch { "i" => Volatility.Immutable, "s" => Volatility.Stable, _ => Volatility.Volatile },
            SecurityDefiner = row.GetBoolean(12),
            Strict = row.GetBoolean(13),
            OneRow = row.GetBoolean(18),
            Language = language,
            Text = body,
            Body = BodyOf(language, body),
            Comment = row.IsDBNull(16) ? null : row.GetString(16),
            ExecuteRoles = row.IsDBNull(17) ? [] : [.. row.GetFieldValue<string[]>(17).Select(r => new RoleName(r))],
        };
    }

    // Only one plain query can stand inside another; everything else PostgreSQL runs.
    // Callers that leave the argument out are given it by Tenon where Tenon can read it.
    private static Expr DefaultOf(string text) => SqlParser.ParseExpression(text).TryGet(out Expr parsed, out _) ? parsed : new NativeExpr(text);

    private static RoutineBody BodyOf(string language, string text)
    {
        if (language != "sql" || text.Length == 0)
        {
            return new NativeBody();
        }
        Outcome<Select> parsed = SqlParser.ParseSelect(text.Trim().TrimEnd(';'));
        return parsed.Failed ? new NativeBody() : new SqlBody([new SelectStatement(parsed.Value)]);
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MySqlConnector;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>A statement for MariaDB; its values go into the text through the driver, which alone quotes them.</summary>
internal sealed class MySqlCompiled(SqlText text, LogicalType[] columns, ValueForm[] forms) : CompiledStatement(text, columns, forms)
{
    private Framing? framing;

    /// <summary>The form for one parent, of which several are read in one statement where it pays.</summary>
    public MySqlOneParent? OneParent { get; init; }

    /// <summary>It takes the keys of parents, and its rows say in their first column whose they are.</summary>
    public bool IsOfParents { get; init; }

    /// <summary>The text between words of its transaction, to be sent as one; kept, since a statement mostly stands at the same place.</summary>
    public string Framed(string before, string after)
    {
        if (before.Length == 0 && after.Length == 0)
        {
            return Text;
        }
        if (framing is not { } known || !ReferenceEquals(known.Before, before) || !ReferenceEquals(known.After, after))
        {
            framing = known = new Framing(before, after, before + Text + after);
        }
        return known.Text;
    }

    private sealed record Framing(string Before, string After, string Text);
}

/// <summary>One cell of the rows being written.</summary>
internal sealed record RowCellExpr(int Row, int Ordinal) : Expr;

/// <summary>Values of an execution → parameters, in the form the dialect casts from.</summary>
internal static class MySqlBinding
{
    public static MySqlCommand Command(
        MySqlConnection connection,
        MySqlCompiled statement,
        string text,
        StatementArguments arguments,
        IReadOnlyList<Datum[]>? rows,
        List<MySqlParameter>? keys
    )
    {
        var command = new MySqlCommand(text, connection);
        if (keys is not null)
        {
            foreach (MySqlParameter key in keys)
            {
                command.Parameters.Add(key);
            }
        }
        for (int i = 0; i < statement.Parameters.Length; i++)
        {
            command.Parameters.Add(new MySqlParameter(string.Create(CultureInfo.InvariantCulture, $"@p{i + 1}"), Value(statement.Parameters[i], arguments, rows)));
        }
        return command;
    }

    /// <summary>Bytes that the values take in the text of a statement, at the most. Uses: how often each stands there.</summary>
    public static long SizeOf(MySqlCompiled statement, StatementArguments arguments, ImmutableArray<int> uses)
    {
        long size = 0;
        for (int i = 0; i < uses.Length; i++)
        {
            long once = Value(statement.Parameters[i], arguments, null) switch
            {
                string text => Encoding.UTF8.GetByteCount(text) + Doubled(Encoding.UTF8.GetBytes(text)),
                byte[] bytes => bytes.Length + Doubled(bytes),
                _ => 0,
            };
            size += uses[i] * (once + AroundValue);
        }
        return size;
    }

    /// <summary>A quote is written twice in a text, and so is a backslash or a zero where the session takes escapes.</summary>
    public static int Doubled(ReadOnlySpan<byte> text) => text.Count((byte)'\'') + text.Count((byte)'\\') + text.Count((byte)0);

    /// <summary>Quotes and the word for bytes, or a number.</summary>
    private const int AroundValue = 32;

    private static object Value(SqlParameter parameter, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        if (ReferenceEquals(parameter.Origin, SqlParameter.KeysOfParent))
        {
            return Encoding.UTF8.GetString(arguments.ParentKeys.Span);
        }
        Datum value = parameter.Origin switch
        {
            RowCellExpr cell => rows![cell.Row][cell.Ordinal],
            KeptExpr kept => Datum.Of(kept.Of(arguments)),
            ParameterExpr or ContextExpr or VariableExpr => arguments.Get(parameter.Origin),
            var computed => Evaluate(computed, arguments),
        };
        return value.IsNull ? DBNull.Value : Outward(parameter.Type, value);
    }

    /// <summary>An expression of the caller's own values only: computed here, by the functions of the catalogue.</summary>
    private static Datum Evaluate(Expr expr, StatementArguments arguments) =>
        Evaluator
            .Evaluate(
                expr,
                new EvaluationScope
                {
                    Parameters = arguments.Slots,
                    Context = arguments.Context,
                    Variable = name => arguments.Get(new VariableExpr(name)),
                }
            )
            .Value;

    public static object Outward(LogicalType type, Datum value)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8:
                return value.Integer;
            case TypeKind.Float4:
                return (double)(float)value.Double;
            case TypeKind.Float8:
                return value.Double;
            case TypeKind.Bytea:
                return value.Bytes;
            case TypeKind.Numeric:
                return Number(value.Numeric);
            case TypeKind.Date:
                return Day(value.Integer, LogicalType.Date);
            case TypeKind.Timestamp or TypeKind.TimestampTz:
                return Day(value.Integer, LogicalType.Timestamp);
            case TypeKind.Time:
                return TypeOutput.ToText(LogicalType.Time, value);
            case TypeKind.Interval:
                return Duration(value.Interval);
            case TypeKind.Array:
                return Elements(type.Element!, value.Text);
            default:
                return value.Text;
        }
    }

    // decimal(65,30) holds what any column of the database can: 35 digits before the point.
    private static string Number(Numeric number)
    {
        if (number.IsNaN || Numeric.DigitCount(number.Unscaled) - number.Scale > 35)
        {
            throw new Error(ErrorCodes.NumericOutOfRange, "the number does not fit a decimal of this source").ToException();
        }
        return number.ToString();
    }

    private static string Day(long value, LogicalType type)
    {
        string text = value is long.MaxValue or long.MinValue ? "" : TypeOutput.ToText(type, Datum.Of(value));
        bool fits = text.Length >= 10 && text[4] == '-' && !text.EndsWith("BC", StringComparison.Ordinal);
        return fits ? text : throw new Error(ErrorCodes.DatetimeOverflow, "the date does not fit this source: it holds years 0001 to 9999").ToException();
    }

    private static string Duration(Interval interval)
    {
        long micros = interval.Microseconds + interval.Days * 86_400_000_000L;
        if (interval.Months != 0 || Math.Abs(micros) >= 839L * 3600 * 1_000_000)
        {
            throw new Error(ErrorCodes.IntervalOverflow, "the interval does not fit a time of this source: it holds up to 838 hours").ToException();
        }
        long part = Math.Abs(micros);
        string sign = micros < 0 ? "-" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{sign}{part / 3_600_000_000:00}:{part / 60_000_000 % 60:00}:{part / 1_000_000 % 60:00}.{part % 1_000_000:000000}"
        );
    }

    /// <summary>The items as JSON_TABLE reads them: numbers and texts in the form of single parameters.</summary>
    private static string Elements(LogicalType element, string stored)
    {
        var json = new StringBuilder("[");
        foreach (Datum item in ArrayValue.Read(element, stored).Items)
        {
            json.Append(json.Length > 1 ? "," : "");
            AppendItem(element, item, json);
        }
        return json.Append(']').ToString();
    }

    public static void AppendItem(LogicalType type, Datum item, StringBuilder json)
    {
        if (item.IsNull)
        {
            json.Append("null");
            return;
        }
        if (type.Kind == TypeKind.Bytea)
        {
            throw Refusals.NotSupported("a list of bytea values on this source").ToException();
        }
        object value = Outward(type, item);
        if (value is string text)
        {
            JsonNode.WriteString(json, text);
        }
        else
        {
            json.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
        }
    }
}

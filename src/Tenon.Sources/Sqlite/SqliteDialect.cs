using System.Globalization;
using System.Numerics;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Functions;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// Bound, guarded trees → SQLite's SQL. Values are in storage form (DECISIONS §3): numeric(p,s) with p &lt;= 18 is an INTEGER
/// scaled by s, any other numeric a TEXT compared by TN_NUMERIC, times are INTEGER microseconds. A function without a form
/// of its own here is called by its catalogue Id, which the connection has as an extension function.
/// </summary>
/// <param name="oneParent">The parent's key and ordinal are parameters; see <see cref="SqliteOneParent"/>.</param>
internal partial class SqliteDialect(bool oneParent = false) : SqlWriter
{
    /// <summary>The name of a table in the one file: plain for schema public, else schema.name.</summary>
    public static string PhysicalName(QualifiedName name) => name.Schema == "public" ? name.Name : $"{name.Schema}.{name.Name}";

    protected override void TableName(QualifiedName name) => Identifier(PhysicalName(name));

    // ---- values ----

    protected override void WriteConstant(ConstantExpr constant)
    {
        Datum value = constant.Value;
        switch (value.Kind)
        {
            case DatumKind.Null:
                Syntax("null");
                break;
            case DatumKind.Integer:
                Number(value.Integer);
                break;
            case DatumKind.Double:
                WriteDouble(value.Double);
                break;
            case DatumKind.Numeric when constant.Type.IsScaledInteger:
                Number(SqliteValues.Scaled(value.Numeric, constant.Type.Scale ?? 0));
                break;
            case DatumKind.Bytes:
                Syntax("x'").Syntax(Convert.ToHexStringLower(value.Bytes)).Syntax("'");
                break;
            default:
                Literal(SqliteValues.StoredText(value));
                break;
        }
    }

    private void WriteDouble(double value)
    {
        if (double.IsNaN(value))
        {
            throw SqliteValues.NoNaN().ToException();
        }
        string text = double.IsPositiveInfinity(value)
            ? "9e999"
            : double.IsNegativeInfinity(value)
                ? "-9e999"
                : value.ToString("R", CultureInfo.InvariantCulture);
        Syntax(text).Syntax(text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? ".0" : "");
    }

    protected override void WriteParameter(Expr origin) => Parameter(origin, origin.Type);

    protected override void WriteAs(Expr expr, LogicalType type)
    {
        if (type.Kind != TypeKind.Numeric || expr.Type.Kind != TypeKind.Numeric || expr is ConstantExpr { Value.IsNull: true })
        {
            Write(expr);
        }
        else if (type.IsScaledInteger)
        {
            WriteScaled(expr, type);
        }
        else if (expr.Type.IsScaledInteger)
        {
            WriteCanonical(expr);
        }
        else
        {
            Write(expr);
        }
    }

    private void WriteScaled(Expr expr, LogicalType type)
    {
        if (expr.Type.IsScaledInteger && expr.Type.Scale == type.Scale && expr.Type.Precision <= type.Precision)
        {
            Write(expr);
            return;
        }
        Syntax("tn_scale(");
        WriteAs(expr, LogicalType.Numeric);
        Syntax(", ").Number(type.Precision!.Value).Syntax(", ").Number(type.Scale ?? 0).Syntax(")");
    }

    private void WriteCanonical(Expr expr)
    {
        if (expr is ConstantExpr constant)
        {
            Literal(constant.Value.Numeric.ToString());
            return;
        }
        Syntax("tn_num(");
        Write(expr);
        Syntax(", ").Number(expr.Type.Scale ?? 0).Syntax(")");
    }

    // ---- comparisons ----

    protected override void WriteComparison(string comparison, Expr left, Expr right)
    {
        switch (left.Type.Kind == TypeKind.Unknown ? right.Type.Kind : left.Type.Kind)
        {
            case TypeKind.Numeric:
                WriteNumericComparison(comparison, left, right);
                break;
            case TypeKind.Interval:
                WritePlain(comparison, left, right, " collate TN_INTERVAL");
                break;
            case TypeKind.Jsonb:
                WritePlain(comparison, left, right, " collate TN_JSONB");
                break;
            case TypeKind.Char:
                WritePlain(comparison, left, right, " collate rtrim");
                break;
            case TypeKind.Enum when comparison is not ("=" or "<>" or "is" or "is not"):
                Syntax("(");
                WriteRank(left);
                Syntax(" ").Syntax(comparison).Syntax(" ");
                WriteRank(right);
                Syntax(")");
                break;
            default:
                WritePlain(comparison, left, right, "");
                break;
        }
    }

    private void WritePlain(string comparison, Expr left, Expr right, string collation)
    {
        Syntax("(");
        Write(left);
        Syntax(collation).Syntax(" ").Syntax(comparison).Syntax(" ");
        Write(right);
        Syntax(")");
    }

    private void WriteNumericComparison(string comparison, Expr left, Expr right)
    {
        if (left.Type.IsScaledInteger && right.Type.IsScaledInteger && left.Type.Scale == right.Type.Scale)
        {
            WritePlain(comparison, left, right, "");
        }
        else if (left.Type.IsScaledInteger && IsValue(right))
        {
            Syntax("(");
            Write(left);
            Syntax(" ").Syntax(comparison).Syntax(" ");
            WriteScaledOperand(right, left.Type.Scale ?? 0);
            Syntax(")");
        }
        else if (right.Type.IsScaledInteger && IsValue(left))
        {
            Syntax("(");
            WriteScaledOperand(left, right.Type.Scale ?? 0);
            Syntax(" ").Syntax(comparison).Syntax(" ");
            Write(right);
            Syntax(")");
        }
        else
        {
            Syntax("(");
            WriteAs(left, LogicalType.Numeric);
            Syntax(" collate TN_NUMERIC ").Syntax(comparison).Syntax(" ");
            WriteAs(right, LogicalType.Numeric);
            Syntax(")");
        }
    }

    private static bool IsValue(Expr expr) =>
        expr is ConstantExpr { Value.Kind: DatumKind.Numeric }
        || (expr is ParameterExpr or VariableExpr && !expr.Type.IsScaledInteger);

    private void WriteScaledOperand(Expr value, int scale)
    {
        if (value is ConstantExpr constant)
        {
            SqliteValues.ScaledOperand operand = SqliteValues.ScaledOperand.Of(constant.Value.Numeric, scale);
            if (operand.IsInteger)
            {
                Number(operand.Integer);
            }
            else
            {
                WriteDouble(operand.Real);
            }
            return;
        }
        Parameter(value, LogicalType.Numeric, ParameterForm.ScaledOperand, scale);
    }

    private void WriteRank(Expr value)
    {
        if (value is ConstantExpr { Value: { Kind: DatumKind.Text, Text: var label } })
        {
            Number(value.Type.Enum!.Labels.IndexOf(label));
            return;
        }
        Syntax("case ");
        Write(value);
        for (int i = 0; i < value.Type.Enum!.Labels.Length; i++)
        {
            Syntax(" when ").Literal(value.Type.Enum.Labels[i]).Syntax(" then ").Number(i);
        }
        Syntax(" end");
    }

    protected override void WriteDistinctFrom(DistinctExpr distinct) =>
        WriteComparison(distinct.Negated ? "is" : "is not", distinct.Left, distinct.Right);

    protected override void WriteInSelect(InSelectExpr membership)
    {
        if (membership.Operand.Type.Kind != TypeKind.Numeric)
        {
            base.WriteInSelect(membership);
            return;
        }
        LogicalType type = membership.Select.Output[0].Type;
        Syntax("(");
        WriteAs(membership.Operand, type);
        Syntax(CollationOf(type)).Syntax(membership.Negated ? " not in (" : " in (");
        Write(membership.Select);
        Syntax("))");
    }

    // ---- order ----

    protected override void WriteOrderKey(OrderItem item)
    {
        if (item.Key.Type.Kind == TypeKind.Enum)
        {
            WriteRank(item.Key);
        }
        else
        {
            Write(item.Key);
        }
        Syntax(OrderCollationOf(item.Key.Type)).Syntax(item.Descending ? " desc" : "");
        // SQLite puts nulls first when ascending and last when descending, PostgreSQL the other way round.
        if (!item.NeverNull && item.NullsFirst == item.Descending)
        {
            Syntax(item.NullsFirst ? " nulls first" : " nulls last");
        }
    }

    internal static string CollationOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Numeric when !type.IsScaledInteger => " collate TN_NUMERIC",
            TypeKind.Interval => " collate TN_INTERVAL",
            // The blanks that pad a char(n) do not count.
            TypeKind.Char => " collate rtrim",
            // 1.0 and 1 are two texts and one number.
            TypeKind.Jsonb => " collate TN_JSONB",
            _ => "",
        };

    /// <summary>Equality of arrays is that of their canonical bytes; their order needs their values.</summary>
    internal static string OrderCollationOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Array when SqliteLibrary.ArrayCollation(type.Element!) is { } name => $" collate {name}",
            _ => CollationOf(type),
        };

    // A bare parameter as the limit makes SQLite look at its value, and prepare the statement anew at every run.
    protected override void WriteLimitCount(Expr limit)
    {
        if (limit is ConstantExpr)
        {
            Write(limit);
            return;
        }
        Syntax("(");
        Write(limit);
        Syntax(") + 0");
    }

    // ---- bind joins ----

    protected override void WriteOther(Expr expr)
    {
        switch (expr)
        {
            case KeyEqualExpr key:
                Write(key.Left);
                Syntax(" = ");
                Write(key.Right);
                break;
            case ParentOrdinalExpr or ParentKeyExpr when oneParent:
                Parameter(expr, LogicalType.Int8);
                break;
            case ParentOrdinalExpr ordinal:
                Identifier(ordinal.Alias).Syntax(".key");
                break;
            case ParentKeyExpr { Count: 1 } key:
                Identifier(key.Alias).Syntax(".value");
                break;
            case ParentKeyExpr key:
                Syntax("json_extract(").Identifier(key.Alias).Syntax(".value, '$[").Number(key.Index).Syntax("]')");
                break;
            case GuardedCallExpr call:
                Syntax("tn_call(");
                WriteCalled(call);
                Syntax(")");
                break;
            case ElementExpr:
                Syntax("value");
                break;
            case RowKeyExpr row:
                Identifier(row.Range).Syntax("._rowid_");
                break;
            case RowOfRangeExpr:
                throw Refusals.NotSupported("a whole row as a value here").ToException();
            default:
                base.WriteOther(expr);
                break;
        }
    }

    protected override void WriteOtherFrom(FromItem from)
    {
        if (from is not ParentKeysFrom keys)
        {
            base.WriteOtherFrom(from);
            return;
        }
        Syntax("json_each(");
        Parameter(SqlParameter.KeysOfParent, LogicalType.Json);
        Syntax(") as ").Identifier(keys.Alias);
    }
}

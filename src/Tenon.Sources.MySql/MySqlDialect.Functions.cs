using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

// Functions, operators, conversions and aggregates that mean here what they mean in PostgreSQL; all others are refused.
internal partial class MySqlDialect
{
    /// <summary>By Id: functions that MariaDB has under this name with the same meaning.</summary>
    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["lower"] = "lower", ["upper"] = "upper", ["length"] = "char_length", ["char_length"] = "char_length",
    };

    protected override void WriteApply(ApplyExpr apply)
    {
        Function function = apply.Function;
        if (apply.Type.Kind != TypeKind.Record && IsOfTheCaller(apply))
        {
            WriteParameter(apply);
        }
        else if (function.Operator is "=" or "<>" or "<" or "<=" or ">" or ">=" && apply.Arguments.Length == 2)
        {
            DemandComparable(function);
            WriteComparison(function.Operator, apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Operator is "~~" or "!~~" or "~~*" or "!~~*")
        {
            WriteLike(function.Operator, apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Operator is "+" or "-" or "*" && apply.Arguments.Length == 2 && function.Parameters.All(p => p.IsInteger || p.Kind == TypeKind.Numeric))
        {
            WriteInfix(function.Operator, apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Operator is "%" or "/" && apply.Arguments is [_, ConstantExpr { Value: { Kind: DatumKind.Integer, Integer: not 0 } }] && function.Parameters.All(p => p.IsInteger))
        {
            // By nought PostgreSQL raises and MariaDB answers null: only by a number that is written out.
            WriteInfix(function.Operator == "/" ? "div" : "%", apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Id == "text_concat")
        {
            WriteInfix("||", apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Operator is "->" or "->>" && apply.Arguments[0].Type.IsJson && apply.Arguments[1] is ConstantExpr key)
        {
            WriteMember(apply.Arguments[0], key, asText: function.Operator == "->>");
        }
        else if (Named.TryGetValue(function.Name, out string? name) && function.Parameters is [{ IsString: true }])
        {
            Syntax(name).Syntax("(");
            WriteExactOperand(apply.Arguments[0]);
            Syntax(")");
        }
        else
        {
            throw Refusals.NotSupported($"{(function.Operator is { } spelling ? "operator " + spelling : function.Name + "()")} on this source").ToException();
        }
    }

    private static void DemandComparable(Function function)
    {
        if (function.Parameters[0].Kind is TypeKind.Array or TypeKind.AnyArray or TypeKind.Record or TypeKind.Jsonb)
        {
            throw Refusals.NotSupported($"comparing values of type {function.Parameters[0].SqlName} on this source").ToException();
        }
    }

    /// <summary>As utf8mb4, so that functions see characters and not bytes of another set.</summary>
    private void WriteExactOperand(Expr text)
    {
        Syntax("convert(");
        Write(text);
        Syntax(" using utf8mb4)");
    }

    private void WriteLike(string spelling, Expr text, Expr pattern)
    {
        bool insensitive = spelling.EndsWith('*');
        Syntax(spelling.StartsWith('!') ? "(not (" : "((");
        WriteFolded(text, insensitive);
        Syntax(" like ");
        WriteFolded(pattern, insensitive);
        Syntax(" escape '\\'))");
    }

    private void WriteFolded(Expr text, bool insensitive)
    {
        Syntax(insensitive ? "lower(" : "");
        WriteExactOperand(text);
        Syntax(insensitive ? ")" : "").Syntax(" collate utf8mb4_nopad_bin");
    }

    /// <summary>json -> 'key' and json -> 0; as text, a JSON null is NULL and a string loses its quotes.</summary>
    private void WriteMember(Expr json, ConstantExpr key, bool asText)
    {
        string path = key.Type.IsInteger ? IndexPath(key.Value.Integer) : KeyPath(key.Value.Text);
        if (!asText)
        {
            WriteExtract(json, path);
            return;
        }
        Syntax("(if(");
        WriteExtract(json, path);
        Syntax(" = 'null', null, json_unquote(");
        WriteExtract(json, path);
        Syntax(")) collate utf8mb4_nopad_bin)");
    }

    private static string IndexPath(long index) =>
        index >= 0 ? FormattableString.Invariant($"$[{index}]") : throw Refusals.NotSupported("a negative index into json on this source").ToException();

    private static string KeyPath(string key) =>
        key.AsSpan().IndexOfAny('"', '\\') < 0 ? $"$.\"{key}\"" : throw Refusals.NotSupported("a json key with quotes or backslashes on this source").ToException();

    private void WriteExtract(Expr json, string path)
    {
        Syntax("json_extract(");
        Write(json);
        Syntax(", ").Literal(path).Syntax(")");
    }

    // ---- conversions ----

    protected override void WriteConvert(ConvertExpr convert)
    {
        LogicalType from = convert.Operand.Type;
        LogicalType to = convert.Type;
        if (IsOfTheCaller(convert) && !IsSame(from, to))
        {
            WriteParameter(convert);
        }
        else if (IsSame(from, to))
        {
            Write(convert.Operand);
        }
        else if (to.IsString && (from.IsInteger || from.Kind is TypeKind.Numeric or TypeKind.Uuid or TypeKind.Enum))
        {
            Syntax("cast(");
            Write(convert.Operand);
            Syntax(" as char character set utf8mb4)");
        }
        else if (to.Kind is TypeKind.Float4 or TypeKind.Float8 && (from.IsInteger || from.Kind == TypeKind.Numeric))
        {
            Syntax("(");
            Write(convert.Operand);
            Syntax(" * 1e0)");
        }
        else if (to.Kind == TypeKind.Date && from.Kind is TypeKind.Timestamp or TypeKind.TimestampTz)
        {
            WriteCast(convert.Operand, " as date)");
        }
        else if (to.Kind is TypeKind.Timestamp or TypeKind.TimestampTz && from.Kind == TypeKind.Date)
        {
            WriteCast(convert.Operand, " as datetime(6))");
        }
        else
        {
            throw Refusals.NotSupported($"converting {from.SqlName} to {to.SqlName} on this source").ToException();
        }
    }

    private void WriteCast(Expr operand, string to)
    {
        Syntax("cast(");
        Write(operand);
        Syntax(to);
    }

    /// <summary>The same value here: the database compares and computes with both forms alike. Sessions are in UTC.</summary>
    private static bool IsSame(LogicalType from, LogicalType to) =>
        Conversions.IsNoOp(from, to)
        || (from.IsInteger && (to.Kind == TypeKind.Numeric && to.Precision is null || to.Kind is TypeKind.Int8 || to.Kind == TypeKind.Int4 && from.Kind == TypeKind.Int2))
        || (from.Kind == TypeKind.Numeric && to is { Kind: TypeKind.Numeric, Precision: null })
        || (from.Kind is TypeKind.Timestamp or TypeKind.TimestampTz && to.Kind is TypeKind.Timestamp or TypeKind.TimestampTz)
        || (from.Kind == TypeKind.Float4 && to.Kind == TypeKind.Float8)
        || (from.IsString && to is { IsString: true, Length: null });

    // ---- results ----

    private void WriteOutward(Expr value)
    {
        switch (value.Type.Kind)
        {
            case TypeKind.Boolean:
            case TypeKind.Bytea:
                Write(value);
                break;
            case TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8:
                WriteWrapped(value is ColumnExpr or ConstantExpr ? "" : "cast(", value, value is ColumnExpr or ConstantExpr ? "" : " as signed)");
                break;
            case TypeKind.Float4 or TypeKind.Float8:
                WriteWrapped("(", value, " * 1e0)");
                break;
            case TypeKind.Numeric:
                WriteWrapped("cast(", value, " as binary)");
                break;
            case TypeKind.Uuid:
                WriteWrapped("cast(cast(", value, " as char) as binary)");
                break;
            case TypeKind.Date:
                WriteWrapped("datediff(", value, ", '2000-01-01')");
                break;
            case TypeKind.Timestamp or TypeKind.TimestampTz:
                WriteWrapped("timestampdiff(microsecond, '2000-01-01', ", value, ")");
                break;
            case TypeKind.Interval:
                WriteWrapped("cast(concat('0 0 ', cast(time_to_sec(", value, ") * 1000000 as signed)) as binary)");
                break;
            case TypeKind.Array or TypeKind.Record or TypeKind.Time:
                throw Refusals.NotSupported($"a result of type {value.Type.SqlName} on this source").ToException();
            default:
                WriteWrapped("cast(convert(", value, " using utf8mb4) as binary)");
                break;
        }
    }

    private void WriteWrapped(string before, Expr value, string after)
    {
        Syntax(before);
        Write(value);
        Syntax(after);
    }

    // ---- aggregates, windows ----

    protected override void WriteAggregate(AggregateExpr aggregate)
    {
        Function function = aggregate.Function;
        if (aggregate.Filter is not null || !aggregate.OrderBy.IsEmpty || aggregate.Arguments.Length > 1)
        {
            throw Refusals.NotSupported($"{function.Name}() with a filter or an order on this source").ToException();
        }
        if (function.Id == "count_star")
        {
            Syntax("count(*)");
            return;
        }
        Expr argument = aggregate.Arguments[0];
        bool carried = function.Name switch
        {
            "count" => true,
            "min" or "max" => argument.Type.Kind is not (TypeKind.Enum or TypeKind.Boolean or TypeKind.Json or TypeKind.Jsonb),
            "sum" => argument.Type.IsNumber,
            // The average of exact numbers has a scale of its own in PostgreSQL.
            "avg" => argument.Type.Kind is TypeKind.Float4 or TypeKind.Float8,
            _ => false,
        };
        if (!carried)
        {
            throw Refusals.NotSupported($"{function.Name}({argument.Type.SqlName}) on this source").ToException();
        }
        Syntax(function.Name).Syntax(aggregate.Distinct ? "(distinct " : "(");
        if (aggregate.Distinct && argument.Type.IsString)
        {
            WriteExact(argument);
        }
        else
        {
            Write(argument);
        }
        Syntax(")");
    }

    protected override void WriteWindow(WindowExpr window)
    {
        if (window.Function.Shape != FunctionShape.Window || window.Filter is not null)
        {
            throw Refusals.NotSupported($"{window.Function.Name}() over a window on this source").ToException();
        }
        Syntax(window.Function.Name).Syntax("(");
        WriteList(window.Arguments);
        Syntax(") over ");
        WriteWindowSpec(window.Over);
    }

    // ---- arrays: only as lists of values ----

    /// <summary>x op any/all (list): the list is rows of JSON_TABLE, so one text serves lists of every length.</summary>
    protected override void WriteQuantified(QuantifiedExpr quantified)
    {
        if (quantified.Array.Type.Kind != TypeKind.Array || !IsValue(quantified.Array) || quantified.Comparison is null)
        {
            throw Refusals.NotSupported("a comparison with an array that is no list of values on this source").ToException();
        }
        LogicalType element = quantified.Array.Type.Element!;
        if (quantified is { All: false, Comparison.Operator: "=" })
        {
            WriteMembership(quantified, element);
            return;
        }
        // Three-valued: true (all: false) wins, then null, then the other.
        Expr item = new ColumnExpr(Items, "k0") { Type = element };
        Expr test = new ApplyExpr(quantified.Comparison, [quantified.Operand, item]) { Type = LogicalType.Boolean };
        Syntax(quantified.All ? "(select case when min(" : "(select case when max(");
        Write(test);
        Syntax(quantified.All ? ") = 0 then false when count(*) > count(" : ") = 1 then true when count(*) > count(");
        Write(test);
        Syntax(quantified.All ? ") then null else true end from " : ") then null else false end from ");
        WriteItems(quantified.Array, element);
        Syntax(")");
    }

    private const string Items = "tenon: items";

    private void WriteMembership(QuantifiedExpr quantified, LogicalType element)
    {
        Syntax("(");
        if (element.IsString)
        {
            WriteExact(quantified.Operand);
        }
        else
        {
            Write(quantified.Operand);
        }
        Syntax(" in (select ").Identifier(Items).Syntax(".").Identifier("k0").Syntax(" from ");
        WriteItems(quantified.Array, element);
        Syntax("))");
    }

    /// <summary>The column's own comparison, which its index answers, finds what the exact one then decides.</summary>
    private void WriteFound(QuantifiedExpr membership)
    {
        LogicalType? element = membership.Array.Type.Element;
        if (element is null or { IsString: false } || !IsValue(membership.Array) || FactsOf(membership.Operand) is not { IsExact: false, IsUtf8: true } column)
        {
            Write(membership);
            return;
        }
        Syntax("(");
        Write(membership.Operand);
        Syntax(" in (select ").Identifier(Items).Syntax(".").Identifier("k0").Syntax(" collate ").Syntax(Known(column.Collation!)).Syntax(" from ");
        WriteItems(membership.Array, element);
        Syntax(" where ");
        WriteExact(membership.Operand);
        Syntax(" = ").Identifier(Items).Syntax(".").Identifier("k0").Syntax("))");
    }

    private void WriteItems(Expr array, LogicalType element)
    {
        Syntax("json_table(");
        Parameter(array, array.Type, ParameterForm.Elements);
        Syntax(", '$[*]' columns(").Identifier("k0").Syntax(" ").Syntax(ItemType(element)).Syntax(" path '$')) as ").Identifier(Items);
    }

    private static string ItemType(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => "bigint",
            TypeKind.Numeric => "decimal(65,30)",
            TypeKind.Float4 or TypeKind.Float8 => "double",
            TypeKind.Date => "date",
            TypeKind.Timestamp or TypeKind.TimestampTz => "datetime(6)",
            TypeKind.Interval => "time(6)",
            TypeKind.Uuid => "varchar(36) character set utf8mb4",
            TypeKind.Text or TypeKind.Varchar or TypeKind.Enum => "longtext character set utf8mb4 collate utf8mb4_nopad_bin",
            _ => throw Refusals.NotSupported($"a list of values of type {type.SqlName} on this source").ToException(),
        };

    protected override void WriteFunctionFrom(FunctionFrom from) =>
        throw Refusals.NotSupported("a function that returns rows on this source").ToException();

    protected override void WriteArraySelect(ArraySelectExpr array) =>
        throw Refusals.NotSupported("array(select …) on this source").ToException();

    protected override void WriteArray(ArrayExpr array)
    {
        if (!IsOfTheCaller(array))
        {
            throw Refusals.NotSupported("an array of columns on this source").ToException();
        }
        WriteParameter(array);
    }

    protected override void WriteSubscript(SubscriptExpr subscript)
    {
        if (!IsOfTheCaller(subscript))
        {
            throw Refusals.NotSupported("a subscript on this source").ToException();
        }
        WriteParameter(subscript);
    }
}

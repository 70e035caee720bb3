using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Values and conversions: literals to constants, casts, the type that several expressions share.
internal sealed partial class TypeChecker
{
    private static ConstantExpr BindNumber(NumberExpr e)
    {
        string text = e.Text;
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out long value))
        {
            LogicalType type = value is >= int.MinValue and <= int.MaxValue ? LogicalType.Int4 : LogicalType.Int8;
            return new ConstantExpr(Datum.Of(value)) { Type = type, At = e.At };
        }
        return new ConstantExpr(Parse(text, LogicalType.Numeric, e.At)) { Type = LogicalType.Numeric, At = e.At };
    }

    private static ConstantExpr BindConstant(ConstantExpr e) =>
        e.Type.Kind != TypeKind.Unknown || e.Value.IsNull
            ? e
            : throw new InvalidOperationException("a constant that is not null must carry its type");

    private Expr BindPlaceholder(PlaceholderExpr e)
    {
        if (variables?.Find("$" + e.Name) is { } variable)
        {
            return new VariableExpr(variable.BoundName) { Type = variable.Type, At = e.At };
        }
        if (!int.TryParse(e.Name, out int number) || number is < 1 or > ushort.MaxValue || variables is not null)
        {
            throw CheckErrors.Of(ErrorCodes.UndefinedParameter, $"there is no parameter ${e.Name}", e.At);
        }
        return BindParameter(new ParameterExpr(number - 1) { At = e.At });
    }

    private ParameterExpr BindParameter(ParameterExpr e)
    {
        while (parameterTypes.Count <= e.Slot)
        {
            parameterTypes.Add(LogicalType.Unknown);
        }
        return parameterTypes[e.Slot].Kind == TypeKind.Unknown ? e : e with { Type = parameterTypes[e.Slot] };
    }

    /// <summary>What is still untyped when nothing around it says more becomes text.</summary>
    private Expr DefaultUnknown(Expr e) =>
        e.Type.Kind == TypeKind.Unknown ? TryCoerce(e, LogicalType.Text, CastContext.Implicit)! : e;

    private Expr Coerce(Expr e, LogicalType to, Span at) =>
        TryCoerce(e, to, CastContext.Implicit) ?? throw CheckErrors.CannotCast(e.Type, to, at);

    /// <summary>The expression as a value of another type, or null when this context does not allow the conversion.</summary>
    private Expr? TryCoerce(Expr e, LogicalType to, CastContext context)
    {
        LogicalType from = e.Type;
        if (ReferenceEquals(from, to))
        {
            return e;
        }
        if (from.Kind == TypeKind.Unknown)
        {
            return CoerceUnknown(e, to, context);
        }
        if (TypeFacts.Same(from, to))
        {
            // A type without modifiers takes every value of its kind as it is.
            return to.Length is null && to.Precision is null && to.Kind is not (TypeKind.Array or TypeKind.Char) || from.Equals(to)
                ? e
                : Convert(e, to, context);
        }
        if (from.Kind == TypeKind.Record && TypeFacts.IsAnyRecord(to))
        {
            return e;
        }
        if (e is RowExpr row && to.Kind == TypeKind.Record)
        {
            return CoerceRow(row, to, context);
        }
        CastContext? needed = Conversions.Find(from, to);
        return needed is null || needed > context ? null : Convert(e, to, context);
    }

    private Expr? CoerceUnknown(Expr e, LogicalType to, CastContext context)
    {
        if (to.Kind == TypeKind.Unknown || to.IsPolymorphic)
        {
            to = LogicalType.Text;
        }
        switch (e)
        {
            case LiteralExpr literal:
                return TypedLiteral(literal, to, context);
            case ConstantExpr constant:
                return constant with { Type = to };
            case ParameterExpr parameter:
                LogicalType known = parameterTypes[parameter.Slot];
                if (known.Kind != TypeKind.Unknown)
                {
                    return TryCoerce(parameter with { Type = known }, to, context);
                }
                parameterTypes[parameter.Slot] = to.Unmodified;
                return TryCoerce(parameter with { Type = to.Unmodified }, to, context);
            default:
                return e.Type.Equals(to) ? e : null;
        }
    }

    private static Expr TypedLiteral(LiteralExpr literal, LogicalType to, CastContext context)
    {
        if (to.Kind is TypeKind.TimestampTz or TypeKind.Timestamp or TypeKind.Date or TypeKind.Time && IsNow(literal.Text, to.Kind))
        {
            var now = new ContextExpr(ContextKind.Now) { Type = LogicalType.TimestampTz, At = literal.At };
            return to.Equals(now.Type) ? now : Convert(now, to, CastContext.Explicit);
        }
        LogicalType unmodified = to.Kind == TypeKind.Array ? to : to.Unmodified;
        unmodified = unmodified.Kind == TypeKind.Char ? OpenChar : unmodified;
        Expr value = new ConstantExpr(Parse(literal.Text, unmodified, literal.At)) { Type = unmodified, At = literal.At };
        return unmodified.Equals(to) ? value : Convert(value, to, context);
    }

    // 'now' and 'today' are moments of the request, not of the check.
    private static bool IsNow(string text, TypeKind kind)
    {
        ReadOnlySpan<char> word = text.AsSpan().Trim();
        return word.Equals("now", StringComparison.OrdinalIgnoreCase)
            || (kind == TypeKind.Date && word.Equals("today", StringComparison.OrdinalIgnoreCase));
    }

    private static Datum Parse(string text, LogicalType type, Span at)
    {
        if (IsOpenChar(type))
        {
            return Datum.Of(text);
        }
        Outcome<Datum> parsed = Conversions.Parse(text, type);
        return parsed.TryGet(out Datum value, out Error error) ? value : throw CheckErrors.At(error, at);
    }

    private static readonly LogicalType OpenChar = LogicalType.CharOf(1).Unmodified;

    /// <summary>char of no length, as comparisons take it: neither padded nor cut.</summary>
    private static bool IsOpenChar(LogicalType type) => type is { Kind: TypeKind.Char, Length: null };

    private static Expr Convert(Expr e, LogicalType to, CastContext context)
    {
        bool isExplicit = context == CastContext.Explicit;
        if (e is ConstantExpr constant)
        {
            if (constant.Value.IsNull || (IsOpenChar(to) && constant.Type.IsString))
            {
                return constant with { Type = to };
            }
            Outcome<Datum> converted = Conversions.Convert(constant.Value, constant.Type, to, isExplicit);
            return converted.TryGet(out Datum value, out Error error)
                ? new ConstantExpr(value) { Type = to, At = e.At }
                : throw CheckErrors.At(error, e.At);
        }
        return new ConvertExpr(e, isExplicit) { Type = to, At = e.At };
    }

    private RowExpr? CoerceRow(RowExpr row, LogicalType to, CastContext context)
    {
        if (to.Fields.Length != row.Items.Length)
        {
            return to.Fields.IsEmpty ? row : null;
        }
        var items = new Expr[row.Items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            if (TryCoerce(row.Items[i], to.Fields[i].Type, context) is not { } item)
            {
                return null;
            }
            items[i] = item;
        }
        return row with { Items = Frozen.AsImmutable(items), Type = to };
    }

    private Expr BindCast(CastExpr e, Scope scope)
    {
        LogicalType to = TypeNames.Resolve(e.Target, names);
        Expr operand = e.Operand is ArrayExpr array && to.Kind == TypeKind.Array ? BindArray(array, scope, to.Element) : Bind(e.Operand, scope);
        Expr? cast = TryCoerce(operand, to, CastContext.Explicit);
        if (cast is null)
        {
            throw CheckErrors.CannotCast(operand.Type, to, e.At);
        }
        return cast.At == e.At ? cast : cast with { At = e.At };
    }

    private Expr BindArray(ArrayExpr e, Scope scope, LogicalType? element)
    {
        if (e.Items.IsEmpty && element is null)
        {
            throw CheckErrors.Of(
                ErrorCodes.DatatypeMismatch,
                "cannot determine type of empty array",
                e.At,
                "Explicitly cast to the desired type, for example ARRAY[]::integer[]."
            );
        }
        var items = BindAll(e.Items, scope);
        if (element is null)
        {
            element = CommonType(items, "ARRAY", e.At);
            items = CoerceAll(items, element, e.At);
        }
        else
        {
            items = CoerceAllExplicitly(items, element, e.At);
        }
        if (element.Kind == TypeKind.Array)
        {
            throw CheckErrors.NotSupported("an array of arrays", e.At);
        }
        return e with { Items = items, Type = LogicalType.ArrayOf(element.Unmodified) };
    }

    private ImmutableArray<Expr> CoerceAllExplicitly(ImmutableArray<Expr> items, LogicalType to, Span at)
    {
        var coerced = new Expr[items.Length];
        for (int i = 0; i < coerced.Length; i++)
        {
            coerced[i] = TryCoerce(items[i], to, CastContext.Explicit) ?? throw CheckErrors.CannotCast(items[i].Type, to, at);
        }
        return Frozen.AsImmutable(coerced);
    }

    private ImmutableArray<Expr> CoerceAll(ImmutableArray<Expr> items, LogicalType to, Span at)
    {
        var coerced = new Expr[items.Length];
        for (int i = 0; i < coerced.Length; i++)
        {
            coerced[i] = Coerce(items[i], to, items[i].At.Start >= 0 ? items[i].At : at);
        }
        return Frozen.AsImmutable(coerced);
    }

    /// <summary>The type that all items share (PostgreSQL's select_common_type); text when all are untyped.</summary>
    private static LogicalType CommonType(ImmutableArray<Expr> items, string construct, Span at)
    {
        LogicalType common = LogicalType.Unknown;
        foreach (Expr item in items)
        {
            common =
                TypeFacts.Common(common, item.Type)
                ?? throw NoCommonType(common, item.Type, construct, item.At.Start >= 0 ? item.At : at);
        }
        return common.Kind == TypeKind.Unknown ? LogicalType.Text : common;
    }

    private static CheckFailure NoCommonType(LogicalType a, LogicalType b, string construct, Span at) =>
        CheckErrors.Of(
            ErrorCodes.DatatypeMismatch,
            $"{construct} types {a.Unmodified.SqlName} and {b.Unmodified.SqlName} cannot be matched",
            at
        );

    private CoalesceExpr BindCoalesce(CoalesceExpr e, Scope scope)
    {
        var items = BindAll(e.Items, scope);
        LogicalType type = CommonType(items, "COALESCE", e.At);
        return e with { Items = CoerceAll(items, type, e.At), Type = type };
    }

    private CaseExpr BindCase(CaseExpr e, Scope scope)
    {
        Expr? operand = e.Operand is null ? null : BindDuplicated(e.Operand, scope);
        var conditions = new Expr[e.Whens.Length];
        var results = new Expr[e.Whens.Length + 1];
        for (int i = 0; i < conditions.Length; i++)
        {
            WhenClause when = e.Whens[i];
            conditions[i] = operand is null
                ? BindCondition(when.Condition, scope, "CASE/WHEN")
                : Apply("=", operand, Bind(when.Condition, scope), when.Condition.At);
            results[i] = Bind(when.Result, scope);
        }
        // PostgreSQL looks at ELSE first when it unifies.
        results[^1] = e.Else is null ? new ConstantExpr(Datum.Null) { At = e.At } : Bind(e.Else, scope);
        LogicalType type = results[^1].Type;
        for (int i = 0; i < conditions.Length; i++)
        {
            type = TypeFacts.Common(type, results[i].Type) ?? throw NoCommonType(type, results[i].Type, "CASE", e.Whens[i].Result.At);
        }
        type = type.Kind == TypeKind.Unknown ? LogicalType.Text : type;
        var whens = new WhenClause[conditions.Length];
        for (int i = 0; i < whens.Length; i++)
        {
            whens[i] = new(conditions[i], Coerce(results[i], type, e.Whens[i].Result.At));
        }
        Expr? otherwise = e.Else is null ? null : Coerce(results[^1], type, e.Else.At);
        return e with { Operand = null, Whens = Frozen.AsImmutable(whens), Else = otherwise, Type = type };
    }

    private const int MaxDuplications = 4;
    private int duplications;

    /// <summary>
    /// Binds an operand that the bound tree repeats. Leaves are free; anything larger may nest only so often, as each level
    /// multiplies the tree.
    /// </summary>
    private Expr BindDuplicated(Expr operand, Scope scope)
    {
        int outer = duplications;
        duplications = 0;
        Expr bound = Bind(operand, scope);
        if (bound is not (ColumnExpr or ConstantExpr or LiteralExpr or ParameterExpr or VariableExpr or ContextExpr))
        {
            duplications++;
        }
        if (duplications > MaxDuplications)
        {
            throw CheckErrors.TooDeep(operand.At);
        }
        duplications = Math.Max(outer, duplications);
        return bound;
    }
}

using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

/// <summary>Where an expression finds its values: a row, the parameters, a function body's variables, the request.</summary>
internal sealed record EvaluationScope
{
    /// <summary>A column's value by range and name.</summary>
    public Func<string, string, Datum>? Column { get; init; }
    public IReadOnlyList<Datum> Parameters { get; init; } = [];
    public Func<string, Datum>? Variable { get; init; }
    public RequestContext? Context { get; init; }
}

/// <summary>
/// The tree's in-memory reader: one bound, subquery-free row expression to one value, with SQL's three-valued logic and the
/// same functions that the engines' extension functions call.
/// </summary>
internal static class Evaluator
{
    public static Outcome<Datum> Evaluate(Expr expr, EvaluationScope scope)
    {
        try
        {
            return new Run(scope).Value(expr);
        }
        catch (TenonException failure)
        {
            return failure.Error;
        }
    }

    /// <summary>Whether a condition holds: NULL does not.</summary>
    public static Outcome<bool> Holds(Expr condition, EvaluationScope scope) =>
        Evaluate(condition, scope).TryGet(out Datum value, out Error error) ? !value.IsNull && value.Boolean : error;

    // Errors travel as exceptions inside one evaluation: they are rare, and the recursion stays readable.
    private sealed class Run(EvaluationScope scope)
    {
        public Datum Value(Expr expr) =>
            expr switch
            {
                ConstantExpr e => e.Value,
                ColumnExpr e => scope.Column is { } column ? column(e.Range, e.Column) : throw Missing("a column"),
                ParameterExpr e => scope.Parameters[e.Slot],
                VariableExpr e => scope.Variable is { } variable ? variable(e.Name) : throw Missing("a variable"),
                ContextExpr e => scope.Context is { } context ? context.Get(e) : throw Missing("the request"),
                ApplyExpr e => Apply(e.Function, e.Arguments),
                ConvertExpr e => Conversions.Convert(Value(e.Operand), e.Operand.Type, e.Type, e.Explicit).Value,
                AndExpr e => Joined(e.Items, decisive: false),
                OrExpr e => Joined(e.Items, decisive: true),
                NotExpr e => Not(Value(e.Operand)),
                TestExpr e => Datum.Of(Test(Value(e.Operand), e.Kind) != e.Negated),
                DistinctExpr e => Datum.Of(AreDistinct(e) != e.Negated),
                InListExpr e => InList(e),
                QuantifiedExpr e => Quantified(e),
                CaseExpr e => Case(e),
                CoalesceExpr e => Coalesce(e.Items),
                ArrayExpr e => Array(e),
                RowExpr e => Row(e),
                SubscriptExpr e => Subscript(e),
                _ => throw Refusals.NotSupported($"{expr.GetType().Name} in an expression over one row").ToException(),
            };

        private static InvalidOperationException Missing(string what) =>
            new($"the expression needs {what}, which this scope has not");

        private Datum Apply(Function function, ImmutableArray<Expr> arguments)
        {
            var values = new Datum[arguments.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = Value(arguments[i]);
            }
            return Call(function, values);
        }

        private static Datum Call(Function function, ReadOnlySpan<Datum> values)
        {
            if (function.Strict)
            {
                foreach (Datum value in values)
                {
                    if (value.IsNull)
                    {
                        return Datum.Null;
                    }
                }
            }
            return function.Evaluate is { } evaluate
                ? evaluate(values).Value
                : throw Refusals.NotSupported($"{function.Name} in an expression over one row").ToException();
        }

        // AND ends at the first false, OR at the first true; a NULL on the way is the answer otherwise.
        private Datum Joined(ImmutableArray<Expr> items, bool decisive)
        {
            bool unknown = false;
            foreach (Expr item in items)
            {
                Datum value = Value(item);
                if (value.IsNull)
                {
                    unknown = true;
                }
                else if (value.Boolean == decisive)
                {
                    return value;
                }
            }
            return unknown ? Datum.Null : Datum.Of(!decisive);
        }

        private static Datum Not(Datum value) => value.IsNull ? value : Datum.Of(!value.Boolean);

        private static bool Test(Datum value, TestKind kind) =>
            kind switch
            {
                TestKind.Null or TestKind.Unknown => value.IsNull,
                TestKind.True => !value.IsNull && value.Boolean,
                _ => !value.IsNull && !value.Boolean,
            };

        private bool AreDistinct(DistinctExpr e)
        {
            Datum left = Value(e.Left),
                right = Value(e.Right);
            return left.IsNull || right.IsNull
                ? left.IsNull != right.IsNull
                : !Ordering.AreEqual(Common(e.Left, e.Right), left, right);
        }

        private static LogicalType Common(Expr left, Expr right) =>
            left is ConstantExpr { Value.IsNull: true } ? right.Type : left.Type;

        private Datum InList(InListExpr e)
        {
            Datum operand = Value(e.Operand);
            bool unknown = operand.IsNull && !e.Items.IsEmpty;
            foreach (Expr item in e.Items)
            {
                Datum value = Value(item);
                if (operand.IsNull || value.IsNull)
                {
                    unknown = true;
                }
                else if (Ordering.AreEqual(e.Operand.Type, operand, value))
                {
                    return Datum.Of(!e.Negated);
                }
            }
            return unknown ? Datum.Null : Datum.Of(e.Negated);
        }

        private Datum Quantified(QuantifiedExpr e)
        {
            Datum operand = Value(e.Operand),
                array = Value(e.Array);
            if (array.IsNull)
            {
                return Datum.Null;
            }
            bool unknown = false;
            foreach (Datum item in ArrayValue.Read(e.Array.Type.Element!, array.Text).Items)
            {
                Datum holds = Call(e.Comparison!, [operand, item]);
                if (holds.IsNull)
                {
                    unknown = true;
                }
                else if (holds.Boolean != e.All)
                {
                    return Datum.Of(!e.All);
                }
            }
            return unknown ? Datum.Null : Datum.Of(e.All);
        }

        private Datum Case(CaseExpr e)
        {
            foreach (WhenClause when in e.Whens)
            {
                Datum condition = Value(when.Condition);
                if (!condition.IsNull && condition.Boolean)
                {
                    return Value(when.Result);
                }
            }
            return e.Else is null ? Datum.Null : Value(e.Else);
        }

        private Datum Coalesce(ImmutableArray<Expr> items)
        {
            foreach (Expr item in items)
            {
                Datum value = Value(item);
                if (!value.IsNull)
                {
                    return value;
                }
            }
            return Datum.Null;
        }

        private Datum Array(ArrayExpr e)
        {
            var items = new Datum[e.Items.Length];
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = Value(e.Items[i]);
            }
            return ArrayValue.Of(e.Type.Element!, items).ToDatum();
        }

        // A row is held as the JSON object that row_to_json would print.
        private Datum Row(RowExpr e)
        {
            var text = new StringBuilder("{");
            for (int i = 0; i < e.Items.Length; i++)
            {
                string name = i < e.Type.Fields.Length ? e.Type.Fields[i].Name : $"f{i + 1}";
                JsonNode.WriteString(text.Append(i > 0 ? "," : ""), name);
                TypeOutput.AppendJson(e.Items[i].Type, Value(e.Items[i]), text.Append(':'));
            }
            return Datum.Of(text.Append('}').ToString());
        }

        private Datum Subscript(SubscriptExpr e)
        {
            Datum array = Value(e.Array),
                index = Value(e.Index);
            Datum upper = e.Upper is null ? index : Value(e.Upper);
            if (array.IsNull || index.IsNull || upper.IsNull)
            {
                return Datum.Null;
            }
            LogicalType element = e.Array.Type.Element!;
            Datum[] items = ArrayValue.Read(element, array.Text).Items;
            if (e.Upper is null)
            {
                return index.Integer >= 1 && index.Integer <= items.Length ? items[index.Integer - 1] : Datum.Null;
            }
            long from = Math.Max(1, index.Integer),
                to = Math.Min(items.Length, upper.Integer);
            return ArrayValue.Of(element, from > to ? [] : items[(int)(from - 1)..(int)to]).ToDatum();
        }
    }
}

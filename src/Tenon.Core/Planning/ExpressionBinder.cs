using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;

namespace Tenon.Core.Planning;

/// <summary>
/// Turns fields, filters, casts and aggregates of a request into bound expressions, by PostgreSQL's own rules: a value is an
/// untyped literal that takes its type from the column beside it. Operands of closed sets (boolean, enum) become literals
/// of the plan, so that partial indexes apply (DECISIONS §5); all others are slots.
/// </summary>
internal sealed class ExpressionBinder(Catalog.Catalog catalog, PlanOptions options, Slots slots)
{
    private readonly TypeChecker checker = new(catalog);

    public Outcome<Expr> Column(NodeDraft node, string name)
    {
        if (node.TypeOf(name) is { } type)
        {
            return new ColumnExpr(node.Range, name) { Type = type };
        }
        if (ComputedColumn(node, name) is { } computed)
        {
            return computed;
        }
        return PlanErrors.UndefinedColumn(node.Name, name, NearMiss.Find(name, VisibleColumns(node)));
    }

    /// <summary>A function of one row of the relation: it is read like a column, but is not in *.</summary>
    private UserCallExpr? ComputedColumn(NodeDraft node, string name)
    {
        if (node.Relation is not { } table || !catalog.Routines.TryGetValue(new QualifiedName(options.Schema, name), out var overloads))
        {
            return null;
        }
        Routine? routine = overloads.FirstOrDefault(r =>
            r.Parameters is [{ Type.RowOf: { } row }] && row == table.Name && !r.ReturnsSet && r.Result.Kind is not (TypeKind.Record or TypeKind.Trigger or TypeKind.Void)
        );
        if (routine is null)
        {
            return null;
        }
        var rowOf = new RowOfRangeExpr(node.Range) { Type = LogicalType.RowOfTable(table.Name, node.Columns) };
        return new UserCallExpr(routine.Name, [rowOf]) { Type = routine.Result };
    }

    // With grants on columns only, a hint names those and no others.
    private IEnumerable<string> VisibleColumns(NodeDraft node)
    {
        if (node.Relation is not { } table || options.SeesEverything)
        {
            return node.Columns.Select(c => c.Name);
        }
        var grants = table.Grants.Where(g => (g.Privileges & Privileges.OnColumns) != 0 && (g.Role == options.Role || g.Role == RoleName.Public)).ToArray();
        return grants.Any(g => g.Columns.IsEmpty) ? node.Columns.Select(c => c.Name) : grants.SelectMany(g => g.Columns);
    }

    /// <summary>A column, or what its json path leads to.</summary>
    public Outcome<Expr> Field(NodeDraft node, FieldSyntax field)
    {
        if (!Column(node, field.Name).TryGet(out Expr value, out Error error))
        {
            return error;
        }
        if (field.Path.IsEmpty)
        {
            return value;
        }
        if (!value.Type.IsJson)
        {
            value = new CallExpr(null, "to_jsonb", [value]);
        }
        foreach (JsonStep step in field.Path)
        {
            Expr operand = step.Key is { } key
                ? new ConstantExpr(Datum.Of(key)) { Type = LogicalType.Text }
                : new ConstantExpr(Datum.Of((long)step.Index)) { Type = LogicalType.Int4 };
            value = new OperatorExpr(step.AsText ? "->>" : "->", value, operand);
        }
        return Check(value);
    }

    /// <summary>value::type, type as it stands behind "::" in select.</summary>
    public Outcome<Expr> Cast(Expr value, string type) =>
        SqlParser.ParseType(type).TryGet(out TypeSyntax target, out Error error) ? Check(new CastExpr(value, target)) : error;

    /// <summary>aggregate(value), or count(*) when value is null.</summary>
    public Outcome<Expr> Aggregate(AggregateKind kind, Expr? value)
    {
        string name = kind switch
        {
            AggregateKind.Count => "count",
            AggregateKind.Sum => "sum",
            AggregateKind.Avg => "avg",
            AggregateKind.Min => "min",
            _ => "max",
        };
        ImmutableArray<Expr> arguments = value is null ? [] : [value];
        ImmutableArray<Function> overloads = FunctionCatalog
            .Named(name)
            .RemoveAll(f => f.Shape != FunctionShape.Aggregate || f.Parameters.Length != arguments.Length);
        LogicalType[] types = [.. arguments.Select(a => a.Type)];
        int chosen = OverloadResolver.Choose([.. overloads.Select(f => f.Parameters)], types, isOperator: false);
        if (chosen < 0)
        {
            return PlanErrors.NoAggregate(name, types);
        }
        Function function = overloads[chosen];
        if (function.IsPolymorphic)
        {
            function = function.Specialize!(OverloadResolver.Concrete(function.Parameters, types));
        }
        return new AggregateExpr(function, [.. arguments.Select((a, i) => Converted(a, function.Parameters[i]))]) { Type = function.Result };
    }

    private static Expr Converted(Expr value, LogicalType type) =>
        TypeFacts.Same(value.Type, type) ? value : new ConvertExpr(value, false) { Type = type };

    private Outcome<Expr> Check(Expr syntax, LogicalType? expected = null) =>
        checker.CheckExpression(syntax, ScopeOfRanges.Empty, expected);

    /// <summary>A literal text as a value of a type (an argument's text that is part of the plan).</summary>
    public Outcome<Expr> Literal(string text, LogicalType type) => Check(new LiteralExpr(text), type);

    /// <summary>A default of a parameter as a value of its type.</summary>
    public Outcome<Expr> Default(Expr syntax, LogicalType type) =>
        syntax is NativeExpr native ? native with { Type = type } : Check(syntax, type);

    // ---- filters -------------------------------------------------------------------------------------------------

    public Outcome<Expr> Filter(Expr operand, FilterSyntax filter)
    {
        if (IsOfRanges(filter.Operator) && operand.Type.NativeName is null)
        {
            return options.RangeTypes
                ? PlanErrors.NoRangeOperator(Spelling(filter.Operator), operand.Type)
                : PlanErrors.NotImplemented("Range types and their operators (sl, sr, nxr, nxl, adj) are not supported.");
        }
        if (!Condition(operand, filter).TryGet(out Expr condition, out Error error))
        {
            return error;
        }
        return filter.Negated ? new NotExpr(condition) { Type = LogicalType.Boolean } : condition;
    }

    private static bool IsOfRanges(FilterOperator op) => op is >= FilterOperator.StrictlyLeft and <= FilterOperator.Adjacent;

    private Outcome<Expr> Condition(Expr operand, FilterSyntax filter)
    {
        if (filter.Operator == FilterOperator.Is)
        {
            return Check(new TestExpr(operand, filter.Test, filter.TestNegated));
        }
        if (filter.Operator == FilterOperator.In)
        {
            return operand.Type.IsClosedSet ? LiteralList(operand, filter.Slot) : List(operand, filter.Slot);
        }
        if (OperatorText.TakesLanguage(filter.Operator))
        {
            return FullText(operand, filter);
        }
        if (operand.Type.NativeName is not null && (IsOfRanges(filter.Operator) || filter.Operator is FilterOperator.Contains or FilterOperator.ContainedIn or FilterOperator.Overlaps))
        {
            return OfDatabase(operand, filter);
        }
        string spelling = Spelling(filter.Operator);
        if (filter.Quantifier != Quantifier.None)
        {
            return Quantified(operand, filter, spelling);
        }
        Expr value = operand.Type.IsClosedSet
            ? new LiteralExpr(slots.TakeLiteral(filter.Slot))
            : new ParameterExpr(filter.Slot);
        Expr syntax = filter.Operator == FilterOperator.IsDistinct
            ? new DistinctExpr(operand, value, false)
            : new OperatorExpr(spelling, operand, value);
        if (!Check(syntax).TryGet(out Expr bound, out Error error))
        {
            return error;
        }
        if (value is ParameterExpr)
        {
            slots.Use(filter.Slot, checker.ParameterTypes[filter.Slot], IsPattern(filter.Operator) ? SlotKind.Pattern : SlotKind.Scalar);
        }
        return bound;
    }

    /// <summary>An operator of a type that only the database knows: the value is read as one of the same type.</summary>
    private ApplyExpr OfDatabase(Expr operand, FilterSyntax filter)
    {
        string spelling = Spelling(filter.Operator);
        // What the ranges of the database's own do never raises; of other types nothing is known.
        bool total = operand.Type.NativeName!.EndsWith("range", StringComparison.Ordinal);
        var function = new Function($"native {spelling}", spelling, [operand.Type, operand.Type], LogicalType.Boolean)
        {
            Operator = spelling,
            Total = total,
            Evaluate = _ => PlanErrors.NotSupported($"{operand.Type.SqlName} outside its database"),
        };
        slots.Use(filter.Slot, operand.Type, SlotKind.Scalar);
        return new ApplyExpr(function, [operand, new ParameterExpr(filter.Slot) { Type = operand.Type }]) { Type = LogicalType.Boolean };
    }

    /// <summary>A column that is no tsvector is made one, by the same configuration as the query.</summary>
    private Outcome<Expr> FullText(Expr operand, FilterSyntax filter)
    {
        string make = filter.Operator switch
        {
            FilterOperator.FullTextPlain => "plainto_tsquery",
            FilterOperator.FullTextPhrase => "phraseto_tsquery",
            FilterOperator.FullTextWeb => "websearch_to_tsquery",
            _ => "to_tsquery",
        };
        ImmutableArray<Expr> language = filter.Language is { } name ? [new LiteralExpr(name)] : [];
        Expr vector = operand.Type.Kind == TypeKind.TsVector ? operand : new CallExpr(null, "to_tsvector", [.. language, operand]);
        Expr query = new CallExpr(null, make, [.. language, new ParameterExpr(filter.Slot) { Type = LogicalType.Text }]);
        if (!Check(new OperatorExpr("@@", vector, query)).TryGet(out Expr bound, out Error error))
        {
            return error;
        }
        return options.ReadsSearches ? Search(filter, bound) : Used(filter, bound);
    }

    /// <summary>What cannot be read is refused whatever the rows, as PostgreSQL does while it plans.</summary>
    private Outcome<Expr> Search(FilterSyntax filter, Expr bound)
    {
        if (!SearchConfiguration.ReadName(filter.Language ?? SearchConfiguration.Default).TryGet(out Datum name, out Error error)
            || !SearchConfiguration.Of(name.Text).TryGet(out SearchConfiguration configuration, out error))
        {
            return error;
        }
        if (filter.Operator != FilterOperator.FullText)
        {
            return Used(filter, bound);
        }
        slots.UseSearch(filter.Slot, configuration);
        return bound;
    }

    private Expr Used(FilterSyntax filter, Expr bound)
    {
        slots.Use(filter.Slot, LogicalType.Text, SlotKind.Scalar);
        return bound;
    }

    private Outcome<Expr> Quantified(Expr operand, FilterSyntax filter, string spelling)
    {
        SlotKind kind = IsPattern(filter.Operator) ? SlotKind.PatternList : SlotKind.AnyAll;
        return Array(operand, filter.Slot, kind, spelling, filter.Quantifier == Quantifier.All);
    }

    private Outcome<Expr> List(Expr operand, int slot) => Array(operand, slot, SlotKind.List, "=", all: false);

    private Outcome<Expr> Array(Expr operand, int slot, SlotKind kind, string spelling, bool all)
    {
        LogicalType element = operand.Type is { IsString: true, NativeName: null } ? LogicalType.Text : operand.Type.Unmodified;
        if (element.Kind == TypeKind.Array)
        {
            return PlanErrors.NotSupported("in, any or all on an array column", "Use cs, cd or ov.");
        }
        LogicalType type = LogicalType.ArrayOf(element);
        if (element.NativeName is not null)
        {
            // No function of the catalogue compares it: the database does.
            slots.Use(slot, type, kind);
            return new QuantifiedExpr(operand, spelling, all, new ParameterExpr(slot) { Type = type }) { Type = LogicalType.Boolean };
        }
        var syntax = new QuantifiedExpr(operand, spelling, all, new ParameterExpr(slot) { Type = type });
        if (!Check(syntax).TryGet(out Expr bound, out Error error))
        {
            return error;
        }
        slots.Use(slot, type, kind);
        return bound;
    }

    private Outcome<Expr> LiteralList(Expr operand, int slot)
    {
        var items = ImmutableArray.CreateBuilder<Expr>();
        var list = new ListText(slots.TakeLiteral(slot));
        while (list.Next())
        {
            items.Add(new LiteralExpr(list.Current.ToString()));
        }
        if (items is [] or [LiteralExpr { Text: "" }])
        {
            return new ConstantExpr(Datum.False) { Type = LogicalType.Boolean };
        }
        return Check(new InListExpr(operand, items.ToImmutable(), false));
    }

    private static bool IsPattern(FilterOperator op) => op is FilterOperator.Like or FilterOperator.ILike;

    private static string Spelling(FilterOperator op) =>
        op switch
        {
            FilterOperator.Equal => "=",
            FilterOperator.NotEqual => "<>",
            FilterOperator.Greater => ">",
            FilterOperator.GreaterOrEqual => ">=",
            FilterOperator.Less => "<",
            FilterOperator.LessOrEqual => "<=",
            FilterOperator.Like => "~~",
            FilterOperator.ILike => "~~*",
            FilterOperator.Match => "~",
            FilterOperator.IMatch => "~*",
            FilterOperator.Contains => "@>",
            FilterOperator.ContainedIn => "<@",
            FilterOperator.Overlaps => "&&",
            FilterOperator.StrictlyLeft => "<<",
            FilterOperator.StrictlyRight => ">>",
            FilterOperator.NotRightOf => "&<",
            FilterOperator.NotLeftOf => "&>",
            FilterOperator.Adjacent => "-|-",
            _ => "=",
        };
}

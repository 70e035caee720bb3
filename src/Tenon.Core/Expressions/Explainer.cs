using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

/// <summary>
/// A bound condition in plain words, for people who ask why a row is hidden: the third reader of the tree. Columns of the
/// row itself stand alone, those of other tables with their table's name.
/// </summary>
internal sealed class Explainer
{
    private readonly Dictionary<string, string> tables = new(StringComparer.Ordinal);

    private Explainer() { }

    /// <summary>The words for a condition; "always" and "never" for constants.</summary>
    public static string Explain(Expr condition) => new Explainer().Condition(condition, nested: false);

    private string Condition(Expr expr, bool nested) =>
        expr switch
        {
            ConstantExpr { Value.IsNull: true } => "never (the condition is null)",
            ConstantExpr { Type.Kind: TypeKind.Boolean } e => e.Value.Boolean ? "always" : "never",
            AndExpr e => Joined(e.Items, " and ", nested),
            OrExpr e => Joined(e.Items, " or ", nested),
            NotExpr { Operand: ExistsExpr e } => $"there is no row in {Query(e.Select)}",
            NotExpr { Operand: ColumnExpr e } => $"{Value(e)} is false",
            NotExpr e => $"it is not so that {Condition(e.Operand, nested: true)}",
            TestExpr e => $"{Value(e.Operand)} {Test(e)}",
            DistinctExpr e => $"{Value(e.Left)} {(e.Negated ? "is" : "is not")} {Value(e.Right)} (missing counts as a value)",
            InListExpr e => $"{Value(e.Operand)} is {(e.Negated ? "none" : "one")} of {List(e.Items)}",
            InSelectExpr e => $"{Value(e.Operand)} is {(e.Negated ? "not " : "")}among the {Outputs(e.Select)}",
            ExistsExpr e => $"there is a row in {Query(e.Select)}",
            QuantifiedExpr e => Quantified(e),
            ApplyExpr { Arguments: [var left, var right], Function.Operator: { } spelling } => $"{Value(left)} {Verb(spelling)} {Value(right)}",
            ColumnExpr e => $"{Value(e)} is true",
            UserCallExpr e => $"{Value(e)} says yes",
            CaseExpr e => Case(e),
            _ => $"{Value(expr)} is true",
        };

    private string Joined(ImmutableArray<Expr> items, string word, bool nested)
    {
        string all = string.Join(word, items.Select(i => Condition(i, nested: true)));
        return nested ? $"({all})" : all;
    }

    private static string Test(TestExpr e) =>
        (e.Kind, e.Negated) switch
        {
            (TestKind.Null or TestKind.Unknown, false) => "is missing",
            (TestKind.Null or TestKind.Unknown, true) => "is present",
            (TestKind.True, false) => "is true",
            (TestKind.True, true) => "is false or missing",
            (TestKind.False, false) => "is false",
            _ => "is true or missing",
        };

    private static string Verb(string spelling) =>
        spelling switch
        {
            "=" => "equals",
            "<>" => "differs from",
            "<" => "is less than",
            "<=" => "is at most",
            ">" => "is more than",
            ">=" => "is at least",
            "~~" => "matches the pattern",
            "!~~" => "does not match the pattern",
            "~~*" => "matches, in any case, the pattern",
            "!~~*" => "does not match, in any case, the pattern",
            "~" or "~*" => "matches the expression",
            "!~" or "!~*" => "does not match the expression",
            "@>" => "contains",
            "<@" => "is contained in",
            "&&" => "has something in common with",
            "?" => "has the key",
            _ => spelling,
        };

    private string Quantified(QuantifiedExpr e) =>
        (e.Operator, e.All) switch
        {
            ("=", false) => $"{Value(e.Operand)} is among {Value(e.Array)}",
            ("<>", true) => $"{Value(e.Operand)} is not among {Value(e.Array)}",
            _ => $"{Value(e.Operand)} {Verb(e.Operator)} {(e.All ? "every" : "some")} element of {Value(e.Array)}",
        };

    private string Case(CaseExpr e)
    {
        var text = new StringBuilder();
        foreach (WhenClause when in e.Whens)
        {
            text.Append("when ").Append(Condition(when.Condition, nested: true)).Append(": ").Append(Condition(when.Result, nested: true)).Append("; ");
        }
        return text.Append("else: ").Append(e.Else is null ? "never" : Condition(e.Else, nested: true)).ToString();
    }

    // ---- values ----

    private string Value(Expr expr) =>
        expr switch
        {
            ColumnExpr e => tables.TryGetValue(e.Range, out string? table) ? $"{table}.{e.Column}" : e.Column,
            ConstantExpr { Value.IsNull: true } => "nothing",
            ConstantExpr e => Constant(e),
            ContextExpr e => Context(e),
            ParameterExpr e => $"parameter {e.Slot + 1}",
            VariableExpr e => e.Name,
            RowOfRangeExpr e => tables.TryGetValue(e.Range, out string? table) ? $"the row of {table}" : "the row",
            ConvertExpr e => e.Explicit && e.Type.Kind == TypeKind.Date ? $"the day of {Value(e.Operand)}" : Value(e.Operand),
            ApplyExpr { Function.Operator: { } spelling } e when Claim(e) is { } claim => claim,
            ApplyExpr { Arguments: [var left, var right], Function.Operator: { } spelling } => Infix(left, spelling, right),
            ApplyExpr { Arguments: [var operand], Function.Operator: { } spelling } => spelling + Value(operand),
            ApplyExpr e => $"{e.Function.Name}({List(e.Arguments)})",
            UserCallExpr e => $"{e.Function.Name}({List(e.Arguments)})",
            AggregateExpr e => e.Arguments.IsEmpty ? "the number of rows" : $"the {e.Function.Name} of {List(e.Arguments)}",
            WindowExpr e => $"{e.Function.Name}({List(e.Arguments)}) over a window",
            ScalarSelectExpr e => $"the {Outputs(e.Select)}",
            ArraySelectExpr e => $"the {Outputs(e.Select)}",
            CoalesceExpr e => $"the first present of {List(e.Items)}",
            ArrayExpr e => List(e.Items),
            RowExpr e => $"({List(e.Items)})",
            SubscriptExpr e => $"element {Value(e.Index)} of {Value(e.Array)}",
            FieldExpr e => $"{e.Field} of {Value(e.Row)}",
            CaseExpr e => $"a value by cases ({e.Whens.Length})",
            _ => $"whether {Condition(expr, nested: true)}",
        };

    private string Infix(Expr left, string spelling, Expr right) =>
        spelling is "->" or "->>" ? $"{Value(right)} of {Value(left)}" : $"{Value(left)} {spelling} {Value(right)}";

    private static string Constant(ConstantExpr e)
    {
        string text = TypeOutput.CastToText(e.Type, e.Value);
        return e.Type.IsNumber || e.Type.Kind == TypeKind.Boolean ? text : $"'{text}'";
    }

    private static string Context(ContextExpr e) =>
        e.Kind switch
        {
            ContextKind.Uid => "the caller's id",
            ContextKind.Role => "the caller's role",
            ContextKind.Email => "the caller's email",
            ContextKind.Jwt => "the caller's claims",
            ContextKind.CurrentUser => "the database role",
            ContextKind.Now => "the time of the request",
            _ => $"the setting {e.Name}",
        };

    /// <summary>auth.jwt() -> 'a' ->> 'b' is the caller's claim a.b.</summary>
    private static string? Claim(ApplyExpr e)
    {
        var path = new List<string>();
        Expr at = e;
        while (
            at is ApplyExpr { Function.Operator: "->" or "->>", Arguments: [var inner, ConstantExpr { Value.IsNull: false } key] }
        )
        {
            path.Insert(0, TypeOutput.CastToText(key.Type, key.Value));
            at = inner;
        }
        return at is ContextExpr { Kind: ContextKind.Jwt } && path.Count > 0 ? $"the caller's claim {string.Join('.', path)}" : null;
    }

    private string List(ImmutableArray<Expr> items) => string.Join(", ", items.Select(Value));

    // ---- queries ----

    /// <summary>"members where …": what a subquery reads and under which condition.</summary>
    private string Query(Select select)
    {
        if (select.Body is not SelectCore core)
        {
            return select.Body is NestedBody nested ? Query(nested.Select) : "several queries together";
        }
        Name(core.From);
        string from = core.From is null ? "nothing" : From(core.From);
        var conditions = new List<Expr>();
        Joins(core.From, conditions);
        if (core.Where is not null)
        {
            conditions.Add(core.Where);
        }
        return conditions.Count == 0 ? from : $"{from} where {string.Join(" and ", conditions.Select(c => Condition(c, nested: conditions.Count > 1)))}";
    }

    private string Outputs(Select select)
    {
        string query = Query(select);
        if (select.Body is SelectCore core)
        {
            string items = string.Join(", ", core.Items.Select(i => i.Value is ColumnExpr column ? column.Column : Value(i.Value)));
            items = items.StartsWith("the ", StringComparison.Ordinal) ? items[4..] : items;
            return core.From is null ? items : $"{items} of {query}";
        }
        return $"rows of {query}";
    }

    private void Name(FromItem? from)
    {
        switch (from)
        {
            case TableFrom table:
                tables[table.Alias] = table.Name.Name;
                break;
            case JoinFrom join:
                Name(join.Left);
                Name(join.Right);
                break;
            case SelectFrom derived:
                tables[derived.Alias] = "a subquery";
                break;
            case FunctionFrom function:
                tables[function.Alias] = function.Call is UserCallExpr call ? call.Function.Name : "a function's rows";
                break;
        }
    }

    private string From(FromItem from) =>
        from switch
        {
            TableFrom table => table.Name.Name,
            JoinFrom join => $"{From(join.Left)} with {From(join.Right)}",
            SelectFrom derived => Query(derived.Select),
            FunctionFrom function => Value(function.Call),
            _ => "a query",
        };

    private static void Joins(FromItem? from, List<Expr> conditions)
    {
        if (from is JoinFrom join)
        {
            Joins(join.Left, conditions);
            Joins(join.Right, conditions);
            if (join.On is not null)
            {
                conditions.Add(join.On);
            }
        }
    }
}

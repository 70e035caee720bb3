using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>
/// Syntax trees back to PostgreSQL's SQL, for dumps: what is printed parses to the same tree, here and in PostgreSQL. Operands
/// that are operators themselves stand in parentheses, so precedence is never asked.
/// </summary>
internal sealed partial class SyntaxPrinter
{
    private readonly StringBuilder text = new();

    private SyntaxPrinter() { }

    public static string Print(Expr expr)
    {
        var printer = new SyntaxPrinter();
        printer.Write(expr);
        return printer.text.ToString();
    }

    public static string Print(Select query)
    {
        var printer = new SyntaxPrinter();
        printer.WriteSelect(query);
        return printer.text.ToString();
    }

    private SyntaxPrinter Add(string more)
    {
        text.Append(more);
        return this;
    }

    private void Write(Expr expr)
    {
        switch (expr)
        {
            case NameExpr name:
                Add(string.Join('.', name.Parts.Select(SqlNames.Name)));
                break;
            case StarExpr star:
                Add(star.Qualifier is null ? "*" : SqlNames.Name(star.Qualifier) + ".*");
                break;
            case LiteralExpr literal:
                Add(SqlNames.Literal(literal.Text));
                break;
            case NumberExpr number:
                Add(number.Text);
                break;
            case PlaceholderExpr placeholder:
                Add("$" + placeholder.Name);
                break;
            case ConstantExpr constant:
                Add(constant.Value.IsNull ? "null" : constant.Value.Boolean ? "true" : "false");
                break;
            case DefaultExpr:
                Add("default");
                break;
            case CallExpr call:
                WriteCall(call);
                break;
            case CastExpr cast:
                Operand(cast.Operand);
                Add("::").Add(SqlNames.Of(cast.Target));
                break;
            default:
                WriteOperation(expr);
                break;
        }
    }

    private void WriteOperation(Expr expr)
    {
        switch (expr)
        {
            case OperatorExpr op:
                WriteOperator(op);
                break;
            case AndExpr and:
                Between(and.Items, " and ", Operand);
                break;
            case OrExpr or:
                Between(or.Items, " or ", Operand);
                break;
            case NotExpr not:
                Add("not ");
                Operand(not.Operand);
                break;
            case TestExpr test:
                Operand(test.Operand);
                Add(test.Negated ? " is not " : " is ").Add(test.Kind.ToString().ToLowerInvariant());
                break;
            case DistinctExpr distinct:
                Operand(distinct.Left);
                Add(distinct.Negated ? " is not distinct from " : " is distinct from ");
                Operand(distinct.Right);
                break;
            case InListExpr list:
                Operand(list.Operand);
                Add(list.Negated ? " not in (" : " in (");
                Between(list.Items, ", ", Write);
                Add(")");
                break;
            case InSelectExpr query:
                Operand(query.Operand);
                Add(query.Negated ? " not in (" : " in (");
                Nested(query.Select);
                Add(")");
                break;
            case QuantifiedExpr quantified:
                Operand(quantified.Operand);
                Add($" {Spelling(quantified.Operator)} {(quantified.All ? "all" : "any")} (");
                Write(quantified.Array);
                Add(")");
                break;
            default:
                WriteConstruct(expr);
                break;
        }
    }

    private void WriteConstruct(Expr expr)
    {
        switch (expr)
        {
            case ExistsExpr exists:
                Subquery("exists (", exists.Select);
                break;
            case ScalarSelectExpr scalar:
                Subquery("(", scalar.Select);
                break;
            case ArraySelectExpr array:
                Subquery("array(", array.Select);
                break;
            case CaseExpr choice:
                WriteCase(choice);
                break;
            case CoalesceExpr coalesce:
                Listed("coalesce(", coalesce.Items, ")");
                break;
            case ArrayExpr array:
                Listed("array[", array.Items, "]");
                break;
            case RowExpr row:
                Listed("row(", row.Items, ")");
                break;
            case FieldExpr field:
                Add("(");
                Write(field.Row);
                Add(").").Add(SqlNames.Label(field.Field));
                break;
            case SubscriptExpr subscript:
                WriteSubscript(subscript);
                break;
            default:
                throw new InvalidOperationException($"a syntax tree has no {expr.GetType().Name}");
        }
    }

    private void WriteOperator(OperatorExpr op)
    {
        if (op.Left is { } left)
        {
            Operand(left);
            Add(" ");
        }
        Add(Spelling(op.Operator));
        if (op.Left is not null || char.IsAsciiLetter(op.Operator[^1]))
        {
            Add(" ");
        }
        Operand(op.Right);
    }

    private static string Spelling(string op) =>
        op switch
        {
            "~~" => "like",
            "!~~" => "not like",
            "~~*" => "ilike",
            "!~~*" => "not ilike",
            _ => op,
        };

    private void WriteCase(CaseExpr choice)
    {
        Add("case");
        if (choice.Operand is { } operand)
        {
            Add(" ");
            Write(operand);
        }
        foreach (WhenClause when in choice.Whens)
        {
            Add(" when ");
            Write(when.Condition);
            Add(" then ");
            Write(when.Result);
        }
        if (choice.Else is { } otherwise)
        {
            Add(" else ");
            Write(otherwise);
        }
        Add(" end");
    }

    private void WriteSubscript(SubscriptExpr subscript)
    {
        bool plain = subscript.Array is NameExpr or SubscriptExpr;
        Add(plain ? "" : "(");
        Write(subscript.Array);
        Add(plain ? "[" : ")[");
        Write(subscript.Index);
        if (subscript.Upper is { } upper)
        {
            Add(":");
            Write(upper);
        }
        Add("]");
    }

    // ---- calls ----

    private static readonly ImmutableHashSet<string> WithoutParentheses =
    [
        "current_date", "current_user", "session_user", "current_catalog", "current_schema",
        "current_timestamp", "current_time", "localtimestamp", "localtime",
    ];

    private void WriteCall(CallExpr call)
    {
        if (call.Schema is null && WriteSpecial(call))
        {
            return;
        }
        Add(call.Schema is null ? "" : SqlNames.Name(call.Schema) + ".").Add(FunctionName(call)).Add("(");
        Add(call.Distinct ? "distinct " : "");
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            Add(i == 0 ? "" : ", ");
            if (!call.ArgumentNames.IsDefaultOrEmpty && call.ArgumentNames[i] is { } name)
            {
                Add(SqlNames.Function(name)).Add(" => ");
            }
            Write(call.Arguments[i]);
        }
        if (!call.OrderBy.IsEmpty && !call.WithinGroup)
        {
            WriteOrder(" order by ", call.OrderBy);
        }
        Add(")");
        if (call.WithinGroup)
        {
            WriteOrder(" within group (order by ", call.OrderBy);
            Add(")");
        }
        if (call.Filter is { } filter)
        {
            Add(" filter (where ");
            Write(filter);
            Add(")");
        }
        if (call.Over is { } over)
        {
            WriteOver(over);
        }
    }

    // nullif and the like are keywords that only their own grammar reads.
    private static string FunctionName(CallExpr call) =>
        call.Schema is null && call.Name is "nullif" or "greatest" or "least" or "substring" or "overlay" ? call.Name : SqlNames.Function(call.Name);

    private bool WriteSpecial(CallExpr call)
    {
        if (call.Arguments.IsEmpty && WithoutParentheses.Contains(call.Name))
        {
            Add(call.Name);
            return true;
        }
        switch (call)
        {
            case { Name: "extract", Arguments: [LiteralExpr field, var from] }:
                Add($"extract({SqlNames.Literal(field.Text)} from ");
                Write(from);
                Add(")");
                return true;
            case { Name: "position", Arguments: [var whole, var part] }:
                Add("position(");
                Operand(part);
                Add(" in ");
                Operand(whole);
                Add(")");
                return true;
            default:
                return false;
        }
    }

    private void WriteOver(WindowSpec over)
    {
        bool named = over.Name is not null && over.PartitionBy.IsEmpty && over.OrderBy.IsEmpty && over.Frame is null;
        Add(" over ");
        if (named)
        {
            Add(SqlNames.Name(over.Name!));
            return;
        }
        Add("(");
        WriteWindow(over, over.Name);
        Add(")");
    }

    private void WriteWindow(WindowSpec window, string? name)
    {
        string between = name is null ? "" : " ";
        Add(name is null ? "" : SqlNames.Name(name));
        if (!window.PartitionBy.IsEmpty)
        {
            Listed(between + "partition by ", window.PartitionBy, "");
            between = " ";
        }
        if (!window.OrderBy.IsEmpty)
        {
            WriteOrder(between + "order by ", window.OrderBy);
            between = " ";
        }
        Add(window.Frame is null ? "" : between + window.Frame);
    }

    // ---- parts ----

    private void Operand(Expr expr)
    {
        bool composite = expr is OperatorExpr or AndExpr or OrExpr or NotExpr or TestExpr or DistinctExpr or InListExpr or InSelectExpr or QuantifiedExpr
            || (expr is NumberExpr number && number.Text[0] == '-');
        Add(composite ? "(" : "");
        Write(expr);
        Add(composite ? ")" : "");
    }

    private void Listed(string open, ImmutableArray<Expr> items, string close)
    {
        Add(open);
        Between(items, ", ", Write);
        Add(close);
    }

    private void Between(ImmutableArray<Expr> items, string separator, Action<Expr> write)
    {
        for (int i = 0; i < items.Length; i++)
        {
            Add(i == 0 ? "" : separator);
            write(items[i]);
        }
    }

    private void Subquery(string open, Select query)
    {
        Add(open);
        Nested(query);
        Add(")");
    }
}

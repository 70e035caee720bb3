using System.Collections.Immutable;
using Tenon.Core.Expressions;

namespace Tenon.Core.Codegen;

// The relational half: queries, with their clauses on lines of their own where the query is not inside another.
internal sealed partial class SyntaxPrinter
{
    private int depth;

    private void Nested(Select query)
    {
        depth++;
        WriteSelect(query);
        depth--;
    }

    private void Clause(string words) => Add(depth == 0 ? "\n" : " ").Add(words);

    private void WriteSelect(Select query)
    {
        WriteWith(query.With);
        WriteBody(query.Body);
        if (!query.OrderBy.IsEmpty)
        {
            Clause("");
            WriteOrder("order by ", query.OrderBy);
        }
        if (query.Limit is { } limit)
        {
            Clause("limit ");
            Write(limit);
        }
        if (query.Offset is { } offset)
        {
            Clause("offset ");
            Write(offset);
        }
        if (query.ForUpdate)
        {
            Clause("for update");
        }
    }

    private void WriteWith(ImmutableArray<CommonTable> tables)
    {
        for (int i = 0; i < tables.Length; i++)
        {
            CommonTable table = tables[i];
            Add(i > 0 ? ", " : table.Recursive ? "with recursive " : "with ").Add(SqlNames.Name(table.Name)).Add(Columns(table.Columns));
            Add(table.Materialized switch { true => " as materialized (", false => " as not materialized (", null => " as (" });
            Nested(
                table.Body is SelectStatement select
                    ? select.Select
                    : throw new InvalidOperationException("a statement that writes has no place in what a dump prints")
            );
            Add(") ");
        }
    }

    private void WriteBody(SelectBody body)
    {
        switch (body)
        {
            case SelectCore core:
                WriteCore(core);
                break;
            case SetOperation operation:
                WriteBody(operation.Left);
                Clause(operation.Operator.ToString().ToLowerInvariant() + (operation.All ? " all " : " "));
                WriteBody(operation.Right);
                break;
            case ValuesBody values:
                Add("values ");
                for (int i = 0; i < values.Rows.Length; i++)
                {
                    Listed(i == 0 ? "(" : ", (", values.Rows[i], ")");
                }
                break;
            case NestedBody nested:
                Subquery("(", nested.Select);
                break;
            default:
                throw new InvalidOperationException($"a syntax tree has no {body.GetType().Name}");
        }
    }

    private void WriteCore(SelectCore core)
    {
        Add(core.Distinct ? "select distinct" : "select");
        if (!core.DistinctOn.IsEmpty)
        {
            Listed(" distinct on (", core.DistinctOn, ")");
        }
        for (int i = 0; i < core.Items.Length; i++)
        {
            Add(i == 0 ? " " : ", ");
            Write(core.Items[i].Value);
            Add(core.Items[i].Alias is { } alias ? " as " + SqlNames.Label(alias) : "");
        }
        if (core.From is { } from)
        {
            Clause("from ");
            WriteFrom(from);
        }
        Optional("where ", core.Where);
        if (!core.GroupBy.IsEmpty)
        {
            Clause("");
            Listed("group by ", core.GroupBy, "");
        }
        Optional("having ", core.Having);
        for (int i = 0; i < core.Windows.Length; i++)
        {
            Clause(i == 0 ? "window " : ", ");
            Add(SqlNames.Name(core.Windows[i].Name!)).Add(" as (");
            WriteWindow(core.Windows[i], name: null);
            Add(")");
        }
    }

    private void Optional(string words, Expr? condition)
    {
        if (condition is not null)
        {
            Clause(words);
            Write(condition);
        }
    }

    private void WriteOrder(string words, ImmutableArray<OrderItem> items)
    {
        Add(words);
        for (int i = 0; i < items.Length; i++)
        {
            Add(i == 0 ? "" : ", ");
            Write(items[i].Key);
            Add(Direction(items[i].Descending, items[i].Nulls));
        }
    }

    public static string Direction(bool descending, NullsOrder nulls) =>
        (descending ? " desc" : "") + nulls switch { NullsOrder.First => " nulls first", NullsOrder.Last => " nulls last", _ => "" };

    // ---- from ----

    private void WriteFrom(FromItem item)
    {
        switch (item)
        {
            case TableFrom table:
                Add(SqlNames.Of(table.Name));
                Alias(table.Alias, table.ColumnAliases, table.Name.Name);
                break;
            case SelectFrom query:
                Subquery(query.Lateral ? "lateral (" : "(", query.Select);
                Alias(query.Alias, query.ColumnAliases, null);
                break;
            case FunctionFrom function:
                WriteFunction(function);
                break;
            case JoinFrom join:
                WriteJoin(join);
                break;
            default:
                throw new InvalidOperationException($"a syntax tree has no {item.GetType().Name}");
        }
    }

    private void WriteFunction(FunctionFrom function)
    {
        Add(function.Lateral ? "lateral " : "");
        Write(function.Call);
        Add(function.WithOrdinality ? " with ordinality" : "");
        if (function.ColumnTypes.IsEmpty)
        {
            Alias(function.Alias, function.ColumnAliases, (function.Call as CallExpr)?.Name);
            return;
        }
        IEnumerable<string> columns = function.ColumnAliases.Zip(function.ColumnTypes, (n, t) => $"{SqlNames.Name(n)} {SqlNames.Of(t)}");
        Add($" as {SqlNames.Name(function.Alias)} ({string.Join(", ", columns)})");
    }

    private void Alias(string alias, ImmutableArray<string> columns, string? implied)
    {
        if (alias != implied || !columns.IsEmpty)
        {
            Add(" as ").Add(SqlNames.Name(alias)).Add(Columns(columns));
        }
    }

    private static string Columns(ImmutableArray<string> columns) => columns.IsEmpty ? "" : $" ({SqlNames.List(columns)})";

    private void WriteJoin(JoinFrom join)
    {
        WriteFrom(join.Left);
        Add(join.Natural ? " natural" : "");
        Add(join.Kind == JoinKind.Inner ? " join " : $" {join.Kind.ToString().ToLowerInvariant()} join ");
        bool nested = join.Right is JoinFrom;
        Add(nested ? "(" : "");
        WriteFrom(join.Right);
        Add(nested ? ")" : "");
        if (!join.Using.IsEmpty)
        {
            Add($" using ({SqlNames.List(join.Using)})");
        }
        if (join.On is { } on)
        {
            Add(" on ");
            Write(on);
        }
    }
}

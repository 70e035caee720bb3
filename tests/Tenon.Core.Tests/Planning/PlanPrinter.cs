using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;

namespace Tenon.Core.Tests.Planning;

/// <summary>Plans as text, in the indented form the golden files have.</summary>
internal static class PlanPrinter
{
    public static string Print(Error error) =>
        string.Join(
            "\n   ",
            new[]
            {
                $"{error.Code.Text} {error.StatusOverride ?? error.Code.Status} {error.Message}",
                error.Details is null ? null : "details: " + error.Details,
                error.Hint is null ? null : "hint: " + error.Hint,
            }.Where(l => l is not null)
        );

    public static string Print(ReadPlan plan)
    {
        var text = new StringBuilder();
        Node(text, plan.Root, 0);
        text.Append("\n   slots ").AppendJoin(", ", plan.Slots.Select((s, i) => $"${i} {s.Kind} {s.Type}"));
        text.Append(plan.LiteralSlots.IsEmpty ? "" : $"\n   literals {string.Join(", ", plan.LiteralSlots)}");
        text.Append(plan.IsSingleUse ? "\n   single use" : "");
        return text.ToString();
    }

    public static string Print(WritePlan plan)
    {
        var text = new StringBuilder($"{plan.Kind} {plan.Table} as {plan.Range}");
        Line(text, "columns", string.Join(", ", plan.Columns));
        Line(text, "conflict", string.Join(", ", plan.ConflictColumns));
        Line(text, "put", string.Join(", ", plan.PutKey.Select(k => $"{k.Column} = ${k.Slot}")));
        Line(text, "where", plan.Filter is null ? "" : Text(plan.Filter));
        Line(text, "flags", string.Join(", ", Flags(plan)));
        if (plan.Returning is { } returning)
        {
            text.Append("\n   returning ");
            Node(text, returning, 1);
        }
        return text.ToString();
    }

    private static IEnumerable<string> Flags(WritePlan plan)
    {
        if (plan.MissingIsDefault)
        {
            yield return "missing=default";
        }
        if (plan.ReturnKey)
        {
            yield return "key";
        }
        if (plan.Singular)
        {
            yield return "singular";
        }
        if (plan.MaxAffected is { } most)
        {
            yield return $"max {most}";
        }
    }

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append(value.Length == 0 ? "" : $"\n   {name} {value}");

    private static void Node(StringBuilder text, ReadNode node, int depth)
    {
        string indent = "\n   " + new string(' ', depth * 2);
        text.Append(node.Source switch
        {
            TableSource table => table.Table.ToString(),
            RoutineSource routine => Text(routine.Call) + (routine.Scalar ? " scalar" : "") + (routine.ReturnsSet ? " set" : ""),
            _ => "?",
        });
        text.Append(" as ").Append(node.Range).Append(node.Grouped ? " grouped" : "");
        foreach (OutputMember member in node.Members)
        {
            text.Append(indent);
            switch (member)
            {
                case ValueMember value:
                    text.Append("  ").Append(value.Name).Append(" = ").Append(Text(value.Value));
                    break;
                case EmbedMember embed:
                    Embed(text.Append("  ").Append(embed.Name).Append(": "), embed.Embed, depth + 1);
                    break;
                case SpreadMember spread:
                    Embed(text.Append("  ...: "), spread.Embed, depth + 1);
                    break;
                case HiddenMember hidden:
                    Embed(text.Append("  hidden: "), hidden.Embed, depth + 1);
                    break;
            }
        }
        text.Append(node.Filter is null ? "" : $"{indent}  where {Text(node.Filter)}");
        text.Append(node.Order.IsEmpty ? "" : $"{indent}  order {string.Join(", ", node.Order.Select(Text))}");
        text.Append(depth == 0 || node.Limit is null ? "" : $"{indent}  limit {Text(node.Limit)}");
        text.Append(depth == 0 || node.Offset is null ? "" : $"{indent}  offset {Text(node.Offset)}");
    }

    private static void Embed(StringBuilder text, Embed embed, int depth)
    {
        text.Append(embed.ToMany ? "many " : "one ").Append(embed.Inner ? "inner " : "");
        if (embed.Junction is { } junction)
        {
            text.Append($"by {junction.Table} as {junction.Range} ({Pairs(junction.ToParent)}; {Pairs(junction.ToChild)}) ");
        }
        else
        {
            text.Append($"({Pairs(embed.Columns)}) ");
        }
        Node(text, embed.Node, depth);
    }

    private static string Pairs(IEnumerable<JoinColumn> pairs) => string.Join(", ", pairs.Select(p => $"{p.Parent} = {p.Child}"));

    private static string Text(OrderItem item) =>
        Text(item.Key) + (item.Descending ? " desc" : "") + (item.Nulls == NullsOrder.Default ? "" : " nulls " + item.Nulls.ToString().ToLowerInvariant());

    private static string Text(Expr expr) =>
        expr switch
        {
            ColumnExpr e => $"{e.Range}.{e.Column}",
            ParameterExpr e => $"${e.Slot}",
            ConstantExpr e => $"'{e.Value}'::{e.Type}",
            ApplyExpr e => $"{e.Function.Id}({List(e.Arguments)})",
            AggregateExpr e => $"{e.Function.Id}({List(e.Arguments)})",
            ConvertExpr e => $"{Text(e.Operand)}::{e.Type}",
            AndExpr e => $"and({List(e.Items)})",
            OrExpr e => $"or({List(e.Items)})",
            NotExpr e => $"not({Text(e.Operand)})",
            TestExpr e => $"{Text(e.Operand)} is {(e.Negated ? "not " : "")}{e.Kind}",
            DistinctExpr e => $"distinct({Text(e.Left)}, {Text(e.Right)})",
            QuantifiedExpr e => $"{Text(e.Operand)} {e.Comparison!.Id} {(e.All ? "all" : "any")} {Text(e.Array)}",
            InListExpr e => $"{Text(e.Operand)} in ({List(e.Items)})",
            EmbedPresentExpr e => $"{(e.Negated ? "absent" : "present")}({e.Range})",
            UserCallExpr e => $"{e.Function}({List(e.Arguments)})",
            _ => expr.GetType().Name,
        };

    private static string List(ImmutableArray<Expr> items) => string.Join(", ", items.Select(Text));
}

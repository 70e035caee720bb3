using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Tests.Expressions;

/// <summary>Prints a parsed tree as one line: the record's name and what differs from its defaults. For tests only.</summary>
internal static class TreePrinter
{
    private static readonly HashSet<string> Unprinted = ["Type", "At", "EqualityContract", "NullsFirst", "DoNothing", "HasDefault"];

    public static string Print(object? node)
    {
        var text = new StringBuilder();
        Write(text, node);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case Expr leaf when Leaf(leaf) is { } written:
                text.Append(written);
                break;
            case OperatorExpr op:
                WriteOperator(text, op);
                break;
            case CastExpr cast:
                Write(text, cast.Operand);
                text.Append("::");
                Write(text, cast.Target);
                break;
            case TypeSyntax type:
                text.AppendJoin('.', type.Name);
                text.Append(type.Modifiers.IsEmpty ? "" : $"({string.Join(",", type.Modifiers)})");
                text.Insert(text.Length, "[]", type.ArrayDimensions);
                break;
            case QualifiedName name:
                text.AppendJoin('.', new[] { name.Source, name.Schema, name.Name }.Where(p => p.Length > 0));
                break;
            case RoleName role:
                text.Append(role.Text);
                break;
            case string or bool or int or long or Enum:
                text.Append(node.ToString()!.Replace("\n", "\\n"));
                break;
            case IEnumerable list:
                WriteList(text, list);
                break;
            default:
                WriteRecord(text, node);
                break;
        }
    }

    private static string? Leaf(Expr expr) =>
        expr switch
        {
            NameExpr name => string.Join('.', name.Parts),
            NumberExpr number => number.Text,
            LiteralExpr literal => $"'{literal.Text.Replace("'", "''").Replace("\n", "\\n")}'",
            ConstantExpr { Type.Kind: TypeKind.Boolean } constant => constant.Value.Boolean ? "true" : "false",
            ConstantExpr constant => constant.Value.ToString(),
            StarExpr star => star.Qualifier is null ? "*" : star.Qualifier + ".*",
            PlaceholderExpr placeholder => "$" + placeholder.Name,
            _ => null,
        };

    private static void WriteOperator(StringBuilder text, OperatorExpr op)
    {
        text.Append('(');
        if (op.Left is not null)
        {
            Write(text, op.Left);
            text.Append(' ');
        }
        text.Append(op.Operator).Append(' ');
        Write(text, op.Right);
        text.Append(')');
    }

    private static void WriteList(StringBuilder text, IEnumerable list)
    {
        text.Append('[');
        bool first = true;
        foreach (object? item in list)
        {
            text.Append(first ? "" : ", ");
            first = false;
            Write(text, item);
        }
        text.Append(']');
    }

    private static void WriteRecord(StringBuilder text, object node)
    {
        string name = node.GetType().Name;
        text.Append(name.EndsWith("Expr", StringComparison.Ordinal) ? name[..^4].ToLowerInvariant() : name).Append('(');
        bool first = true;
        foreach (PropertyInfo property in node.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (Unprinted.Contains(property.Name) && !(property.Name == "Type" && property.PropertyType == typeof(TypeSyntax)))
            {
                continue;
            }
            object? value = property.GetValue(node);
            if (IsDefault(value))
            {
                continue;
            }
            text.Append(first ? "" : " ").Append(property.Name.ToLowerInvariant()).Append('=');
            first = false;
            Write(text, value);
        }
        text.Append(')');
    }

    private static bool IsDefault(object? value) =>
        value switch
        {
            null or false or "" or 1L => true,
            string => false,
            Enum e => Convert.ToInt32(e) == 0,
            IEnumerable list => !Any(list),
            _ => false,
        };

    // An ImmutableArray that was never set throws when it is walked.
    private static bool Any(IEnumerable list)
    {
        if (list.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            return !(bool)type.GetProperty(nameof(ImmutableArray<int>.IsDefaultOrEmpty))!.GetValue(list)!;
        }
        return list.Cast<object?>().Any();
    }
}

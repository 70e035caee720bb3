using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;

namespace Tenon.Core.Policies;

/// <summary>
/// Puts a bound template (a policy, a view, a function body) into a statement: its outer ranges become the statement's, its
/// variables become arguments, and every range it opens itself gets an alias nobody else has, so that nothing is captured.
/// </summary>
internal sealed class Instantiation(
    Func<string> freshAlias,
    IReadOnlyDictionary<string, string>? ranges = null,
    IReadOnlyDictionary<string, Expr>? variables = null
) : ExprRewriter
{
    private readonly Dictionary<string, string> aliases = ranges is null
        ? new(StringComparer.Ordinal)
        : new(ranges, StringComparer.Ordinal);

    public override Expr Visit(Expr expr) =>
        expr switch
        {
            ColumnExpr column => aliases.TryGetValue(column.Range, out string? range) ? column with { Range = range } : column,
            RowOfRangeExpr row => aliases.TryGetValue(row.Range, out string? range) ? row with { Range = range } : row,
            VariableExpr variable => Argument(variable) ?? variable,
            _ => base.Visit(expr),
        };

    /// <summary>What was given for a parameter, or for a field of a parameter that takes a row.</summary>
    private Expr? Argument(VariableExpr variable)
    {
        if (variables is null || variables.TryGetValue(variable.Name, out Expr? value))
        {
            return variables is null ? null : variables[variable.Name];
        }
        int dot = variable.Name.LastIndexOf('.');
        if (dot < 0 || !variables.TryGetValue(variable.Name[..dot], out value))
        {
            return null;
        }
        string field = variable.Name[(dot + 1)..];
        return value switch
        {
            RowOfRangeExpr row => new ColumnExpr(row.Range, field) { Type = variable.Type, At = variable.At },
            VariableExpr outer => variable with { Name = $"{outer.Name}.{field}" },
            _ => null,
        };
    }

    public override SelectCore VisitCore(SelectCore core)
    {
        if (core.From is not null)
        {
            Rename(core.From);
        }
        return base.VisitCore(core);
    }

    // All aliases of one from are renamed before any expression in it is visited: joins and laterals refer to each other.
    private void Rename(FromItem from)
    {
        switch (from)
        {
            case JoinFrom join:
                Rename(join.Left);
                Rename(join.Right);
                break;
            case TableFrom table:
                aliases[table.Alias] = freshAlias();
                break;
            case SelectFrom derived:
                aliases[derived.Alias] = freshAlias();
                break;
            case FunctionFrom function:
                aliases[function.Alias] = freshAlias();
                break;
            case GuardedTable guarded:
                throw new InvalidOperationException($"{guarded.Name} was guarded before it was instantiated");
        }
    }

    public override FromItem VisitFrom(FromItem from) =>
        base.VisitFrom(from) switch
        {
            TableFrom table => table with { Alias = aliases[table.Alias] },
            SelectFrom derived => derived with { Alias = aliases[derived.Alias] },
            FunctionFrom function => function with { Alias = aliases[function.Alias] },
            FromItem other => other,
        };
}

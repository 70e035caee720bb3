using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Types;
using Tenon.Server.Auth;

namespace Tenon.Server.Rest;

/// <summary>
/// The one place where the scopes of a user's key are asked: every table, junction and function that a plan names, before
/// it is guarded. What a policy, a view or a function reads inside is theirs, as with grants of owners. Callers without
/// such a key pass unseen. Plans are cached by <see cref="Caller.PlanKey"/>, so an accepted one serves equal scopes alone.
/// </summary>
internal sealed class ScopeCheck : ExprVisitor
{
    private readonly Caller caller;
    private Error? refused;

    private ScopeCheck(Caller caller) => this.caller = caller;

    public static Error? Of(Caller caller, ReadPlan plan)
    {
        if (caller.Key is null)
        {
            return null;
        }
        var check = new ScopeCheck(caller);
        check.VisitNode(plan.Root);
        return check.refused;
    }

    public static Error? Of(Caller caller, WritePlan plan)
    {
        if (caller.Key is null)
        {
            return null;
        }
        var check = new ScopeCheck(caller);
        KeyCommands commands = plan.Kind switch
        {
            WriteKind.Update => KeyCommands.Update,
            WriteKind.Delete => KeyCommands.Delete,
            WriteKind.InsertOrUpdate => KeyCommands.Insert | KeyCommands.Update,
            _ => KeyCommands.Insert,
        };
        // A filter, an arbiter and an answer read the table, as PostgreSQL has it.
        if (plan.Filter is not null || plan.Returning is not null || plan.Kind is WriteKind.InsertOrUpdate or WriteKind.InsertOrIgnore)
        {
            commands |= KeyCommands.Select;
        }
        foreach (KeyCommands command in new[] { KeyCommands.Insert, KeyCommands.Update, KeyCommands.Delete, KeyCommands.Select })
        {
            if ((commands & command) != 0)
            {
                check.Need(command, plan.Table);
            }
        }
        check.VisitIf(plan.Filter);
        if (plan.Returning is { } answered)
        {
            check.VisitNode(answered);
        }
        return check.refused;
    }

    /// <summary>What is about no table in particular (the document of the whole schema) takes a key for everything.</summary>
    public static Error? OfEverything(Caller caller) =>
        caller.Key is null or { Scopes.IsEverything: true }
            ? null
            : new Error(
                ErrorCodes.InsufficientPrivilege,
                "the scopes of this API key do not allow reading the schema",
                null,
                "Make a key whose scopes are \"*\", or sign in."
            );

    public override void Visit(Expr expr)
    {
        if (expr is UserCallExpr call)
        {
            Need(KeyCommands.Execute, call.Function);
        }
        if (expr is not EmbedPresentExpr)
        {
            base.Visit(expr);
        }
    }

    private void Need(KeyCommands command, QualifiedName name) => refused ??= caller.Key!.Refusal(command, name);

    private void VisitIf(Expr? expr)
    {
        if (expr is not null)
        {
            Visit(expr);
        }
    }

    private void VisitNode(ReadNode node)
    {
        switch (node.Source)
        {
            case TableSource table:
                Need(KeyCommands.Select, table.Table);
                break;
            case RoutineSource routine:
                Visit(routine.Call);
                break;
            default:
                throw new InvalidOperationException($"the check of scopes does not know {node.Source.GetType().Name}");
        }
        VisitIf(node.Filter);
        foreach (OrderItem item in node.Order)
        {
            Visit(item.Key);
        }
        foreach (OutputMember member in node.Members)
        {
            VisitMember(member);
        }
    }

    private void VisitMember(OutputMember member)
    {
        switch (member)
        {
            case ValueMember value:
                Visit(value.Value);
                break;
            case EmbedMember embed:
                VisitEmbed(embed.Embed);
                break;
            case SpreadMember spread:
                VisitEmbed(spread.Embed);
                break;
            case HiddenMember hidden:
                VisitEmbed(hidden.Embed);
                break;
            default:
                throw new InvalidOperationException($"the check of scopes does not know {member.GetType().Name}");
        }
    }

    private void VisitEmbed(Embed embed)
    {
        if (embed.Junction is { } junction)
        {
            Need(KeyCommands.Select, junction.Table);
        }
        VisitNode(embed.Node);
    }
}

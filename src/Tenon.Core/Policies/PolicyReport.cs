using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>One policy in words. Rows: which existing rows it speaks of; NewRows: what a row must be to be written.</summary>
internal sealed record PolicyInWords(string Name, bool Permissive, string? Rows, string? NewRows)
{
    /// <summary>Functions it calls that read with their owner's rights, past the policies of what they read.</summary>
    public ImmutableArray<string> OwnersRights { get; init; } = [];
}

/// <summary>What one command on a table comes to for one role.</summary>
internal sealed record CommandInWords(PolicyCommand Command, bool Granted, ImmutableArray<string> Columns)
{
    /// <summary>Why the command is refused, and the grant that would let it; null when it is granted.</summary>
    public Error? Denied { get; init; }

    /// <summary>The sum of it: which rows.</summary>
    public required string Verdict { get; init; }
    public ImmutableArray<PolicyInWords> Policies { get; init; } = [];
}

/// <summary>Grants and policies of a table as one role meets them, in words: what the binder would do, for people.</summary>
internal static class PolicyReport
{
    private static readonly ImmutableArray<(PolicyCommand Command, Privileges Privilege)> Commands =
    [
        (PolicyCommand.Select, Privileges.Select),
        (PolicyCommand.Insert, Privileges.Insert),
        (PolicyCommand.Update, Privileges.Update),
        (PolicyCommand.Delete, Privileges.Delete),
    ];

    public static ImmutableArray<CommandInWords> Of(Catalog.Catalog catalog, Table table, Principal principal) =>
        [.. Commands.Select(c => Of(catalog, table, principal, c.Command, c.Privilege))];

    private static CommandInWords Of(Catalog.Catalog catalog, Table table, Principal principal, PolicyCommand command, Privileges privilege)
    {
        Error? denied = Access.Check(table, principal, privilege, []);
        ImmutableArray<Policy> applying =
        [
            .. table.Policies.Where(p =>
                (p.Command == PolicyCommand.All || p.Command == command) && p.Roles.Any(r => Access.Applies(r, principal.Role))
            ),
        ];
        bool restricts = RowPolicies.Restricts(table, principal);
        return new CommandInWords(command, denied is null, GrantedColumns(table, principal, privilege))
        {
            Denied = denied,
            Verdict = denied is not null ? "refused"
                : table.Kind == RelationKind.View ? ViewVerdict(table)
                : principal.Bypass ? "every row: this role is not asked for policies"
                : !table.RowSecurity ? "every row: row level security is off"
                : !applying.Any(p => p.Permissive) ? "no row: no policy lets any through"
                : applying.Any(p => !p.Permissive) ? "rows that one of the permissive policies lets through, and every restrictive one"
                : "rows that one of the policies lets through",
            Policies = restricts && denied is null ? [.. applying.Select(p => InWords(catalog, table, p, command))] : [],
        };
    }

    private static string ViewVerdict(Table view) =>
        view.SecurityInvoker ? "what the tables below show this role" : "every row of the view: it reads with the rights of its owner";

    /// <summary>Empty: all columns.</summary>
    private static ImmutableArray<string> GrantedColumns(Table table, Principal principal, Privileges privilege)
    {
        if (principal.Bypass || privilege == Privileges.Delete)
        {
            return [];
        }
        var grants = table.Grants.Where(g => (g.Privileges & privilege) != 0 && Access.Applies(g.Role, principal.Role)).ToList();
        return grants.Any(g => g.Columns.IsEmpty) ? [] : [.. grants.SelectMany(g => g.Columns).Distinct()];
    }

    private static PolicyInWords InWords(Catalog.Catalog catalog, Table table, Policy policy, PolicyCommand command)
    {
        Expr? rows = command == PolicyCommand.Insert ? null : policy.Using;
        Expr? made = command is PolicyCommand.Insert or PolicyCommand.Update ? policy.Check ?? policy.Using : null;
        var owners = new OwnersRightsFinder(catalog);
        string? Words(Expr? syntax)
        {
            if (syntax is null)
            {
                return null;
            }
            Expr bound = Templates.Of(catalog).Predicate(table, syntax);
            owners.Visit(bound);
            return Explainer.Explain(bound);
        }
        return new PolicyInWords(policy.Name, policy.Permissive, Words(rows), Words(made)) { OwnersRights = [.. owners.Found] };
    }

    private sealed class OwnersRightsFinder(Catalog.Catalog catalog) : ExprVisitor
    {
        public SortedSet<string> Found { get; } = new(StringComparer.Ordinal);

        public override void Visit(Expr expr)
        {
            if (expr is UserCallExpr call && catalog.Routines.TryGetValue(call.Function, out var overloads) && overloads.Any(r => r.SecurityDefiner))
            {
                Found.Add(call.Function.ToString());
            }
            base.Visit(expr);
        }
    }
}

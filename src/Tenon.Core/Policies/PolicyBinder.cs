using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// The one door: turns plans and queries into guarded ones by putting grants and row policies on every table reference
/// (top level, embed, junction, subquery, view, function body). Nothing behind it accepts an unguarded table.
/// Throws <see cref="TenonException"/> inside; the public factories of the guarded types turn it into an Outcome.
/// </summary>
internal sealed partial class PolicyBinder : GuardedTable.Door
{
    private readonly Catalog.Catalog catalog;
    private readonly Principal principal;
    private readonly Stack<QualifiedName> expanding = new();
    private int lastAlias;

    // How many table references were restricted so far.
    private int restricted;

    public PolicyBinder(Catalog.Catalog catalog, Principal principal, Enforcement enforcement = Enforcement.Compiled)
    {
        this.catalog = catalog;
        this.principal = principal;
        Enforcement = enforcement;
        Current = principal;
        Invoker = principal;
    }

    /// <summary>Native only for a source that runs the statement as the caller's role: nothing is added here then.</summary>
    public Enforcement Enforcement { get; }

    /// <summary>As whom the statement runs.</summary>
    public Principal Principal => principal;

    /// <summary>The first privilege that the catalog does not show; roles may have it by membership, which it does not hold.</summary>
    public Error? Suspected { get; private set; }

    /// <summary>Policies hide rows of something read so far, or only the database knows whether they do.</summary>
    public bool HidesRows { get; private set; }

    private bool IsNative => Enforcement == Enforcement.Native;

    /// <summary>As whom the tree at hand is guarded: the caller, or the owner inside views and security definer functions.</summary>
    private Principal Current { get; set; }

    /// <summary>
    /// The current user: the caller, or the owner inside a security definer function. Views with their owner's rights do not
    /// change it, so a view with its caller's rights, or a function, asks as this one wherever it stands.
    /// </summary>
    private Principal Invoker { get; set; }

    private string FreshAlias() => $"p{++lastAlias}";

    // ---- reads ----

    internal (ReadPlan Plan, Dictionary<string, RangeGuard> Guards) Guard(ReadPlan plan)
    {
        var guards = new Dictionary<string, RangeGuard>(StringComparer.Ordinal);
        ReadNode root = GuardNode(plan.Root, new ColumnUse(plan.Root), guards);
        return (plan with { Root = root }, guards);
    }

    internal Select Guard(Select select) => new GuardPass(this).VisitSelect(select);

    private ReadNode GuardNode(ReadNode node, ColumnUse use, Dictionary<string, RangeGuard> guards)
    {
        var pass = new GuardPass(this);
        Expr? filter = node.Filter is null ? null : pass.Visit(node.Filter);
        guards[node.Range] = GuardSource(node.Source, node.Range, use.Of(node.Range), filter);
        return node with
        {
            Members = [.. node.Members.Select(m => GuardMember(m, use, guards, pass))],
            Filter = filter,
            Order = pass.VisitOrder(node.Order),
        };
    }

    private OutputMember GuardMember(OutputMember member, ColumnUse use, Dictionary<string, RangeGuard> guards, GuardPass pass) =>
        member switch
        {
            ValueMember value => value with { Value = pass.Visit(value.Value) },
            EmbedMember embed => embed with { Embed = GuardEmbed(embed.Embed, use, guards) },
            SpreadMember spread => spread with { Embed = GuardEmbed(spread.Embed, use, guards) },
            HiddenMember hidden => hidden with { Embed = GuardEmbed(hidden.Embed, use, guards) },
            _ => throw new InvalidOperationException($"the policy binder does not know {member.GetType().Name}"),
        };

    private Embed GuardEmbed(Embed embed, ColumnUse use, Dictionary<string, RangeGuard> guards)
    {
        if (embed.Junction is { } junction)
        {
            guards[junction.Range] = GuardSource(new TableSource(junction.Table), junction.Range, use.Of(junction.Range), null);
        }
        return embed with { Node = GuardNode(embed.Node, use, guards) };
    }

    private RangeGuard GuardSource(NodeSource source, string range, IReadOnlyCollection<string> columns, Expr? filter)
    {
        switch (source)
        {
            case TableSource { Table: var name }:
                Table table = catalog.Find(name) ?? throw new InvalidOperationException($"{name} left the catalog during planning");
                Demand(table, Privileges.Select, columns);
                return table.Kind == RelationKind.View && !IsNative
                    ? new RangeGuard(new SelectFrom(Fenced(() => ExpandView(table), filter), range, [], false), null) { Table = table }
                    : new RangeGuard(Admit(catalog, name, range, null), Using(table, range, PolicyCommand.Select)) { Table = table };
            case RoutineSource routine:
                return GuardRoutine(routine, range, filter);
            default:
                throw new InvalidOperationException($"the policy binder does not know {source.GetType().Name}");
        }
    }

    private void Demand(Table table, Privileges privilege, IEnumerable<string> columns)
    {
        if (Access.Check(table, Current, privilege, columns) is not { } denied)
        {
            DemandOwnRight(table, privilege);
            return;
        }
        Suspected ??= denied;
        if (!IsNative)
        {
            throw denied.ToException();
        }
    }

    /// <summary>
    /// Where Tenon runs a caller's statement as itself, it needs the right, too; else the database runs it as the caller. What
    /// Tenon does for itself nobody else can do: there the database says what it may not.
    /// </summary>
    private void DemandOwnRight(Table table, Privileges privilege)
    {
        if (!IsNative && principal != Principal.Owner && (table.OnlyAsCaller & (privilege | Privileges.Select)) != 0)
        {
            throw Refusals.NotSupported($"{table.Name.Name}, on which the user of the database's url has too few rights,").ToException();
        }
    }

    // ---- predicates ----

    /// <summary>The USING side for existing rows of <paramref name="range"/>; null when nothing restricts.</summary>
    private Expr? Using(Table table, string range, PolicyCommand command)
    {
        if (!Restricts(table))
        {
            return null;
        }
        restricted++;
        return Expanding(table, () => RowPolicies.Using(table, Current, command, e => Predicate(e, table, range)));
    }

    private Expr? Check(Table table, string range, PolicyCommand command) =>
        Restricts(table)
            ? Expanding(table, () => RowPolicies.Check(table, Current, command, e => Predicate(e, table, range)))
            : null;

    private bool Restricts(Table table)
    {
        HidesRows |= RowPolicies.Restricts(table, Current) || table.NativePolicies || (IsNative && table.Kind == RelationKind.View);
        if (IsNative || !RowPolicies.Restricts(table, Current))
        {
            return false;
        }
        return table.NativePolicies
            ? throw Refusals.NotSupported($"a row policy of {table.Name.Name} that Tenon cannot read").ToException()
            : true;
    }

    private Expr? Expanding(Table table, Func<Expr?> build)
    {
        expanding.Push(table.Name);
        try
        {
            return build();
        }
        finally
        {
            expanding.Pop();
        }
    }

    private Expr Predicate(Expr syntax, Table table, string range)
    {
        Expr bound = Templates.Of(catalog).Predicate(table, syntax);
        DemandEnd(table, syntax, bound);
        var ranges = new Dictionary<string, string>(StringComparer.Ordinal) { [Templates.Row] = range };
        return new GuardPass(this).Visit(new Instantiation(FreshAlias, ranges).Visit(bound));
    }

    /// <summary>
    /// PostgreSQL raises when the policies of a table lead back to it and ask a query there again (42P17), at query time as
    /// here; policies that look at the row alone end it. A function that is being put in place would call itself when it runs.
    /// </summary>
    private void DemandEnd(Table table, Expr syntax, Expr condition)
    {
        if (expanding.Count(n => n == table.Name) < 2)
        {
            return;
        }
        ExprFacts facts = ExprFacts.Of(condition);
        // PostgreSQL looks at a policy as a whole: the side that is not asked counts too.
        bool asks = table.Policies.Any(p => (p.Using == syntax || p.Check == syntax) && (HasSubquery(p.Using) || HasSubquery(p.Check)));
        if (asks || facts.HasSubquery || (facts.HasUserCall && expanding.Any(catalog.Routines.ContainsKey)))
        {
            throw new Error(
                ErrorCodes.InvalidObjectDefinition,
                $"infinite recursion detected in policy for relation \"{table.Name.Name}\""
            ).ToException();
        }
    }

    private static bool HasSubquery(Expr? side) => side is not null && ExprFacts.Of(side).HasSubquery;

    // ---- views and functions ----

    private static FunctionFrom NativeCall(RoutineSource routine, string range) =>
        new(routine.Call, range, routine.Scalar ? [routine.Call.Function.Name] : [], false);

    /// <summary>
    /// The rows of a view or function that itself reads rows behind policies, kept apart where a condition on them, or what
    /// they are made of, may raise: an engine that melts the two queries together would ask it of hidden rows. No engine looks
    /// past an offset.
    /// </summary>
    private Select Fenced(Func<Select> expand, Expr? condition)
    {
        int before = restricted;
        Select rows = expand();
        bool raises = condition is not null && !(ExprFacts.Of(condition).IsTotal && ExprFacts.Of(rows).IsTotal);
        return raises && restricted > before && rows.Offset is null
            ? rows with { Offset = new ConstantExpr(Datum.Of(0)) { Type = LogicalType.Int8 } }
            : rows;
    }

    private Select ExpandView(Table view)
    {
        if (view.ViewQuery is null)
        {
            throw Refusals.NotSupported($"the view {view.Name.Name}, whose query Tenon cannot read,").ToException();
        }
        Select query = new Instantiation(FreshAlias).VisitSelect(Templates.Of(catalog).View(view));
        return As(Below(view), () => new GuardPass(this).VisitSelect(query));
    }

    /// <summary>The call as the engine is to run it, when its function is not one query, or is being inlined already.</summary>
    private GuardedCallExpr? Uninlined(UserCallExpr call)
    {
        Routine routine = Allowed(call);
        if (Templates.Of(catalog).IsInlinable(routine) && !expanding.Contains(routine.Name) && expanding.Count <= MaxDepth)
        {
            return null;
        }
        return new GuardedCallExpr(call.Function, call.Arguments)
        {
            Routine = routine,
            Principal = routine.SecurityDefiner ? Principal.Owner : Invoker,
            Catalog = catalog,
            Type = call.Type,
            At = call.At,
        };
    }

    private Routine Allowed(UserCallExpr call)
    {
        Routine routine = FindRoutine(call);
        return routine.ExecuteRoles.Any(r => Access.Applies(r, Invoker.Role)) || Invoker.Bypass
            ? routine
            : throw new Error(ErrorCodes.InsufficientPrivilege, $"permission denied for function {routine.Name.Name}").ToException();
    }

    /// <summary>The rows of a function of one select, its arguments put in place of its parameters.</summary>
    private Select Inline(UserCallExpr call)
    {
        Routine routine = Allowed(call);
        if (expanding.Contains(routine.Name) || expanding.Count > MaxDepth)
        {
            throw Refusals.NotSupported($"the recursive function {routine.Name.Name}").ToException();
        }
        Select body = Templates.Of(catalog).Body(routine);
        var arguments = new Dictionary<string, Expr>(StringComparer.Ordinal);
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            arguments[Templates.Of(catalog).ParameterName(routine, i)] = call.Arguments[i];
        }
        Select instance = new Instantiation(FreshAlias, null, arguments).VisitSelect(body);
        expanding.Push(routine.Name);
        try
        {
            Principal before = Invoker;
            Invoker = routine.SecurityDefiner ? Principal.Owner : Invoker;
            Select rows = As(Invoker, () => new GuardPass(this).VisitSelect(instance));
            Invoker = before;
            return rows;
        }
        finally
        {
            expanding.Pop();
        }
    }

    private const int MaxDepth = 32;

    private Routine FindRoutine(UserCallExpr call) =>
        catalog.Routines.TryGetValue(call.Function, out var overloads)
        && overloads.FirstOrDefault(r => r.Parameters.Length == call.Arguments.Length && Templates.Accepts(r, call)) is { } routine
            ? routine
            : throw new InvalidOperationException($"function {call.Function} left the catalog during planning");

    private T As<T>(Principal other, Func<T> work)
    {
        Principal before = Current;
        Current = other;
        try
        {
            return work();
        }
        finally
        {
            Current = before;
        }
    }
}

using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// A table reference that has been through the policy binder: the only form of a table the SQL writer accepts. Its policy's
/// predicate is in <see cref="Filter"/> when it must stay with the reference (nullable side of an outer join), else in the
/// where of the query around it. Made by <see cref="Door"/> alone, which only the binder opens.
/// </summary>
internal sealed record GuardedTable : FromItem
{
    private GuardedTable(QualifiedName name, string alias, Expr? filter)
    {
        Name = name;
        Alias = alias;
        Filter = filter;
    }

    public QualifiedName Name { get; }
    public string Alias { get; }

    /// <summary>A predicate over the alias, or null.</summary>
    public Expr? Filter { get; }

    /// <summary>The constructor of guarded tables: for the binder, and for an engine that reads back rows a guarded write chose.</summary>
    internal static class Door
    {
        public static GuardedTable Admit(QualifiedName name, string alias, Expr? filter) => new(name, alias, filter);
    }
}

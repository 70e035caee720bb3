using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>An index over the words of a row: what it indexes, a tsvector over the range <see cref="Templates.Row"/>.</summary>
internal sealed record SearchKey(QualifiedName Index, Expr Value);

/// <summary>
/// A table reference that has been through the policy binder: the only form of a table the SQL writer accepts. Its policy's
/// predicate is in <see cref="Filter"/> when it must stay with the reference (nullable side of an outer join), else in the
/// where of the query around it. Its constructor is private and <see cref="Door"/> is opened by deriving from it, which the
/// binder alone does: an unguarded read does not compile.
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

    /// <summary>The full-text indexes of the table, for an engine that asks them itself.</summary>
    public ImmutableArray<SearchKey> SearchKeys { get; init; } = [];

    /// <summary>The constructor of guarded tables, for <see cref="PolicyBinder"/>; a test sees to it that nothing else derives from it.</summary>
    internal abstract class Door
    {
        private protected static GuardedTable Admit(QualifiedName name, string alias, Expr? filter) => new(name, alias, filter);

        /// <summary>The same with its full-text indexes.</summary>
        private protected static GuardedTable Admit(Catalog.Catalog catalog, QualifiedName name, string alias, Expr? filter) =>
            new(name, alias, filter) { SearchKeys = catalog.Find(name) is { } table ? Templates.Of(catalog).SearchKeys(table) : [] };
    }
}

using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// A call, inside a query, of a function that cannot be inlined (several statements, loops, itself): the engine runs its body
/// for each row, as the principal the binder decided on. Whether it may be called has been asked.
/// </summary>
internal sealed record GuardedCallExpr(QualifiedName Function, ImmutableArray<Expr> Arguments) : UserCallExpr(Function, Arguments)
{
    public required Routine Routine { get; init; }
    public required Principal Principal { get; init; }
    public required Catalog.Catalog Catalog { get; init; }
}

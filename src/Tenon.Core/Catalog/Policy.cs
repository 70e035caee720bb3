using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Catalog;

internal enum PolicyCommand
{
    All,
    Select,
    Insert,
    Update,
    Delete,
}

/// <summary>CREATE POLICY as written; Using and Check are syntax, bound by the policy binder.</summary>
internal sealed record Policy(string Name, bool Permissive, PolicyCommand Command, ImmutableArray<RoleName> Roles)
{
    public Expr? Using { get; init; }
    public Expr? Check { get; init; }
}

[Flags]
internal enum Privileges
{
    None = 0,
    Select = 1,
    Insert = 2,
    Update = 4,
    Delete = 8,
    Truncate = 16,
    References = 32,
    Trigger = 64,
    All = 127,

    /// <summary>Those that are on columns; one of the others tells of none.</summary>
    OnColumns = Select | Insert | Update | References,
}

/// <summary>Privileges of one role on a relation; Columns empty = the whole relation.</summary>
internal sealed record Grant(RoleName Role, Privileges Privileges, ImmutableArray<string> Columns);

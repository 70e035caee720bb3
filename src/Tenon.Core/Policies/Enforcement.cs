namespace Tenon.Core.Policies;

/// <summary>Who enforces grants and row policies of a statement.</summary>
internal enum Enforcement
{
    /// <summary>Tenon: the binder puts predicates on every table reference.</summary>
    Compiled,

    /// <summary>The database itself: the statement runs as the caller's role, and the binder leaves tables and calls alone.</summary>
    Native,
}

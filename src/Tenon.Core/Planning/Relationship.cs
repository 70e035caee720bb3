using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

internal enum Cardinality
{
    ManyToOne,
    OneToMany,
    OneToOne,
    ManyToMany,
}

/// <summary>One column of a relation and the one it is joined to.</summary>
internal readonly record struct ColumnPair(string Column, string ForeignColumn);

/// <summary>The table between the ends of a many-to-many, with the constraint and columns toward each end.</summary>
internal sealed record JunctionLink(
    QualifiedName Table,
    string SourceConstraint,
    ImmutableArray<ColumnPair> ToSource,
    string TargetConstraint,
    ImmutableArray<ColumnPair> ToTarget
);

/// <summary>
/// How a relation reaches another: seen from Table. In a junction's pairs Column is the junction's, ForeignColumn the end's.
/// </summary>
internal sealed record Relationship(QualifiedName Table, QualifiedName Target, Cardinality Cardinality, string Constraint)
{
    public ImmutableArray<ColumnPair> Columns { get; init; } = [];
    public JunctionLink? Junction { get; init; }

    /// <summary>The target is a view: it is found by its own name only.</summary>
    public bool TargetIsView { get; init; }

    /// <summary>A function of the row leads to the target.</summary>
    public bool IsComputed { get; init; }

    /// <summary>Of a computed one to many: the key by which a row of Table is found again.</summary>
    public ImmutableArray<string> RowKey { get; init; } = [];

    public bool IsSelf => Table == Target;

    public bool IsToOne => Cardinality is Cardinality.ManyToOne or Cardinality.OneToOne;
}

using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// What a migration does to a database, in order and free of any engine's words. An engine's SchemaWriter turns each step
// into its DDL. Views, functions, triggers, policies and grants live in the catalog only and make no step.

/// <summary>One change of the database's structure, or of its rows; <see cref="Catalog"/> is the catalog after it.</summary>
internal abstract record SchemaStep
{
    public Catalog.Catalog Catalog { get; init; } = Tenon.Core.Catalog.Catalog.Empty;

    /// <summary>The statement's place in its file.</summary>
    public Span At { get; init; } = Span.None;
}

internal sealed record CreateTableStep(Table Table) : SchemaStep;

internal sealed record DropTableStep(Table Table) : SchemaStep;

/// <summary>A new name or a new schema.</summary>
internal sealed record RenameTableStep(Table Before, Table After) : SchemaStep;

internal sealed record RenameColumnStep(Table Table, string From, string To) : SchemaStep;

/// <summary>Where a column of the rebuilt table takes its values from: a column of the old one, an expression over it, or nothing.</summary>
internal sealed record ColumnCopy(Column Target, string? Source, Expr? Value);

/// <summary>The table gets another shape: made anew from the old rows where the engine cannot alter it in place.</summary>
internal sealed record AlterTableStep(Table Before, Table After, ImmutableArray<ColumnCopy> Columns) : SchemaStep
{
    /// <summary>Nothing but one plain column was put behind the others.</summary>
    public Column? AddedColumn { get; init; }
}

internal sealed record CreateIndexStep(Table Table, Catalog.Index Index) : SchemaStep;

internal sealed record DropIndexStep(Table Table, string Name) : SchemaStep;

/// <summary>A unique constraint, which is an index in every engine.</summary>
internal sealed record CreateUniqueStep(Table Table, KeyConstraint Key) : SchemaStep;

/// <summary>The last number an identity column gave becomes the value of this query, or the one before it.</summary>
internal sealed record IdentityValueStep(Table Table, Column Column, Select Value, bool IsCalled) : SchemaStep;

/// <summary>Identity columns of a table count differently from now on.</summary>
internal sealed record IdentityRuleStep(Table Table, Column Before, Column After) : SchemaStep;

/// <summary>Rows change; the statement is syntax, to be bound with this step's catalog.</summary>
internal sealed record RowsStep(Statement Statement) : SchemaStep;

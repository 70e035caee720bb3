using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// The schema language as parsed: PostgreSQL's DDL, types and expressions still syntax, names as written ("" = no schema).

/// <summary>A statement of a migration: either rows (<see cref="RowStatement"/>) or schema.</summary>
internal abstract record SchemaStatement
{
    public Span At { get; init; } = Span.None;
}

/// <summary>An insert, update, delete or select among the migration's statements.</summary>
internal sealed record RowStatement(Statement Statement) : SchemaStatement;

internal sealed record ColumnDefinition(string Name, TypeSyntax Type)
{
    public bool NotNull { get; init; }
    public Expr? Default { get; init; }
    public Expr? Generated { get; init; }
    public IdentityKind Identity { get; init; }

    /// <summary>The first number of an identity column (start with …).</summary>
    public long IdentityStart { get; init; } = 1;
    public long IdentityIncrement { get; init; } = 1;

    /// <summary>Constraints written behind the column.</summary>
    public ImmutableArray<ConstraintDefinition> Constraints { get; init; } = [];
    public Span At { get; init; } = Span.None;
}

internal abstract record ConstraintDefinition(string? Name)
{
    public Span At { get; init; } = Span.None;
}

internal sealed record PrimaryKeyDefinition(string? Name, ImmutableArray<string> Columns) : ConstraintDefinition(Name)
{
    /// <summary>using index name: the columns are those of that unique index, which becomes the constraint.</summary>
    public string? UsingIndex { get; init; }
}

internal sealed record UniqueDefinition(string? Name, ImmutableArray<string> Columns, bool NullsNotDistinct) : ConstraintDefinition(Name)
{
    public string? UsingIndex { get; init; }
}

internal sealed record CheckDefinition(string? Name, Expr Condition) : ConstraintDefinition(Name);

/// <summary>TargetColumns empty = the target's primary key.</summary>
internal sealed record ForeignKeyDefinition(
    string? Name,
    ImmutableArray<string> Columns,
    QualifiedName Target,
    ImmutableArray<string> TargetColumns,
    ReferentialAction OnDelete,
    ReferentialAction OnUpdate,
    bool Deferrable,
    bool InitiallyDeferred
) : ConstraintDefinition(Name);

internal sealed record CreateTable(
    QualifiedName Name,
    ImmutableArray<ColumnDefinition> Columns,
    ImmutableArray<ConstraintDefinition> Constraints,
    bool IfNotExists
) : SchemaStatement;

internal abstract record AlterAction
{
    public Span At { get; init; } = Span.None;
}

internal sealed record AddColumn(ColumnDefinition Column, bool IfNotExists) : AlterAction;

internal sealed record DropColumn(string Column, bool IfExists, bool Cascade) : AlterAction;

internal sealed record AlterColumnType(string Column, TypeSyntax Type, Expr? Using) : AlterAction;

/// <summary>Default null = drop default.</summary>
internal sealed record AlterColumnDefault(string Column, Expr? Default) : AlterAction;

internal sealed record AlterColumnNotNull(string Column, bool NotNull) : AlterAction;

/// <summary>add/set generated … as identity; None = drop identity.</summary>
internal sealed record AlterColumnIdentity(string Column, IdentityKind Identity) : AlterAction
{
    public long Start { get; init; } = 1;
    public long Increment { get; init; } = 1;
}

/// <summary>alter column … [set start with n] [set increment by n] [restart [with n]]; null = not written.</summary>
internal sealed record AlterColumnNumbers(string Column, long? Start, long? Increment, bool Restarts, long? RestartWith) : AlterAction;

internal sealed record DropExpression(string Column) : AlterAction;

internal sealed record AddConstraint(ConstraintDefinition Constraint) : AlterAction;

internal sealed record DropConstraint(string Name, bool IfExists, bool Cascade) : AlterAction;

internal sealed record RenameColumn(string From, string To) : AlterAction;

internal sealed record RenameConstraint(string From, string To) : AlterAction;

internal sealed record RenameTable(string To) : AlterAction;

internal sealed record SetSchema(string Schema) : AlterAction;

internal sealed record SetRowSecurity(bool Enabled) : AlterAction;

internal sealed record SetForceRowSecurity(bool Forced) : AlterAction;

internal sealed record SetViewOption(string Name, string Value) : AlterAction;

/// <summary>alter table/view … owner to, replica identity, cluster …: accepted, without effect here.</summary>
internal sealed record IgnoredAlter(string What) : AlterAction;

internal sealed record AlterTable(QualifiedName Name, ImmutableArray<AlterAction> Actions, bool IfExists, bool IsView) : SchemaStatement;

internal enum ObjectKind
{
    Table,
    View,
    Index,
    Schema,
    Type,
    Function,
    Trigger,
    Policy,
    Column,
    Constraint,
    Role,
    Extension,
    Sequence,
    Publication,
}

/// <summary>drop kind name, …; On is the table for triggers and policies; Arguments those of a function when written.</summary>
internal sealed record DropObject(ObjectKind Kind, ImmutableArray<QualifiedName> Names, bool IfExists, bool Cascade) : SchemaStatement
{
    public QualifiedName? On { get; init; }
    public ImmutableArray<TypeSyntax>? Arguments { get; init; }
}

/// <summary>Name is empty when PostgreSQL would derive it.</summary>
internal sealed record CreateIndex(string Name, QualifiedName Table, ImmutableArray<IndexKey> Keys, bool Unique, string Method) : SchemaStatement
{
    public Expr? Where { get; init; }
    public bool IfNotExists { get; init; }
}

internal sealed record CreateView(QualifiedName Name, ImmutableArray<string> Columns, Select Query, bool OrReplace) : SchemaStatement
{
    public bool SecurityInvoker { get; init; }
    public CheckOption CheckOption { get; init; }
}

internal sealed record CreateEnum(QualifiedName Name, ImmutableArray<string> Labels) : SchemaStatement;

/// <summary>alter type … add value [if not exists] label [before|after other].</summary>
internal sealed record AddEnumValue(QualifiedName Name, string Label, string? Before, string? After, bool IfNotExists) : SchemaStatement;

internal sealed record RenameEnumValue(QualifiedName Name, string From, string To) : SchemaStatement;

internal sealed record CreateSchema(string Name, bool IfNotExists) : SchemaStatement;

internal sealed record CreateRole(string Name) : SchemaStatement;

internal sealed record CreatePolicy(
    string Name,
    QualifiedName Table,
    bool Permissive,
    PolicyCommand Command,
    ImmutableArray<RoleName> Roles,
    Expr? Using,
    Expr? Check
) : SchemaStatement;

/// <summary>alter policy name on table [rename to] [to roles] [using] [with check]; null = unchanged.</summary>
internal sealed record AlterPolicy(string Name, QualifiedName Table) : SchemaStatement
{
    public string? RenameTo { get; init; }
    public ImmutableArray<RoleName>? Roles { get; init; }
    public Expr? Using { get; init; }
    public Expr? Check { get; init; }
}

internal sealed record PrivilegeItem(Privileges Privilege, ImmutableArray<string> Columns);

/// <summary>grant/revoke on tables. AllInSchema: names are schemas.</summary>
internal sealed record GrantTables(
    bool Revoke,
    ImmutableArray<PrivilegeItem> Items,
    ImmutableArray<QualifiedName> Tables,
    bool AllInSchema,
    ImmutableArray<RoleName> Roles
) : SchemaStatement;

/// <summary>grant/revoke execute on functions. Arguments null = every overload.</summary>
internal sealed record GrantFunctions(
    bool Revoke,
    ImmutableArray<(QualifiedName Name, ImmutableArray<TypeSyntax>? Arguments)> Functions,
    bool AllInSchema,
    ImmutableArray<RoleName> Roles
) : SchemaStatement;

internal sealed record ParameterDefinition(string Name, TypeSyntax Type, Expr? Default, bool Out, bool Variadic);

internal sealed record CreateFunction(QualifiedName Name, ImmutableArray<ParameterDefinition> Parameters, bool OrReplace) : SchemaStatement
{
    /// <summary>Null: given by the out parameters, or a procedure-like void.</summary>
    public TypeSyntax? Returns { get; init; }
    public bool ReturnsSet { get; init; }

    /// <summary>returns table(…).</summary>
    public ImmutableArray<ParameterDefinition> ReturnsTable { get; init; } = [];
    public required string Language { get; init; }
    public Volatility Volatility { get; init; } = Volatility.Volatile;
    public bool SecurityDefiner { get; init; }
    public bool Strict { get; init; }
    public bool OneRow { get; init; }
    public required RoutineBody Body { get; init; }
    public required string Text { get; init; }
}

/// <summary>
/// select setval(sequence, value [, is_called]): Sequence is its name, or with Column the table of
/// pg_get_serial_sequence(table, column).
/// </summary>
internal sealed record SetSequence(string Sequence, string? Column, Expr Value, bool IsCalled) : SchemaStatement;

internal sealed record CreateTrigger(QualifiedName Table, Trigger Trigger, bool OrReplace) : SchemaStatement;

internal sealed record CommentOn(ObjectKind Kind, QualifiedName Name, string? Column, string? Text) : SchemaStatement;

/// <summary>
/// A statement that is accepted, recorded and has no effect on the schema here: create extension, alter publication,
/// alter default privileges, set, notify, begin/commit around a file.
/// </summary>
internal sealed record RecordedStatement(string What, ImmutableArray<QualifiedName> Names) : SchemaStatement;

/// <summary>alter publication supabase_realtime add/drop table …: which tables realtime announces.</summary>
internal sealed record AlterPublication(string Publication, bool Add, ImmutableArray<QualifiedName> Tables) : SchemaStatement;

using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

// The PL/pgSQL subset of DECISIONS §3 as a tree. Expressions inside are syntax until the routine is bound.

internal abstract record RoutineBody;

/// <summary>A body that only the database it lives in can run (another language, or words Tenon does not read).</summary>
internal sealed record NativeBody : RoutineBody;

/// <summary>language sql: a list of statements; the last one gives the result.</summary>
internal sealed record SqlBody(ImmutableArray<Statement> Statements) : RoutineBody;

/// <summary>language plpgsql.</summary>
internal sealed record BlockBody(ImmutableArray<VariableDeclaration> Variables, ImmutableArray<BlockStatement> Statements) : RoutineBody
{
    /// <summary>exception when … then …: the statements run in a savepoint when there is one.</summary>
    public ImmutableArray<ExceptionHandler> Handlers { get; init; } = [];
}

/// <summary>when condition or condition … then statements; the conditions are names, SQLSTATEs or "others".</summary>
internal sealed record ExceptionHandler(ImmutableArray<string> Conditions, ImmutableArray<BlockStatement> Statements)
{
    /// <summary>The variables sqlstate and sqlerrm under their bound names; filled by the checker.</summary>
    public string SqlState { get; init; } = "";
    public string SqlError { get; init; } = "";
}

internal sealed record VariableDeclaration(string Name, TypeSyntax? Type, Expr? Initial, bool NotNull)
{
    /// <summary>name table.column%type or name table%rowtype: the dotted name before the percent sign.</summary>
    public ImmutableArray<string> TypeOf { get; init; } = [];
    public bool RowType { get; init; }
    public bool Constant { get; init; }

    /// <summary>Filled by the checker.</summary>
    public LogicalType? BoundType { get; init; }
    public Span At { get; init; } = Span.None;
}

internal abstract record BlockStatement
{
    public Span At { get; init; } = Span.None;
}

/// <summary>target := expression; Target is a variable or new.column.</summary>
internal sealed record AssignBlock(string Target, Expr Value) : BlockStatement;

internal sealed record IfBranch(Expr Condition, ImmutableArray<BlockStatement> Body);

internal sealed record IfBlock(ImmutableArray<IfBranch> Branches, ImmutableArray<BlockStatement> Else) : BlockStatement;

/// <summary>An insert, update or delete, or a select … into.</summary>
internal sealed record SqlBlock(Statement Statement, ImmutableArray<string> Into, bool Strict) : BlockStatement;

/// <summary>perform …: a select whose rows are thrown away.</summary>
internal sealed record PerformBlock(Select Select) : BlockStatement;

internal sealed record ReturnBlock(Expr? Value) : BlockStatement;

internal sealed record ReturnQueryBlock(Statement Query) : BlockStatement;

internal sealed record ReturnNextBlock(Expr? Value) : BlockStatement;

internal enum RaiseLevel
{
    Debug,
    Notice,
    Warning,
    Exception,
}

/// <summary>raise level 'format % …', arguments using errcode = …, hint = …, detail = …, message = ….</summary>
internal sealed record RaiseBlock(RaiseLevel Level, string? Format, ImmutableArray<Expr> Arguments) : BlockStatement
{
    /// <summary>raise sqlstate '…' or raise condition_name.</summary>
    public string? Condition { get; init; }
    public ImmutableArray<ColumnAssignment> Options { get; init; } = [];

    /// <summary>raise; alone: the error being handled once more.</summary>
    public bool Again { get; init; }
}

/// <summary>begin … end inside a block, with its own declarations.</summary>
internal sealed record NestedBlock(BlockBody Body) : BlockStatement;

/// <summary>for row in select … loop … end loop.</summary>
internal sealed record ForQueryBlock(string Variable, Select Query, ImmutableArray<BlockStatement> Body) : BlockStatement;

/// <summary>for i in [reverse] a..b [by step] loop; the variable is the loop's own.</summary>
internal sealed record ForRangeBlock(string Variable, Expr From, Expr To, Expr? Step, bool Reverse, ImmutableArray<BlockStatement> Body) : BlockStatement;

/// <summary>[while condition] loop … end loop.</summary>
internal sealed record LoopBlock(Expr? Condition, ImmutableArray<BlockStatement> Body) : BlockStatement;

/// <summary>exit or continue [when condition], of the innermost loop.</summary>
internal sealed record LeaveBlock(bool Continues, Expr? Condition) : BlockStatement;

/// <summary>get [stacked] diagnostics variable = item, …; the items in lower case.</summary>
internal sealed record DiagnosticsBlock(ImmutableArray<(string Target, string Item)> Items) : BlockStatement
{
    public bool Stacked { get; init; }
}

internal sealed record NullBlock : BlockStatement;

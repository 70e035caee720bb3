using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

// The scalar half of the one tree. A parser makes the *syntax* nodes and the *shared* nodes; the TypeChecker replaces every
// syntax node by a *bound* node and gives every node its type. The three readers (SQL writer, evaluator, explainer) accept
// bound and shared nodes only.

/// <summary>A scalar expression. <see cref="Type"/> is Unknown until the type checker has been there.</summary>
internal abstract record Expr
{
    public LogicalType Type { get; init; } = LogicalType.Unknown;

    /// <summary>Where it stands in the text it was parsed from.</summary>
    public Span At { get; init; } = Span.None;
}

// ---- syntax: names not resolved yet --------------------------------------------------------------------------------

/// <summary>A possibly qualified name: a, t.a, s.t.a.</summary>
internal sealed record NameExpr(ImmutableArray<string> Parts) : Expr;

/// <summary>* or t.* in a select list (or count(*)).</summary>
internal sealed record StarExpr(string? Qualifier) : Expr;

/// <summary>A quoted string whose type its neighbours decide ('2024-01-01').</summary>
internal sealed record LiteralExpr(string Text) : Expr;

/// <summary>A number as written; its type follows PostgreSQL: int4, int8 or numeric.</summary>
internal sealed record NumberExpr(string Text) : Expr;

/// <summary>A placeholder of SQL text: $1 (Name "1") or a named one.</summary>
internal sealed record PlaceholderExpr(string Name) : Expr;

/// <summary>An operator by its SQL spelling, prefix when Left is null: + - * / % ^ || = &lt;&gt; &lt; ~ ~~ ~~* -&gt; -&gt;&gt; #&gt; @&gt; ? && …</summary>
internal sealed record OperatorExpr(string Operator, Expr? Left, Expr Right) : Expr;

/// <summary>A function call by name; aggregates and windows look the same until they are bound.</summary>
internal sealed record CallExpr(string? Schema, string Name, ImmutableArray<Expr> Arguments) : Expr
{
    /// <summary>Names of named arguments (f(a =&gt; 1)), parallel to Arguments; null where positional.</summary>
    public ImmutableArray<string?> ArgumentNames { get; init; } = [];
    public bool Distinct { get; init; }
    public ImmutableArray<OrderItem> OrderBy { get; init; } = [];

    /// <summary>The order was written as within group (order by …): an ordered-set aggregate.</summary>
    public bool WithinGroup { get; init; }
    public Expr? Filter { get; init; }
    public WindowSpec? Over { get; init; }
}

/// <summary>A type as written: name parts, modifiers, array dimensions.</summary>
internal sealed record TypeSyntax(ImmutableArray<string> Name, ImmutableArray<int> Modifiers, int ArrayDimensions, Span At);

/// <summary>x::type, cast(x as type), type 'literal'.</summary>
internal sealed record CastExpr(Expr Operand, TypeSyntax Target) : Expr;

/// <summary>(expr).field: a field of a row.</summary>
internal sealed record FieldExpr(Expr Row, string Field) : Expr;

/// <summary>x at time zone z is a call of timezone(z, x); x[i] and x[i:j] are this.</summary>
internal sealed record SubscriptExpr(Expr Array, Expr Index, Expr? Upper) : Expr;

// ---- shared: made by the parser, typed by the checker, read by all --------------------------------------------------

/// <summary>a AND b AND … (two or more).</summary>
internal sealed record AndExpr(ImmutableArray<Expr> Items) : Expr;

internal sealed record OrExpr(ImmutableArray<Expr> Items) : Expr;

internal sealed record NotExpr(Expr Operand) : Expr;

internal enum TestKind
{
    Null,
    True,
    False,
    Unknown,
}

/// <summary>x IS [NOT] NULL/TRUE/FALSE/UNKNOWN: never null itself.</summary>
internal sealed record TestExpr(Expr Operand, TestKind Kind, bool Negated) : Expr;

/// <summary>a IS [NOT] DISTINCT FROM b.</summary>
internal sealed record DistinctExpr(Expr Left, Expr Right, bool Negated) : Expr;

/// <summary>x BETWEEN low AND high is desugared by the parser; this is x [NOT] IN (list).</summary>
internal sealed record InListExpr(Expr Operand, ImmutableArray<Expr> Items, bool Negated) : Expr;

/// <summary>x [NOT] IN (select …): one column.</summary>
internal sealed record InSelectExpr(Expr Operand, Select Select, bool Negated) : Expr;

/// <summary>x op ANY/ALL (array expression or list). After binding Comparison is the bound operator function.</summary>
internal sealed record QuantifiedExpr(Expr Operand, string Operator, bool All, Expr Array) : Expr
{
    public Function? Comparison { get; init; }
}

internal sealed record ExistsExpr(Select Select) : Expr;

/// <summary>(select …) as a value; more than one row raises 21000.</summary>
internal sealed record ScalarSelectExpr(Select Select) : Expr;

/// <summary>array(select …).</summary>
internal sealed record ArraySelectExpr(Select Select) : Expr;

internal sealed record WhenClause(Expr Condition, Expr Result);

/// <summary>CASE [operand] WHEN … END; the checker desugars the operand form to conditions.</summary>
internal sealed record CaseExpr(Expr? Operand, ImmutableArray<WhenClause> Whens, Expr? Else) : Expr;

/// <summary>coalesce(a, b, …): its own node because it does not evaluate past the first non-null.</summary>
internal sealed record CoalesceExpr(ImmutableArray<Expr> Items) : Expr;

/// <summary>array[a, b].</summary>
internal sealed record ArrayExpr(ImmutableArray<Expr> Items) : Expr;

/// <summary>row(a, b) or (a, b).</summary>
internal sealed record RowExpr(ImmutableArray<Expr> Items) : Expr;

// ---- bound: names resolved ------------------------------------------------------------------------------------------

/// <summary>A known value.</summary>
internal sealed record ConstantExpr(Datum Value) : Expr;

/// <summary>A column of the from item whose unique alias is Range.</summary>
internal sealed record ColumnExpr(string Range, string Column) : Expr;

/// <summary>A whole row of a from item (to_jsonb(t), functions of a row).</summary>
internal sealed record RowOfRangeExpr(string Range) : Expr;

/// <summary>The engine's own key of a row (rowid, ctid): for rows that a write finds, and has just touched.</summary>
internal sealed record RowKeyExpr(string Range) : Expr;

/// <summary>A value that comes with the execution: a literal of a request or an argument. Slot counts from 0.</summary>
internal sealed record ParameterExpr(int Slot) : Expr;

/// <summary>A variable of a function body: a parameter, a declared variable, new.col ("new.col"), old.col, tg_op.</summary>
internal sealed record VariableExpr(string Name) : Expr;

internal enum ContextKind
{
    /// <summary>auth.uid(): uuid from the claim sub.</summary>
    Uid,

    /// <summary>auth.role(): the claim role.</summary>
    Role,

    /// <summary>auth.email().</summary>
    Email,

    /// <summary>auth.jwt(): all claims as jsonb.</summary>
    Jwt,

    /// <summary>current_user: the database role of the request.</summary>
    CurrentUser,

    /// <summary>current_setting(name): request.jwt.claims, request.headers, request.method, request.path, …</summary>
    Setting,

    /// <summary>now(), current_timestamp, transaction_timestamp(): fixed before the request is queued.</summary>
    Now,
}

/// <summary>A constant of the request: who calls and when. A parameter in SQL, a claim in the evaluator.</summary>
internal sealed record ContextExpr(ContextKind Kind, string? Name = null) : Expr;

/// <summary>A function or operator of the catalogue applied to typed arguments.</summary>
internal sealed record ApplyExpr(Function Function, ImmutableArray<Expr> Arguments) : Expr;

/// <summary>An expression in the words of the database it was introspected from (a default, a generated column): never read, only written back there.</summary>
internal sealed record NativeExpr(string Sql) : Expr;

/// <summary>A conversion to <see cref="Expr.Type"/> from the operand's type, explicit or not.</summary>
internal sealed record ConvertExpr(Expr Operand, bool Explicit) : Expr;

/// <summary>A call of a function the app wrote. The policy binder inlines it, or says as whom it runs.</summary>
internal record UserCallExpr(QualifiedName Function, ImmutableArray<Expr> Arguments) : Expr
{
    /// <summary>The last argument is the array of a variadic parameter.</summary>
    public bool Variadic { get; init; }
}

internal sealed record AggregateExpr(Function Function, ImmutableArray<Expr> Arguments) : Expr
{
    public bool Distinct { get; init; }
    public ImmutableArray<OrderItem> OrderBy { get; init; } = [];
    public Expr? Filter { get; init; }
}

/// <summary>A window function or an aggregate over a window.</summary>
internal sealed record WindowExpr(Function Function, ImmutableArray<Expr> Arguments, WindowSpec Over) : Expr
{
    public Expr? Filter { get; init; }
}

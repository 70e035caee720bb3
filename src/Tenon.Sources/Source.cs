using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>
/// One database that Tenon reads: compiles lowered queries to its own SQL and runs them in sessions. An engine folder has one
/// implementation; nothing outside it names the product.
/// </summary>
internal abstract class Source
{
    /// <summary>Lowered query → text and parameters. Pure, costs microseconds.</summary>
    public abstract CompiledStatement Compile(Select select);

    /// <summary>One statement of a read. The executor keeps a child's limit per parent; an engine may read fewer rows for it.</summary>
    public virtual CompiledStatement Compile(ReadUnit unit) => Compile(unit.Select);

    /// <summary>
    /// A read with its to-many embeds as one statement: the unit's columns, and behind them for each child one that
    /// <see cref="RowReader.Nested"/> reads. Null where the engine has no such form, or not of this read.
    /// </summary>
    public virtual CompiledStatement? CompileInline(ReadUnit unit) => null;

    /// <summary>
    /// A write and what is answered of its rows, made ready: <paramref name="representation"/> reads the rows written, by their
    /// row keys.
    /// </summary>
    public abstract CompiledWrite CompileWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation);

    /// <summary>
    /// A statement of the server's own. <paramref name="bound"/> is what the checker made of <paramref name="sql"/>; an engine
    /// that speaks PostgreSQL's SQL sends the text itself.
    /// </summary>
    public abstract CompiledStatement CompileOwn(Statement bound, string sql, ImmutableArray<LogicalType> parameters, Catalog catalog);

    /// <summary>Who may enforce policies on this source, in the order to try: a plan takes the first that can express it.</summary>
    public virtual ImmutableArray<Enforcement> Enforcements => [Enforcement.Compiled];

    /// <summary>The database runs functions of any language itself, as the caller's role, inside a query.</summary>
    public virtual bool RunsFunctions => false;

    /// <summary>Statements that somebody typed are the database's own to read: <see cref="RunTypedAsync"/>.</summary>
    public virtual bool RunsTyped => false;

    /// <summary>
    /// One statement as it was typed, in a transaction of its own, as the caller's role; null: as the owner. An error's position
    /// is an offset in it.
    /// </summary>
    public virtual Task<Outcome<TypedResult>> RunTypedAsync(string sql, RequestContext? caller, CancellationToken cancellation) =>
        throw new InvalidOperationException("this source does not run what was typed");

    /// <summary>Views of one table are written through.</summary>
    public virtual bool WritesViews => false;

    /// <summary>Which of EXPLAIN's words this engine knows; null where it has no plans to show.</summary>
    public virtual ImmutableArray<string>? PlanWords => null;

    /// <summary>The statement that shows the engine's plan of another.</summary>
    public virtual CompiledStatement Explain(CompiledStatement statement, ExplainOptions options) =>
        throw new InvalidOperationException("this source shows no plans");

    /// <summary>What it showed: lines of text, or one JSON object.</summary>
    public virtual string PlanOf(List<Datum[]> rows, ExplainOptions options) =>
        throw new InvalidOperationException("this source shows no plans");

    /// <summary>The plan of a function that no statement calls.</summary>
    public virtual string PlanOf(Routine routine, ExplainOptions options) =>
        throw new InvalidOperationException("this source runs functions in statements");

    /// <summary>Plans in JSON say how many rows the engine expects.</summary>
    public virtual bool EstimatesRows => false;

    /// <summary>How results of this type arrive.</summary>
    public abstract ValueForm FormOf(LogicalType type);

    /// <summary>
    /// A hold on one connection: one snapshot, one deadline for everything run in it.
    /// </summary>
    public abstract ValueTask<SourceSession> OpenAsync(SessionNeeds needs, CancellationToken cancellation);

    /// <summary>
    /// Runs the work as one write unit and completes after its commit. The work is replayable: it may run again from the
    /// start, so it makes its results afresh, waits for nothing and takes clock and ids from what was fixed before.
    /// </summary>
    public abstract ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation);
}

/// <summary>What a typed statement gave: its rows, and PostgreSQL's word for what was done (SELECT 2, INSERT 0 1).</summary>
internal sealed record TypedResult(string Tag, ImmutableArray<RowField> Columns, List<Datum[]> Rows);

/// <summary>How a plan is shown: the words are EXPLAIN's, from a closed list.</summary>
internal sealed record ExplainOptions(bool Json, ImmutableArray<string> Words)
{
    public static readonly ImmutableArray<string> Known = ["analyze", "verbose", "settings", "buffers", "wal"];
}

/// <summary>
/// What a session is for. Single promises exactly one statement, which is its own snapshot, and of a write that nothing
/// behind it takes it back. Caller is as whom the request comes (null: the server itself); under native enforcement its
/// statements run as the caller's role.
/// </summary>
internal readonly record struct SessionNeeds(bool Single, RequestContext? Caller = null, Enforcement Enforcement = Enforcement.Compiled)
{
    /// <summary>The answer may be of any size, and go out while it is read.</summary>
    public bool Long { get; init; }

    /// <summary>What a write unit sends first, so that no thread waits for it where the source is behind a network.</summary>
    public Func<WriteSession, ValueTask>? Start { get; init; }
}

/// <summary>One request's hold on one source. Used by one thread at a time; dispose readers first.</summary>
internal abstract class SourceSession : IDisposable
{
    /// <summary>Statements run so far.</summary>
    public virtual int Statements { get; protected set; }

    /// <summary>A statement may run while another's rows are still being read.</summary>
    public virtual bool RunsSeveral => false;

    /// <summary>
    /// The answer goes out while it is read: the deadline of a statement gives way to the age that a snapshot may reach.
    /// </summary>
    public virtual void AllowLongest() { }

    /// <summary>
    /// Sends a statement, and waits for its first rows without holding a thread, where the source is behind a network; to
    /// <see cref="Run"/> it next is to go on with it.
    /// </summary>
    public virtual ValueTask StartAsync(CompiledStatement statement, StatementArguments arguments) => ValueTask.CompletedTask;

    /// <summary>Starts a statement; rows come from the reader.</summary>
    public abstract RowReader Run(CompiledStatement statement, StatementArguments arguments);

    /// <summary>Starts the last statement of the session: an engine may end its transaction in the same round trip.</summary>
    public virtual RowReader RunLast(CompiledStatement statement, StatementArguments arguments) => Run(statement, arguments);

    /// <summary>All rows of a statement as datums; for what is not on the hot path.</summary>
    public abstract List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments);

    public abstract void Dispose();
}

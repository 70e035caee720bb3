using Tenon.Core.Expressions;
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

    /// <summary>How results of this type arrive.</summary>
    public abstract ValueForm FormOf(LogicalType type);

    /// <summary>
    /// A hold on one connection: one snapshot, one deadline for everything run in it. <paramref name="single"/> promises
    /// exactly one statement, which is its own snapshot.
    /// </summary>
    public abstract ValueTask<SourceSession> OpenAsync(bool single, CancellationToken cancellation);

    /// <summary>
    /// Runs the work as one write unit and completes after its commit. The work is replayable: it may run again from the
    /// start, so it makes its results afresh, waits for nothing and takes clock and ids from what was fixed before.
    /// </summary>
    public abstract ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellation);
}

/// <summary>One request's hold on one source. Used by one thread at a time; dispose readers first.</summary>
internal abstract class SourceSession : IDisposable
{
    /// <summary>Statements run so far.</summary>
    public int Statements { get; protected set; }

    /// <summary>A statement may run while another's rows are still being read.</summary>
    public virtual bool RunsSeveral => false;

    /// <summary>
    /// The answer goes out while it is read: the deadline of a statement gives way to the age that a snapshot may reach.
    /// </summary>
    public virtual void AllowLongest() { }

    /// <summary>Starts a statement; rows come from the reader.</summary>
    public abstract RowReader Run(CompiledStatement statement, StatementArguments arguments);

    /// <summary>All rows of a statement as datums; for what is not on the hot path.</summary>
    public abstract List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments);

    public abstract void Dispose();
}

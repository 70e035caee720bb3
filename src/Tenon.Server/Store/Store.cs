using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Server.Store;

/// <summary>
/// The server's own data, kept in the main database and reached by PostgreSQL's SQL that Tenon compiles itself: the same
/// text runs on every engine, and triggers on auth.users fire.
/// </summary>
internal abstract class StoreDatabase
{
    /// <summary>Rows of one statement in a read snapshot; columns by index, in the form their logical types prescribe.</summary>
    public abstract ValueTask<List<Datum[]>> QueryAsync(
        StoreStatement statement,
        ReadOnlyMemory<Datum> arguments,
        CancellationToken cancellation
    );

    /// <summary>Writes the lines that units leave in the audit log; set before the first unit that leaves one.</summary>
    public Action<IStoreTransaction, LogLine>? LogWriter { get; set; }

    /// <summary>
    /// One write unit; returns after the commit. The work is replayable: it may run again, so it does no I/O of its own,
    /// awaits nothing, and takes its clock readings, ids and random bytes from outside. An exception undoes the unit. Lines
    /// for the log are written last, whenever the work names them.
    /// </summary>
    public ValueTask<T> WriteAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellation) =>
        RunAsync(
            engine =>
            {
                var unit = new Logged(engine);
                T result = work(unit);
                foreach (LogLine line in unit.Lines)
                {
                    (LogWriter ?? throw new InvalidOperationException("nothing writes the audit log yet"))(engine, line);
                }
                return result;
            },
            cancellation
        );

    /// <summary>The engine's part of <see cref="WriteAsync"/>: a transaction around the work, run again where it must be.</summary>
    protected abstract ValueTask<T> RunAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellation);

    /// <summary>
    /// Calls a function of the app's, from jsonb to jsonb, as the owner in a write unit of its own; null where it answers
    /// null. Throws InvalidOperationException where there is no such function.
    /// </summary>
    public abstract ValueTask<string?> CallAsync(string schema, string function, string json, CancellationToken cancellation);

    private sealed class Logged(IStoreTransaction engine) : IStoreTransaction
    {
        private List<LogLine>? lines;

        public IReadOnlyList<LogLine> Lines => lines ?? [];

        public List<Datum[]> Execute(StoreStatement statement, params ReadOnlySpan<Datum> arguments) => engine.Execute(statement, arguments);

        public void Log(LogLine line) => (lines ??= []).Add(line);
    }
}

/// <summary>A line for the audit log. The salt comes from outside the unit, as everything random does.</summary>
internal sealed record LogLine(Guid Id, string Action, Guid? Actor, string? ActorName, string Payload, string Ip, DateTimeOffset At, string Salt);

/// <summary>The statements of one write unit. A constraint failure throws a TenonException with the SQLSTATE as code.</summary>
internal interface IStoreTransaction
{
    /// <summary>The statement's rows (of a select or a returning clause; otherwise none).</summary>
    List<Datum[]> Execute(StoreStatement statement, params ReadOnlySpan<Datum> arguments);

    /// <summary>Leaves a line in the audit log, written when the rest of the unit is done.</summary>
    void Log(LogLine line) => throw new InvalidOperationException("lines are kept by StoreDatabase.WriteAsync");
}

/// <summary>One statement of the server's own, compiled once per catalog. Parameters are $1, $2 … with these types.</summary>
internal sealed record StoreStatement(string Name, string Sql, ImmutableArray<LogicalType> Parameters)
{
    /// <summary>Statements are static fields: one instance per text, compared by reference.</summary>
    public bool Equals(StoreStatement? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

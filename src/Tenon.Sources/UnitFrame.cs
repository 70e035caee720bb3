namespace Tenon.Sources;

/// <summary>What stands around a request's own statements.</summary>
internal sealed record UnitFrame(CompiledStatement? First, bool TakeBack)
{
    public static readonly UnitFrame Plain = new(null, false);

    /// <summary>Runs what comes first.</summary>
    public void Enter(SourceSession session, StatementArguments arguments)
    {
        if (First is not null)
        {
            session.Rows(First, arguments);
        }
    }

    /// <summary>Runs a write unit; one that is to be taken back does all its work, and is undone in place of its commit.</summary>
    public async ValueTask<T> WriteAsync<T>(Source source, Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation)
    {
        if (!TakeBack)
        {
            return await source.WriteAsync(work, needs, cancellation).ConfigureAwait(false);
        }
        try
        {
            return await source.WriteAsync<T>(session => throw new TakenBack<T>(work(session)), needs with { Single = false }, cancellation).ConfigureAwait(false);
        }
        catch (TakenBack<T> done)
        {
            return done.Result;
        }
    }

    // The only way out of a unit that every engine undoes is an exception.
    private sealed class TakenBack<T>(T result) : Exception
    {
        public T Result { get; } = result;
    }
}

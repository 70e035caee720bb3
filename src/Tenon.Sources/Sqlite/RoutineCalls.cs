using System.Collections.Concurrent;
using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// A function of the app that a statement calls as tn_call(number, …) or tn_rows(number, …). The compiled statement holds it;
/// the number leads there from inside SQLite and dies with the statement.
/// </summary>
internal sealed class CalledRoutine
{
    private static readonly ConcurrentDictionary<long, WeakReference<CalledRoutine>> Known = new();
    private static long last;

    public CalledRoutine(GuardedCallExpr call)
    {
        Routine = call.Routine;
        Principal = call.Principal;
        Catalog = call.Catalog;
        Number = Interlocked.Increment(ref last);
        Known[Number] = new WeakReference<CalledRoutine>(this);
    }

    ~CalledRoutine() => Known.TryRemove(Number, out _);

    public long Number { get; }
    public Routine Routine { get; }
    public Principal Principal { get; }
    public Catalog Catalog { get; }

    public static CalledRoutine Of(long number) =>
        Known.TryGetValue(number, out var held) && held.TryGetTarget(out CalledRoutine? called)
            ? called
            : throw new InvalidOperationException($"the statement that calls function {number} is gone");

    public LogicalType ParameterType(int index) => Routine.Parameters[index].Type.Unmodified;
}

/// <summary>Runs the body of a function in the session that executes the calling statement.</summary>
internal delegate List<Datum[]> RoutineCaller(CalledRoutine called, Datum[] values);

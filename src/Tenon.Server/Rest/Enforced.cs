using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>Compiles under the first enforcement that can express the plan (DECISIONS §6): the source says which, in order.</summary>
internal static class Enforced
{
    public static Outcome<T> First<T>(Source source, Func<Enforcement, Outcome<T>> compile)
    {
        ImmutableArray<Enforcement> order = source.Enforcements;
        for (int i = 0; ; i++)
        {
            Outcome<T> compiled = compile(order[i]);
            // What a role may not do it may not do either way; only what could not be expressed is tried again.
            if (!compiled.Failed || compiled.Error!.Code == ErrorCodes.InsufficientPrivilege || i == order.Length - 1)
            {
                return compiled;
            }
        }
    }

    /// <summary>
    /// The database refused a privilege: the same words, with the grant that is missing as the hint. Null when it said
    /// something else.
    /// </summary>
    public static TenonException? Reworded(SourceException refusal, Error? suspected)
    {
        if (suspected is null)
        {
            return null;
        }
        Error error = refusal.ToError();
        return error.Code == suspected.Code && error.Message == suspected.Message ? new TenonException(suspected, refusal) : null;
    }
}

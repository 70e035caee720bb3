using System.Collections.Immutable;
using Tenon.Core.Types;
using K = Tenon.Core.Types.TypeKind;

namespace Tenon.Core.Expressions.Checking;

/// <summary>
/// Chooses among overloads by PostgreSQL's rules (its manual, chapter "Type Conversion"): exact match, then what the
/// arguments convert to implicitly, then most exact matches, preferred types, and what untyped literals can be.
/// </summary>
internal static class OverloadResolver
{
    public const int None = -1;
    public const int Ambiguous = -2;

    /// <summary>The index of the chosen signature, or None, or Ambiguous. All signatures have as many types as there are arguments.</summary>
    public static int Choose(ReadOnlySpan<ImmutableArray<LogicalType>> signatures, ReadOnlySpan<LogicalType> arguments, bool isOperator)
    {
        int exact = Exact(signatures, arguments, isOperator);
        if (exact >= 0)
        {
            return exact;
        }
        var candidates = new List<int>();
        for (int i = 0; i < signatures.Length; i++)
        {
            if (Accepts(signatures[i], arguments))
            {
                candidates.Add(i);
            }
        }
        return candidates.Count switch
        {
            0 => None,
            1 => candidates[0],
            _ => Select(signatures, arguments, candidates),
        };
    }

    private static int Exact(ReadOnlySpan<ImmutableArray<LogicalType>> signatures, ReadOnlySpan<LogicalType> arguments, bool isOperator)
    {
        for (int i = 0; i < signatures.Length; i++)
        {
            if (IsExact(signatures[i], arguments, isOperator && arguments.Length == 2))
            {
                return i;
            }
        }
        return None;
    }

    /// <summary>Beside an operator an untyped literal is first taken to have the type of the other side.</summary>
    public static bool IsExact(ImmutableArray<LogicalType> signature, ReadOnlySpan<LogicalType> arguments, bool borrow)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            LogicalType argument = arguments[i];
            if (argument.Kind == K.Unknown && borrow)
            {
                argument = arguments[1 - i];
            }
            if (argument.Kind == K.Unknown || !TypeFacts.Same(signature[i], argument))
            {
                return false;
            }
        }
        return true;
    }

    private static bool Accepts(ImmutableArray<LogicalType> signature, ReadOnlySpan<LogicalType> arguments)
    {
        bool polymorphic = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (signature[i].IsPolymorphic)
            {
                polymorphic = true;
            }
            else if (!TypeFacts.CoercesImplicitly(arguments[i], signature[i]))
            {
                return false;
            }
        }
        return !polymorphic || Element(signature, arguments, out _);
    }

    /// <summary>
    /// What AnyElement stands for in this call; Unknown when nothing polymorphic but Any is there. False when the arguments
    /// do not agree on one type.
    /// </summary>
    public static bool Element(ImmutableArray<LogicalType> signature, ReadOnlySpan<LogicalType> arguments, out LogicalType element)
    {
        element = LogicalType.Unknown;
        for (int i = 0; i < arguments.Length; i++)
        {
            LogicalType argument = arguments[i];
            LogicalType? met = signature[i].Kind switch
            {
                K.AnyArray when argument.Kind == K.Array => argument.Element,
                K.AnyArray => argument.Kind == K.Unknown ? LogicalType.Unknown : null,
                K.AnyEnum => argument.Kind is K.Enum or K.Unknown ? argument : null,
                K.AnyNonArray => argument.Kind == K.Array ? null : argument,
                K.AnyElement => argument,
                _ => LogicalType.Unknown,
            };
            if (met is null || TypeFacts.Common(element, met) is not { } common)
            {
                return false;
            }
            element = common;
        }
        return true;
    }

    /// <summary>The concrete argument types of a polymorphic signature.</summary>
    public static ImmutableArray<LogicalType> Concrete(ImmutableArray<LogicalType> signature, ReadOnlySpan<LogicalType> arguments)
    {
        Element(signature, arguments, out LogicalType element);
        if (element.Kind == K.Unknown)
        {
            element = LogicalType.Text;
        }
        var types = ImmutableArray.CreateBuilder<LogicalType>(arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            types.Add(
                signature[i].Kind switch
                {
                    K.Any => arguments[i].Kind == K.Unknown ? LogicalType.Text : arguments[i].Unmodified,
                    K.AnyArray => LogicalType.ArrayOf(element.Unmodified),
                    K.AnyElement or K.AnyNonArray or K.AnyEnum => element.Unmodified,
                    _ => signature[i],
                }
            );
        }
        return types.MoveToImmutable();
    }

    private static int Select(
        ReadOnlySpan<ImmutableArray<LogicalType>> signatures,
        ReadOnlySpan<LogicalType> arguments,
        List<int> candidates
    )
    {
        KeepBest(signatures, arguments, candidates, preferredCounts: false);
        if (candidates.Count > 1)
        {
            KeepBest(signatures, arguments, candidates, preferredCounts: true);
        }
        if (candidates.Count > 1 && HasUnknown(arguments))
        {
            KeepByLiterals(signatures, arguments, candidates);
            if (candidates.Count > 1)
            {
                KeepByOnlyKnownType(signatures, arguments, candidates);
            }
        }
        return candidates.Count == 1 ? candidates[0] : Ambiguous;
    }

    private static bool HasUnknown(ReadOnlySpan<LogicalType> arguments)
    {
        foreach (LogicalType argument in arguments)
        {
            if (argument.Kind == K.Unknown)
            {
                return true;
            }
        }
        return false;
    }

    private static void KeepBest(
        ReadOnlySpan<ImmutableArray<LogicalType>> signatures,
        ReadOnlySpan<LogicalType> arguments,
        List<int> candidates,
        bool preferredCounts
    )
    {
        int best = 0;
        Span<int> scores = candidates.Count <= 128 ? stackalloc int[candidates.Count] : new int[candidates.Count];
        for (int c = 0; c < candidates.Count; c++)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                LogicalType parameter = signatures[candidates[c]][i];
                if (arguments[i].Kind == K.Unknown)
                {
                    continue;
                }
                bool counts =
                    TypeFacts.Same(parameter, arguments[i])
                    || (
                        preferredCounts
                        && TypeFacts.IsPreferred(parameter)
                        && TypeFacts.Category(parameter) == TypeFacts.Category(arguments[i])
                    );
                scores[c] += counts ? 1 : 0;
            }
            best = Math.Max(best, scores[c]);
        }
        for (int c = candidates.Count - 1; c >= 0; c--)
        {
            if (scores[c] < best)
            {
                candidates.RemoveAt(c);
            }
        }
    }

    // An untyped literal is a string if any candidate takes one there, else of the one category that all candidates take.
    private static void KeepByLiterals(
        ReadOnlySpan<ImmutableArray<LogicalType>> signatures,
        ReadOnlySpan<LogicalType> arguments,
        List<int> candidates
    )
    {
        Span<char> categories = stackalloc char[arguments.Length];
        Span<bool> preferred = stackalloc bool[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].Kind == K.Unknown && !CategoryAt(signatures, candidates, i, out categories[i], out preferred[i]))
            {
                return;
            }
        }
        var kept = new List<int>(candidates.Count);
        foreach (int candidate in candidates)
        {
            bool keep = true;
            for (int i = 0; i < arguments.Length && keep; i++)
            {
                LogicalType parameter = signatures[candidate][i];
                keep =
                    arguments[i].Kind != K.Unknown
                    || (TypeFacts.Category(parameter) == categories[i] && (!preferred[i] || TypeFacts.IsPreferred(parameter)));
            }
            if (keep)
            {
                kept.Add(candidate);
            }
        }
        if (kept.Count > 0)
        {
            candidates.Clear();
            candidates.AddRange(kept);
        }
    }

    private static bool CategoryAt(
        ReadOnlySpan<ImmutableArray<LogicalType>> signatures,
        List<int> candidates,
        int position,
        out char category,
        out bool preferred
    )
    {
        category = '\0';
        preferred = false;
        bool conflict = false;
        foreach (int candidate in candidates)
        {
            LogicalType parameter = signatures[candidate][position];
            char here = TypeFacts.Category(parameter);
            bool isPreferred = TypeFacts.IsPreferred(parameter);
            if (category == '\0')
            {
                (category, preferred) = (here, isPreferred);
            }
            else if (here == category)
            {
                preferred |= isPreferred;
            }
            else if (here == 'S')
            {
                (category, preferred) = (here, isPreferred);
            }
            else
            {
                conflict |= category != 'S';
            }
        }
        return category == 'S' || !conflict;
    }

    // Last resort: all typed arguments have one type, and exactly one candidate takes that type everywhere.
    private static void KeepByOnlyKnownType(
        ReadOnlySpan<ImmutableArray<LogicalType>> signatures,
        ReadOnlySpan<LogicalType> arguments,
        List<int> candidates
    )
    {
        LogicalType? known = null;
        foreach (LogicalType argument in arguments)
        {
            if (argument.Kind == K.Unknown)
            {
                continue;
            }
            if (known is not null && !TypeFacts.Same(known, argument))
            {
                return;
            }
            known = argument;
        }
        if (known is null)
        {
            return;
        }
        int found = None;
        var assumed = new LogicalType[arguments.Length];
        Array.Fill(assumed, known);
        foreach (int candidate in candidates)
        {
            if (Accepts(signatures[candidate], assumed))
            {
                if (found >= 0)
                {
                    return;
                }
                found = candidate;
            }
        }
        if (found >= 0)
        {
            candidates.Clear();
            candidates.Add(found);
        }
    }
}

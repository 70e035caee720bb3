using Tenon.Core.Errors;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>The text of a slot → its value, as the plan's <see cref="SlotSpec"/> says.</summary>
internal static class SlotReader
{
    /// <summary>now: microseconds since 2000 UTC, what 'now' and 'today' mean in this request.</summary>
    public static Outcome<Datum> Read(SlotSpec spec, ReadOnlySpan<char> text, QueryLimits limits, long? now = null)
    {
        switch (spec.Kind)
        {
            case SlotKind.Scalar or SlotKind.AnyAll:
                return TypeInput.Parse(spec.Type, text, now);
            case SlotKind.List:
                return List(spec.Type.Element!, text, limits, now);
            case SlotKind.Pattern or SlotKind.PatternList:
                return TypeInput.Parse(spec.Type, text.Contains('*') ? text.ToString().Replace('*', '%') : text, now);
            case SlotKind.Count:
                return CountText.TryRead(text, out long count) ? Datum.Of(count) : CountText.Check(text, false, 0)!;
            default:
                return Datum.Null;
        }
    }

    private static Outcome<Datum> List(LogicalType element, ReadOnlySpan<char> text, QueryLimits limits, long? now)
    {
        var items = new List<Datum>();
        var list = new ListText(text);
        while (list.Next())
        {
            if (items.Count >= limits.ListItems)
            {
                return FilterParser.TooLong(limits);
            }
            // One empty element is how an empty list looks: in.() and in.("") match nothing.
            if (items.Count == 0 && list.Current.IsEmpty && IsOnly(list))
            {
                return ArrayValue.Of(element, []).ToDatum();
            }
            if (!TypeInput.Parse(element, list.Current, now).TryGet(out Datum value, out Error error))
            {
                return error;
            }
            items.Add(value);
        }
        return ArrayValue.Of(element, [.. items]).ToDatum();
    }

    private static bool IsOnly(ListText list) => !list.Next();
}

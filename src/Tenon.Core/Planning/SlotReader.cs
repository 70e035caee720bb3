using Tenon.Core.Errors;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;

namespace Tenon.Core.Planning;

/// <summary>The text of a slot → its value, as the plan's <see cref="SlotSpec"/> says.</summary>
internal static class SlotReader
{
    /// <summary>time: what 'now' and 'today' mean in this request, and its zone.</summary>
    public static Outcome<Datum> Read(SlotSpec spec, ReadOnlySpan<char> text, QueryLimits limits, SessionTime time = default)
    {
        switch (spec.Kind)
        {
            case SlotKind.Scalar:
                return TypeInput.Parse(spec.Type, text, time);
            case SlotKind.AnyAll:
                return Array(spec.Type, text, limits, time);
            case SlotKind.List:
                return List(spec.Type.Element!, text, limits, time);
            case SlotKind.Pattern or SlotKind.PatternList:
                ReadOnlySpan<char> pattern = text.Contains('*') ? text.ToString().Replace('*', '%') : text;
                return spec.Kind == SlotKind.PatternList ? Array(spec.Type, pattern, limits, time) : TypeInput.Parse(spec.Type, pattern, time);
            case SlotKind.Search:
                return TsQueryParser.Standard(text.ToString(), spec.Search!).TryGet(out _, out Error unread)
                    ? TypeInput.Parse(spec.Type, text)
                    : unread;
            case SlotKind.Count:
                return CountText.TryRead(text, out long count) ? Datum.Of(count) : CountText.Check(text, false, 0)!;
            default:
                return Datum.Null;
        }
    }

    // There are no more elements than commas, and one.
    private static Outcome<Datum> Array(LogicalType type, ReadOnlySpan<char> text, QueryLimits limits, SessionTime time)
    {
        bool mayBeLong = text.Count(',') >= limits.ListItems;
        if (!TypeInput.Parse(type, text, time).TryGet(out Datum array, out Error error))
        {
            return error;
        }
        return mayBeLong && ArrayValue.Read(type.Element!, array.Text).Items.Length > limits.ListItems ? FilterParser.TooLong(limits) : array;
    }

    private static Outcome<Datum> List(LogicalType element, ReadOnlySpan<char> text, QueryLimits limits, SessionTime time)
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
            if (!TypeInput.Parse(element, list.Current, time).TryGet(out Datum value, out Error error))
            {
                return error;
            }
            items.Add(value);
        }
        return ArrayValue.Of(element, [.. items]).ToDatum();
    }

    private static bool IsOnly(ListText list) => !list.Next();
}

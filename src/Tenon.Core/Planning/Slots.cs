using System.Collections.Immutable;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;

namespace Tenon.Core.Planning;

/// <summary>The slots of one plan while it is made: which texts came, and what each becomes.</summary>
internal sealed class Slots(ImmutableArray<string> texts)
{
    private readonly List<SlotSpec> specs = [.. texts.Select(_ => new SlotSpec(LogicalType.Text, SlotKind.Unused))];
    private readonly SortedSet<int> literals = [];

    /// <summary>Some literal of the plan stands in no slot.</summary>
    public bool IsSingleUse { get; set; }

    public string Text(int slot) => texts[slot];

    public void Use(int slot, LogicalType type, SlotKind kind) => specs[slot] = new SlotSpec(type, kind);

    public void UseSearch(int slot, SearchConfiguration configuration) =>
        specs[slot] = new SlotSpec(LogicalType.Text, SlotKind.Search) { Search = configuration };

    /// <summary>The text itself, to become a literal of the plan.</summary>
    public string TakeLiteral(int slot)
    {
        literals.Add(slot);
        return texts[slot];
    }

    /// <summary>A slot that no text of the request fills.</summary>
    public int Add(LogicalType type, SlotKind kind)
    {
        specs.Add(new SlotSpec(type, kind));
        return specs.Count - 1;
    }

    public ImmutableArray<SlotSpec> Specs => [.. specs];

    public ImmutableArray<int> Literals => [.. literals];
}

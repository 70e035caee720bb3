using System.Collections.Concurrent;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>
/// Programs by the shape of their request (DECISIONS §5): a hit does not parse. Shapes with closed-set operands take two
/// steps: the shape says which slots are literals of the plan, and their texts complete the key. One catalog at a time; a
/// new one starts empty.
/// </summary>
internal sealed class PlanCache<T>
    where T : class
{
    private const int Capacity = 4096;

    /// <summary>What a key leads to: a program, or the slots whose texts must still be added to the key.</summary>
    internal sealed class Entry
    {
        public T? Program { get; init; }
        public int[] LiteralSlots { get; init; } = [];

        /// <summary>Slot texts of a request whose shape could not be cut; the key holds its whole text.</summary>
        public string[]? Texts { get; init; }
    }

    private sealed class Generation(Catalog catalog)
    {
        public Catalog Catalog { get; } = catalog;
        public ConcurrentDictionary<string, Entry> Entries { get; } = new(StringComparer.Ordinal);
    }

    private Generation current = new(Catalog.Empty);

    /// <summary>Looks a shape up by its key, completed with literals where there are any.</summary>
    public Entry? Find(Catalog catalog, RequestShape shape)
    {
        Generation generation = current;
        if (!ReferenceEquals(generation.Catalog, catalog))
        {
            return null;
        }
        var lookup = generation.Entries.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(shape.Key, out Entry? entry) || entry.Program is not null)
        {
            return entry;
        }
        int plain = shape.Key.Length;
        AppendLiterals(shape, entry.LiteralSlots);
        bool found = lookup.TryGetValue(shape.Key, out entry);
        shape.CutKey(plain);
        return found ? entry : null;
    }

    /// <summary>Keeps a program under the shape that was read; texts are its slots' as parsed.</summary>
    public void Add(Catalog catalog, RequestShape shape, bool cut, T program, PlanMeta meta, string[] texts)
    {
        if (meta.IsSingleUse)
        {
            return;
        }
        ConcurrentDictionary<string, Entry> entries = EntriesOf(catalog);
        string key = shape.Key.ToString();
        if (!cut || meta.LiteralSlots.Length == 0)
        {
            entries[key] = new Entry { Program = program, Texts = cut ? null : texts };
            return;
        }
        entries[key] = new Entry { LiteralSlots = meta.LiteralSlots };
        AppendLiterals(shape, meta.LiteralSlots);
        entries[shape.Key.ToString()] = new Entry { Program = program };
        shape.CutKey(key.Length);
    }

    private ConcurrentDictionary<string, Entry> EntriesOf(Catalog catalog)
    {
        Generation generation = current;
        if (!ReferenceEquals(generation.Catalog, catalog))
        {
            generation = current = new Generation(catalog);
        }
        if (generation.Entries.Count >= Capacity)
        {
            generation.Entries.Clear();
        }
        return generation.Entries;
    }

    private static void AppendLiterals(RequestShape shape, int[] slots)
    {
        foreach (int slot in slots)
        {
            shape.Append(shape.Slot(slot));
        }
    }
}

/// <summary>What of a plan the cache and the filling of slots need.</summary>
internal sealed record PlanMeta(SlotSpec[] Slots, int[] LiteralSlots)
{
    public bool IsSingleUse { get; init; }
    public int LimitSlot { get; init; } = -1;
    public int OffsetSlot { get; init; } = -1;

    /// <summary>Embedded resources of the plan, and the slots of their offsets.</summary>
    public int Embeds { get; init; }

    /// <summary>Values of one row of the answer, those of its embeds counted once.</summary>
    public int Members { get; init; }
    public int[] EmbedOffsets { get; init; } = [];

    private static IEnumerable<ReadNode> Below(ReadNode node) =>
        node.Members.SelectMany(m => m switch
        {
            EmbedMember e => Self(e.Embed.Node),
            SpreadMember s => Self(s.Embed.Node),
            HiddenMember h => Self(h.Embed.Node),
            _ => [],
        });

    private static IEnumerable<ReadNode> Self(ReadNode node) => Below(node).Prepend(node);

    public static PlanMeta Of(ReadPlan plan) =>
        new([.. plan.Slots], [.. plan.LiteralSlots])
        {
            IsSingleUse = plan.IsSingleUse,
            LimitSlot = plan.LimitSlot,
            OffsetSlot = plan.OffsetSlot,
            Embeds = Below(plan.Root).Count(),
            Members = Self(plan.Root).Sum(n => n.Members.OfType<ValueMember>().Count()),
            EmbedOffsets = [.. Below(plan.Root).Select(n => n.Offset).OfType<ParameterExpr>().Select(p => p.Slot)],
        };

    public static PlanMeta Of(WritePlan plan) => new([.. plan.Slots], [.. plan.LiteralSlots]);
}

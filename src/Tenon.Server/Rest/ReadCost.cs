using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>
/// What a read costs beside the rows of its page, known before it runs: a row skipped by an offset 1, a condition or other
/// value of the query 10, a member of a row 50 (the same column may be asked for under many names), an embed 100. Rows themselves are bounded by max_rows, the buffer and the time of a statement.
/// </summary>
internal static class ReadCost
{
    private const long PerValue = 10;
    private const long PerMember = 50;
    private const long PerEmbed = 100;

    public static Error? Refusal(PlanMeta meta, Datum[] slots, long offset, long most)
    {
        if (most <= 0)
        {
            return null;
        }
        long cost = Plus(offset, (slots.Length * PerValue) + (meta.Members * PerMember) + (meta.Embeds * PerEmbed));
        foreach (int slot in meta.EmbedOffsets)
        {
            cost = Plus(cost, slots[slot].Integer);
        }
        return cost > most ? Limits.TooCostly(cost, most) : null;
    }

    private static long Plus(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}

using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;

namespace Tenon.Sources.Sqlite;

// Which physical tables somebody listens to. Immutable sets, swapped whole; lookups from the hook allocate nothing.
internal sealed class ChangeFilter
{
    public static readonly ChangeFilter None = new([], false);

    /// <summary>Every table: for tests and tools.</summary>
    public static readonly ChangeFilter All = new([], true);

    private const int MaxName = 512;

    private readonly FrozenDictionary<string, string> names;
    private readonly ConcurrentDictionary<string, string>? seen;

    private ChangeFilter(IEnumerable<string> tables, bool all)
    {
        names = tables.Distinct().ToFrozenDictionary(t => t, t => t, StringComparer.Ordinal);
        seen = all ? new ConcurrentDictionary<string, string>(StringComparer.Ordinal) : null;
    }

    public bool IsEmpty => seen is null && names.Count == 0;

    public static ChangeFilter Of(IEnumerable<string> tables) => new(tables, false);

    /// <summary>The listened table of this name, null for any other.</summary>
    public string? Find(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxName)
            return seen is null ? null : Encoding.UTF8.GetString(utf8);
        Span<char> text = stackalloc char[MaxName];
        ReadOnlySpan<char> name = text[..Encoding.UTF8.GetChars(utf8, text)];
        if (seen is not null)
            return seen.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out string? known)
                ? known
                : seen.GetOrAdd(name.ToString(), n => n);
        return names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out string? listened) ? listened : null;
    }
}

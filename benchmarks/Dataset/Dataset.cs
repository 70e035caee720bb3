// The rows of the benchmark as a pure function of their number, so that every target holds the same data.
using System.Globalization;

namespace Tenon.Benchmarks;

internal readonly record struct ItemRow(
    long Id, string Name, long CategoryId, Guid Owner, long PriceCents, int Stock, bool Active, long CreatedMicros, string? Note);

internal readonly record struct OrderRow(long Id, long CustomerId, long PlacedMicros, long TotalCents);

internal readonly record struct OrderLineRow(long Id, long OrderId, long ItemId, int Quantity, long PriceCents);

/// <summary>Sizes and rows of the benchmark's tables.</summary>
internal sealed record Dataset(int Items)
{
    public const int Categories = 1_000;
    public const int Owners = 100;
    public const int Customers = 1_000;
    public const int Orders = 10_000;
    public const int LinesPerOrder = 4;

    // Microseconds from the Unix epoch to 2024-01-01; every instant of the data set lies after it.
    private const long Base = 1_704_067_200_000_000;

    private static readonly string[] Adjectives =
        ["small", "große", "plain", "café", "\"quoted\"", "back\\slash", "heavy", "light", "old", "brand new"];

    private static readonly string[] Nouns =
        ["lamp", "table", "chair", "shelf", "desk", "kettle", "radio", "bicycle", "mirror", "clock", "tab\tbed"];

    private static readonly string[] Cities = ["Bern", "Genève", "Oslo", "Porto", "Kraków", "Lyon", "Turku"];

    public int Total => Items + Categories + 1 + Customers + Orders + Orders * LinesPerOrder;

    public static Guid Owner(long number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Mix((ulong)number * 2 + 1));
        BitConverter.TryWriteBytes(bytes[8..], Mix((ulong)number * 2 + 2));
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    public static ItemRow Item(long id)
    {
        var h = Mix((ulong)id);
        var name = $"{Adjectives[h % 10]} {Nouns[(h >> 8) % 11]} {id}";
        var note = h % 4 == 0 ? null : $"Lot {h >> 40}, checked by hand, shelf {h % 97}, row {h % 31}";
        // A third of the instants have no fraction and some end in zeros: both print shorter.
        var micros = (h >> 20) % 3 == 0 ? 0 : (long)((h >> 24) % 1_000_000) / 10 * 10;
        return new ItemRow(
            id, name, id % Categories + 1, Owner(id % Owners), 100 + (long)((h >> 12) % 99_900), (int)(h % 500),
            h % 5 != 0, Base + id * 31_000_000 + micros, note);
    }

    public static string Category(long id) => "Category " + id.ToString(CultureInfo.InvariantCulture);

    public static string CustomerName(long id) => $"Customer {id} & Söhne";

    public static string CustomerCity(long id) => Cities[id % Cities.Length];

    public static OrderRow Order(long id)
    {
        var h = Mix((ulong)id + 0x9000_0000);
        return new OrderRow(id, (id * 617 % Customers) + 1, Base + id * 60_000_000, 1_000 + (long)((h >> 16) % 500_000));
    }

    public OrderLineRow OrderLine(long id)
    {
        var h = Mix((ulong)id + 0xA000_0000);
        return new OrderLineRow(
            id, (id - 1) / LinesPerOrder + 1, (long)(h % (ulong)Items) + 1, (int)(h >> 32) % 9 + 10, 100 + (long)((h >> 12) % 9_900));
    }

    /// <summary>A well-spread 64-bit value of a number (the finaliser of SplitMix64).</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

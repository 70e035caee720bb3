using System.Text.Json.Serialization;

namespace Tenon.Benchmarks.Floor;

internal sealed record Item(
    long Id, string Name, long CategoryId, Guid Owner, decimal Price, int Stock, bool Active, DateTimeOffset CreatedAt, string? Note);

internal sealed record ItemSummary(long Id, string Name, decimal Price, bool Active, DateTimeOffset CreatedAt);

internal sealed record Customer(long Id, string Name, string City);

internal sealed record OrderLine(long Id, long ItemId, int Quantity, decimal Price);

internal sealed record Order(long Id, DateTimeOffset PlacedAt, decimal Total, Customer Customer, List<OrderLine> Lines);

internal sealed record OrderSummary(long Id, DateTimeOffset PlacedAt, decimal Total);

internal sealed record CustomerOrders(long Id, string Name, List<OrderSummary> Orders);

internal sealed record NewItem(
    string Name, long CategoryId, Guid Owner, decimal Price, int Stock, bool Active, string? Note);

internal sealed record StockChange(int Stock);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<Item>))]
[JsonSerializable(typeof(List<ItemSummary>))]
[JsonSerializable(typeof(List<Order>))]
[JsonSerializable(typeof(List<CustomerOrders>))]
[JsonSerializable(typeof(NewItem))]
[JsonSerializable(typeof(StockChange))]
internal sealed partial class FloorJson : JsonSerializerContext;

/// <summary>How values lie in the columns: money as whole cents, instants as microseconds, both compact and ordered.</summary>
internal static class Stored
{
    public static decimal Money(long cents) =>
        new((int)Math.Abs(cents), (int)(Math.Abs(cents) >> 32), 0, cents < 0, 2);

    public static long Cents(decimal money) => decimal.ToInt64(decimal.Round(money, 2) * 100);

    public static DateTimeOffset Instant(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * 10);

    public static long Micros(DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).Ticks / 10;
}

/// <summary>The values of the URL's filters, <c>eq.5</c> and <c>gte.50</c>.</summary>
internal static class Filter
{
    public static bool TryEqual(string? text, out long value) => TryValue(text, "eq.", out value);

    public static bool TryAtLeast(string? text, out long value) => TryValue(text, "gte.", out value);

    private static bool TryValue(string? text, string prefix, out long value)
    {
        value = 0;
        return text is not null && text.StartsWith(prefix, StringComparison.Ordinal)
            && long.TryParse(text.AsSpan(prefix.Length), out value);
    }
}

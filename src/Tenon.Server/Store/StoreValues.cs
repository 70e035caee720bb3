using Tenon.Core.Types;

namespace Tenon.Server.Store;

/// <summary>.NET values to and from the forms a <see cref="Datum"/> prescribes for uuid, timestamptz and nullable text.</summary>
internal static class StoreValues
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Datum Of(Guid value) => Datum.Of(value.ToString("D"));

    public static Datum Of(Guid? value) => value is { } id ? Of(id) : Datum.Null;

    public static Datum Of(DateTimeOffset value) => Datum.Of((value - Epoch).Ticks / TimeSpan.TicksPerMicrosecond);

    public static Datum Of(DateTimeOffset? value) => value is { } time ? Of(time) : Datum.Null;

    public static Datum OfText(string? value) => value is null ? Datum.Null : Datum.Of(value);

    public static Guid Uuid(this Datum datum) => Guid.ParseExact(datum.Text, "D");

    public static string? TextOrNull(this Datum datum) => datum.IsNull ? null : datum.Text;

    public static bool IsTrue(this Datum datum) => !datum.IsNull && datum.Boolean;

    /// <summary>A timestamptz; the infinities become the limits of the type.</summary>
    public static DateTimeOffset? Time(this Datum datum) =>
        datum.IsNull ? null
        : datum.Integer >= (DateTimeOffset.MaxValue - Epoch).Ticks / TimeSpan.TicksPerMicrosecond ? DateTimeOffset.MaxValue
        : datum.Integer <= (DateTimeOffset.MinValue - Epoch).Ticks / TimeSpan.TicksPerMicrosecond ? DateTimeOffset.MinValue
        : Epoch.AddTicks(datum.Integer * TimeSpan.TicksPerMicrosecond);
}

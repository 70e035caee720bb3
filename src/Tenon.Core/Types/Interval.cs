namespace Tenon.Core.Types;

/// <summary>PostgreSQL's interval: months, days and microseconds kept apart. Compared with 30-day months and 24-hour days.</summary>
internal sealed partial record Interval(int Months, int Days, long Microseconds) : IComparable<Interval>
{
    private Int128 Span => ((Int128)Months * 30 + Days) * 86_400_000_000L + Microseconds;

    public int CompareTo(Interval? other) => other is null ? 1 : Span.CompareTo(other.Span);

    public bool Equals(Interval? other) => other is not null && Span == other.Span;

    public override int GetHashCode() => Span.GetHashCode();
}

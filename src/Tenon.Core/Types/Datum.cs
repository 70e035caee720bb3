namespace Tenon.Core.Types;

/// <summary>How a <see cref="Datum"/> holds its value.</summary>
internal enum DatumKind : byte
{
    Null,

    /// <summary>boolean (0/1), int2/4/8, date (days), time (µs), timestamp and timestamptz (µs), all since 2000-01-01 UTC.</summary>
    Integer,

    /// <summary>float4, float8.</summary>
    Double,

    /// <summary>text, varchar, char, uuid (canonical lower case), enum label, json, jsonb (canonical), arrays (canonical JSON text).</summary>
    Text,

    /// <summary>numeric, exact.</summary>
    Numeric,

    /// <summary>interval.</summary>
    Interval,

    /// <summary>bytea.</summary>
    Bytes,
}

/// <summary>
/// One value in memory, in the form its <see cref="LogicalType"/> prescribes (see <see cref="DatumKind"/>). Infinities of
/// date and timestamps are long.MinValue/MaxValue. The default is NULL.
/// </summary>
internal readonly struct Datum : IEquatable<Datum>
{
    private readonly long bits;
    private readonly object? reference;

    private Datum(DatumKind kind, long bits, object? reference)
    {
        Kind = kind;
        this.bits = bits;
        this.reference = reference;
    }

    public DatumKind Kind { get; }

    public static readonly Datum Null;
    public static readonly Datum True = new(DatumKind.Integer, 1, null);
    public static readonly Datum False = new(DatumKind.Integer, 0, null);

    public bool IsNull => Kind == DatumKind.Null;
    public long Integer => Kind == DatumKind.Integer ? bits : throw Wrong(DatumKind.Integer);
    public bool Boolean => Integer != 0;
    public double Double =>
        Kind == DatumKind.Double ? BitConverter.Int64BitsToDouble(bits) : throw Wrong(DatumKind.Double);
    public string Text => Kind == DatumKind.Text ? (string)reference! : throw Wrong(DatumKind.Text);
    public Numeric Numeric => Kind == DatumKind.Numeric ? (Numeric)reference! : throw Wrong(DatumKind.Numeric);
    public Interval Interval => Kind == DatumKind.Interval ? (Interval)reference! : throw Wrong(DatumKind.Interval);
    public byte[] Bytes => Kind == DatumKind.Bytes ? (byte[])reference! : throw Wrong(DatumKind.Bytes);

    public static Datum Of(bool value) => value ? True : False;

    public static Datum Of(long value) => new(DatumKind.Integer, value, null);

    public static Datum Of(double value) => new(DatumKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    public static Datum Of(string value) => new(DatumKind.Text, 0, value);

    public static Datum Of(Numeric value) => new(DatumKind.Numeric, 0, value);

    public static Datum Of(Interval value) => new(DatumKind.Interval, 0, value);

    public static Datum Of(byte[] value) => new(DatumKind.Bytes, 0, value);

    /// <summary>Same kind and same content; not SQL equality (1 and 1.0 differ, NULL equals NULL).</summary>
    public bool Equals(Datum other) =>
        Kind == other.Kind
        && Kind switch
        {
            DatumKind.Null => true,
            DatumKind.Integer or DatumKind.Double => bits == other.bits,
            DatumKind.Bytes => Bytes.AsSpan().SequenceEqual(other.Bytes),
            _ => reference!.Equals(other.reference),
        };

    public override bool Equals(object? obj) => obj is Datum other && Equals(other);

    public override int GetHashCode() =>
        Kind == DatumKind.Bytes ? HashCode.Combine(Kind, Bytes.Length) : HashCode.Combine(Kind, bits, reference);

    public override string ToString() =>
        Kind switch
        {
            DatumKind.Null => "null",
            DatumKind.Integer => bits.ToString(System.Globalization.CultureInfo.InvariantCulture),
            DatumKind.Double => Double.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            DatumKind.Bytes => "\\x" + Convert.ToHexStringLower(Bytes),
            _ => reference!.ToString()!,
        };

    private InvalidOperationException Wrong(DatumKind wanted) => new($"a datum of kind {Kind} was read as {wanted}");
}

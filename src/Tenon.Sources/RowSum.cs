using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>
/// What the rows of a table come to, whichever engine holds them and in whatever order it gives them: how many they are, and
/// the sum of a hash of each row's values as PostgreSQL writes them. Equal rows give equal sums on every engine.
/// </summary>
internal sealed class RowSum(LogicalType[] types)
{
    private readonly ArrayBufferWriter<byte> text = new();
    private UInt128 sum;

    public long Count { get; private set; }

    /// <summary>32 hexadecimal digits; the same for the same rows in another order.</summary>
    public string Checksum => sum.ToString("x32", CultureInfo.InvariantCulture);

    public void Add(Datum[] row)
    {
        text.ResetWrittenCount();
        for (int i = 0; i < types.Length; i++)
        {
            if (row[i].IsNull)
            {
                Length(-1);
                continue;
            }
            string value = TextOf(types[i], row[i]);
            Length(Encoding.UTF8.GetByteCount(value));
            Encoding.UTF8.GetBytes(value, text);
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text.WrittenSpan, hash);
        // A sum that wraps around: rows that occur twice count twice, which an exclusive or would lose.
        sum = unchecked(sum + BinaryPrimitives.ReadUInt128BigEndian(hash));
        Count++;
    }

    // A jsonb of the server's own is kept on SQLite as it was given.
    private static string TextOf(LogicalType type, Datum value) =>
        type.Kind == TypeKind.Jsonb ? TypeInput.ParseJson(value.Text, binary: true).Value.Text : TypeOutput.ToText(type, value);

    // Lengths keep values apart: ('ab', 'c') is not ('a', 'bc').
    private void Length(int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(text.GetSpan(sizeof(int)), length);
        text.Advance(sizeof(int));
    }

    public bool Equals(RowSum other) => Count == other.Count && sum == other.sum;
}

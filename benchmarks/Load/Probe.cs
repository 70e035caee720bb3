// What is sent and what must come back: request bytes built beforehand, and the check of every answer.
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>
/// One prepared request. A write has a hole of ten digits in request and answer that gets a new number each time;
/// an insert is checked on the members between the generated id and the generated time stamp.
/// </summary>
internal sealed record Probe(
    byte[] Request, int Status, byte[] Expected, int RequestHole = -1, int AnswerHole = -1, bool Insert = false)
{
    public const int HoleLength = 10;

    /// <summary>Numbers start here, so that every one has ten digits and fits an int4.</summary>
    public const int FirstNumber = 1_000_000_000;

    public bool Accepts(int status, ReadOnlySpan<byte> body, ReadOnlySpan<byte> number)
    {
        if (status != Status)
        {
            return false;
        }

        if (Insert)
        {
            return AcceptsInserted(body, number);
        }

        if (AnswerHole < 0)
        {
            return body.SequenceEqual(Expected);
        }

        return body.Length == Expected.Length
            && body[..AnswerHole].SequenceEqual(Expected.AsSpan(0, AnswerHole))
            && body.Slice(AnswerHole, HoleLength).SequenceEqual(number)
            && body[(AnswerHole + HoleLength)..].SequenceEqual(Expected.AsSpan(AnswerHole + HoleLength));
    }

    /// <summary>The same request with the answer a server gave to it, to be expected from now on.</summary>
    public Probe Expecting(byte[] body)
    {
        if (Insert || RequestHole < 0)
        {
            return Insert ? this : this with { Expected = body };
        }

        var hole = body.AsSpan().IndexOf(Encoding.ASCII.GetBytes(FirstNumber.ToString()));
        return this with { Expected = body, AnswerHole = hole };
    }

    private bool AcceptsInserted(ReadOnlySpan<byte> body, ReadOnlySpan<byte> number)
    {
        if (!body.StartsWith("[{\"id\":"u8) || !body.EndsWith("}]"u8))
        {
            return false;
        }

        var comma = body.IndexOf((byte)',');
        var rest = body[comma..];
        return rest.Length > Expected.Length
            && rest[..AnswerHole].SequenceEqual(Expected.AsSpan(0, AnswerHole))
            && rest.Slice(AnswerHole, HoleLength).SequenceEqual(number)
            && rest[(AnswerHole + HoleLength)..Expected.Length].SequenceEqual(Expected.AsSpan(AnswerHole + HoleLength));
    }
}

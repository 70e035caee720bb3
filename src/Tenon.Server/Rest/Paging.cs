using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

/// <summary>
/// Which rows of the root to answer: limit and offset of the query, met with the Range header and the server's own bound.
/// </summary>
internal readonly record struct Paging(long Offset, long Limit)
{
    public static readonly Paging All = new(0, long.MaxValue);

    /// <summary>The part of both.</summary>
    public Paging And(Paging other)
    {
        long start = Math.Max(Offset, other.Offset);
        long end = Math.Min(End, other.End);
        return new Paging(start, Math.Max(0, end - start));
    }

    private long End => Limit == long.MaxValue || Offset > long.MaxValue - Limit ? long.MaxValue : Offset + Limit;

    public Paging AtMost(long rows) => this with { Limit = Math.Min(Limit, rows) };

    /// <summary>Range: 0-24, 10- (with Range-Unit: items). Anything else, bytes=0-99 too, is no range of rows and asks for nothing.</summary>
    public static Outcome<Paging> FromRange(string? header)
    {
        if (header is null)
        {
            return All;
        }
        ReadOnlySpan<char> text = header.AsSpan().Trim();
        text = text.StartsWith("items=", StringComparison.OrdinalIgnoreCase) ? text["items=".Length..] : text;
        int dash = text.IndexOf('-');
        if (dash <= 0 || !CountText.TryRead(text[..dash], out long lower))
        {
            return All;
        }
        if (dash == text.Length - 1)
        {
            return new Paging(lower, long.MaxValue);
        }
        if (!CountText.TryRead(text[(dash + 1)..], out long upper))
        {
            return All;
        }
        return lower > upper
            ? new Error(
                ErrorCodes.InvalidRange,
                "Requested range not satisfiable",
                "The lower boundary must be lower than or equal to the upper boundary in the Range header."
            )
            : new Paging(lower, upper == long.MaxValue ? long.MaxValue : upper - lower + 1);
    }

    /// <summary>The Content-Range of a read: rows answered from offset on, of a total when it is known.</summary>
    public static string ContentRange(long offset, long rows, long? total)
    {
        string of = total is { } known ? known.ToString(CultureInfo.InvariantCulture) : "*";
        return rows == 0
            ? (total is null ? "*/*" : $"*/{of}")
            : string.Create(CultureInfo.InvariantCulture, $"{offset}-{offset + rows - 1}/{of}");
    }

    /// <summary>
    /// The same before the rows have been counted: with a total the last one is known, else it is open.
    /// </summary>
    public (int Status, string ContentRange) BeforeRows(long? total)
    {
        if (total is not { } known)
        {
            return (200, string.Create(CultureInfo.InvariantCulture, $"{Offset}-*/*"));
        }
        long rows = Math.Min(Limit, known - Offset);
        return (Status(rows, total), ContentRange(Offset, rows, total));
    }

    /// <summary>200; 206 when the total is known and more than what was answered.</summary>
    public static int Status(long rows, long? total) => total is { } known && rows < known ? 206 : 200;

    /// <summary>An offset behind the last row is an error once the total is known.</summary>
    public static Error? OutOfBounds(long offset, long? total) =>
        total is { } known && offset > known
            ? new Error(
                ErrorCodes.InvalidRange,
                "Requested range not satisfiable",
                string.Create(CultureInfo.InvariantCulture, $"An offset of {offset} was requested, but there are only {known} rows.")
            )
            : null;
}

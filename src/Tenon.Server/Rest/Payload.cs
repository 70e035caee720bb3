using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>A column that the payload fills: its place in the row and its type.</summary>
internal readonly record struct PayloadColumn(string Name, int Ordinal, LogicalType Type);

/// <summary>How the rows of a payload are to be made.</summary>
internal sealed record PayloadRequest(ImmutableArray<PayloadColumn> Columns, int Width)
{
    /// <summary>What stands for a key that a row leaves out: NULL, or the mark that says DEFAULT.</summary>
    public Datum Missing { get; init; }

    /// <summary>Of several objects the first alone.</summary>
    public bool FirstOnly { get; init; }

    /// <summary>What the texts of times leave open.</summary>
    public SessionTime Time { get; init; }
}

/// <summary>
/// The body of a write: first its keys, which decide the plan; then, once the columns are known, its rows as values by column
/// ordinal.
/// </summary>
internal abstract class Payload : IDisposable
{
    /// <summary>The keys of its objects, in the order of the first.</summary>
    public ImmutableArray<string> Keys { get; protected init; } = [];

    /// <summary>Objects in it.</summary>
    public int Count { get; protected init; }

    public abstract Outcome<List<Datum[]>> Rows(PayloadRequest request);

    public virtual void Dispose() { }

    internal static Error Invalid(string message, string? details = null) => new(ErrorCodes.InvalidBody, message, details);

    internal static Error TooManyRows(int limit) =>
        new(ErrorCodes.TooManyRowsInBody, "The request body has too many rows", $"At most {limit} rows are allowed in one request.");
}

/// <summary>Rows of texts: CSV and forms. A null text is NULL.</summary>
internal sealed class TextPayload : Payload
{
    private readonly IReadOnlyList<string?[]> rows;

    public TextPayload(ImmutableArray<string> keys, IReadOnlyList<string?[]> rows)
    {
        this.rows = rows;
        Keys = keys;
        Count = rows.Count;
    }

    public string? Text(int row, int key) => rows[row][key];

    /// <summary>Every value of each key of a form, for the parameter that takes several.</summary>
    public IReadOnlyDictionary<string, List<string>>? Repeats { get; init; }

    public override Outcome<List<Datum[]>> Rows(PayloadRequest request)
    {
        int[] sources = [.. request.Columns.Select(c => Keys.IndexOf(c.Name))];
        var result = new List<Datum[]>(rows.Count);
        foreach (string?[] texts in rows)
        {
            var row = new Datum[request.Width];
            for (int i = 0; i < sources.Length; i++)
            {
                PayloadColumn column = request.Columns[i];
                if (sources[i] < 0)
                {
                    row[column.Ordinal] = request.Missing;
                }
                else if (texts[sources[i]] is { } text)
                {
                    if (!TypeInput.Parse(column.Type, text, request.Time).TryGet(out row[column.Ordinal], out Error error))
                    {
                        return error;
                    }
                }
            }
            result.Add(row);
        }
        return result;
    }
}

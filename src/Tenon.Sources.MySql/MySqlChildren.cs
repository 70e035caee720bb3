using System.Collections.Immutable;
using System.Text.Json;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>Sends a statement of a session, or some parents' statements of it.</summary>
internal delegate MySqlReader SendStatement(MySqlCompiled statement, StatementArguments arguments, StatementPlace place, ParentBatch? batch);

/// <summary>
/// The children of many parents: their keys go out in lists of a bounded size, or parent by parent where that reads fewer
/// rows. The rows come in the parents' order all the same.
/// </summary>
internal static class MySqlChildren
{
    /// <summary>
    /// Keys of one list. Of 1,000 parents with 10 rows each (MariaDB 10.11, 1 M rows, p50): lists of 50 took 20 to 33 ms, of 100 17,
    /// of 200 and more 15, and those of more than 1,000 no less; JSON_TABLE was faster than an IN of parameters (23 to 29 ms)
    /// at every size. Longer ones would only make the text larger, and what the database holds of it.
    /// </summary>
    public const int MostKeys = 1000;

    /// <summary>Bytes of one list: keys may be long texts, and max_allowed_packet is 1 MiB at the least.</summary>
    private const int MostBytes = 512 * 1024;

    public static RowReader Run(MySqlCompiled statement, StatementArguments arguments, StatementPlace place, SendStatement send)
    {
        if (!statement.IsOfParents)
        {
            return send(statement, arguments, place, null);
        }
        if (statement.OneParent is { } one && one.Pays(arguments) && ParentKeys.Read(arguments.ParentKeys.Span, one.KeyTypes) is { Count: > 0 } parents)
        {
            try
            {
                return new BatchedRows(ByParent(one, parents, arguments, place, send));
            }
            catch (MySqlFailure failure) when (failure.IsOfIndex)
            {
                // The index is not there any more: all parents at once, without it.
            }
        }
        return ParentKeys.Cut(arguments.ParentKeys, MostKeys, MostBytes) is { } lists
            ? new BatchedRows(ByList(statement, lists, arguments, place, send))
            : send(statement, arguments, place, null);
    }

    private static IEnumerable<Batch> ByParent(MySqlOneParent one, ParentKeys parents, StatementArguments arguments, StatementPlace place, SendStatement send)
    {
        using IEnumerator<ParentBatch> batches = one.Batches(parents, arguments).GetEnumerator();
        for (bool more = batches.MoveNext(); more;)
        {
            ParentBatch batch = batches.Current;
            more = batches.MoveNext();
            yield return new Batch(send(one.Statement, arguments, more ? StatementPlace.Inside : place, batch), 0);
        }
    }

    private static IEnumerable<Batch> ByList(MySqlCompiled statement, List<KeyList> lists, StatementArguments arguments, StatementPlace place, SendStatement send)
    {
        for (int i = 0; i < lists.Count; i++)
        {
            ReadOnlyMemory<byte> all = arguments.ParentKeys;
            arguments.ParentKeys = lists[i].Json;
            MySqlReader rows;
            try
            {
                rows = send(statement, arguments, i < lists.Count - 1 ? StatementPlace.Inside : place, null);
            }
            finally
            {
                arguments.ParentKeys = all;
            }
            yield return new Batch(rows, lists[i].First);
        }
    }

    /// <summary>Rows whose parents are counted from this one.</summary>
    private readonly record struct Batch(MySqlReader Rows, long First);

    /// <summary>The rows of one batch after the other; each is sent when the one before has ended.</summary>
    private sealed class BatchedRows : RowReader
    {
        private readonly IEnumerator<Batch> batches;
        private MySqlReader rows;
        private long first;

        public BatchedRows(IEnumerable<Batch> batches)
        {
            this.batches = batches.GetEnumerator();
            this.batches.MoveNext();
            (rows, first) = this.batches.Current;
        }

        public override int ColumnCount => rows.ColumnCount;

        public override bool Read()
        {
            while (!rows.Read())
            {
                rows.Dispose();
                if (!batches.MoveNext())
                {
                    return false;
                }
                (rows, first) = batches.Current;
            }
            return true;
        }

        public override bool IsNull(int column) => rows.IsNull(column);

        public override long GetInt64(int column) => column == 0 ? first + rows.GetInt64(0) : rows.GetInt64(column);

        public override double GetDouble(int column) => rows.GetDouble(column);

        public override ReadOnlySpan<byte> GetUtf8(int column) => rows.GetUtf8(column);

        public override ReadOnlySpan<byte> GetBytes(int column) => rows.GetBytes(column);

        protected override void Dispose(bool disposing)
        {
            rows.Dispose();
            batches.Dispose();
        }
    }
}

/// <summary>Some of the keys, as a JSON array. First: the place of their first parent among all.</summary>
internal readonly record struct KeyList(ReadOnlyMemory<byte> Json, int First);

/// <summary>The keys of parents that have one, part by part. A key with a part that is null is none.</summary>
internal sealed class ParentKeys
{
    private readonly List<int> ordinals = [];
    private readonly List<object> values = [];

    public int Count => ordinals.Count;
    public IReadOnlyList<int> Ordinals => ordinals;
    public IReadOnlyList<object> Values => values;

    /// <summary>Bytes that the longest key takes in a statement, at the most.</summary>
    public int LongestKey { get; private set; }

    /// <summary>Null where a part is not written as its type is.</summary>
    public static ParentKeys? Read(ReadOnlySpan<byte> json, ImmutableArray<LogicalType> types)
    {
        var keys = new ParentKeys();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        for (int ordinal = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; ordinal++)
        {
            if (!keys.Add(ref reader, ordinal, types))
            {
                return null;
            }
        }
        return keys;
    }

    private bool Add(ref Utf8JsonReader reader, int ordinal, ImmutableArray<LogicalType> types)
    {
        int before = values.Count;
        bool isNull = false;
        int length = 0;
        for (int part = 0; part < types.Length; part++)
        {
            if (types.Length > 1)
            {
                reader.Read();
            }
            isNull |= reader.TokenType == JsonTokenType.Null;
            if (reader.TokenType != JsonTokenType.Null)
            {
                if (Value(ref reader, types[part]) is not { } value)
                {
                    return false;
                }
                values.Add(value);
                length += reader.ValueSpan.Length + MySqlBinding.Doubled(reader.ValueSpan);
            }
        }
        if (types.Length > 1)
        {
            reader.Read();
        }
        if (isNull)
        {
            values.RemoveRange(before, values.Count - before);
            return true;
        }
        LongestKey = Math.Max(LongestKey, length);
        ordinals.Add(ordinal);
        return true;
    }

    private static object? Value(ref Utf8JsonReader reader, LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Numeric => reader.TokenType == JsonTokenType.String ? reader.GetString()
                : reader.TokenType == JsonTokenType.Number ? System.Text.Encoding.UTF8.GetString(reader.ValueSpan)
                : null,
            TypeKind.Text or TypeKind.Varchar or TypeKind.Uuid => reader.TokenType == JsonTokenType.String ? reader.GetString() : null,
            _ => reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) ? number : null,
        };

    /// <summary>The keys in lists of at most so many and about so many bytes; null where one takes them all.</summary>
    public static List<KeyList>? Cut(ReadOnlyMemory<byte> json, int most, int mostBytes)
    {
        // A key takes a character and its comma at the least.
        if (json.Length <= 2 * most && json.Length <= mostBytes)
        {
            return null;
        }
        var lists = new List<KeyList>();
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        (int start, int first, int count, int end) = (1, 0, 0, 1);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int begin = (int)reader.TokenStartIndex;
            reader.Skip();
            if (count == most || (count > 0 && reader.BytesConsumed - start > mostBytes))
            {
                lists.Add(new KeyList(Array(json.Span[start..end]), first));
                (start, first, count) = (begin, first + count, 0);
            }
            count++;
            end = (int)reader.BytesConsumed;
        }
        if (lists.Count == 0)
        {
            return null;
        }
        lists.Add(new KeyList(Array(json.Span[start..end]), first));
        return lists;
    }

    private static byte[] Array(ReadOnlySpan<byte> items) => [(byte)'[', .. items, (byte)']'];
}

using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Tenon.Core.Errors;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

/// <summary>A CSV body (RFC 4180): a header row with the columns, then rows. The bare word NULL is NULL.</summary>
internal static class CsvPayload
{
    public static Outcome<Payload> Read(ReadOnlySpan<byte> body, int maxRows)
    {
        if (!Utf8.IsValid(body))
        {
            return Payload.Invalid("Invalid CSV", "The body is not UTF-8");
        }
        // Spreadsheets put a byte order mark in front.
        var reader = new Reader(Encoding.UTF8.GetString(body.StartsWith("\uFEFF"u8) ? body[3..] : body));
        string?[]? header = reader.Record();
        if (header is null)
        {
            return Payload.Invalid("Empty or invalid CSV");
        }
        var rows = new List<string?[]>();
        while (reader.Record() is { } row)
        {
            if (row.Length != header.Length)
            {
                return Payload.Invalid("All lines must have same number of fields");
            }
            rows.Add(row);
            if (rows.Count > maxRows)
            {
                return Payload.TooManyRows(maxRows);
            }
        }
        if (reader.Unclosed)
        {
            return Payload.Invalid("Empty or invalid CSV", "A quoted field is not closed");
        }
        return new TextPayload([.. header.Select(h => h ?? "NULL")], rows);
    }

    private sealed class Reader(string text)
    {
        private int at;

        public bool Unclosed { get; private set; }

        /// <summary>The next line's fields; null at the end. Empty lines are skipped.</summary>
        public string?[]? Record()
        {
            while (at < text.Length && text[at] is '\r' or '\n')
            {
                at++;
            }
            if (at >= text.Length)
            {
                return null;
            }
            var fields = new List<string?>();
            do
            {
                fields.Add(Field());
            } while (at < text.Length && text[at] == ',' && ++at >= 0);
            return [.. fields];
        }

        private string? Field()
        {
            if (at < text.Length && text[at] == '"')
            {
                return Quoted();
            }
            int end = text.AsSpan(at).IndexOfAny(',', '\r', '\n');
            string field = end < 0 ? text[at..] : text.Substring(at, end);
            at += field.Length;
            return field == "NULL" ? null : field;
        }

        private string Quoted()
        {
            var field = new StringBuilder();
            at++;
            while (true)
            {
                int quote = text.IndexOf('"', at);
                if (quote < 0)
                {
                    Unclosed = true;
                    at = text.Length;
                    return field.ToString();
                }
                field.Append(text, at, quote - at);
                at = quote + 1;
                if (at >= text.Length || text[at] != '"')
                {
                    break;
                }
                field.Append('"');
                at++;
            }
            // Anything behind the closing quote belongs to the field, as lenient readers take it.
            int end = text.AsSpan(at).IndexOfAny(',', '\r', '\n');
            int length = end < 0 ? text.Length - at : end;
            field.Append(text, at, length);
            at += length;
            return field.ToString();
        }
    }
}

/// <summary>A form body: one object of texts; of a key given twice the last counts.</summary>
internal static class FormPayload
{
    public static Outcome<Payload> Read(ReadOnlySpan<byte> body)
    {
        var keys = ImmutableArray.CreateBuilder<string>();
        var values = new List<string?>();
        var repeats = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        ReadOnlySpan<char> rest = Encoding.UTF8.GetString(body);
        while (QueryText.Next(ref rest, out ReadOnlySpan<char> rawKey, out ReadOnlySpan<char> rawValue, out bool hasValue))
        {
            if (QueryText.Decode(rawKey) is not { } key || QueryText.Decode(rawValue) is not { } value)
            {
                return Payload.Invalid("Invalid form", "The body is not UTF-8");
            }
            int known = keys.IndexOf(key);
            if (known >= 0)
            {
                values[known] = value;
                repeats[key].Add(value);
                continue;
            }
            keys.Add(key);
            values.Add(value);
            repeats[key] = [value];
        }
        return new TextPayload(keys.ToImmutable(), [[.. values]]) { Repeats = repeats };
    }
}

using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// text: concatenation, case, cutting, searching. Positions count characters (code points) from 1.
internal static class TextFunctions
{
    private static readonly LogicalType T = LogicalType.Text;
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType B = LogicalType.Boolean;

    public static IEnumerable<Function> Functions() =>
        [
            .. Joining(),
            .. Changing(),
            .. Writing(),
            .. Measuring(),
            .. Cutting(),
            .. Trimming(),
            .. Searching(),
            .. PatternFunctions.Functions().Select(f => f.AsStored(StoredResults.FirstByUnicode)),
        ];

    private static IEnumerable<Function> Joining()
    {
        yield return Infix("text_concat", "||", T, T, T, a => Datum.Of(a[0].Text + a[1].Text)).AsTotal();
        yield return Infix("text_concat_any", "||", T, LogicalType.AnyNonArray, T, null!)
            .AsTotal()
            .Polymorphic(types => a => Datum.Of(a[0].Text + TypeOutput.CastToText(types[1], a[1])));
        yield return Infix("any_concat_text", "||", LogicalType.AnyNonArray, T, T, null!)
            .AsTotal()
            .Polymorphic(types => a => Datum.Of(TypeOutput.CastToText(types[0], a[0]) + a[1].Text));
        Function concat = Total("concat", "concat", [LogicalType.Any], T, null!).AsLax().AsVariadic();
        yield return concat.Polymorphic(types => a => Datum.Of(Concat(types, a, 0, "")));
        Function concatWs = Total("concat_ws", "concat_ws", [T, LogicalType.Any], T, null!).AsLax().AsVariadic();
        yield return concatWs.Polymorphic(types =>
            a => a[0].IsNull ? Datum.Null : Datum.Of(Concat(types, a, 1, a[0].Text))
        );
    }

    private static string Concat(IReadOnlyList<LogicalType> types, ReadOnlySpan<Datum> values, int from, string between)
    {
        var text = new StringBuilder();
        bool any = false;
        for (int i = from; i < values.Length; i++)
        {
            if (!values[i].IsNull)
            {
                text.Append(any ? between : "")
                    .Append(TypeOutput.ToText(types[Math.Min(i, types.Count - 1)], values[i]));
                any = true;
            }
        }
        return text.ToString();
    }

    private static IEnumerable<Function> Changing()
    {
        yield return Total("lower", "lower", [T], T, a => Datum.Of(a[0].Text.ToLowerInvariant())).AsStored(StoredResults.FirstByUnicode);
        yield return Total("upper", "upper", [T], T, a => Datum.Of(a[0].Text.ToUpperInvariant())).AsStored(StoredResults.FirstByUnicode);
        yield return Total("initcap", "initcap", [T], T, a => Datum.Of(Initcap(a[0].Text))).AsStored(StoredResults.FirstByUnicode);
        yield return Total(
            "text_reverse",
            "reverse",
            [T],
            T,
            a => Datum.Of(string.Concat(a[0].Text.EnumerateRunes().Reverse().Select(r => r.ToString())))
        );
        yield return Total(
            "replace",
            "replace",
            [T, T, T],
            T,
            a =>
                Datum.Of(
                    a[1].Text.Length == 0
                        ? a[0].Text
                        : a[0].Text.Replace(a[1].Text, a[2].Text, StringComparison.Ordinal)
                )
        );
        yield return Total(
            "translate",
            "translate",
            [T, T, T],
            T,
            a => Datum.Of(Translate(a[0].Text, a[1].Text, a[2].Text))
        );
        yield return Scalar("repeat", "repeat", [T, I], T, a => Repeat(a[0].Text, a[1].Integer));
    }

    // Text as it stands in SQL, in hexadecimal, in an encoding, in a format.
    private static IEnumerable<Function> Writing()
    {
        yield return Total("quote_literal", "quote_literal", [T], T, a => Datum.Of(FormatText.QuoteLiteral(a[0].Text)));
        yield return Total(
                "quote_nullable",
                "quote_nullable",
                [T],
                T,
                a => Datum.Of(a[0].IsNull ? "NULL" : FormatText.QuoteLiteral(a[0].Text))
            )
            .AsLax();
        yield return Total("quote_ident", "quote_ident", [T], T, a => Datum.Of(FormatText.QuoteIdentifier(a[0].Text)));
        yield return Total(
            "md5",
            "md5",
            [T],
            T,
            a =>
                Datum.Of(
                    Convert.ToHexStringLower(
                        System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(a[0].Text))
                    )
                )
        );
        yield return Total(
            "to_hex",
            "to_hex",
            [LogicalType.Int8],
            T,
            a => Datum.Of(a[0].Integer.ToString("x", System.Globalization.CultureInfo.InvariantCulture))
        );
        yield return Total("encode", "encode", [LogicalType.Bytea, T], T, null!) with
        {
            Total = false,
            Evaluate = a => BinaryText.Encode(a[0].Bytes, a[1].Text),
        };
        yield return Scalar(
            "decode",
            "decode",
            [T, T],
            LogicalType.Bytea,
            a => BinaryText.Decode(a[0].Text, a[1].Text)
        );
        Function format = Scalar("format", "format", [T, LogicalType.Any], T, null!).AsLax().AsVariadic();
        yield return format.Polymorphic(types => a => FormatText.Format(types, a));
        yield return Scalar("format_plain", "format", [T], T, a => FormatText.Format([T], a));
    }

    private static string Initcap(string text)
    {
        var result = new StringBuilder(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetterOrDigit(c);
        }
        return result.ToString();
    }

    private static string Translate(string text, string from, string to)
    {
        Rune[] old = [.. from.EnumerateRunes()], with = [.. to.EnumerateRunes()];
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int at = Array.IndexOf(old, rune);
            if (at < 0 || at < with.Length)
            {
                result.Append((at < 0 ? rune : with[at]).ToString());
            }
        }
        return result.ToString();
    }

    private static Outcome<Datum> Repeat(string text, long times) =>
        text.Length * Math.Max(0, times) > 1 << 28
            ? new Error(ErrorCodes.ProgramLimitExceeded, "requested length too large")
            : Datum.Of(new StringBuilder().Insert(0, text, (int)Math.Max(0, times)).ToString());

    private static IEnumerable<Function> Measuring()
    {
        yield return Total("length", "length", [T], I, a => Datum.Of(CodePoints.Count(a[0].Text)));
        yield return Total("char_length", "char_length", [T], I, a => Datum.Of(CodePoints.Count(a[0].Text)));
        yield return Total("character_length", "character_length", [T], I, a => Datum.Of(CodePoints.Count(a[0].Text)));
        yield return Total(
            "octet_length",
            "octet_length",
            [T],
            I,
            a => Datum.Of(Encoding.UTF8.GetByteCount(a[0].Text))
        );
    }

    private static IEnumerable<Function> Cutting()
    {
        foreach (string name in new[] { "substr", "substring" })
        {
            yield return Total(
                name + "_from",
                name,
                [T, I],
                T,
                a => Datum.Of(Slice(a[0].Text, a[1].Integer - 1, long.MaxValue))
            );
            yield return Scalar(
                name + "_from_for",
                name,
                [T, I, I],
                T,
                a => Substring(a[0].Text, a[1].Integer, a[2].Integer)
            );
        }
        yield return Total(
            "left",
            "left",
            [T, I],
            T,
            a =>
                Datum.Of(
                    Slice(a[0].Text, 0, a[1].Integer >= 0 ? a[1].Integer : CodePoints.Count(a[0].Text) + a[1].Integer)
                )
        );
        yield return Total(
            "right",
            "right",
            [T, I],
            T,
            a =>
                Datum.Of(
                    Slice(
                        a[0].Text,
                        a[1].Integer >= 0 ? CodePoints.Count(a[0].Text) - a[1].Integer : -a[1].Integer,
                        long.MaxValue
                    )
                )
        );
    }

    private static IEnumerable<Function> Trimming()
    {
        foreach (
            (string name, bool left, bool right) in new[]
            {
                ("btrim", true, true),
                ("ltrim", true, false),
                ("rtrim", false, true),
            }
        )
        {
            yield return Total(name + "_spaces", name, [T], T, a => Datum.Of(Trim(a[0].Text, " ", left, right)));
            yield return Total(name, name, [T, T], T, a => Datum.Of(Trim(a[0].Text, a[1].Text, left, right)));
        }
        foreach ((string name, bool left) in new[] { ("lpad", true), ("rpad", false) })
        {
            yield return Scalar(name + "_spaces", name, [T, I], T, a => Pad(a[0].Text, a[1].Integer, " ", left));
            yield return Scalar(name, name, [T, I, T], T, a => Pad(a[0].Text, a[1].Integer, a[2].Text, left));
        }
        yield return Scalar(
            "split_part",
            "split_part",
            [T, T, I],
            T,
            a => SplitPart(a[0].Text, a[1].Text, a[2].Integer)
        );
    }

    private static string Slice(string text, long from, long end)
    {
        int start = CodePoints.IndexOf(text, Math.Max(0, from));
        int stop = CodePoints.IndexOf(text, Math.Max(0, end));
        return start < stop ? text[start..stop] : "";
    }

    private static Outcome<Datum> Substring(string text, long from, long count) =>
        count < 0
            ? new Error(ErrorCodes.SubstringError, "negative substring length not allowed")
            : Datum.Of(Slice(text, from - 1, from - 1 + count));

    private static string Trim(string text, string characters, bool left, bool right)
    {
        Rune[] set = [.. characters.EnumerateRunes()], runes = [.. text.EnumerateRunes()];
        int start = 0, end = runes.Length;
        while (left && start < end && set.Contains(runes[start]))
        {
            start++;
        }
        while (right && end > start && set.Contains(runes[end - 1]))
        {
            end--;
        }
        return start == 0 && end == runes.Length ? text : string.Concat(runes[start..end].Select(r => r.ToString()));
    }

    private static Outcome<Datum> Pad(string text, long length, string fill, bool left)
    {
        if (length > 1 << 24)
        {
            return new Error(ErrorCodes.ProgramLimitExceeded, "requested length too large");
        }
        int have = CodePoints.Count(text);
        if (have >= length)
        {
            return Datum.Of(Slice(text, 0, length));
        }
        if (fill.Length == 0)
        {
            return Datum.Of(text);
        }
        var padding = new StringBuilder();
        int size = CodePoints.Count(fill);
        for (long filled = 0; filled < length - have; filled += size)
        {
            padding.Append(fill);
        }
        string cut = Slice(padding.ToString(), 0, length - have);
        return Datum.Of(left ? cut + text : text + cut);
    }

    private static Outcome<Datum> SplitPart(string text, string by, long field)
    {
        if (field == 0)
        {
            return new Error(ErrorCodes.InvalidParameterValue, "field position must not be zero");
        }
        string[] parts = by.Length == 0 ? [text] : text.Split(by);
        long at = field > 0 ? field - 1 : parts.Length + field;
        return Datum.Of(at >= 0 && at < parts.Length ? parts[at] : "");
    }

    private static IEnumerable<Function> Searching()
    {
        yield return Total("strpos", "strpos", [T, T], I, a => Datum.Of(Position(a[0].Text, a[1].Text)));
        yield return Total("position", "position", [T, T], I, a => Datum.Of(Position(a[0].Text, a[1].Text)));
        yield return Total(
            "starts_with",
            "starts_with",
            [T, T],
            B,
            a => Datum.Of(a[0].Text.StartsWith(a[1].Text, StringComparison.Ordinal))
        );
        yield return Scalar(
                "ascii",
                "ascii",
                [T],
                I,
                a => Datum.Of(a[0].Text.Length == 0 ? 0 : a[0].Text.EnumerateRunes().First().Value)
            )
            .AsTotal();
        yield return Scalar("chr", "chr", [I], T, a => Character(a[0].Integer));
    }

    private static Outcome<Datum> Character(long code) =>
        code < 0 ? new Error(ErrorCodes.InvalidParameterValue, "character number must be positive")
        : code == 0 ? new Error(ErrorCodes.ProgramLimitExceeded, "null character not permitted")
        : code <= 0x10FFFF && Rune.IsValid((int)code) ? Datum.Of(new Rune((int)code).ToString())
        : new Error(ErrorCodes.ProgramLimitExceeded, "requested character not valid for encoding");

    private static int Position(string text, string wanted)
    {
        int at = text.IndexOf(wanted, StringComparison.Ordinal);
        return at < 0 ? 0 : CodePoints.Count(text.AsSpan(0, at)) + 1;
    }
}

using System.Text.RegularExpressions;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// text against patterns: LIKE and regular expressions.
internal static class PatternFunctions
{
    private static readonly LogicalType T = LogicalType.Text;
    private static readonly LogicalType B = LogicalType.Boolean;

    public static IEnumerable<Function> Functions() => [.. Likes(), .. Matches(), .. Captures()];

    private static IEnumerable<Function> Likes()
    {
        foreach (
            (string id, string op, bool insensitive, bool negated) in new[]
            {
                ("like", "~~", false, false),
                ("not_like", "!~~", false, true),
                ("ilike", "~~*", true, false),
                ("not_ilike", "!~~*", true, true),
            }
        )
        {
            yield return Infix(
                    id,
                    op,
                    T,
                    T,
                    B,
                    a =>
                        LikePattern.Matches(a[0].Text, a[1].Text, insensitive).TryGet(out bool matches, out Error error)
                            ? Datum.Of(matches != negated)
                            : error
                )
                .AsTotal();
        }
    }

    private static IEnumerable<Function> Matches()
    {
        foreach (
            (string id, string op, bool insensitive, bool negated) in new[]
            {
                ("regex", "~", false, false),
                ("not_regex", "!~", false, true),
                ("iregex", "~*", true, false),
                ("not_iregex", "!~*", true, true),
            }
        )
        {
            yield return Infix(
                id,
                op,
                T,
                T,
                B,
                a =>
                    RegexPattern.Of(a[1].Text, insensitive).TryGet(out Regex regex, out Error error)
                        ? Datum.Of(regex.IsMatch(a[0].Text) != negated)
                        : error
            );
        }
    }

    private static IEnumerable<Function> Captures()
    {
        yield return Scalar(
            "substring_regex",
            "substring",
            [T, T],
            T,
            a => RegexPattern.Substring(a[0].Text, a[1].Text)
        );
        yield return Scalar(
            "regexp_match",
            "regexp_match",
            [T, T],
            LogicalType.ArrayOf(T),
            a => RegexPattern.Match(a[0].Text, a[1].Text, "")
        );
        yield return Scalar(
            "regexp_match_flags",
            "regexp_match",
            [T, T, T],
            LogicalType.ArrayOf(T),
            a => RegexPattern.Match(a[0].Text, a[1].Text, a[2].Text)
        );
        yield return Scalar(
            "regexp_replace",
            "regexp_replace",
            [T, T, T],
            T,
            a => Replace(a[0].Text, a[1].Text, a[2].Text, "")
        );
        yield return Scalar(
            "regexp_replace_flags",
            "regexp_replace",
            [T, T, T, T],
            T,
            a => Replace(a[0].Text, a[1].Text, a[2].Text, a[3].Text)
        );
    }

    private static Outcome<Datum> Replace(string text, string pattern, string with, string flags)
    {
        if (!RegexPattern.Of(pattern, flags.Contains('i')).TryGet(out Regex regex, out Error error))
        {
            return error;
        }
        string replacement = Regex
            .Replace(with.Replace("$", "$$", StringComparison.Ordinal), @"\\(\d)", "$${$1}")
            .Replace("\\&", "$0", StringComparison.Ordinal);
        return Datum.Of(flags.Contains('g') ? regex.Replace(text, replacement) : regex.Replace(text, replacement, 1));
    }
}

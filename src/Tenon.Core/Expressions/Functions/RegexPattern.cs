using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

/// <summary>
/// PostgreSQL's regular expressions by .NET's engine that cannot backtrack, so that time is linear in the text. Back
/// references and look-around, which it has not, are refused by name.
/// </summary>
internal static class RegexPattern
{
    // Each keeps the part of its automaton that texts have asked for, so not too many are kept.
    private const int Remembered = 200;
    private const int MaxLength = 32_768;
    private const int MaxDepth = 200;

    // PostgreSQL's bound of a repetition.
    private const int MaxCount = 255;
    private static readonly ConcurrentDictionary<(string, bool), Regex> Known = new();

    public static Outcome<Regex> Of(string pattern, bool insensitive)
    {
        if (Known.TryGetValue((pattern, insensitive), out Regex? known))
        {
            return known;
        }
        if (Refused(pattern) is { } refused)
        {
            return refused;
        }
        try
        {
            var options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline;
            var regex = new Regex(Translate(pattern, insensitive), options | (insensitive ? RegexOptions.IgnoreCase : 0));
            if (Known.Count < Remembered)
            {
                Known[(pattern, insensitive)] = regex;
            }
            return regex;
        }
        catch (NotSupportedException)
        {
            return LooksAround(pattern) ? Refusals.NotSupported("a back reference or look-around in a regular expression") : TooComplex();
        }
        catch (ArgumentException)
        {
            return new Error(ErrorCodes.InvalidRegex, "invalid regular expression");
        }
    }

    private static Error TooComplex() => new(ErrorCodes.InvalidRegex, "invalid regular expression: regular expression is too complex");

    private static bool LooksAround(string pattern) =>
        pattern.Contains("(?=", StringComparison.Ordinal)
        || pattern.Contains("(?!", StringComparison.Ordinal)
        || pattern.Contains("(?<", StringComparison.Ordinal)
        || Regex.IsMatch(pattern, @"\\[1-9]", RegexOptions.NonBacktracking);

    /// <summary>What no text is asked: patterns that are too large, and counts beyond PostgreSQL's.</summary>
    private static Error? Refused(string pattern)
    {
        int depth = 0;
        bool inBracket = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\')
            {
                i++;
            }
            else if (c is '[' or ']')
            {
                inBracket = c == '[' || (inBracket && i > 0 && pattern[i - 1] is '[' or '^');
            }
            else if (!inBracket && c is '(' or ')')
            {
                depth += c == '(' ? 1 : -1;
                if (depth > MaxDepth)
                {
                    return TooComplex();
                }
            }
            else if (!inBracket && c == '{' && !CountsAreGood(pattern.AsSpan(i + 1)))
            {
                return new Error(ErrorCodes.InvalidRegex, "invalid regular expression: invalid repetition count(s)");
            }
        }
        return pattern.Length > MaxLength ? TooComplex() : null;
    }

    /// <summary>n}, n,} and n,m} within the bound; what is no count at all is PostgreSQL's and .NET's to refuse.</summary>
    private static bool CountsAreGood(ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOf('}');
        if (end <= 0)
        {
            return true;
        }
        foreach (Range part in rest[..end].Split(','))
        {
            ReadOnlySpan<char> number = rest[..end][part];
            if (number.Length > 0 && !number.ContainsAnyExceptInRange('0', '9') && (number.Length > 9 || int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) > MaxCount))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>substring(text from pattern): the first group if there is one, else the whole match.</summary>
    public static Outcome<Datum> Substring(string text, string pattern)
    {
        if (!Of(pattern, insensitive: false).TryGet(out Regex regex, out Error error))
        {
            return error;
        }
        Match match = regex.Match(text);
        Group found = match.Groups.Count > 1 ? match.Groups[1] : match;
        return match.Success && found.Success ? Datum.Of(found.Value) : Datum.Null;
    }

    /// <summary>regexp_match: the groups of the first match, or the match itself, as an array.</summary>
    public static Outcome<Datum> Match(string text, string pattern, string flags)
    {
        if (!Of(pattern, flags.Contains('i', StringComparison.Ordinal)).TryGet(out Regex regex, out Error error))
        {
            return error;
        }
        Match match = regex.Match(text);
        if (!match.Success)
        {
            return Datum.Null;
        }
        IEnumerable<Group> groups = match.Groups.Count > 1 ? match.Groups.Cast<Group>().Skip(1) : [match];
        Datum[] items = [.. groups.Select(g => g.Success ? Datum.Of(g.Value) : Datum.Null)];
        return ArrayValue.Of(LogicalType.Text, items).ToDatum();
    }

    // What differs in spelling: $ is the very end, bracket classes have names, \m \M \y are word borders.
    private static string Translate(string pattern, bool insensitive)
    {
        var result = new StringBuilder(pattern.Length + 8);
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '[')
            {
                i = Bracket(pattern, i, result, insensitive);
            }
            else if (c == '\\' && i + 1 < pattern.Length)
            {
                char next = pattern[++i];
                result.Append(
                    next switch
                    {
                        'm' or 'M' or 'y' => "\\b",
                        'Y' => "\\B",
                        'Z' => "\\z",
                        // Digits are the ten of ASCII.
                        'd' => "[0-9]",
                        'D' => "[^0-9]",
                        _ => "\\" + next,
                    }
                );
            }
            else
            {
                result.Append(c == '$' ? "\\z" : c.ToString());
            }
        }
        return result.ToString();
    }

    private static int Bracket(string pattern, int at, StringBuilder result, bool insensitive)
    {
        int i = at + 1;
        result.Append('[');
        if (i < pattern.Length && pattern[i] == '^')
        {
            result.Append(pattern[i++]);
        }
        for (int first = i; i < pattern.Length && (pattern[i] != ']' || i == first); i++)
        {
            int end =
                pattern[i] == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':'
                    ? pattern.IndexOf(":]", i + 2, StringComparison.Ordinal)
                    : -1;
            if (end > 0)
            {
                result.Append(Class(pattern[(i + 2)..end], insensitive));
                i = end + 1;
            }
            else if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                i++;
                result.Append(pattern[i] == 'd' ? "0-9" : "\\" + pattern[i]);
            }
            else
            {
                result.Append(pattern[i] is '[' or ']' ? "\\" : "").Append(pattern[i]);
            }
        }
        result.Append(i < pattern.Length ? "]" : "");
        return i;
    }

    private static string Class(string name, bool insensitive) =>
        name switch
        {
            "alpha" => "\\p{L}",
            "digit" => "0-9",
            "alnum" => "\\p{L}\\p{Nd}",
            // Where case is ignored, so is that of a class.
            "upper" or "lower" when insensitive => "\\p{L}",
            "upper" => "\\p{Lu}\\p{Lt}",
            "lower" => "\\p{Ll}",
            "space" => "\\s",
            "blank" => " \\t",
            "punct" => "\\p{P}\\p{S}",
            "xdigit" => "0-9A-Fa-f",
            "word" => "\\w",
            "cntrl" => "\\p{Cc}",
            _ => throw new ArgumentException($"no character class {name}"),
        };
}

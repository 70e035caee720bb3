using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;

namespace Tenon.Core.Query;

/// <summary>
/// The conditions of a request: operator.value behind a column's name, and the trees of and=(…), or=(…). Cuts values into
/// slots as it goes.
/// </summary>
internal sealed class FilterParser(QueryLimits limits, List<string> slots)
{
    private const string Operator = "operator (eq, gt, ...)";
    private const string Test = "isVal: (null, not_null, true, false, unknown)";
    private static readonly (string Word, TestKind Kind, bool Negated)[] Tests =
    [
        ("null", TestKind.Null, false),
        ("not_null", TestKind.Null, true),
        ("true", TestKind.True, false),
        ("false", TestKind.False, false),
        ("unknown", TestKind.Unknown, false),
    ];

    private int filters;
    private Error? limit;

    /// <summary>The text behind "column=".</summary>
    public Outcome<FilterSyntax> ParseFilter(FieldSyntax field, string text, int rawStart)
    {
        var cursor = new TextCursor(text);
        bool good = Operation(ref cursor, field, inTree: false, out FilterSyntax? filter) && (cursor.AtEnd || cursor.Fail("end of input"));
        return good ? filter! : limit ?? cursor.ToError("filter", text, rawStart);
    }

    /// <summary>The tree behind "and=" or "or="; shown with its operator in front, so that positions are PostgREST's.</summary>
    public Outcome<ConditionSyntax> ParseTree(string op, string text, int rawStart)
    {
        var cursor = new TextCursor(op + text);
        bool good = Tree(ref cursor, 0, out ConditionSyntax? tree) && (cursor.AtEnd || cursor.Fail("end of input"));
        return good ? tree! : limit ?? cursor.ToError("logic tree", text, rawStart);
    }

    private bool Tree(ref TextCursor cursor, int depth, out ConditionSyntax? tree)
    {
        tree = null;
        cursor.SkipBlanks();
        int start = cursor.At;
        if (StartsLogic(cursor, out bool negated, out bool or, out int length))
        {
            cursor.At += length;
            return Items(ref cursor, depth, negated, or, out tree);
        }
        if (!TextCursor.IsNameChar(cursor.Peek) && cursor.Peek != '"')
        {
            return cursor.Fail(TextCursor.FieldName + ", negation operator (not) or logic operator (and, or)");
        }
        if (cursor.Rest.StartsWith("not."))
        {
            return cursor.Fail(cursor.At + 4, "logic operator (and, or)");
        }
        if (!FieldParser.Read(ref cursor, out FieldSyntax field))
        {
            return false;
        }
        if (!cursor.Take('.'))
        {
            int word = cursor.Text.AsSpan(start).StartsWith("and") ? 3 : cursor.Text.AsSpan(start).StartsWith("or") ? 2 : 0;
            return word > 0 ? cursor.Fail(start + word, "\"(\"") : cursor.Fail("\"->>\", \"->\" or delimiter (.)");
        }
        bool good = Operation(ref cursor, field, inTree: true, out FilterSyntax? filter);
        tree = filter;
        cursor.SkipBlanks();
        return good;
    }

    private bool Items(ref TextCursor cursor, int depth, bool negated, bool or, out ConditionSyntax? tree)
    {
        tree = null;
        if (depth >= limits.LogicDepth)
        {
            limit ??= new Error(
                ErrorCodes.TooDeep,
                "The logic tree is nested too deep",
                $"At most {limits.LogicDepth} levels of and/or are allowed."
            );
            return false;
        }
        var items = ImmutableArray.CreateBuilder<ConditionSyntax>();
        do
        {
            if (!Tree(ref cursor, depth + 1, out ConditionSyntax? item))
            {
                return false;
            }
            items.Add(item!);
            cursor.SkipBlanks();
        } while (cursor.Take(','));
        if (!cursor.Take(')'))
        {
            return cursor.Fail("\",\" or \")\"");
        }
        cursor.SkipBlanks();
        tree = new LogicSyntax(or, negated, items.DrainToImmutable());
        return true;
    }

    /// <summary>[not.]and( or [not.]or( at the cursor; length runs past the parenthesis.</summary>
    private static bool StartsLogic(TextCursor cursor, out bool negated, out bool or, out int length)
    {
        int start = cursor.At;
        negated = cursor.Take("not.");
        or = cursor.Take("or");
        length = 0;
        if (!or && !cursor.Take("and"))
        {
            return false;
        }
        cursor.SkipBlanks();
        bool open = cursor.Take('(');
        length = cursor.At - start;
        return open;
    }

    private bool Operation(ref TextCursor cursor, FieldSyntax field, bool inTree, out FilterSyntax? filter)
    {
        filter = null;
        if (!CountFilter())
        {
            return false;
        }
        OperatorText.Result read = OperatorText.Read(cursor.Rest);
        if (!read.Found)
        {
            return FailOperator(ref cursor, read);
        }
        cursor.At += read.Length;
        filter = new FilterSyntax(field, read.Operator, -1) { Negated = read.Negated, Quantifier = read.Quantifier };
        if (read.Operator == FilterOperator.Is)
        {
            return IsValue(ref cursor, ref filter);
        }
        if (!read.Language.IsEmpty)
        {
            filter = filter with { Language = read.Language.ToString() };
        }
        string value;
        if (read.Operator == FilterOperator.In)
        {
            if (!List(ref cursor, out value))
            {
                return false;
            }
        }
        else
        {
            value = Value(ref cursor, inTree);
        }
        filter = filter with { Slot = slots.Count };
        slots.Add(value);
        return true;
    }

    private bool CountFilter()
    {
        if (++filters > limits.Filters)
        {
            limit ??= new Error(
                ErrorCodes.TooManyFilters,
                "The request has too many filters",
                $"At most {limits.Filters} conditions are allowed in one request."
            );
        }
        return limit is null;
    }

    private static bool FailOperator(ref TextCursor cursor, OperatorText.Result read)
    {
        if (read.Length > 0)
        {
            return cursor.Fail(cursor.At + read.Length, Operator);
        }
        // "not" is tried first: the character that differs from it is what PostgREST shows as unexpected, at the start.
        int common = cursor.Rest.CommonPrefixLength("not");
        return cursor.Fail(cursor.At, "\"not\" or " + Operator, cursor.At + common);
    }

    private static bool IsValue(ref TextCursor cursor, ref FilterSyntax filter)
    {
        int best = 0;
        foreach ((string word, TestKind kind, bool negated) in Tests)
        {
            int common = 0;
            ReadOnlySpan<char> rest = cursor.Rest;
            while (common < word.Length && common < rest.Length && char.ToLowerInvariant(rest[common]) == word[common])
            {
                common++;
            }
            if (common == word.Length)
            {
                cursor.At += common;
                filter = filter with { Test = kind, TestNegated = negated };
                return true;
            }
            best = Math.Max(best, common);
        }
        return cursor.Fail(cursor.At + best, Test);
    }

    private bool List(ref TextCursor cursor, out string value)
    {
        value = "";
        var list = new ListText(cursor.Rest);
        if (!list.Well)
        {
            return cursor.Fail("\"(\"");
        }
        int count = 0;
        while (list.Next())
        {
            if (++count > limits.ListItems)
            {
                limit ??= TooLong(limits);
                return false;
            }
        }
        if (!list.Well)
        {
            return cursor.Fail(cursor.Text.Length, "\",\" or \")\"");
        }
        value = cursor.Text.Substring(cursor.At, list.Position);
        cursor.At += list.Position;
        return true;
    }

    public static Error TooLong(QueryLimits limits) =>
        new(ErrorCodes.ListTooLong, "The list of in is too long", $"At most {limits.ListItems} elements are allowed.");

    // Outside a tree the whole rest is the value. In a tree it ends at ',' or ')' unless it is "quoted" or an {array}.
    private static string Value(ref TextCursor cursor, bool inTree)
    {
        int length = inTree ? TreeValue(cursor.Rest, out string? unescaped) : WholeValue(cursor.Rest, out unescaped);
        string value = unescaped ?? cursor.Text.Substring(cursor.At, length);
        cursor.At += length;
        return value;
    }

    private static int WholeValue(ReadOnlySpan<char> text, out string? unescaped)
    {
        unescaped = null;
        return text.Length;
    }

    /// <summary>Length of a value in a tree; unescaped is its content when it was quoted.</summary>
    public static int TreeValue(ReadOnlySpan<char> text, out string? unescaped)
    {
        unescaped = null;
        if (text.Length > 0 && text[0] == '"' && ListText.TryQuoted(text, out int length, out unescaped))
        {
            if (length >= text.Length || text[length] is ',' or ')')
            {
                unescaped ??= text[1..(length - 1)].ToString();
                return length;
            }
            unescaped = null;
        }
        if (text.Length > 0 && text[0] == '{')
        {
            int brace = text[1..].IndexOfAny('{', '}') + 1;
            if (brace > 0 && text[brace] == '}')
            {
                return brace + 1;
            }
        }
        int end = text.IndexOfAny(',', ')');
        return end < 0 ? text.Length : end;
    }
}

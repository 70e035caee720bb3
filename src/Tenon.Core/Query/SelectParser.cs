using System.Collections.Immutable;
using Tenon.Core.Errors;

namespace Tenon.Core.Query;

/// <summary>select=a,b:c->>d::text,rel!hint!inner(…),...rel(…),d.sum(): the tree of what the answer shall hold.</summary>
internal ref struct SelectParser(string text, QueryLimits limits)
{
    private const string ItemStart = "\"...\", field name (* or [a..z0..9_$]), \"*\" or \"count()\"";
    private const string AfterName = "letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input";
    private const string AfterItem = "\")\", \",\" or end of input";

    private TextCursor cursor = new(text);
    private int embeds;
    private Error? limit;

    public Outcome<ImmutableArray<SelectItemSyntax>> Parse(int rawStart)
    {
        bool good = Forest(0, out ImmutableArray<SelectItemSyntax> items) && (cursor.AtEnd || cursor.Fail(AfterItem));
        return good ? items : limit ?? cursor.ToError("select parameter", text, rawStart);
    }

    private bool Forest(int depth, out ImmutableArray<SelectItemSyntax> items)
    {
        items = [];
        cursor.SkipBlanks();
        if (cursor.AtEnd || cursor.Peek == ')')
        {
            return true;
        }
        var builder = ImmutableArray.CreateBuilder<SelectItemSyntax>();
        do
        {
            cursor.SkipBlanks();
            if (!Item(depth, out SelectItemSyntax item))
            {
                return false;
            }
            builder.Add(item);
            cursor.SkipBlanks();
        } while (cursor.Take(','));
        items = builder.DrainToImmutable();
        return true;
    }

    private bool Item(int depth, out SelectItemSyntax item)
    {
        int start = cursor.At;
        item = new StarSyntax { At = start };
        if (cursor.Take('*'))
        {
            return EndsItem(cursor) || cursor.Fail(AfterItem);
        }
        if (cursor.Take("..."))
        {
            return cursor.Name(out string target) && Embed(target, null, true, depth, start, out item);
        }
        if (!TextCursor.IsNameChar(cursor.Peek) && cursor.Peek != '"')
        {
            return cursor.Fail(ItemStart);
        }
        if (!cursor.Name(out string name))
        {
            return false;
        }
        string? alias = null;
        if (cursor.Peek == ':' && !cursor.Rest.StartsWith("::"))
        {
            cursor.At++;
            cursor.SkipBlanks();
            alias = name;
            if (!cursor.Name(out name))
            {
                return false;
            }
        }
        if (name == "count" && cursor.Take("()"))
        {
            return CountOfRows(alias, start, out item);
        }
        return cursor.Peek is '!' or '('
            ? Embed(name, alias, false, depth, start, out item)
            : Field(name, alias, start, out item);
    }

    private bool CountOfRows(string? alias, int start, out SelectItemSyntax item)
    {
        bool good = Cast(out string? cast);
        item = new FieldItemSyntax(null, alias) { Aggregate = AggregateKind.Count, AggregateCast = cast, At = start };
        return good && (EndsItem(cursor) || cursor.Fail(AfterItem));
    }

    private bool Field(string name, string? alias, int start, out SelectItemSyntax item)
    {
        item = new StarSyntax();
        if (!FieldParser.Path(ref cursor, out ImmutableArray<JsonStep> path) || !Cast(out string? cast))
        {
            return false;
        }
        AggregateKind? aggregate = null;
        string? aggregateCast = null;
        if (cursor.Take('.'))
        {
            aggregate = Aggregate();
            if (aggregate is null)
            {
                return cursor.Fail("\"sum\", \"avg\", \"count\", \"max\" or \"min\"");
            }
            if (!cursor.Take("()"))
            {
                return cursor.Fail("\"()\"");
            }
            if (!Cast(out aggregateCast))
            {
                return false;
            }
        }
        item = new FieldItemSyntax(new FieldSyntax(name, path), alias)
        {
            Cast = cast,
            Aggregate = aggregate,
            AggregateCast = aggregateCast,
            At = start,
        };
        return EndsItem(cursor) || cursor.Fail(cast is null && path.IsEmpty && aggregate is null ? AfterName : AfterItem);
    }

    private AggregateKind? Aggregate() =>
        cursor.Take("sum") ? AggregateKind.Sum
        : cursor.Take("avg") ? AggregateKind.Avg
        : cursor.Take("count") ? AggregateKind.Count
        : cursor.Take("max") ? AggregateKind.Max
        : cursor.Take("min") ? AggregateKind.Min
        : null;

    private bool Cast(out string? type)
    {
        type = null;
        return !cursor.Take("::") || cursor.Identifier(out type);
    }

    private bool Embed(string target, string? alias, bool spread, int depth, int start, out SelectItemSyntax item)
    {
        item = new StarSyntax();
        string? hint = null;
        bool inner = false;
        for (int i = 0; i < 2 && cursor.Take('!'); i++)
        {
            if (!cursor.Name(out string word))
            {
                return false;
            }
            inner |= word == "inner";
            hint = word is "inner" or "left" ? hint : word;
        }
        if (cursor.Peek != '(')
        {
            return cursor.Fail(hint is null && !inner ? "\"!\" or \"(\"" : "\"(\"");
        }
        if (!WithinLimits(depth + 1))
        {
            return false;
        }
        cursor.At++;
        if (!Forest(depth + 1, out ImmutableArray<SelectItemSyntax> items))
        {
            return false;
        }
        if (!cursor.Take(')'))
        {
            return cursor.Fail("\",\" or \")\"");
        }
        item = new EmbedSyntax(target, alias, items) { Hint = hint, Inner = inner, Spread = spread, At = start };
        cursor.SkipBlanks();
        return EndsItem(cursor) || cursor.Fail(AfterItem);
    }

    private bool WithinLimits(int depth)
    {
        limit ??= depth > limits.Depth
            ? new Error(ErrorCodes.TooDeep, "The select parameter embeds too deep", $"At most {limits.Depth} levels are allowed.")
            : ++embeds > limits.Embeds
                ? new Error(
                    ErrorCodes.TooManyEmbeds,
                    "The select parameter embeds too many resources",
                    $"At most {limits.Embeds} are allowed in one request."
                )
                : null;
        return limit is null;
    }

    private static bool EndsItem(TextCursor cursor)
    {
        cursor.SkipBlanks();
        return cursor.AtEnd || cursor.Peek is ',' or ')';
    }
}

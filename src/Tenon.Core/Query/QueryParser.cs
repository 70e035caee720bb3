using System.Collections.Immutable;
using Tenon.Core.Errors;

namespace Tenon.Core.Query;

/// <summary>
/// Turns a query string into <see cref="QuerySyntax"/>: no names are looked up, no types known. Values become slots in the
/// order in which they appear. Never throws on any input; every failure says where it is.
/// </summary>
internal sealed class QueryParser
{
    private readonly QueryLimits limits;
    private readonly bool callByGet;
    private readonly List<string> slots = [];
    private readonly FilterParser filters;
    private readonly ImmutableArray<PlacedCondition>.Builder conditions = ImmutableArray.CreateBuilder<PlacedCondition>();
    private readonly ImmutableArray<PlacedOrder>.Builder orders = ImmutableArray.CreateBuilder<PlacedOrder>();
    private readonly ImmutableArray<PlacedCount>.Builder counts = ImmutableArray.CreateBuilder<PlacedCount>();
    private readonly ImmutableArray<ArgumentSyntax>.Builder arguments = ImmutableArray.CreateBuilder<ArgumentSyntax>();
    private QuerySyntax syntax = new();

    private QueryParser(QueryLimits limits, bool callByGet)
    {
        this.limits = limits;
        this.callByGet = callByGet;
        filters = new FilterParser(limits, slots);
    }

    /// <summary>
    /// Parses what stands behind the '?' of a request. callByGet: GET /rpc/fn, where parameters without an operator are
    /// arguments.
    /// </summary>
    public static Outcome<QuerySyntax> Parse(ReadOnlySpan<char> query, bool callByGet, QueryLimits limits)
    {
        if (query.Length > limits.UrlLength)
        {
            return UrlTooLong(limits);
        }
        return new QueryParser(limits, callByGet).Read(query);
    }

    public static Error UrlTooLong(QueryLimits limits) =>
        new(ErrorCodes.UrlTooLong, "The request target is too long", $"At most {limits.UrlLength} characters are allowed.");

    private Outcome<QuerySyntax> Read(ReadOnlySpan<char> query)
    {
        ReadOnlySpan<char> rest = query;
        while (QueryText.Next(ref rest, out ReadOnlySpan<char> rawKey, out ReadOnlySpan<char> rawValue, out bool hasValue))
        {
            int position = query.Overlaps(rawKey, out int offset) ? offset : 0;
            string? key = QueryText.Decode(rawKey);
            string? value = QueryText.Decode(rawValue);
            if (key is null || value is null)
            {
                return new Error(
                    ErrorCodes.CharacterNotInRepertoire,
                    "invalid byte sequence for encoding \"UTF8\" in the query string"
                )
                {
                    Position = position,
                };
            }
            if (hasValue && Parameter(key, value, position) is { } error)
            {
                return error;
            }
        }
        return syntax with
        {
            Conditions = conditions.DrainToImmutable(),
            Orders = orders.DrainToImmutable(),
            Counts = counts.DrainToImmutable(),
            Arguments = arguments.DrainToImmutable(),
            Slots = [.. slots],
        };
    }

    private Error? Parameter(string key, string value, int position)
    {
        switch (ParameterKinds.Of(key))
        {
            case ParameterKind.Select:
                return syntax.HasSelect ? null : Select(value, position);
            case ParameterKind.Columns:
                return syntax.Columns.IsDefault ? Names(value, "columns parameter", position, out _, isColumns: true) : null;
            case ParameterKind.OnConflict:
                return syntax.OnConflict.IsDefault ? Names(value, "on_conflict parameter", position, out _, isColumns: false) : null;
            case ParameterKind.Order:
                return Order(key, value, position);
            case ParameterKind.Limit:
                return Count(key, value, position, isOffset: false);
            case ParameterKind.Offset:
                return Count(key, value, position, isOffset: true);
            case ParameterKind.Logic:
                return Tree(key, value, position);
            default:
                return callByGet && ParameterKinds.MayBeArgument(key) ? Argument(key, value, position) : Filter(key, value, position);
        }
    }

    private Error? Select(string value, int position)
    {
        if (!new SelectParser(value, limits).Parse(position).TryGet(out ImmutableArray<SelectItemSyntax> items, out Error error))
        {
            return error;
        }
        syntax = syntax with { Select = items, HasSelect = true };
        return null;
    }

    private Error? Names(string value, string what, int position, out ImmutableArray<string> names, bool isColumns)
    {
        var cursor = new TextCursor(value);
        names = [];
        do
        {
            cursor.SkipBlanks();
            if (!cursor.Name(out string name))
            {
                return cursor.ToError(what, value, position);
            }
            names = names.Contains(name) ? names : names.Add(name);
            cursor.SkipBlanks();
        } while (cursor.Take(','));
        if (!cursor.AtEnd)
        {
            cursor.Fail("letter, digit, \"-\", \",\" or end of input");
            return cursor.ToError(what, value, position);
        }
        syntax = isColumns ? syntax with { Columns = names } : syntax with { OnConflict = names };
        return null;
    }

    private Error? Order(string key, string value, int position)
    {
        if (!Path(key, position).TryGet(out TreePath path, out Error error))
        {
            return error;
        }
        if (!OrderParser.Parse(value, position).TryGet(out ImmutableArray<OrderTermSyntax> terms, out error))
        {
            return error;
        }
        orders.Add(new PlacedOrder(path.Embed, terms));
        return null;
    }

    private Error? Count(string key, string value, int position, bool isOffset)
    {
        if (!Path(key, position).TryGet(out TreePath path, out Error error))
        {
            return error;
        }
        if (CountText.Check(value, isOffset, position) is { } bad)
        {
            return bad;
        }
        counts.Add(new PlacedCount(path.Embed, slots.Count, isOffset));
        slots.Add(value);
        return null;
    }

    private Error? Tree(string key, string value, int position)
    {
        var cursor = new TextCursor(key);
        bool negated = false;
        ImmutableArray<string> path = [];
        do
        {
            if (!cursor.Name(out string name))
            {
                return cursor.ToError("logic path", key, position);
            }
            negated |= name == "not";
            path = name == "not" ? path : path.Add(name);
        } while (cursor.Take('.'));
        string op = negated ? "not." + path[^1] : path[^1];
        if (!filters.ParseTree(op, value, position).TryGet(out ConditionSyntax tree, out Error error))
        {
            return error;
        }
        conditions.Add(new PlacedCondition(path[..^1], tree));
        return null;
    }

    private Error? Filter(string key, string value, int position)
    {
        if (!Path(key, position).TryGet(out TreePath path, out Error error))
        {
            return error;
        }
        if (!filters.ParseFilter(path.Field, value, position).TryGet(out FilterSyntax filter, out error))
        {
            return error;
        }
        conditions.Add(new PlacedCondition(path.Embed, filter));
        return null;
    }

    private Error? Argument(string key, string value, int position)
    {
        if (!OperatorText.Read(value).Found)
        {
            arguments.Add(new ArgumentSyntax(key, value, slots.Count, null));
            slots.Add(value);
            return null;
        }
        if (Filter(key, value, position) is { } error)
        {
            return error;
        }
        PlacedCondition filter = conditions[^1];
        conditions.RemoveAt(conditions.Count - 1);
        arguments.Add(new ArgumentSyntax(key, value, -1, filter));
        return null;
    }

    private readonly record struct TreePath(ImmutableArray<string> Embed, FieldSyntax Field);

    /// <summary>a.b.column->path: embeds, then the column.</summary>
    private static Outcome<TreePath> Path(string key, int position)
    {
        var cursor = new TextCursor(key);
        ImmutableArray<string> names = [];
        do
        {
            if (!cursor.Name(out string name))
            {
                return cursor.ToError("tree path", key, position);
            }
            names = names.Add(name);
        } while (cursor.Take('.'));
        if (!FieldParser.Path(ref cursor, out ImmutableArray<JsonStep> steps))
        {
            return cursor.ToError("tree path", key, position);
        }
        if (!cursor.AtEnd)
        {
            cursor.Fail("letter, digit, \"-\", \"->>\", \"->\", delimiter (.) or end of input");
            return cursor.ToError("tree path", key, position);
        }
        return new TreePath(names[..^1], new FieldSyntax(names[^1], steps));
    }
}

namespace Tenon.Core.Query;

/// <summary>
/// Level 1 of the plan cache (DECISIONS §5): cuts the literal values out of a query string without parsing it. What is left
/// is the shape; requests of one shape share a plan. Slots come out in the order the parser gives them. What cannot be cut
/// with certainty is not cut: then the whole text is the key. No allocation; rent one per request.
/// </summary>
internal sealed class RequestShape
{
    private const char Cut = '\u0001';
    private const char Separator = '\u0002';
    private const char Uncut = '\u0003';
    private const int KeptBuffer = 4096;

    [ThreadStatic]
    private static RequestShape? spare;

    private char[] text = new char[1024];
    private char[] key = new char[1024];
    private (int Start, int Length)[] slots = new (int, int)[16];
    private QueryLimits limits = QueryLimits.Default;
    private int textLength;
    private int keyLength;
    private int filters;

    private RequestShape() { }

    public static RequestShape Rent()
    {
        RequestShape shape = spare ?? new RequestShape();
        spare = null;
        shape.Clear();
        return shape;
    }

    public static void Return(RequestShape shape)
    {
        if (shape.text.Length <= KeptBuffer && shape.key.Length <= KeptBuffer)
        {
            spare = shape;
        }
    }

    /// <summary>Everything that decides the plan: what was appended by the caller, then the shape of the query string.</summary>
    public ReadOnlySpan<char> Key => key.AsSpan(0, keyLength);

    public int SlotCount { get; private set; }

    /// <summary>The decoded text of a slot; valid until the shape is returned.</summary>
    public ReadOnlySpan<char> Slot(int index) => text.AsSpan(slots[index].Start, slots[index].Length);

    /// <summary>Adds what else decides the plan (target, method, preferences) to the key.</summary>
    public void Append(ReadOnlySpan<char> part)
    {
        AppendKey(part);
        AppendKey(Separator);
    }

    /// <summary>Takes back what was appended behind this length.</summary>
    public void CutKey(int length) => keyLength = length;

    /// <summary>
    /// Reads a query string. True: cut, the slots are here. False: not cut, the key holds the whole text and the slots come
    /// from <see cref="QueryParser"/> (whose texts a cache may keep beside the plan, as the key has them all).
    /// </summary>
    public bool Read(ReadOnlySpan<char> query, bool callByGet, QueryLimits queryLimits)
    {
        int mark = keyLength;
        limits = queryLimits;
        filters = 0;
        if (query.Length <= limits.UrlLength && ReadAll(query, callByGet))
        {
            return true;
        }
        keyLength = mark;
        textLength = 0;
        SlotCount = 0;
        AppendKey(Uncut);
        AppendKey(query);
        return false;
    }

    private void Clear()
    {
        textLength = 0;
        keyLength = 0;
        SlotCount = 0;
    }

    private bool ReadAll(ReadOnlySpan<char> query, bool callByGet)
    {
        EnsureText(query.Length);
        while (QueryText.Next(ref query, out ReadOnlySpan<char> rawKey, out ReadOnlySpan<char> rawValue, out bool hasValue))
        {
            if (hasValue && !Parameter(rawKey, rawValue, callByGet))
            {
                return false;
            }
        }
        return true;
    }

    private bool Parameter(ReadOnlySpan<char> rawKey, ReadOnlySpan<char> rawValue, bool callByGet)
    {
        if (!Decode(rawKey, out int keyStart, out int length) || !Decode(rawValue, out int start, out int valueLength))
        {
            return false;
        }
        // The buffer may not grow while spans over it live: EnsureText made room for the whole query.
        ReadOnlySpan<char> name = text.AsSpan(keyStart, length);
        ReadOnlySpan<char> value = text.AsSpan(start, valueLength);
        if (name.Contains('='))
        {
            return false;
        }
        AppendKey(name);
        AppendKey('=');
        bool good = ParameterKinds.Of(name) switch
        {
            ParameterKind.Select or ParameterKind.Columns or ParameterKind.OnConflict or ParameterKind.Order => Keep(value),
            ParameterKind.Limit or ParameterKind.Offset => CountText.TryRead(value, out _) && CutValue(start, valueLength),
            ParameterKind.Logic => Tree(value, start, 0) is var end && end == value.Length,
            _ => Filter(name, value, start, callByGet),
        };
        AppendKey(Separator);
        return good;
    }

    private bool Filter(ReadOnlySpan<char> name, ReadOnlySpan<char> value, int start, bool callByGet)
    {
        OperatorText.Result read = OperatorText.Read(value);
        if (!read.Found)
        {
            return callByGet && ParameterKinds.MayBeArgument(name) && CutValue(start, value.Length);
        }
        if (++filters > limits.Filters)
        {
            return false;
        }
        AppendKey(value[..read.Length]);
        ReadOnlySpan<char> operand = value[read.Length..];
        if (OperatorText.KeepsValue(read.Operator))
        {
            return Keep(operand);
        }
        if (read.Operator == FilterOperator.In && ListLength(operand) != operand.Length)
        {
            return false;
        }
        return CutValue(start + read.Length, operand.Length);
    }

    /// <summary>Length of a well-formed list within the limit, else -1.</summary>
    private int ListLength(ReadOnlySpan<char> operand)
    {
        var list = new ListText(operand);
        int count = 0;
        while (list.Next())
        {
            count++;
        }
        return list.Well && count <= limits.ListItems ? list.Position : -1;
    }

    // ---- and=(…), or=(…): structure kept, values cut. Each method gives the end of what it read in the value, or -1. ----

    private int Tree(ReadOnlySpan<char> value, int start, int depth)
    {
        int at = SkipBlanks(value, 0);
        if (depth >= limits.LogicDepth || at >= value.Length || value[at] != '(')
        {
            return -1;
        }
        AppendKey('(');
        do
        {
            at = Item(value, SkipBlanks(value, at + 1), start, depth);
            if (at < 0)
            {
                return -1;
            }
            at = SkipBlanks(value, at);
            if (at >= value.Length || value[at] is not (',' or ')'))
            {
                return -1;
            }
            AppendKey(value[at]);
        } while (value[at] == ',');
        return SkipBlanks(value, at + 1);
    }

    private int Item(ReadOnlySpan<char> value, int at, int start, int depth)
    {
        int word = LogicWord(value[at..]);
        if (word > 0)
        {
            AppendKey(value.Slice(at, word).TrimEnd(" \t"));
            int end = Tree(value[(at + word)..], start + at + word, depth + 1);
            return end < 0 ? -1 : at + word + end;
        }
        int dot = at;
        while (dot < value.Length && (TextCursor.IsNameChar(value[dot]) || value[dot] is '-' or '>'))
        {
            dot++;
        }
        if (dot == at || dot >= value.Length || value[dot] != '.' || ++filters > limits.Filters)
        {
            return -1;
        }
        AppendKey(value[at..(dot + 1)]);
        return Operation(value, dot + 1, start);
    }

    private int Operation(ReadOnlySpan<char> value, int at, int start)
    {
        OperatorText.Result read = OperatorText.Read(value[at..]);
        if (!read.Found)
        {
            return -1;
        }
        AppendKey(value.Slice(at, read.Length));
        at += read.Length;
        ReadOnlySpan<char> operand = value[at..];
        if (read.Operator == FilterOperator.In)
        {
            int length = ListLength(operand);
            return length >= 0 && CutValue(start + at, length) ? at + length : -1;
        }
        int end = FilterParser.TreeValue(operand, out string? unescaped);
        if (read.Operator == FilterOperator.Is)
        {
            return Keep(operand[..end]) ? at + end : -1;
        }
        return unescaped is null && CutValue(start + at, end) ? at + end
            : unescaped is not null && CutQuoted(start + at, end, unescaped) ? at + end
            : -1;
    }

    /// <summary>Length of "and", "or", "not.and", "not.or" and blanks before a parenthesis, 0 when there is none.</summary>
    private static int LogicWord(ReadOnlySpan<char> text)
    {
        int at = text.StartsWith("not.") ? 4 : 0;
        int word = text[at..].StartsWith("and") ? 3 : text[at..].StartsWith("or") ? 2 : 0;
        int end = SkipBlanks(text, at + word);
        return word > 0 && end < text.Length && text[end] == '(' ? end : 0;
    }

    private static int SkipBlanks(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }
        return at;
    }

    // ---- buffers -------------------------------------------------------------------------------------------------

    private bool Keep(ReadOnlySpan<char> value)
    {
        AppendKey(value);
        return true;
    }

    private bool CutValue(int start, int length)
    {
        if (SlotCount == slots.Length)
        {
            Array.Resize(ref slots, slots.Length * 2);
        }
        slots[SlotCount++] = (start, length);
        AppendKey(Cut);
        return true;
    }

    // A quoted value without escapes is cut between its quotes; one with escapes is written over itself, unescaped.
    private bool CutQuoted(int start, int length, string unescaped)
    {
        if (unescaped.Length > length)
        {
            return false;
        }
        unescaped.CopyTo(text.AsSpan(start));
        return CutValue(start, unescaped.Length);
    }

    private bool Decode(ReadOnlySpan<char> raw, out int start, out int length)
    {
        start = textLength;
        length = QueryText.Decode(raw, text.AsSpan(textLength));
        if (length < 0 || text.AsSpan(start, length).IndexOfAnyInRange('\0', '\u001F') >= 0)
        {
            return false;
        }
        textLength += length;
        return true;
    }

    private void EnsureText(int length)
    {
        if (text.Length < length)
        {
            text = new char[length];
        }
        textLength = 0;
    }

    private void AppendKey(ReadOnlySpan<char> part)
    {
        if (keyLength + part.Length > key.Length)
        {
            Array.Resize(ref key, Math.Max(key.Length * 2, keyLength + part.Length));
        }
        part.CopyTo(key.AsSpan(keyLength));
        keyLength += part.Length;
    }

    private void AppendKey(char c)
    {
        if (keyLength == key.Length)
        {
            Array.Resize(ref key, key.Length * 2);
        }
        key[keyLength++] = c;
    }
}

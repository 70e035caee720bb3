using System.Text;

namespace Tenon.Core.Query;

/// <summary>
/// Reads the elements of "(a,b,"c,d")", the operand of in. Elements are separated by commas; one in double quotes may hold
/// anything, with backslash before a quote or a backslash. An empty list is written "()".
/// </summary>
internal ref struct ListText
{
    private readonly ReadOnlySpan<char> text;
    private int at;
    private string? unescaped;

    /// <summary>The text from its opening parenthesis on, blanks around it allowed.</summary>
    public ListText(ReadOnlySpan<char> text)
    {
        this.text = text;
        at = SkipBlanks(0);
        Well = at < text.Length && text[at] == '(';
        at = Well ? SkipBlanks(at + 1) : at;
        IsFirst = true;
    }

    /// <summary>Nothing was wrong so far.</summary>
    public bool Well { get; private set; }

    private bool IsFirst { get; set; }

    /// <summary>The element read last.</summary>
    public ReadOnlySpan<char> Current { get; private set; }

    /// <summary>Where reading stands: behind the closing parenthesis once <see cref="Next"/> gave false and all is well.</summary>
    public readonly int Position => at;

    public bool Next()
    {
        if (!Well || Closed())
        {
            return false;
        }
        IsFirst = false;
        int start = at;
        if (at < text.Length && text[at] == '"' && Quoted())
        {
            return true;
        }
        at = start;
        int end = text[at..].IndexOfAny(',', ')');
        if (end < 0)
        {
            at = text.Length;
            Well = false;
            return false;
        }
        Current = text.Slice(at, end);
        at += end;
        return true;
    }

    // Before the first element only "()" closes at once; after one, ')' ends and ',' goes on.
    private bool Closed()
    {
        if (IsFirst)
        {
            if (at < text.Length && text[at] == ')')
            {
                at = SkipBlanks(at + 1);
                return true;
            }
            return false;
        }
        if (text[at] == ',')
        {
            at++;
            return false;
        }
        at = SkipBlanks(at + 1);
        return true;
    }

    private bool Quoted()
    {
        if (!TryQuoted(text[at..], out int length, out unescaped))
        {
            return false;
        }
        int end = at + length;
        if (end >= text.Length || text[end] is not (',' or ')'))
        {
            return false;
        }
        Current = unescaped is null ? text[(at + 1)..(end - 1)] : unescaped;
        at = end;
        return true;
    }

    private readonly int SkipBlanks(int from)
    {
        while (from < text.Length && text[from] is ' ' or '\t')
        {
            from++;
        }
        return from;
    }

    /// <summary>
    /// Reads "…" with backslash escapes; length counts both quotes. unescaped is null when there was no backslash and the
    /// text between the quotes is the value.
    /// </summary>
    public static bool TryQuoted(ReadOnlySpan<char> text, out int length, out string? unescaped)
    {
        unescaped = null;
        StringBuilder? builder = null;
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                length = i + 1;
                unescaped = builder?.ToString();
                return true;
            }
            if (text[i] == '\\')
            {
                builder ??= new StringBuilder().Append(text[1..i]);
                if (++i >= text.Length)
                {
                    break;
                }
            }
            builder?.Append(text[i]);
        }
        length = text.Length;
        return false;
    }
}

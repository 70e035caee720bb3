using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

internal enum TokenKind : byte
{
    /// <summary>An unquoted word, folded to lower case: identifier or keyword.</summary>
    Word,

    /// <summary>A name in double quotes: never a keyword.</summary>
    QuotedName,

    /// <summary>A string, whatever its quotes; Text is its value.</summary>
    String,
    Number,

    /// <summary>$1; Text is "1".</summary>
    Placeholder,

    /// <summary>( ) [ ] , ; . .. : :: := =></summary>
    Symbol,
    Operator,

    /// <summary>Where the text could not be read further; the reader knows why.</summary>
    Bad,
    End,
}

/// <summary>One word of the text; Start and End are offsets in the file it came from.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text)
{
    public Span Span => new(Start, End - Start);

    /// <summary>A word that could be a name or a keyword, a symbol or an operator: what grammar rules compare by text.</summary>
    public bool Is(string text) =>
        Kind is TokenKind.Word or TokenKind.Symbol or TokenKind.Operator && string.Equals(Text, text, StringComparison.Ordinal);
}

namespace Tenon.Core.Types.FullText;

/// <summary>What PostgreSQL's default text parser calls a piece of text, by its numbers.</summary>
internal enum TokenKind
{
    None = 0,
    AsciiWord,
    Word,
    NumWord,
    Email,
    Url,
    Host,
    Scientific,
    Version,
    HyphenNumPart,
    HyphenPart,
    HyphenAsciiPart,
    Blank,
    Tag,
    Protocol,
    HyphenNumWord,
    HyphenAsciiWord,
    HyphenWord,
    UrlPath,
    File,
    Decimal,
    SignedInt,
    UnsignedInt,
    Entity,
}

internal static class TokenKinds
{
    /// <summary>Blanks, tags, entities and protocols are no words of a text.</summary>
    public static bool IsIndexed(this TokenKind kind) => kind is not (TokenKind.Blank or TokenKind.Tag or TokenKind.Entity or TokenKind.Protocol);

    /// <summary>Made of letters, so that a language has a say in it.</summary>
    public static bool IsNatural(this TokenKind kind) =>
        kind
            is TokenKind.AsciiWord
                or TokenKind.Word
                or TokenKind.HyphenPart
                or TokenKind.HyphenAsciiPart
                or TokenKind.HyphenAsciiWord
                or TokenKind.HyphenWord;
}

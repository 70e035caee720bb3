namespace Tenon.Core.Types.FullText;

/// <summary>What a character is asked for.</summary>
internal enum CharTest : byte
{
    Always,
    End,
    Literal,
    AsciiLetter,
    Alpha,
    Alnum,
    NotAlnum,
    Digit,
    HexDigit,
    Space,
    Special,
    UrlChar,
    Ignoring,
    StopsHost,
    IsHost,
    IsUrlPath,
}

internal enum TokenMove : byte
{
    /// <summary>Take the character.</summary>
    Step,

    /// <summary>Take it, and come back here when what follows fails.</summary>
    Try,

    /// <summary>Take it; there is no coming back to the last try.</summary>
    Commit,

    /// <summary>Go back to the last try and its next rule.</summary>
    Fail,

    /// <summary>Back to the state of the last try, but staying here.</summary>
    Merge,

    /// <summary>Ask another state the same character.</summary>
    Again,

    /// <summary>The token ends before the character.</summary>
    Accept,
    AcceptCommit,
    AcceptAll,
}

internal enum TokenHook : byte
{
    None,

    /// <summary>script and style tags hide what is between them.</summary>
    Tag,

    /// <summary>A whole address was found: read it again for its host and path.</summary>
    Address,

    /// <summary>A hyphenated word was found: read it again for its parts.</summary>
    Parts,

    /// <summary>Back to the first character: its sign is a blank.</summary>
    Sign,
}

internal readonly record struct TokenRule(CharTest Test, char Literal, TokenMove Move, int Next, TokenKind Kind, TokenHook Hook);

/// <summary>
/// The states of PostgreSQL's default text parser, which what is found in a text has to equal. A state is a list of rules,
/// the first that holds applies: a test, then what to do. Tests: $ end of text, 'c' a character, * always, or a class.
/// Doing: &gt;s step (to s), ?s try s, !s commit to s, &lt; fail, % merge, @s again in s, =kind accept, =kind^ with a commit,
/// =kind! with all tries dropped, and /s the state after it. A hook stands behind #.
/// </summary>
internal static class TokenStates
{
    private const string Text = """
        base: $> '<'?tag1 ignoring>blank letter>ascii alpha>word digit>uint '-'?sint1 '+'?sint1 '&'?entity1 '~'?tilde '/'?file1 '.'?dots1 *>blank
        blank: $=Blank '<'=Blank ignoring> '-'=Blank '+'=Blank '&'=Blank '/'=Blank notalnum>blank *=Blank

        ascii: $=AsciiWord letter> '.'?domain1 '.'?filenext '-'?host1 '-'?hascii1 '_'?host1 '@'?email ':'?protocol1 '/'?file1 digit?host digit>numword alpha>word special>word *=AsciiWord
        word: $=Word alpha> special> digit>numword '-'?hword1 *=Word
        numword: $=NumWord alnum>numword special>numword '@'?email '/'?file1 '.'?filenext '-'?hnum1 *=NumWord

        uint: $=UnsignedInt digit> '.'?domain1 '.'?udecimal1 'e'?exponent1 'E'?exponent1 '-'?host1 '_'?host1 '@'?email letter?host alpha>numword special>numword '/'?file1 *=UnsignedInt
        sint1: $< digit!sint *<
        sint: $=SignedInt digit> '.'?decimal1 'e'?exponent1 'E'?exponent1 *=SignedInt
        udecimal1: $< digit!udecimal *<
        udecimal: $=Decimal digit>udecimal '.'?version1 'e'?exponent1 'E'?exponent1 *=Decimal
        decimal1: $< digit!decimal *<
        decimal: $=Decimal digit>decimal '.'?signed1 'e'?exponent1 'E'?exponent1 *=Decimal
        signed1: $< digit@signed#Sign *<
        signed: $< digit=Blank!/uint *>
        version1: $< digit!version *<
        version: $=Version digit>version '.'?version1 *=Version
        exponent1: $< digit!exponent '+'>exponent2 '-'>exponent2 *<
        exponent2: $< digit!exponent *<
        exponent: $=Scientific digit>exponent *=Scientific

        entity1: $< '#'>entitynum1 letter>entity ':'>entity '_'>entity *<
        entity: $< alnum>entity ':'>entity '_'>entity '.'>entity '-'>entity ';'>entityend *<
        entitynum1: $< 'x'>entityhex1 'X'>entityhex1 digit>entitynum *<
        entityhex1: $< hex>entityhex *<
        entitynum: $< digit>entitynum ';'>entityend *<
        entityhex: $< hex>entityhex ';'>entityend *<
        entityend: *=Entity^

        tag1: $< '/'?tagclose '!'?comment1 '?'?tagxml letter?tagname ':'?tagname '_'?tagname *<
        tagxml: $< 'x'>tag *<
        tagclose: $< letter>tagname *<
        tagname: $< '/'>tagempty '>'>tagend#Tag space>tag#Tag alnum> ':'> '_'> '.'> '-'> *<
        tagempty: $< '>'>tagend *<
        tag: $< '>'>tagend#Tag 'q'>quote1 'Q'>quote2 letter> digit> '='> '-'> '_'> '#'> '/'> ':'> '.'> '&'> '?'> '%'> '~'> space>#Tag *<
        quote1: $< '\'?escaped 'q'>tag *>quote1
        quote2: $< '\'?escaped 'Q'>tag *>quote2
        escaped: $< *%
        tagend: *=Tag!
        comment1: $< '-'>comment2 'D'>tag 'd'>tag *<
        comment2: $< '-'>comment *<
        comment: $< '-'>commentend1 *>
        commentend1: $< '-'>commentend2 *>comment
        commentend2: $< '-'> '>'>commentend *>comment
        commentend: *=Tag!

        domain1: $< letter>domain2 digit>host *<
        domain2: $< letter>domain digit?host '-'?host1 '_'?host1 '.'?domain1 '@'?email *<
        domain: $=Host! letter>domain digit?host ':'?port1 '-'?host1 '_'?host1 '.'?domain1 '@'?email digit< stopshost=Host!/pathstart '/'?address *=Host!
        port1: $< digit>port *<
        port: $=Host! digit>port stopshost=Host!/pathstart '/'?address *=Host!
        host1: $< digit>host letter>host *<
        host: $< digit>host letter>host '@'?email '.'?domain1 '-'?host1 '_'?host1 *<
        email: stopshost< ishost=Email! *<
        address: $< isurlpath=Url!#Address *<
        path1: $< urlchar>path *<
        pathstart: *>path
        path: $=UrlPath urlchar>path *=UrlPath
        protocol1: $< '/'>protocol2 *<
        protocol2: $< '/'>protocolend *<
        protocolend: *=Protocol!

        file1: $< letter>file digit>file '.'>path2 '_'>file '~'?tilde *<
        tilde: $< letter>file digit>file '_'>file '/'>file1 *<
        path2: $< letter>file digit>file '_'>file '.'>dots2 '/'>file1 *<
        dots1: $< '.'>dots2 '/'>file1 *<
        dots2: $=File^ '/'?file1 '/'=File^ space=File^ *<
        file: $=File letter>file digit>file '.'?filenext '_'>file '-'>file '/'?file1 *=File
        filenext: $< letter!file digit!file '_'!file *<

        hascii1: $< letter>hascii alpha>hword digit>hdigits *<
        hascii: $=HyphenAsciiWord!/parts#Parts letter>hascii alpha>hword special>hword digit>hnum '-'?hascii1 *=HyphenAsciiWord!/parts#Parts
        hword1: $< alpha>hword digit>hdigits *<
        hword: $=HyphenWord!/parts#Parts alpha>hword special>hword digit>hnum '-'?hword1 *=HyphenWord!/parts#Parts
        hnum1: $< alpha>hnum digit>hdigits *<
        hnum: $=HyphenNumWord!/parts#Parts alnum>hnum special>hnum '-'?hnum1 *=HyphenNumWord!/parts#Parts
        hdigits: $< digit>hdigits alpha>hnum special>hnum *<
        parts: $@base letter>asciipart alpha>wordpart digit?intpart '-'?hyphen *@base
        hyphen: $< alnum=Blank^/parts special=Blank^/parts *<
        wordpart: $=HyphenPart alpha>wordpart special>wordpart digit>numpart *=HyphenPart/parts
        asciipart: $=HyphenAsciiPart letter>asciipart alpha>wordpart special>wordpart digit>numpart *=HyphenAsciiPart/parts
        numpart: $=HyphenNumPart alnum>numpart special>numpart *=HyphenNumPart/parts
        intpart: $< digit> alpha!numpart special!numpart *<
        """;

    private static readonly Dictionary<string, CharTest> Classes = new()
    {
        ["$"] = CharTest.End,
        ["*"] = CharTest.Always,
        ["letter"] = CharTest.AsciiLetter,
        ["alpha"] = CharTest.Alpha,
        ["alnum"] = CharTest.Alnum,
        ["notalnum"] = CharTest.NotAlnum,
        ["digit"] = CharTest.Digit,
        ["hex"] = CharTest.HexDigit,
        ["space"] = CharTest.Space,
        ["special"] = CharTest.Special,
        ["urlchar"] = CharTest.UrlChar,
        ["ignoring"] = CharTest.Ignoring,
        ["stopshost"] = CharTest.StopsHost,
        ["ishost"] = CharTest.IsHost,
        ["isurlpath"] = CharTest.IsUrlPath,
    };

    private static readonly string[][] Lines =
    [
        .. Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')),
    ];

    private static readonly Dictionary<string, int> Numbers = Lines.Select((l, i) => (Name: l[0].TrimEnd(':'), i)).ToDictionary(l => l.Name, l => l.i);

    /// <summary>The rules of every state.</summary>
    public static readonly TokenRule[][] All = [.. Lines.Select(l => l[1..].Select(Rule).ToArray())];

    public static readonly int Base = Numbers["base"];
    public static readonly int Path = Numbers["path1"];

    private static TokenRule Rule(string text)
    {
        int at = text[0] == '\'' ? 3 : text[0] is '$' or '*' ? 1 : text.TakeWhile(char.IsAsciiLetter).Count();
        bool literal = at == 3 && text[0] == '\'';
        // A quotation mark would end its own quotation: q and Q stand for the two, and no rule asks for the letters.
        char c = !literal ? '\0' : text[1] switch { 'q' => '\'', 'Q' => '"', var other => other };
        CharTest test = literal ? CharTest.Literal : Classes[text[..at]];
        string action = text[at..];
        int hash = action.IndexOf('#', StringComparison.Ordinal);
        TokenHook hook = hash < 0 ? TokenHook.None : Enum.Parse<TokenHook>(action[(hash + 1)..]);
        action = hash < 0 ? action : action[..hash];
        if (action[0] != '=')
        {
            TokenMove move = action[0] switch
            {
                '>' => TokenMove.Step,
                '?' => TokenMove.Try,
                '!' => TokenMove.Commit,
                '<' => TokenMove.Fail,
                '%' => TokenMove.Merge,
                _ => TokenMove.Again,
            };
            return new TokenRule(test, c, move, action.Length > 1 ? Numbers[action[1..]] : -1, TokenKind.None, hook);
        }
        string[] parts = action[1..].Split('/');
        TokenMove accept = parts[0][^1] switch { '!' => TokenMove.AcceptAll, '^' => TokenMove.AcceptCommit, _ => TokenMove.Accept };
        return new TokenRule(test, c, accept, Numbers[parts.Length > 1 ? parts[1] : "base"], Enum.Parse<TokenKind>(parts[0].TrimEnd('!', '^')), hook);
    }
}

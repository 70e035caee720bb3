using System.Collections.Frozen;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types.FullText;

/// <summary>
/// How the words of a text become lexemes (PostgreSQL's text search configurations, type regconfig): "simple" takes them in
/// lower case, "english" leaves out stop words and takes stems.
/// </summary>
internal sealed class SearchConfiguration
{
    /// <summary>What is in force where no configuration is named.</summary>
    public const string Default = "english";

    private const string BuiltIn = "pg_catalog.";
    private const int LongestStemmed = 1000;

    private const string EnglishStopWords = """
        i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
        itself they them their theirs themselves what which who whom this that these those am is are was were be been being have
        has had having do does did doing a an the and but if or because as until while of at by for with about against between
        into through during before after above below to from up down in out on off over under again further then once here there
        when where why how all any both each few more most other some such no nor not only own same so than too very s t can will
        just don should now
        """;

    private static readonly SearchConfiguration Simple = new([], stems: false);

    private static readonly SearchConfiguration English = new(
        EnglishStopWords.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        stems: true
    );

    private readonly FrozenSet<string> stopWords;
    private readonly bool stems;

    private SearchConfiguration(IEnumerable<string> stopWords, bool stems)
    {
        this.stopWords = stopWords.ToFrozenSet(StringComparer.Ordinal);
        this.stems = stems;
    }

    /// <summary>The configuration of a canonical name, as <see cref="ReadName"/> gives it; 42704 for one that is not here.</summary>
    public static Outcome<SearchConfiguration> Of(string name) =>
        name switch
        {
            "english" => English,
            "simple" => Simple,
            _ => new Error(
                ErrorCodes.UndefinedObject,
                $"text search configuration \"{name}\" does not exist",
                null,
                "There are english and simple; other languages need PostgreSQL as the database."
            ),
        };

    /// <summary>regconfig's input: any name, without the schema of the built-in ones. What is there is the database's to know.</summary>
    public static Outcome<Datum> ReadName(ReadOnlySpan<char> text)
    {
        string name = text.Trim(TypeInput.Whitespace).ToString().ToLowerInvariant();
        name = name.StartsWith(BuiltIn, StringComparison.Ordinal) ? name[BuiltIn.Length..] : name;
        return name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) ? TypeErrors.InvalidSyntax("regconfig", text) : Datum.Of(name);
    }

    // The dotted capital I has no small letter of its own in .NET's invariant culture.
    private static string Lower(ReadOnlySpan<char> token) => token.ToString().ToLowerInvariant().Replace('\u0130', 'i');

    /// <summary>The lexeme of a token; null for a stop word. Ask only for tokens that are indexed.</summary>
    public string? Lexeme(TokenKind kind, ReadOnlySpan<char> token)
    {
        string word = Lower(token);
        if (!stems || !kind.IsNatural())
        {
            return word;
        }
        if (stopWords.Contains(word))
        {
            return null;
        }
        return Encoding.UTF8.GetByteCount(word) > LongestStemmed ? word : EnglishStemmer.Stem(word);
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>
/// Full-text search against a live PostgreSQL: stems over a long list of words, lexemes of thousands of texts, queries in
/// every notation, what matches what, and the ranks.
/// </summary>
public sealed class FullTextTests : IDisposable
{
    private const int Seed = 20_261_128;
    private readonly NpgsqlConnection? postgres;

    public FullTextTests()
    {
        if (PrivatePostgres.Shared is { } instance)
        {
            postgres = new NpgsqlConnection(instance.ConnectionTo(instance.CreateDatabase().Split('/')[^1]));
            postgres.Open();
            using NpgsqlCommand language = new("set default_text_search_config = 'pg_catalog.english'", postgres);
            language.ExecuteNonQuery();
        }
    }

    public void Dispose() => postgres?.Dispose();

    // ---- the two sides ----

    /// <summary>PostgreSQL's answers to one expression over $1 (and $2), or "!" and the SQLSTATE.</summary>
    private string[] Ask(string expression, IReadOnlyList<string[]> rows)
    {
        string columns = string.Join(", ", rows[0].Select((_, i) => $"${i + 1}::text[]"));
        string names = string.Join(", ", rows[0].Select((_, i) => $"v{i + 1}"));
        using NpgsqlCommand make = new(
            $"""
            create or replace function pg_temp.answer({string.Join(", ", rows[0].Select((_, i) => $"v{i + 1} text"))}) returns text language plpgsql as $f$
            begin
              return ({expression})::text;
            exception when others then
              return '!' || sqlstate;
            end $f$;
            """,
            postgres
        );
        make.ExecuteNonQuery();
        using NpgsqlCommand ask = new($"select pg_temp.answer({string.Join(", ", rows[0].Select((_, i) => $"r.v{i + 1}"))}) from unnest({columns}) with ordinality as r({names}, n) order by r.n", postgres);
        for (int i = 0; i < rows[0].Length; i++)
        {
            ask.Parameters.AddWithValue(rows.Select(r => r[i]).ToArray());
        }
        var answers = new List<string>();
        using NpgsqlDataReader reader = ask.ExecuteReader();
        while (reader.Read())
        {
            answers.Add(reader.IsDBNull(0) ? "NULL" : reader.GetString(0));
        }
        return [.. answers];
    }

    private static string Call(string id, params Datum[] arguments)
    {
        Function function = FunctionCatalog.Find(id)!;
        return function.Evaluate!(arguments).TryGet(out Datum value, out Error error) ? TypeOutput.CastToText(function.Result, value) : "!" + error.Code;
    }

    private void Same(string expression, IReadOnlyList<string[]> rows, Func<string[], string> own)
    {
        List<string> found = Differing(expression, rows, own);
        Assert.True(found.Count == 0, $"{expression}: {found.Count} of {rows.Count} differ:\n" + string.Join("\n", found.Take(25)));
    }

    private List<string> Differing(string expression, IReadOnlyList<string[]> rows, Func<string[], string> own)
    {
        string[] expected = Ask(expression, rows);
        var found = new List<string>();
        for (int i = 0; i < rows.Count; i++)
        {
            string actual = own(rows[i]);
            if (actual != expected[i])
            {
                found.Add($"{string.Join(" | ", rows[i])}\n   PostgreSQL {expected[i]}\n   Tenon      {actual}");
            }
        }
        return found;
    }

    private void Require() => Assert.SkipWhen(postgres is null, "no PostgreSQL on this machine");

    // ---- words ----

    private static readonly string[] Suffixes =
    [
        "", "s", "es", "ed", "ing", "ly", "er", "ers", "eed", "eedly", "edly", "ingly", "ies", "ied", "ational", "ation", "ations",
        "ization", "izer", "ator", "ative", "alism", "aliti", "ality", "alli", "ally", "fulness", "ful", "fully", "less", "lessly",
        "ness", "ousness", "ously", "ous", "iveness", "ivity", "ive", "ibility", "ability", "able", "ably", "bli", "ogy", "ogist",
        "icate", "icity", "ical", "ically", "ic", "al", "ance", "ence", "ency", "ancy", "ible", "ant", "ement", "ment", "ent",
        "ently", "ism", "ate", "iti", "ity", "ize", "izes", "ized", "izing", "ion", "sion", "tion", "y", "e", "ll", "le", "yed", "ying",
    ];

    private static IEnumerable<string> Labels() =>
        File.ReadLines(Repository.PathTo("apps/hiring/seed/10_taxonomy.sql")).Select(l => Regex.Match(l, "'((?:[^']|'')*)'").Groups[1].Value.Replace("''", "'", StringComparison.Ordinal)).Where(l => l.Length > 0);

    private static string[] Words()
    {
        string[] plain = [.. Labels().SelectMany(l => Regex.Matches(l.ToLowerInvariant(), "[a-z]+").Select(m => m.Value)).Distinct()];
        var words = new HashSet<string>(plain, StringComparer.Ordinal);
        foreach (string word in plain.Where((_, i) => i % 4 == 0))
        {
            string root = word.TrimEnd('e', 's', 'y');
            words.UnionWith(Suffixes.Select(s => root + s));
        }
        words.UnionWith(
            "skis skies dying lying tying idly gently ugly early only singly sky news howe atlas cosmos bias andes inning outing canning herring earring proceed exceed succeed"
            .Split(' ')
            .SelectMany(w => Suffixes.Select(s => w + s))
        );
        words.UnionWith("generate generously commune communism arsenal arsenic a i y yy yes say sayy by be bee bed gas this kiwi pass hoping hopping fizz hissing".Split(' '));
        return [.. words.Where(w => w.Length > 0)];
    }

    [Fact]
    public void Stems_and_stop_words_are_PostgreSQLs_for_a_hundred_thousand_words()
    {
        Require();
        string[] words = Words();
        Assert.True(words.Length > 100_000, $"{words.Length} words");
        SearchConfiguration english = SearchConfiguration.Of("english").Value;
        Same(
            "array_to_string(ts_lexize('english_stem', $1), '+')",
            [.. words.Select(w => new[] { w })],
            r => english.Lexeme(TokenKind.AsciiWord, r[0]) ?? ""
        );
    }

    // ---- texts ----

    private static readonly string[] Pieces =
    [
        "foo", "Bar", "the", "a", "x", "7", "42", "-3", "+5", "3.14", "-1.5e10", "1e5", "1.2.3", "10.0.0.1", "v1", "a1b", "1a", "-", "--",
        "_", ".", "..", "...", "/", "//", "@", ":", "://", "http://", "https://www.example.com/a/b?c=d&e=f#g", "example.com", "www.a-b.org:8080",
        "mail@example.com", "first.last+tag@sub.example.co.uk", "user_name", "foo-bar", "foo-bar-baz", "up-to-date", "semi-2x", "x-1", "1-x",
        "foo_bar", "/usr/local/bin", "./a", "../b", "~/c", "~root", "file.txt", "a.b", "a.b.c", "C:\\dir", "<b>", "</b>", "<br/>",
        "<a href=\"x y\">", "<a href='it''s'>", "<!-- c -->", "<!DOCTYPE html>", "<?xml v?>", "<script>", "</script>", "<style>", "</style>", "<", ">",
        "&amp;", "&#38;", "&#x26;", "&", "'", "\"", "\\", "%", "#", "(", ")", "[", "]", "{", "}", "!", "?", ",", ";", "=", "*", "|", "^", "`", "~", "$",
        " ", "  ", "\t", "\n", "\u00a0", "\u3000", "naïve", "Größe", "ÄÖÜ", "ßa", "Ω", "русский", "日本語", "中", "हिन्दी", "عربي", "e\u0301", "\u0301", "a\u200db",
        "𝒳", "😀", "é-è", "ÿ1", "１２", "Ⅷ", "don't", "o'clock", "running", "cats", "C++", "C#", ".NET", "AT&T", "e.g.", "U.S.A.", "3rd", "1,000", "50%",
        "2026-11-28", "12:30", "a/b", "and/or", "a@b", "a@b.c", "@user", "#tag", "1.", ".5", "1..2", "e", "E", "1e", "1e+", "1e+3", "-.5", "+a",
    ];

    private static string Draw(Random random, string[] pieces, int most, string[] between)
    {
        var text = new StringBuilder();
        for (int i = random.Next(1, most); i > 0; i--)
        {
            text.Append(pieces[random.Next(pieces.Length)]).Append(between[random.Next(between.Length)]);
        }
        return text.ToString();
    }

    private static List<string[]> Texts(int count)
    {
        var random = new Random(Seed);
        var texts = new List<string[]>(count) { new[] { "" } };
        texts.AddRange(Pieces.Select(p => new[] { p }));
        texts.AddRange(Labels().Take(1_500).Select(l => new[] { l }));
        while (texts.Count < count)
        {
            texts.Add([Draw(random, Pieces, 7, ["", "", " "])]);
        }
        return texts;
    }

    [Theory]
    [InlineData("english")]
    [InlineData("simple")]
    public void Lexemes_and_their_positions_are_PostgreSQLs_for_texts_of_every_kind(string configuration)
    {
        Require();
        Same(
            $"to_tsvector('{configuration}', $1)",
            Texts(20_000),
            r => Call("to_tsvector_config", Datum.Of(configuration), Datum.Of(r[0]))
        );
    }

    [Fact]
    public void Every_character_of_the_basic_plane_is_of_its_kind()
    {
        Require();
        // A word that begins with a combining mark is one of the documented differences.
        static string Around(char c) =>
            char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                ? $"a{c}b"
                : $"a{c}b {c}{c}c";
        string[][] texts = [.. Enumerable.Range(1, 0xFFFD).Where(c => (c is < 0xD800 or > 0xDFFF) && char.GetUnicodeCategory((char)c) != UnicodeCategory.OtherNotAssigned).Select(c => new[] { Around((char)c) })];
        List<string> found = Differing("to_tsvector('simple', $1)", texts, r => Call("to_tsvector_config", Datum.Of("simple"), Datum.Of(r[0])));
        // The two know different versions of Unicode; what both know for long is the same.
        Assert.True(found.Count <= 60, $"{found.Count} of {texts.Length} differ:\n" + string.Join("\n", found.Take(25)));
        Assert.DoesNotContain(found, f => f[1] < 0x0800);
    }

    // ---- queries ----

    private static readonly string[] QueryPieces =
    [
        "cat", "cats", "the", "fat", "rat:*", "dog:A", "dog:aB*", "'quick fox'", "'it''s'", "foo-bar", "\\x", "a.b", "&", "|", "!", "<->", "<2>", "<0>",
        "(", ")", "&", "|", "!", " ", ":", "*", "<", ">", "<-", "'", "\"", "or", "OR", "-", "-cat", "\"fat cat\"", "\"the fat\"", "naïve", "1.5", "x@y.zz",
    ];

    private static List<string[]> QueryTexts(int count)
    {
        var random = new Random(Seed + 1);
        string[] good = ["cat", "dog", "the", "fat:*", "(a | b)", "!rat", "foo-bar", "'two words'", "bird:AB"];
        var texts = new List<string[]>(count) { new[] { "" }, new[] { " " } };
        while (texts.Count < count)
        {
            string text = texts.Count % 2 == 0
                ? Draw(random, QueryPieces, 6, ["", " "])
                : string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(i => (i > 0 ? new[] { " & ", " | ", " <-> ", " <3> ", "&!" }[random.Next(5)] : "") + good[random.Next(good.Length)]));
            texts.Add([text]);
        }
        return texts;
    }

    [Theory]
    [InlineData("to_tsquery")]
    [InlineData("plainto_tsquery")]
    [InlineData("phraseto_tsquery")]
    [InlineData("websearch_to_tsquery")]
    public void Queries_of_every_notation_are_read_as_PostgreSQL_reads_them(string function)
    {
        Require();
        foreach (string configuration in (string[])["english", "simple"])
        {
            Same(
                $"{function}('{configuration}', $1)",
                QueryTexts(6_000),
                r => Call(function + "_config", Datum.Of(configuration), Datum.Of(r[0]))
            );
        }
    }

    [Fact]
    public void Types_are_read_and_written_as_PostgreSQL_does()
    {
        Require();
        Same("$1::tsquery", QueryTexts(4_000), r => Input(LogicalType.TsQuery, r[0]));
        var random = new Random(Seed + 2);
        string[] pieces = ["a", "b", "'c d'", "'it''s'", "\\\\x", ":1", ":2A", ":3,4B", ":16384", ":0", ":", "1", ",", " ", " ", "'", "é", "a:1", "a:2A", "b:5C,1", "Z"];
        Same("$1::tsvector", [.. Enumerable.Range(0, 4_000).Select(_ => new[] { Draw(random, pieces, 6, ["", " "]) })], r => Input(LogicalType.TsVector, r[0]));
    }

    private static string Input(LogicalType type, string text) =>
        TypeInput.Parse(type, text).TryGet(out Datum value, out Error error) ? value.Text : "!" + error.Code;

    // ---- matches ----

    private static List<string[]> Pairs(int count)
    {
        var random = new Random(Seed + 3);
        string[] lexemes = ["a", "b", "c", "ab", "abc", "b2"];
        var pairs = new List<string[]>(count);
        while (pairs.Count < count)
        {
            string vector = string.Join(' ', lexemes.Where(_ => random.Next(2) == 0).Select(l => l + Positions(random)));
            pairs.Add([vector, Query(random, lexemes, 3)]);
        }
        return pairs;
    }

    private static string Positions(Random random) =>
        random.Next(6) == 0 ? "" : ":" + string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 9).ToString(CultureInfo.InvariantCulture) + new[] { "", "", "A", "B", "C" }[random.Next(5)]));

    private static string Query(Random random, string[] lexemes, int depth)
    {
        if (depth == 0 || random.Next(4) == 0)
        {
            return lexemes[random.Next(lexemes.Length)] + new[] { "", "", "", ":*", ":A", ":BC", ":D*" }[random.Next(7)];
        }
        return random.Next(6) switch
        {
            0 => $"!({Query(random, lexemes, depth - 1)})",
            1 => $"({Query(random, lexemes, depth - 1)}) | ({Query(random, lexemes, depth - 1)})",
            2 => $"({Query(random, lexemes, depth - 1)}) & ({Query(random, lexemes, depth - 1)})",
            3 => $"({Query(random, lexemes, depth - 1)}) <2> ({Query(random, lexemes, depth - 1)})",
            _ => $"({Query(random, lexemes, depth - 1)}) <-> ({Query(random, lexemes, depth - 1)})",
        };
    }

    [Fact]
    public void What_matches_and_how_well_is_as_in_PostgreSQL()
    {
        Require();
        List<string[]> pairs = Pairs(12_000);
        static Datum Vector(string[] r) => TypeInput.Parse(LogicalType.TsVector, r[0]).Value;
        static Datum Query(string[] r) => TypeInput.Parse(LogicalType.TsQuery, r[1]).Value;
        Same("$1::tsvector @@ $2::tsquery", pairs, r => Call("ts_match_vq", Vector(r), Query(r)));
        // Of a word that a query names whole and as a prefix PostgreSQL ranks the one its sorting happens to put first.
        pairs.RemoveAll(p => Regex.Matches(p[1], @"(\w+)(?::\w*\*)?").Select(m => m.Value).Distinct().GroupBy(v => v.Split(':')[0]).Any(g => g.Count() > 1));
        Assert.True(pairs.Count > 6_000, $"{pairs.Count} pairs");
        Same("ts_rank($1::tsvector, $2::tsquery)", pairs, r => Call("ts_rank", Vector(r), Query(r)));
        Same("ts_rank($1::tsvector, $2::tsquery, 63)", pairs, r => Call("ts_rank_norm", Vector(r), Query(r), Datum.Of(63)));
        Same(
            "ts_rank('{0.3,0.1,0.9,0.2}', $1::tsvector, $2::tsquery, 2)",
            pairs,
            r => Call("ts_rank_weights_norm", ArrayValue.Of(LogicalType.Float4, [Datum.Of((double)0.3f), Datum.Of((double)0.1f), Datum.Of((double)0.9f), Datum.Of((double)0.2f)]).ToDatum(), Vector(r), Query(r), Datum.Of(2))
        );
    }

    [Fact]
    public void What_is_made_of_vectors_and_queries_is_as_in_PostgreSQL()
    {
        Require();
        List<string[]> pairs = Pairs(3_000);
        static Datum Vector(string text) => TypeInput.Parse(LogicalType.TsVector, text).Value;
        static Datum Query(string text) => TypeInput.Parse(LogicalType.TsQuery, text).Value;
        Same("$1::tsvector || 'a:3 b:2A,9 q'::tsvector", pairs, r => Call("tsvector_concat", Vector(r[0]), Vector("a:3 b:2A,9 q")));
        Same("setweight($1::tsvector, 'B')", pairs, r => Call("setweight", Vector(r[0]), Datum.Of("B")));
        Same("setweight($1::tsvector, 'C', '{a,ab}')", pairs, r => Call("setweight_lexemes", Vector(r[0]), Datum.Of("C"), Datum.Of("[\"a\",\"ab\"]")));
        Same("strip($1::tsvector)", pairs, r => Call("strip", Vector(r[0])));
        Same("length($1::tsvector)", pairs, r => Call("tsvector_length", Vector(r[0])));
        Same("ts_delete($1::tsvector, 'ab')", pairs, r => Call("ts_delete", Vector(r[0]), Datum.Of("ab")));
        Same("numnode($2::tsquery)", pairs, r => Call("numnode", Query(r[1])));
        Same("$2::tsquery && 'x|y'::tsquery", pairs, r => Call("tsquery_and", Query(r[1]), Query("x|y")));
        Same("$2::tsquery || 'x&y'::tsquery", pairs, r => Call("tsquery_or", Query(r[1]), Query("x&y")));
        Same("!!($2::tsquery)", pairs, r => Call("tsquery_not", Query(r[1])));
        Same("tsquery_phrase($2::tsquery, 'x'::tsquery, 4)", pairs, r => Call("tsquery_phrase_distance", Query(r[1]), Query("x"), Datum.Of(4)));
        Same("to_tsvector('english', jsonb_build_object('k', $1, 'l', jsonb_build_array($2, 5, 'running cats')))", pairs, r =>
            Call("to_tsvector_jsonb_config", Datum.Of("english"), TypeInput.ParseJson($"{{\"k\": {Json(r[0])}, \"l\": [{Json(r[1])}, 5, \"running cats\"]}}", binary: true).Value));
    }

    private static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    [Fact]
    public void A_text_made_to_cost_much_is_given_up_and_not_worked_on_for_ever()
    {
        string text = string.Concat(Enumerable.Repeat("<!--", 250_000));
        Assert.Equal("!54000", Call("to_tsvector_config", Datum.Of("simple"), Datum.Of(text)));
        Assert.Equal("!54000", Call("to_tsquery_config", Datum.Of("simple"), Datum.Of(string.Join('&', Enumerable.Repeat("a", 200_000)))));
        Assert.Equal("!54001", Call("to_tsquery_config", Datum.Of("simple"), Datum.Of(new string('(', 200_000) + "a" + new string(')', 200_000))));
    }
}

namespace Tenon.Sources.Tests.Differential;

/// <summary>One way in which Tenon answers otherwise than PostgreSQL, on purpose or for now.</summary>
internal sealed record Difference(
    string Title,
    string Reason,
    Func<DifferentialCase, string?[], string, string, bool> Matches
);

// The closed list. docs/guides/differences.md is written from it; a difference that no entry covers fails the test.
internal static class Differences
{
    public static readonly Difference[] All =
    [
        new(
            "NaN as real or double precision on SQLite",
            "SQLite turns a NaN into NULL. Tenon raises 0A000 rather than lose the value; numeric has NaN everywhere.",
            (test, row, tenon, _) => tenon == "!0A000" && (row.Contains("NaN") || test.Types.Any(IsFloat))
        ),
        new(
            "Infinity as numeric",
            "Tenon's numeric has NaN but no infinities: a conversion or extract() that would give one raises 0A000. date_part() gives infinities as PostgreSQL does.",
            (_, _, tenon, postgres) => tenon == "!0A000" && postgres.EndsWith("Infinity", StringComparison.Ordinal)
        ),
        new(
            "NaN in numeric(p,s) with p up to 18 on SQLite",
            "Such a column is stored as a scaled integer, which has no NaN: 22003. Declare the column as plain numeric.",
            (test, row, tenon, _) =>
                tenon == "!22003"
                && row.Contains("NaN")
                && test.Expression.Contains("numeric(", StringComparison.Ordinal)
        ),
        new(
            "Shortest digits of real halfway between two values",
            "Where the shortest decimal lies exactly halfway between two reals, Tenon prints it and PostgreSQL prints one digit more. Both read back as the same value.",
            (test, _, tenon, postgres) =>
                test.Types.Contains("real")
                && double.TryParse(tenon, out double a)
                && double.TryParse(postgres, out double b)
                && (float)a == (float)b
        ),
        new(
            "Differences of timestamps beyond 292,271 years",
            "PostgreSQL 15 overflows silently and gives a span of the wrong sign; Tenon raises 22008, as PostgreSQL 17 does.",
            (test, _, tenon, _) =>
                tenon == "!22008"
                && test.Expression == "a - b"
                && test.Types[0].StartsWith("timestamp", StringComparison.Ordinal)
        ),
        new(
            "age() of an infinite timestamp",
            "PostgreSQL 15 computes with the infinity's internal number; Tenon raises 22008.",
            (test, row, tenon, _) =>
                tenon == "!22008" && test.Expression.StartsWith("age(", StringComparison.Ordinal) && row.Any(IsInfinite)
        ),
        new(
            "Local mean time before standard time",
            "Before a zone's first standard time its offset has seconds in the tz database; .NET keeps whole minutes.",
            (test, row, _, _) =>
                test.Expression == "a at time zone b"
                && row[0] is { } moment
                && (moment.StartsWith('0') || moment.StartsWith("19", StringComparison.Ordinal))
        ),
        new(
            "A date beyond the timestamps compared with one",
            "The date is converted first, which raises 22008 past the year 294276; PostgreSQL compares such a date as infinite.",
            (test, row, tenon, _) => tenon == "!22008" && test.Types[0] == "date" && row.Contains("5874897-12-31")
        ),
        new(
            "make_interval() of seconds beyond the largest interval",
            "PostgreSQL 15 overflows silently and gives the smallest one; Tenon raises 22008.",
            (test, _, tenon, _) => tenon == "!22008" && test.Expression == "make_interval(secs => a)"
        ),
        new(
            "The zone of the year 294276",
            "Daylight saving rules so far out are those of the same year in the calendar's 400-year cycle.",
            (test, row, _, _) =>
                test.Expression == "a at time zone b"
                && row[0] is { } moment
                && moment.StartsWith("294276", StringComparison.Ordinal)
        ),
    ];

    /// <summary>Functions that the catalogue does not have yet: a call is refused by name with 42883.</summary>
    public static readonly (string Name, string Reason)[] Missing =
    [
        ("ts_headline", "Nor are ts_rank_cd, ts_stat, ts_rewrite, ts_debug, ts_lexize and ts_filter: show the text itself, or rank with ts_rank."),
        ("to_date", "Cast an ISO 8601 text to date; take another form apart with split_part and use make_date. to_timestamp(text, text) likewise."),
    ];

    private static bool IsFloat(string type) => type is "real" or "double precision";

    private static bool IsInfinite(string? value) =>
        value is not null && value.EndsWith("infinity", StringComparison.Ordinal);

    /// <summary>Of full-text search and regular expressions, which <see cref="FullTextTests"/> and <see cref="RegularExpressionTests"/> compare.</summary>
    private static readonly (string Title, string Reason)[] FullText =
    [
        ("Languages of full-text search on SQLite", "There are english and simple; another one is 42704. Without a language english is meant, whatever the server's locale. There is no thesaurus, no dictionary and no configuration of one's own."),
        ("A word that begins with a combining mark", "A vowel sign or accent with no letter before it is left out of the word that follows."),
        ("Characters newer than Unicode 14", "What counts as a letter follows the Unicode version of .NET; PostgreSQL's follows its build and the system's libc."),
        ("ts_rank of a word that a query names whole and as a prefix", "In queries of seven words and more PostgreSQL ranks the one its sorting happens to put first; Tenon ranks the one that stands last."),
        ("Bounds of full-text search", "A tsquery has at most 4,000 words and operators (54000) and 200 levels of parentheses (54001). A text built to make the parser go back again and again is refused (54000)."),
        ("Regular expressions on SQLite", "Back references and look-around are 0A000, patterns over 32 KiB or 200 parentheses deep 2201B. Where several matches begin at one place, substring, regexp_match and regexp_replace take the first alternative that fits, PostgreSQL the longest. Digits of other scripts are no letters. The border of a word (\\y, \\m, \\M) is that of either side."),
        ("Order of tsvector and tsquery values", "They are ordered as their text, not by size and number of lexemes."),
    ];

    /// <summary>Why this function is not in the catalogue; null when it ought to be.</summary>
    public static string? Refused(DifferentialCase test) =>
        Missing.FirstOrDefault(m => test.Expression.StartsWith(m.Name + "(", StringComparison.Ordinal)).Reason;

    /// <summary>Why these two answers may differ; null when they may not.</summary>
    public static string? Reason(DifferentialCase test, string?[] row, string tenon, string postgres) =>
        All.FirstOrDefault(d => d.Matches(test, row, tenon, postgres))?.Title;

    public static string Document()
    {
        var text = new System.Text.StringBuilder();
        text.Append("# Where Tenon differs from PostgreSQL\n\n");
        text.Append(
            "Functions, operators and casts give the same value or the same SQLSTATE as PostgreSQL 15, on SQLite and in memory alike. "
        );
        text.Append("A test compares them on thousands of edge values; these are all the differences it allows.\n");
        foreach (Difference difference in All)
        {
            text.Append($"\n## {difference.Title}\n\n{difference.Reason}\n");
        }
        foreach ((string title, string reason) in FullText)
        {
            text.Append($"\n## {title}\n\n{reason}\n");
        }
        text.Append("\n## Functions that are not there yet\n\nA call is refused with 42883.\n\n");
        foreach ((string name, string reason) in Missing)
        {
            text.Append($"- `{name}`: {reason}\n");
        }
        return text.ToString();
    }
}

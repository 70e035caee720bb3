using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>~ and ~* as PostgreSQL has them, in time that grows with the text alone, whatever the pattern.</summary>
public sealed class RegularExpressionTests
{
    private static readonly string[] Texts =
    [
        "", "٣٣", "a", "ab", "aab", "abc", "b", "A", "foo bar", "foo\nbar", "line\n", "1", "12a", "_", "ä", "Ä", "é", "日本", "a.b", "a+b", "(a)", "[x]", "{2}", "\\", "^$", "-",
        "2024-02-29", "mail@example.com", "foo_bar", "x=1;y=2", " tab\t", "ǅ", "ß", "ẞ", "İ", "ſ", "K",
    ];

    private static readonly string[] Atoms =
    [
        "a", "b", "ab", "foo", ".", "\\.", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "[abc]", "[^a]", "[a-c]", "[[:alpha:]]", "[[:digit:]_]", "[^[:space:]]", "[[:upper:]]",
        "[[:punct:]]", "(a|b)", "(?:ab)", "(foo|bar)", "^", "$", "\\A", "\\Z", "\\y", "ä", "é", "\\(", "\\\\", "[-x]", "[]]", "\\t", "_", "=", "k", "ss",
    ];

    private static readonly string[] Repeats = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?"];

    [Fact]
    public async Task What_matches_is_what_matches_in_PostgreSQL()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "no PostgreSQL on this machine");
        string name = PrivatePostgres.Shared!.CreateDatabase().Split('/')[^1];
        await using var postgres = new NpgsqlConnection(PrivatePostgres.Shared.ConnectionTo(name));
        await postgres.OpenAsync(TestContext.Current.CancellationToken);
        var random = new Random(3);
        var found = new List<string>();
        int compared = 0;
        for (int i = 0; i < 700; i++)
        {
            string pattern = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Part(random)));
            bool insensitive = i % 3 == 0;
            string[] expected = await OnPostgres(postgres, pattern, insensitive);
            for (int t = 0; t < Texts.Length; t++)
            {
                compared++;
                string actual = Own(insensitive ? "iregex" : "regex", Texts[t], pattern);
                // Digits of other scripts are letters to the system's libc.
                bool otherDigits = t == 1 && pattern.Contains("[:", StringComparison.Ordinal);
                if (actual != expected[t] && actual != "!0A000" && !otherDigits)
                {
                    found.Add($"{(insensitive ? "~*" : "~")} {pattern} on \"{Texts[t]}\": {actual}, PostgreSQL {expected[t]}");
                }
            }
        }
        Assert.True(found.Count == 0, $"{found.Count} of {compared} differ:\n" + string.Join("\n", found.Take(40)));
    }

    private static string Part(Random random)
    {
        string atom = Atoms[random.Next(Atoms.Length)];
        return atom is "^" or "$" or "\\A" or "\\Z" or "\\y" ? atom : atom.Length > 1 && atom[0] is not ('\\' or '[' or '(') ? atom : atom + Repeats[random.Next(Repeats.Length)];
    }

    private static async Task<string[]> OnPostgres(NpgsqlConnection postgres, string pattern, bool insensitive)
    {
        await using NpgsqlCommand ask = new($"select (t {(insensitive ? "~*" : "~")} $2)::text from unnest($1::text[]) with ordinality as r(t, n) order by n", postgres);
        ask.Parameters.AddWithValue(Texts);
        ask.Parameters.AddWithValue(pattern);
        try
        {
            var answers = new List<string>();
            await using NpgsqlDataReader reader = await ask.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                answers.Add(reader.GetString(0));
            }
            return [.. answers];
        }
        catch (PostgresException failure)
        {
            return [.. Texts.Select(_ => "!" + failure.SqlState)];
        }
    }

    private static string Own(string id, string text, string pattern) =>
        FunctionCatalog.Find(id)!.Evaluate!([Datum.Of(text), Datum.Of(pattern)]).TryGet(out Datum value, out Error error) ? (value.Boolean ? "true" : "false") : "!" + error.Code;

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(a|a)*$")]
    [InlineData("^(a|aa)+$")]
    [InlineData("(.*a){20}")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    [InlineData("(a?){25}a{25}")]
    [InlineData("^(.*?,){11}P")]
    public void A_pattern_made_to_backtrack_for_ever_is_answered(string pattern)
    {
        string text = string.Concat(Enumerable.Repeat("a", 20_000)) + "!";
        Assert.True(Own("regex", text, pattern) is "true" or "false");
        Assert.True(Own("iregex", text, pattern) is "true" or "false");
    }

    [Theory]
    [InlineData("(a)\\1", "0A000")]
    [InlineData("a(?=b)", "0A000")]
    [InlineData("(?<!a)b", "0A000")]
    [InlineData("((a{1,200}){1,200}){1,200}", "2201B")]
    [InlineData("a{256}", "2201B")]
    [InlineData("a{2,1}", "2201B")]
    [InlineData("(", "2201B")]
    [InlineData("[a", "2201B")]
    public void What_would_have_no_bound_is_refused(string pattern, string code) => Assert.Equal("!" + code, Own("regex", "ab", pattern));

    [Fact]
    public void Patterns_of_absurd_size_are_refused()
    {
        Assert.Equal("!2201B", Own("regex", "a", new string('(', 100_000) + new string(')', 100_000)));
        Assert.Equal("!2201B", Own("regex", "a", string.Concat(Enumerable.Repeat("(a|b)?", 60_000))));
    }
}

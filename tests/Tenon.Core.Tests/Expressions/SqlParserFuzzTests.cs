using CsCheck;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Schema.Parsing;
using Xunit;

namespace Tenon.Core.Tests.Expressions;

public class SqlParserFuzzTests
{
    private static readonly string[] Words =
    [
        .. "select from where and or not in is null between like case when then else end join left on using group by having order limit offset union all with as values insert into update set delete returning default conflict do nothing create table alter drop policy function trigger language sql plpgsql begin declare if elsif loop for raise exception perform return query grant to revoke view index unique primary key references check generated always identity enum type extension publication comment a b t int numeric text timestamp interval array row exists any some cast extract substring over filter partition window distinct new old tg_op".Split(' '),
        "(", ")", "[", "]", ",", ";", ".", "..", ":", "::", ":=", "=", "<", ">", "<>", "!=", "+", "-", "*", "/", "%", "^", "||", "->", "->>", "#>>", "@>", "?", "~", "$1", "$$", "$q$", "'", "''", "'x'", "E'\\n'", "\"", "\"A\"", "1", "1.5", "1e5", "--", "/*", "*/", "\n", "ä", "\\", "\0", "\ud800",
    ];

    private static readonly Gen<string> Soup = Gen.Int[0, Words.Length - 1].Select(i => Words[i]).Array[0, 60].Select(words => string.Join(' ', words));

    private static readonly Gen<string> Noise = Gen.String[0, 80];

    [Fact]
    public void Random_characters_never_break_a_parser() => Noise.Sample(Try, iter: 20_000);

    [Fact]
    public void Random_words_never_break_a_parser() => Soup.Sample(Try, iter: 50_000);

    [Fact]
    public void Valid_statements_with_a_random_word_put_in_never_break_a_parser()
    {
        string[] statements =
        [
            "create table t (id int primary key, a text default 'x' check (a > 'b') references s.u (b) on delete cascade)",
            "create function f(a int) returns trigger language plpgsql as $$ declare x int; begin if a then x := 1; else return new; end if; for r in select * from t loop null; end loop; end $$",
            "with q as (select a, count(*) over (order by b) from t where x in (1, 2) group by 1) select * from q left join u using (a) order by 1 limit 2",
            "create policy p on t as restrictive for update to anon using ((select auth.uid()) = a) with check (b between 1 and 2)",
            "insert into t (a, b) values (1, default) on conflict (a) do update set b = excluded.b where t.a is not distinct from 3 returning *",
        ];
        Gen.Select(Gen.Int[0, statements.Length - 1].Select(i => statements[i]), Gen.Int[0, 200], Gen.Int[0, 5], Gen.Int[0, Words.Length - 1].Select(i => Words[i]))
            .Sample(
                (statement, at, cut, word) =>
                {
                    int position = Math.Min(at, statement.Length);
                    Try(statement[..position] + word + statement[Math.Min(position + cut, statement.Length)..]);
                },
                iter: 20_000
            );
    }

    private static void Try(string text)
    {
        Check(text, SqlParser.ParseExpression(text).Error);
        Check(text, SqlParser.ParseStatement(text).Error);
        Check(text, SchemaParser.ParseScript(text).Error);
        Check(text, SqlParser.ParseType(text).Error);
    }

    private static void Check(string text, Error? error)
    {
        if (error is not null)
        {
            Assert.InRange(error.Position ?? -1, 0, text.Length);
            Assert.NotEmpty(error.Message);
        }
    }
}

using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>Full-text indexes on SQLite: in step with their rows whatever happens to these, asked where they can answer.</summary>
public sealed class TextIndexTests : IAsyncDisposable
{
    private const string Schema = """
        create table authors (id int primary key);
        create table docs (
          id text primary key, author int references authors on delete cascade, title text, body text not null,
          words tsvector generated always as (setweight(to_tsvector('english', coalesce(title, '')), 'A') || to_tsvector('english', body)) stored);
        create index docs_body on docs using gin (to_tsvector('english', body));
        create index docs_words on docs using gin (words);
        insert into authors values (1), (2), (3);
        """;

    private static readonly string[] Vocabulary = ["cat", "dog", "fish", "bird", "horse", "mouse", "running", "quickly", "houses", "tree-house", "42", "naïve", "the"];

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-texts-").FullName;
    private SqliteDatabase database = null!;
    private int version;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Open(string? at = null) =>
        database = (SqliteDatabase)
            await SourceRegistry.OpenMainAsync(
                new MainDatabaseOptions("sqlite:data.db") { Folder = at ?? folder, Schema = SchemaOptions.Standard, Durable = false },
                Cancel
            );

    private async Task Apply(string sql)
    {
        Error? error = await database.ApplyAsync($"{++version:D4}", "test", sql, 0, Cancel);
        Assert.Equal("", error is null ? "" : $"{error.Code} {error.Message} {error.Details}");
    }

    /// <summary>Statements as one write unit; false when the unit failed.</summary>
    private async Task<bool> Write(params string[] statements)
    {
        Catalog catalog = database.Catalog;
        try
        {
            await database.Source.WriteAsync(
                session =>
                {
                    foreach (string sql in statements)
                    {
                        Statement syntax = Assert.IsType<RowStatement>(SchemaParser.ParseScript(sql).Value[0]).Statement;
                        session.Execute(new TypeChecker(catalog).CheckStatement(syntax).Value, Principal.Owner, new StatementArguments { Context = Owner });
                    }
                    return 0;
                },
                default,
                Cancel
            );
            return true;
        }
        catch (Exception failure) when (failure is TenonException or SqliteException)
        {
            return false;
        }
    }

    private static RequestContext Owner => new() { Now = 0, CurrentUser = Principal.Owner.Role };

    private async Task<string> Value(string sql)
    {
        string? value = null;
        await database.Writer.RunExclusiveAsync(connection => value = connection.QueryText(new SqliteSql(sql)), Cancel);
        return value ?? "";
    }

    private static string Rows(string from) => $"select group_concat(n) from (select {from} order by 1)";

    /// <summary>Every word is found in the same rows by the index and by reading the table.</summary>
    private async Task AssertInStep()
    {
        foreach (string word in Vocabulary)
        {
            string query = $"tn_plainto_tsquery_config('english', '{word}')";
            foreach ((string index, string vector) in new[] { ("docs_body", "tn_to_tsvector_config('english', body)"), ("docs_words", "words") })
            {
                string scanned = await Value(Rows($"_rowid_ as n from docs where tn_ts_match_vq({vector}, {query})"));
                string indexed = await Value(Rows($"i.rowid as n from \"tenon.text.{index}\" i where \"tenon.text.{index}\" match tn_text_candidates({query})"));
                // A hyphenated word is a phrase: the index knows its words, not their order.
                Assert.True(word.Contains('-') ? scanned.Split(',').All(indexed.Split(',').Contains) : scanned == indexed, $"{index}, {word}: table {scanned}, index {indexed}");
            }
        }
        foreach (string index in (string[])["docs_body", "docs_words"])
        {
            Assert.Equal(await Value(Rows("_rowid_ as n from docs")), await Value(Rows($"i.rowid as n from \"tenon.text.{index}\" i where \"tenon.text.{index}\" match '\"\uE001\"'")));
        }
    }

    private static string Sentence(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(1, 6)).Select(_ => Vocabulary[random.Next(Vocabulary.Length)]));

    private static string Statement(Random random) =>
        random.Next(8) switch
        {
            0 or 1 or 2 => $"insert into docs (id, author, title, body) values ('d{random.Next(40)}', {random.Next(1, 4)}, {(random.Next(3) == 0 ? "null" : $"'{Sentence(random)}'")}, '{Sentence(random)}') on conflict (id) do update set body = excluded.body, title = excluded.title",
            3 => $"update docs set body = '{Sentence(random)}' where id = 'd{random.Next(40)}'",
            4 => $"update docs set title = '{Sentence(random)}' where to_tsvector('english', body) @@ plainto_tsquery('english', '{Vocabulary[random.Next(Vocabulary.Length)]}')",
            5 => $"delete from docs where words @@ to_tsquery('english', '{Vocabulary[random.Next(6)]} & {Vocabulary[random.Next(6)]}')",
            6 => $"delete from docs where id = 'd{random.Next(40)}'",
            _ => $"update docs set id = id || 'x' where id = 'd{random.Next(40)}'",
        };

    [Fact]
    public async Task The_index_is_the_table_after_random_writes_failures_and_cascades()
    {
        await Open();
        await Apply(Schema);
        var random = new Random(7);
        int failed = 0;
        for (int round = 0; round < 60; round++)
        {
            var unit = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Statement(random)).ToList();
            if (round % 4 == 3)
            {
                unit.Add("insert into docs (id, author, body) values ('bad', 99, 'cat')");
            }
            if (round % 10 == 9)
            {
                int gone = random.Next(1, 4);
                unit.Insert(0, $"delete from authors where id = {gone}");
                unit.Insert(1, $"insert into authors values ({gone})");
            }
            failed += await Write([.. unit]) ? 0 : 1;
            if (round % 15 == 14)
            {
                await AssertInStep();
            }
        }
        Assert.InRange(failed, 10, 30);
        Assert.NotEqual("0", await Value("select cast(count(*) as text) from docs"));
        await AssertInStep();
    }

    [Fact]
    public async Task Writes_that_share_a_commit_keep_their_own_index_entries()
    {
        await Open();
        await Apply(Schema);
        Task<bool>[] units =
        [
            .. Enumerable.Range(0, 60).Select(i => Write(i % 5 == 4 ? $"insert into docs (id, author, body) values ('d{i}', 99, 'fish')" : $"insert into docs (id, author, body) values ('d{i}', 1, 'cat {Vocabulary[i % 7]}')")),
        ];
        bool[] done = await Task.WhenAll(units);
        Assert.Equal(48, done.Count(d => d));
        await AssertInStep();
    }

    [Fact]
    public async Task A_block_that_rolls_back_takes_its_index_entries_with_it_and_no_others()
    {
        await Open();
        await Apply(Schema);
        await Apply(
            """
            create function trial() returns int language plpgsql as $$
            declare found_before int; found_within int;
            begin
              insert into docs (id, author, body) values ('kept', 1, 'cat');
              begin
                update docs set body = 'dog' where id = 'kept';
                insert into docs (id, author, body) values ('gone', 1, 'cat fish');
                select count(*) into found_within from docs where to_tsvector('english', body) @@ to_tsquery('english', 'dog | fish');
                if found_within <> 2 then raise exception 'found %', found_within using errcode = 'P0004'; end if;
                raise exception 'back' using errcode = 'P0001';
              exception when sqlstate 'P0001' then
                select count(*) into found_before from docs where to_tsvector('english', body) @@ to_tsquery('english', 'cat');
                return found_before;
              end;
              return -1;
            end $$;
            """
        );
        Assert.True(await Write("select trial()"));
        Assert.Equal("kept", await Value("select group_concat(id) from docs"));
        await AssertInStep();
    }

    [Fact]
    public async Task What_a_crash_leaves_is_a_table_and_an_index_in_step()
    {
        await Open();
        await Apply(Schema);
        var random = new Random(11);
        for (int i = 0; i < 20; i++)
        {
            await Write(Statement(random), Statement(random));
        }
        // The files as they are while the writer has them open: nothing was closed, nothing checkpointed.
        string crashed = Directory.CreateDirectory(Path.Combine(folder, "crashed")).FullName;
        foreach (string file in Directory.GetFiles(folder, "data.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(crashed, Path.GetFileName(file)));
        }
        await database.DisposeAsync();
        await Open(crashed);
        Assert.NotEqual("0", await Value("select cast(count(*) as text) from docs"));
        await AssertInStep();
        Assert.True(await Write("insert into docs (id, author, body) values ('after', 1, 'horse')"));
        await AssertInStep();
    }

    [Fact]
    public async Task Changes_of_the_table_keep_or_drop_the_index()
    {
        await Open();
        await Apply(Schema);
        await Write("insert into docs (id, author, title, body) values ('a', 1, 'cat', 'dog'), ('b', 2, null, 'running horse'), ('c', 1, 'x', 'fish')");
        await Write("delete from docs where id = 'a'");
        await Apply("alter table docs add column extra text not null default 'e'; update docs set title = 'y' where title is null; alter table docs alter column title set not null; alter table docs alter column title drop not null;");
        await AssertInStep();
        await Apply("alter table docs rename to papers; alter table papers rename column body to content;");
        Assert.True(await Write("insert into papers (id, author, content) values ('d', 1, 'bird')"));
        Assert.Equal("d", await Value("select id from papers where _rowid_ in (select rowid from \"tenon.text.docs_body\" where \"tenon.text.docs_body\" match '\"bird\"')"));
        await Apply("drop index docs_words;");
        Assert.Equal("docs_body", await Value("select group_concat(substr(name, 12)) from sqlite_schema where name like 'tenon.text.%' and type = 'table' and sql like '%fts5%'"));
        await Apply("alter table papers drop column words; drop table papers;");
        Assert.Equal("", await Value("select group_concat(name) from sqlite_schema where name like 'tenon.text.%'"));
    }

    [Fact]
    public async Task A_database_that_was_moved_has_its_rows_in_the_index()
    {
        await Open();
        await Apply(Schema);
        var options = new MainDatabaseOptions("sqlite:moved.db") { Folder = folder, Schema = SchemaOptions.Standard, Durable = false };
        await using (MoveTarget target = (await Tenon.Sources.Sqlite.Moving.SqliteTarget.OpenAsync(options, Cancel)).Value)
        {
            Assert.Null(await target.ReplayAsync(database.Applied, Cancel));
            await target.BeginRowsAsync(Cancel);
            target.Load(new QualifiedName("public", "docs"), ["id", "title", "body"], [[Datum.Of("a"), Datum.Of("fish"), Datum.Of("the running cat")], [Datum.Of("b"), Datum.Null, Datum.Of("dog")]]);
            await target.EndRowsAsync([], null, Cancel);
            await target.CommitAsync(Cancel);
        }
        await database.DisposeAsync();
        Directory.CreateDirectory(Path.Combine(folder, "there"));
        File.Move(Path.Combine(folder, "moved.db"), Path.Combine(folder, "there", "data.db"));
        await Open(Path.Combine(folder, "there"));
        Assert.Equal("2", await Value("select cast(count(*) as text) from docs"));
        await AssertInStep();
    }

    [Fact]
    public async Task An_index_of_other_functions_is_made_anew_at_start()
    {
        await Open();
        await Apply(Schema);
        await Write("insert into docs (id, author, body) values ('a', 1, 'cats'), ('b', 1, 'dogs')");
        await database.DisposeAsync();
        var options = new SqliteOptions(Path.Combine(folder, "data.db")) { Extensions = new SqliteExtensions().Add(SqliteLibrary.Register) };
        using (SqliteConnection connection = SqliteConnection.Open(options, SqliteMode.Writer))
        {
            connection.ExecuteScript("delete from \"tenon.text.docs_body\" where rowid = 1; update \"tenon.functions\" set stamp = 'other' where name = 'to_tsvector_config'");
        }
        await Open();
        Assert.Contains("public.docs", database.Renewed);
        await AssertInStep();
    }

    [Theory]
    [InlineData("words @@ to_tsquery('english', 'cat')", true)]
    [InlineData("to_tsquery('english', 'cat') @@ words", true)]
    [InlineData("to_tsvector('english', body) @@ websearch_to_tsquery('english', 'cat or dog')", true)]
    [InlineData("to_tsvector(body) @@ to_tsquery('cat')", true)]
    [InlineData("body @@ to_tsquery('cat')", true)]
    [InlineData("author = 1 and words @@ to_tsquery('english', 'cat')", true)]
    [InlineData("to_tsvector('simple', body) @@ to_tsquery('simple', 'cat')", false)]
    [InlineData("author = 1 or words @@ to_tsquery('english', 'cat')", false)]
    [InlineData("not words @@ to_tsquery('english', 'cat')", false)]
    [InlineData("words @@ to_tsquery('english', title)", false)]
    public async Task The_index_is_asked_where_it_can_answer(string condition, bool asked)
    {
        await Open();
        await Apply(Schema);
        Statement syntax = Assert.IsType<RowStatement>(SchemaParser.ParseScript($"select id from docs where {condition}").Value[0]).Statement;
        Statement bound = new TypeChecker(database.Catalog).CheckStatement(syntax).Value;
        var compiled = SqliteSource.CompileSelect(GuardedSelect.Bind(((SelectStatement)bound).Select, new PolicyBinder(database.Catalog, Principal.Owner)).Select);
        Assert.True(asked == compiled.Sql.AsksTextIndex, compiled.Sql.ToString());
    }

    [Fact]
    public async Task Queries_find_by_the_index_what_reading_every_row_finds()
    {
        await Open();
        await Apply(Schema.Replace("create index", "-- create index", StringComparison.Ordinal));
        var random = new Random(5);
        await Write([.. Enumerable.Range(0, 200).Select(i => $"insert into docs (id, author, title, body) values ('d{i}', 1, '{Sentence(random)}', '{Sentence(random)}')")]);
        string[] queries = ["cat", "cat & dog", "cat | dog", "!cat", "cat & !dog", "hous:*", "'tree-house'", "running <-> quickly", "cat:A", "fish:B", "c:*A & !bird", "the", "'naïve' | 42", ""];
        var before = new List<string>();
        foreach (string query in queries)
        {
            before.Add(await Select($"select id from docs where words @@ to_tsquery('english', '{query.Replace("'", "''", StringComparison.Ordinal)}') order by id"));
        }
        Assert.True(before.Count(b => b.Length > 0) > 10);
        await Apply("create index docs_words on docs using gin (words);");
        for (int i = 0; i < queries.Length; i++)
        {
            string sql = $"select id from docs where words @@ to_tsquery('english', '{queries[i].Replace("'", "''", StringComparison.Ordinal)}') order by id";
            Assert.Equal(before[i], await Select(sql));
        }
    }

    private async Task<string> Select(string sql)
    {
        Statement syntax = Assert.IsType<RowStatement>(SchemaParser.ParseScript(sql).Value[0]).Statement;
        Statement bound = new TypeChecker(database.Catalog).CheckStatement(syntax).Value;
        List<Datum[]> rows = await database.Source.WriteAsync(s => s.Execute(bound, Principal.Owner, new StatementArguments { Context = Owner }), default, Cancel);
        return string.Join(',', rows.Select(r => r[0].Text));
    }
}

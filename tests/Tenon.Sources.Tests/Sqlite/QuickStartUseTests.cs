using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Writing;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>
/// The quick-starts in use, by callers with claims: policies that call functions of several statements hold for reads and
/// writes alike, triggers fire, and no function can keep the writer longer than its unit may run.
/// </summary>
public sealed class QuickStartUseTests : IAsyncLifetime
{
    private const string Ann = "11111111-1111-4111-8111-111111111111";
    private const string Bob = "22222222-2222-4222-8222-222222222222";

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-use-").FullName;
    private SqliteDatabase database = null!;
    private int version;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = (SqliteDatabase)
            await SourceRegistry.OpenMainAsync(
                new MainDatabaseOptions("sqlite:data.db")
                {
                    Folder = folder,
                    Schema = SchemaOptions.Standard,
                    Durable = false,
                    StatementTimeout = TimeSpan.FromMilliseconds(400),
                }
            );
        foreach (string file in Directory.GetFiles(Repository.PathTo("src/Tenon.Server/Store/Migrations"), "*.sql").Order())
        {
            await Apply(File.ReadAllText(file));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Apply(string sql)
    {
        Error? error = await database.ApplyAsync($"{++version:D4}", "test", sql, 0, Cancel);
        Assert.Equal("", error is null ? "" : $"{error.Code} {error.Message} {error.Details} at {error.Position}");
    }

    private async Task Start(string tutorial, params string[] people)
    {
        await Apply(File.ReadAllText(Repository.PathTo($"tests/tutorials/{tutorial}")));
        foreach (string person in people)
        {
            await Apply($"insert into auth.users (id, email, raw_user_meta_data) values ('{person}', '{person[..4]}@example.org', '{{\"full_name\": \"N\"}}')");
        }
    }

    private static StatementArguments Caller(RoleName role, string? uid, string jwt) =>
        new()
        {
            Context = new RequestContext { Now = 42, CurrentUser = role, Role = role.Text, Uid = uid, Jwt = jwt },
        };

    /// <summary>One statement as a write unit; its rows, or the error's code.</summary>
    private async Task<string> Write(string sql, RoleName role, string? uid = null, string jwt = "{}")
    {
        Catalog catalog = database.Catalog;
        Statement bound = Bind(sql, catalog);
        try
        {
            List<Datum[]> rows = await database.Source.WriteAsync(
                session => session.Execute(bound, Principal.Of(role), Caller(role, uid, jwt)),
                default,
                Cancel
            );
            return Text(bound, rows);
        }
        catch (TenonException failure)
        {
            return $"!{failure.Error.Code}";
        }
        catch (SqliteException failure)
        {
            return $"!{failure.Failure.SqlState}";
        }
    }

    /// <summary>A query on a reader, as a GET runs it.</summary>
    private async Task<string> Read(string sql, RoleName role, string? uid = null, string jwt = "{}")
    {
        Catalog catalog = database.Catalog;
        var bound = (SelectStatement)Bind(sql, catalog);
        try
        {
            Select guarded = GuardedSelect.Bind(bound.Select, new PolicyBinder(catalog, Principal.Of(role))).Select;
            using SourceSession session = await database.Source.OpenAsync(default, Cancel);
            return Text(bound, session.Rows(database.Source.Compile(guarded), Caller(role, uid, jwt)));
        }
        catch (TenonException failure)
        {
            return $"!{failure.Error.Code}";
        }
        catch (SqliteException failure)
        {
            return $"!{failure.Failure.SqlState}";
        }
    }

    private static Statement Bind(string sql, Catalog catalog) =>
        new TypeChecker(catalog).CheckStatement(((RowStatement)SchemaParser.ParseScript(sql).Value[0]).Statement).Value;

    private static string Text(Statement bound, List<Datum[]> rows) =>
        string.Join(
            ' ',
            rows.Select(r => string.Join('|', TypeChecker.OutputOf(bound).Select((f, i) => r[i].IsNull ? "∅" : TypeOutput.CastToText(f.Type, r[i]))))
        );

    // ---- quick-starts ----

    [Fact]
    public async Task A_policy_that_asks_a_function_of_several_statements_holds_for_reads_and_writes()
    {
        await Start("11_custom_claims.sql", Ann);
        RoleName user = RoleName.Authenticated;
        Assert.Equal("out", await Read("select title from posts order by id", RoleName.Anon));
        Assert.Equal("out", await Read("select title from posts order by id", user, Ann));
        const string Editor = """{"user_role": "editor"}""", Chief = """{"user_role": "chief"}""";
        Assert.Equal("out draft", await Read("select title from posts order by id", user, Ann, Editor));
        Assert.Equal("!22P02", await Read("select title from posts order by id", user, Ann, """{"user_role": "king"}"""));
        Assert.Equal("", await Write("delete from posts where title = 'draft' returning id", user, Ann, Editor));
        Assert.Equal("2", await Write("update posts set published = true where title = 'draft' returning id", user, Ann, Editor));
        Assert.Equal("", await Write("update posts set published = false returning id", user, Ann));
        Assert.Equal("2", await Write("delete from posts where title = 'draft' returning id", user, Ann, Chief));
        Assert.Equal("!42501", await Read("select custom_access_token_hook('{}')", user, Ann));
        await Apply($"insert into user_roles (user_id, role) values ('{Ann}', 'chief')");
        Assert.Equal(
            """{"claims": {"a": 1, "user_role": "chief"}, "user_id": "11111111-1111-4111-8111-111111111111"}""",
            await Read($$$"""select custom_access_token_hook('{"user_id": "{{{Ann}}}", "claims": {"a": 1}}')""", RoleName.Service)
        );
    }

    [Fact]
    public async Task A_chat_keeps_deleted_messages_out_of_sight_and_stamps_changes()
    {
        await Start("10_realtime_chat.sql", Ann, Bob);
        RoleName user = RoleName.Authenticated;
        // As in PostgreSQL: what a returning shows must be in sight before the trigger has made the owner a member.
        Assert.Equal("!42501", await Write("insert into rooms (name, is_private) values ('r', true) returning id", user, Ann));
        await Write("insert into rooms (name, is_private) values ('r', true)", user, Ann);
        string room = await Read("select id from rooms", user, Ann);
        Assert.Equal("", await Read("select name from rooms", user, Bob));
        Assert.Equal("r", await Read("select name from rooms", user, Ann));
        Assert.Equal("1", await Write($"insert into messages (room_id, body) values ('{room}', 'hi') returning id", user, Ann));
        Assert.Equal("!42501", await Write($"insert into messages (room_id, body) values ('{room}', 'me too')", user, Bob));
        Assert.Equal("!42501", await Write($"insert into room_members values ('{room}', '{Bob}')", user, Bob));
        await Write("delete from messages where id = 1", user, Bob);
        Assert.Equal("hi", await Read("select body from messages", user, Ann));
        await Write("delete from messages where id = 1", user, Ann);
        Assert.Equal("", await Read("select body from messages", user, Ann));
        Assert.Equal("|true|true", await Read("select body, deleted_at is not null, updated_at = now() from messages", RoleName.Service));
    }

    [Fact]
    public async Task An_order_is_paid_once_and_takes_from_the_stock_or_not_at_all()
    {
        await Start("09_shop.sql", Ann, Bob);
        RoleName user = RoleName.Authenticated;
        string order = await Write("insert into orders default values returning id", user, Ann);
        await Write($"insert into order_items (order_id, product_id, quantity) values ('{order}', 1, 2), ('{order}', 2, 1)", user, Ann);
        Assert.Equal("!23503", await Write($"insert into order_items (order_id, product_id) values ('{order}', 99)", user, Ann));
        Assert.Equal("!42501", await Write($"insert into order_items (order_id, product_id) values ('{order}', 2)", user, Bob));
        Assert.Equal("44.30|2", await Read("select total, positions from order_totals", user, Ann));
        Assert.Equal("", await Read("select total from order_totals", user, Bob));
        Assert.Equal("!P0002", await Write($"select pay_order('{order}')", user, Bob));
        Assert.Equal("paid", await Write($"select pay_order('{order}')", user, Ann));
        Assert.Equal("paid", await Write($"select pay_order('{order}')", user, Ann));
        Assert.Equal("3 0", await Read("select stock from products order by id", RoleName.Anon));
        string second = await Write("insert into orders default values returning id", user, Ann);
        await Write($"insert into order_items (order_id, product_id, quantity) values ('{second}', 1, 3), ('{second}', 2, 1)", user, Ann);
        Assert.Equal("!23514", await Write($"select pay_order('{second}')", user, Ann));
        Assert.Equal("3 0", await Read("select stock from products order by id", RoleName.Anon));
        Assert.Equal("1", await Read("select count(*) from latest_orders", user, Ann));
    }

    [Fact]
    public async Task Members_come_by_invitation_and_only_once()
    {
        await Start("12_accounts.sql", Ann, Bob);
        RoleName user = RoleName.Authenticated;
        Assert.Equal("!28000", await Write("select create_account('X')", RoleName.Anon));
        await Write("select create_account('My Company!')", user, Ann);
        await Write("select create_account('My company')", user, Ann);
        Assert.Equal("my-company my-company-2", await Read("select slug from accounts order by slug", user, Ann));
        Assert.Equal("", await Read("select slug from accounts", user, Bob));
        string id = await Read("select id from accounts where slug = 'my-company'", user, Ann);
        Assert.Equal("!42501", await Write($"insert into invitations (account_id) values ('{id}')", user, Bob));
        string token = await Write($"insert into invitations (account_id) values ('{id}') returning token", user, Ann);
        Assert.Equal("!P0002", await Write("select accept_invitation('no such')", user, Bob));
        Assert.Equal(id, await Write($"select accept_invitation('{token}')", user, Bob));
        Assert.Equal("!P0002", await Write($"select accept_invitation('{token}')", user, Bob));
        string again = await Write($"insert into invitations (account_id) values ('{id}') returning token", user, Ann);
        Assert.Equal("!23505", await Write($"select accept_invitation('{again}')", user, Bob));
        Assert.Equal("my-company", await Read("select slug from accounts", user, Bob));
        Assert.Equal("", await Write("update accounts set name = 'Mine' returning id", user, Bob));
        await Write($"delete from accounts where id = '{id}'", RoleName.Service);
        Assert.Equal("my-company-2", await Read("select slug from accounts", user, Ann));
    }

    [Fact]
    public async Task The_older_permission_function_decides_who_deletes()
    {
        await Start("05_channels_and_permissions.sql", Ann, Bob);
        await Apply(
            $"""
            grant select, delete on channels to authenticated;
            insert into users (id, username) values ('{Ann}', 'a'), ('{Bob}', 'b');
            insert into channels (slug, created_by) values ('one', '{Ann}');
            insert into user_roles (user_id, role) values ('{Ann}', 'admin'), ('{Bob}', 'moderator');
            """
        );
        Assert.Equal("", await Write("delete from channels returning slug", RoleName.Authenticated, Bob));
        Assert.Equal("one", await Write("delete from channels returning slug", RoleName.Authenticated, Ann));
    }

    // ---- functions that would not end ----

    [Theory]
    [InlineData("begin loop n := n + 1; end loop; end", "57014")]
    [InlineData("begin while true loop null; end loop; end", "57014")]
    [InlineData("begin loop begin perform 1 / 0; exception when others then null; end; end loop; end", "57014")]
    [InlineData("begin perform endless(n - 1); perform endless(n - 1); return 1; end", "54001")]
    [InlineData("begin begin perform endless(n - 1); exception when others then null; end; begin perform endless(n - 1); exception when others then null; end; return 1; end", "57014")]
    [InlineData("declare s text := 'x'; begin loop s := s || s; end loop; end", "54000,57014,53200,22001")]
    public async Task A_function_without_end_fails_by_itself_and_leaves_the_writer_free(string body, string codes)
    {
        await Apply($"create table t (id int primary key); create function endless(n int) returns int language plpgsql as $$ {body} $$;");
        string answer = await Write("select endless(1)", RoleName.Service);
        Assert.Contains(answer[1..], codes.Split(','));
        Assert.Equal("1", await Write("insert into t values (1) returning id", RoleName.Service));
        Assert.Equal(WriterState.Running, database.Writer.State);
    }

    [Theory]
    [InlineData("begin loop i := 1; return next; end loop; end")]
    [InlineData("begin for k in 1..100000000 loop return query select 1; end loop; end")]
    public async Task A_function_that_gathers_rows_without_end_is_stopped(string body)
    {
        await Apply($"create function rows_of() returns table (i int) language plpgsql as $$ {body} $$;");
        string answer = await Write("select count(*) from rows_of()", RoleName.Service);
        Assert.Contains(answer, new[] { "!54000", "!57014" });
    }

    [Fact]
    public async Task A_trigger_that_fires_itself_ends_at_the_depth_bound()
    {
        await Apply(
            """
            create table t (id int primary key, n int default 0);
            create function again() returns trigger language plpgsql as $$ begin insert into t (id) values (new.id + 1); return new; end $$;
            create trigger again after insert on t for each row execute function again();
            """
        );
        Assert.Equal("!54001", await Write("insert into t values (1)", RoleName.Service));
        Assert.Equal("0", await Read("select count(*) from t", RoleName.Service));
    }

    [Fact]
    public async Task A_read_cannot_write_by_way_of_a_function()
    {
        await Apply(
            """
            create table t (id int primary key);
            create function sneak() returns int language plpgsql stable as $$ begin insert into t values (1); return 1; end $$;
            create function creep() returns int language plpgsql as $$ begin insert into t values (1); return 1; end $$;
            """
        );
        // What says it changes nothing is held to it; of any other the connection that reads is told by SQLite.
        Assert.Equal("!0A000", await Read("select sneak()", RoleName.Service));
        Assert.Equal("!25006", await Read("select creep()", RoleName.Service));
        Assert.Equal("0", await Read("select count(*) from t", RoleName.Service));
    }

    [Fact]
    public async Task What_a_handled_error_undid_is_not_announced()
    {
        await Apply(
            """
            create table t (id int primary key);
            create function partly() returns void language plpgsql as $$
            begin
              insert into t values (1);
              begin
                insert into t values (2);
                insert into t values (1);
              exception when unique_violation then
                insert into t values (3);
              end;
            end $$;
            """
        );
        database.Writer.Listen(ChangeFilter.All);
        var seen = new List<string>();
        database.Writer.Feed.Observe(batch =>
        {
            for (int i = 0; i < batch.Count; i++)
            {
                seen.Add(batch[i].New(0).Int64.ToString(CultureInfo.InvariantCulture));
            }
        });
        await Write("select partly()", RoleName.Service);
        Assert.Equal("1 3", await Read("select id from t order by id", RoleName.Service));
        Assert.Equal(["1", "3"], seen);
    }
}

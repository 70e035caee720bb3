using System.Text.Json;
using Xunit;

namespace Tenon.Server.Tests.Capabilities;

/// <summary>
/// What errors about keys tell, on every engine by PostgreSQL's rule: values where the role may read the key's columns and no row
/// policy stands between, another table's name where the role has a right on it. Tables of attached sources have row policies.
/// </summary>
public sealed class KeyErrorTests(KeyErrorTests.App app) : IClassFixture<KeyErrorTests.App>
{
    private static string Tables(string end) =>
        $"""
        create table open_rows (id int primary key, code varchar(20), day date, constraint open_code unique (code, day)){end};
        create table quoted_names (id int primary key, "order" int, "As is" int, constraint quoted unique ("order", "As is"), constraint quoted_parent foreign key ("order") references open_rows (id)){end};
        create table some_columns (id int primary key, code varchar(20), constraint some_code unique (code)){end};
        create table guarded (id int primary key, code varchar(20), constraint guarded_code unique (code)){end};
        create table unknown_parents (id int primary key){end};
        create table open_children (id int primary key, parent int, guarded int, hidden int, constraint child_parent foreign key (parent) references open_rows (id),
          constraint child_guarded foreign key (guarded) references guarded (id), constraint child_hidden foreign key (hidden) references unknown_parents (id)){end};
        create table unknown_children (id int primary key, parent int, constraint unknown_parent foreign key (parent) references open_rows (id)){end};
        create table guarded_children (id int primary key, parent int, constraint guarded_parent foreign key (parent) references open_rows (id)){end};
        insert into open_rows values (1, 'a', '2024-02-29'), (2, 'b', null), (3, 'c', null), (4, 'd', null);
        insert into quoted_names values (1, 1, 2);
        insert into some_columns values (1, 'a');
        insert into guarded values (1, 'a'), (2, 'b');
        insert into open_children values (1, 2, 2, null);
        insert into unknown_children values (1, 3);

        """;

    private const string Policies = """
        alter table guarded enable row level security;
        alter table guarded_children enable row level security;
        grant select, insert, update, delete on open_rows, quoted_names, guarded, open_children, guarded_children to anon;
        grant select (id), insert, update, delete on some_columns to anon;
        create policy p on guarded using (true);
        create policy p on guarded_children using (true);
        """;

    // Every table of an attached source has row policies, or there is nothing to ask it for.
    private const string OfAttached = """

        alter table open_rows enable row level security;
        alter table quoted_names enable row level security;
        create policy p on quoted_names using (true);
        alter table some_columns enable row level security;
        alter table open_children enable row level security;
        create policy p on open_rows using (true);
        create policy p on some_columns using (true);
        create policy p on open_children using (true);
        """;

    public sealed class App() : AgreementApp(Tables("") + Policies, Tables(" character set utf8mb4").Replace('"', '`'), Policies + OfAttached, onMain: false);

    /// <summary>method, path, body | code, message, details | the same on an attached source, whose tables all have policies.</summary>
    public static TheoryData<string, string, string, string, string?, string?> Errors =>
        new()
        {
            {
                "POST open_rows", """{"id":9,"code":"a","day":"2024-02-29"}""", "23505",
                "duplicate key value violates unique constraint \"open_code\"", "Key (code, day)=(a, 2024-02-29) already exists.", null
            },
            { "PATCH open_rows?id=eq.2", """{"code":"a","day":"2024-02-29"}""", "23505", "duplicate key value violates unique constraint \"open_code\"", "Key (code, day)=(a, 2024-02-29) already exists.", null },
            { "POST some_columns", """{"id":9,"code":"a"}""", "23505", "duplicate key value violates unique constraint \"some_code\"", null, null },
            { "POST quoted_names", """{"id":2,"order":1,"As is":2}""", "23505", "duplicate key value violates unique constraint \"quoted\"", "Key (\"order\", \"As is\")=(1, 2) already exists.", null },
            {
                "POST quoted_names", """{"id":2,"order":77,"As is":2}""", "23503", "insert or update on table \"quoted_names\" violates foreign key constraint \"quoted_parent\"",
                "Key (order)=(77) is not present in table \"open_rows\".", "Key is not present in table \"open_rows\"."
            },
            { "POST guarded", """{"id":9,"code":"a"}""", "23505", "duplicate key value violates unique constraint \"guarded_code\"", null, null },
            {
                "POST open_children", """{"id":9,"parent":77}""", "23503", "insert or update on table \"open_children\" violates foreign key constraint \"child_parent\"",
                "Key (parent)=(77) is not present in table \"open_rows\".", "Key is not present in table \"open_rows\"."
            },
            {
                "POST open_children", """{"id":9,"hidden":77}""", "23503", "insert or update on table \"open_children\" violates foreign key constraint \"child_hidden\"",
                "Key (hidden)=(77) is not present in the table it refers to.", "Key is not present in the table it refers to."
            },
            {
                "PATCH open_children?id=eq.1", """{"guarded":77}""", "23503", "insert or update on table \"open_children\" violates foreign key constraint \"child_guarded\"",
                "Key (guarded)=(77) is not present in table \"guarded\".", "Key is not present in table \"guarded\"."
            },
            {
                "POST guarded_children", """{"id":9,"parent":77}""", "23503", "insert or update on table \"guarded_children\" violates foreign key constraint \"guarded_parent\"",
                "Key is not present in table \"open_rows\".", "Key is not present in table \"open_rows\"."
            },
            {
                "DELETE open_rows?id=eq.2", "", "23503", "update or delete on table \"open_rows\" violates foreign key constraint \"child_parent\" on table \"open_children\"",
                "Key (id)=(2) is still referenced from table \"open_children\".", "Key is still referenced from table \"open_children\"."
            },
            {
                "DELETE open_rows?id=eq.3", "", "23503", "update or delete on table \"open_rows\" violates a foreign key constraint of another table",
                "Key (id)=(3) is still referenced.", "Key is still referenced."
            },
            {
                "DELETE guarded?id=eq.2", "", "23503", "update or delete on table \"guarded\" violates foreign key constraint \"child_guarded\" on table \"open_children\"",
                "Key is still referenced from table \"open_children\".", "Key is still referenced from table \"open_children\"."
            },
        };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_error_about_a_key_tells_the_same_on_every_engine(string request, string body, string code, string message, string? details, string? attached)
    {
        string[] line = request.Split(' ');
        FourEngines.Answer[] answers = await app.EachAsync(line[0], line[1], body.Length == 0 ? null : body);
        for (int i = 0; i < answers.Length; i++)
        {
            JsonElement error = JsonDocument.Parse(answers[i].Body).RootElement;
            Assert.Equal(
                (409, code, message, i == (int)Engine.MariaDb ? attached : details),
                (answers[i].Status, error.GetProperty("code").GetString(), error.GetProperty("message").GetString(), error.GetProperty("details").GetString())
            );
        }
    }
}

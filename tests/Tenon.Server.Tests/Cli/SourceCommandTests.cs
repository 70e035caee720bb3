using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>tenon source list, test, inspect: what is attached, what stands in its way, what is in it; never a password.</summary>
public sealed class SourceCommandTests
{
    private const string Script = """
        create table customers (id int auto_increment primary key, name varchar(50) not null, place point, joined date default '2020-01-01');
        create table orders (id int primary key, customer_id int not null, total decimal(10,2), foreign key (customer_id) references customers (id));
        create table items (order_id int, what varchar(20));
        create view totals as select customer_id, sum(total) as total from orders group by customer_id;
        """;

    private const string Policies = """
        alter table customers enable row level security;
        grant select on customers to authenticated;
        create policy own on customers using (name = auth.email());
        alter table items enable row level security;
        grant select, insert on items to authenticated;
        """;

    [Fact]
    public async Task Sources_are_listed_without_asking_them_and_without_their_passwords()
    {
        using var app = await AppAsync(
            """
            [sources.crm]
            url = "mysql://reader:pass%40word@127.0.0.1:1/crm"
            tables = ["cust*", "orders"]
            [sources.shop]
            url = "env(SHOP_DATABASE_URL)"
            writable = true
            """,
            ("crm", Policies),
            "mysql://writer:hidden@127.0.0.1:1/shop"
        );
        CommandRun list = await CommandRun.RunAsync("source", "list", app.Path);
        Assert.True(list.Code == 0, list.Errors);
        Assert.Contains("mysql://reader:***@127.0.0.1:1/crm", list.Output, StringComparison.Ordinal);
        Assert.Contains("cust*, orders", list.Output, StringComparison.Ordinal);
        Assert.Contains("sources/crm/policies.sql", list.Output, StringComparison.Ordinal);
        CommandRun json = await CommandRun.RunAsync("source", "list", app.Path, "--json");
        JsonElement shop = json.Json[1];
        Assert.Equal(("shop", "env(SHOP_DATABASE_URL)", true), (shop.GetProperty("name").GetString(), shop.GetProperty("url").GetString(), shop.GetProperty("writable").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, shop.GetProperty("policies").ValueKind);
        Assert.DoesNotContain("word", list.Output + json.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", list.Output + json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_without_sources_says_so()
    {
        using var app = await AppAsync("");
        Assert.Equal((0, "(0 sources)"), await LastLineAsync("source", "list", app.Path));
        CommandRun test = await CommandRun.RunAsync("source", "inspect", "crm", app.Path);
        Assert.Equal((1, ""), (test.Code, test.Output));
        Assert.Contains("has no source crm; attach one with: tenon source add NAME", test.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_of_a_source_names_what_is_wrong_and_its_mend()
    {
        PrivateMariaDb server = MariaDb.AttachedMariaDb.Server();
        string url = server.CreateDatabase(Script);
        using var app = await AppAsync($"[sources.crm]\nurl = \"{url}\"\n", ("crm", Policies));
        CommandRun well = await CommandRun.RunAsync("source", "test", "crm", app.Path);
        Assert.True(well.Code == 0, well.Output + well.Errors);
        Assert.Contains("ok     MariaDB ", well.Output, StringComparison.Ordinal);
        Assert.Contains("4 tables found, 2 exposed: customers, items", well.Output, StringComparison.Ordinal);
        Assert.Contains("customers.place (point) is left out", well.Output, StringComparison.Ordinal);
        Assert.Contains("items has no policy", well.Output, StringComparison.Ordinal);
        Assert.Contains("mend: set writable = true in [sources.crm]", well.Output, StringComparison.Ordinal);

        string user = url.Split('/')[^1] + "_reader";
        server.Execute(url, $"create user {user}@'%' identified by 'long secret'; grant select on items to {user}@'%'; grant select (id), insert on orders to {user}@'%';");
        string reader = url.Replace("tenon:a%20secret", user + ":long%20secret", StringComparison.Ordinal);
        using var narrow = await AppAsync($"[sources.crm]\nurl = \"{reader}\"\nwritable = true\n", ("crm", Policies.Replace("customers", "orders", StringComparison.Ordinal).Replace("name = auth.email()", "id > 0", StringComparison.Ordinal)));
        CommandRun wrong = await CommandRun.RunAsync("source", "test", narrow.Path, "--json");
        Assert.True(wrong.Code == 1, wrong.Output + wrong.Errors);
        string[] told = [.. wrong.Json[0].GetProperty("lines").EnumerateArray().Where(l => l.GetProperty("kind").GetString() == "wrong").Select(l => l.GetProperty("what").GetString()!)];
        Assert.Contains(told, t => t.StartsWith("orders is exposed, but ", StringComparison.Ordinal));
        Assert.Contains(told, t => t.StartsWith("insert on items is granted, but ", StringComparison.Ordinal));
        Assert.DoesNotContain("secret", wrong.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_does_not_answer_is_told_apart_from_one_that_refuses()
    {
        PrivateMariaDb server = MariaDb.AttachedMariaDb.Server();
        string url = server.CreateDatabase("create table t (id int primary key);");
        foreach ((string bad, string what) in new[]
        {
            ($"mysql://tenon:a%20secret@127.0.0.1:{LoopbackPort.Next()}/crm", "cannot be reached"),
            (url.Replace("a%20secret", "wrong%20secret", StringComparison.Ordinal), "refuses the user tenon"),
            (url + "_gone", "has no database"),
            ("postgres://tenon:a%20secret@127.0.0.1/crm", "the kind of url of source crm is not supported"),
            ("mysql://tenon:a%20secret@127.0.0.1", "is not a url with a host and a database"),
        })
        {
            using var app = await AppAsync($"[sources.crm]\nurl = \"{bad}\"\n");
            CommandRun run = await CommandRun.RunAsync("source", "test", "crm", app.Path);
            Assert.True(run.Code == 1 && run.Output.Contains(what, StringComparison.Ordinal) && run.Output.Contains("mend: ", StringComparison.Ordinal), $"{bad}: {run.Output}{run.Errors}");
            Assert.DoesNotContain("secret", run.Output + run.Errors, StringComparison.Ordinal);
            run = await CommandRun.RunAsync("source", "inspect", "crm", app.Path);
            Assert.True(run.Code == 1 && run.Errors.Trim().Split('\n').Length == 1 && run.Errors.Contains(what, StringComparison.Ordinal), $"{bad}: {run.Output}{run.Errors}");
            Assert.DoesNotContain("secret", run.Errors, StringComparison.Ordinal);
        }
        using var misfit = await AppAsync($"[sources.crm]\nurl = \"{url}\"\n", ("crm", "alter table t enable row level security;\ncreate policy p on nothing using (true);"));
        CommandRun refused = await CommandRun.RunAsync("source", "test", "crm", misfit.Path);
        Assert.True(refused.Code == 1 && refused.Output.Contains("sources/crm/policies.sql:2", StringComparison.Ordinal), refused.Output + refused.Errors);
    }

    [Fact]
    public async Task An_inspection_shows_every_table_exposed_or_not_with_lines_to_begin_with()
    {
        string url = MariaDb.AttachedMariaDb.Server().CreateDatabase(Script);
        using var app = await AppAsync($"[sources.crm]\nurl = \"{url}\"\n", ("crm", Policies));
        CommandRun all = await CommandRun.RunAsync("source", "inspect", "crm", app.Path);
        Assert.True(all.Code == 0, all.Errors);
        Assert.Contains("customers   exposed   Tenon's user may: select, insert, update", all.Output, StringComparison.Ordinal);
        Assert.Contains("orders   not exposed", all.Output, StringComparison.Ordinal);
        Assert.Contains("(customer_id) references customers (id)", all.Output, StringComparison.Ordinal);
        Assert.Contains("-- alter table orders enable row level security;", all.Output, StringComparison.Ordinal);
        Assert.Contains("place (point)   left out", all.Output, StringComparison.Ordinal);
        Assert.Contains("policy own for all", all.Output, StringComparison.Ordinal);
        CommandRun one = await CommandRun.RunAsync("source", "introspect", "crm", app.Path, "--table", "orders", "--json");
        JsonElement orders = Assert.Single(one.Json.GetProperty("tables").EnumerateArray());
        Assert.Equal("numeric(10,2)", orders.GetProperty("columns")[2].GetProperty("type").GetString());
        Assert.Equal("id", Assert.Single(orders.GetProperty("primary_key").EnumerateArray()).GetString());
        CommandRun none = await CommandRun.RunAsync("source", "inspect", "crm", app.Path, "--table", "nothing");
        Assert.True(none.Code == 1 && none.Errors.Contains("source crm has no table or view nothing", StringComparison.Ordinal), none.Errors);
    }

    private static async Task<(int, string)> LastLineAsync(params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(arguments);
        return (run.Code, run.Output.Trim().Split('\n')[^1]);
    }

    private static async Task<Folder> AppAsync(string settings, (string Source, string Policies)? file = null, string? variable = null)
    {
        var folder = new Folder(Directory.CreateTempSubdirectory("tenon-sources-").FullName);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "tenon.toml"), "project_id = \"sources\"\n" + settings);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, ".env"), variable is null ? "" : $"SHOP_DATABASE_URL={variable}\n");
        if (file is { } policies)
        {
            string place = Directory.CreateDirectory(Path.Combine(folder.Path, "sources", policies.Source)).FullName;
            await File.WriteAllTextAsync(Path.Combine(place, "policies.sql"), policies.Policies);
        }
        return folder;
    }

    private sealed record Folder(string Path) : IDisposable
    {
        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

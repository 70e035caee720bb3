using Microsoft.Extensions.Options;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources.MySql;

namespace Tenon.Server.Tests.MariaDb;

/// <summary>An application that Tenon is part of attaches a MariaDB as tenon serve does.</summary>
public sealed class LibrarySourceTests
{
    private const string Tables = "create table invoices (id int primary key, owner varchar(36), amount decimal(8,2)); insert into invoices values (1, '" + HostApp.Alice + "', 12.50), (2, null, 9);";

    private static readonly Dictionary<string, string> Policies = new()
    {
        ["sources/crm/policies.sql"] = "alter table invoices enable row level security; grant select on invoices to authenticated; create policy own on invoices using (owner = auth.uid()::text);",
    };

    [Fact]
    public async Task Its_policies_decide_by_the_applications_own_sign_in()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(Tables);
        await using HostApp host = await HostApp.StartAsync(
            options =>
            {
                options.Auth.Enabled = false;
                options.Auth.Host.Enabled = true;
            },
            settings: new Dictionary<string, string?> { ["Tenon:Sources:crm:Url"] = url, ["Tenon:Sources:crm:PoolSize"] = "2" },
            more: tenon => tenon.AddSourceEngine(MySqlEngine.Engine),
            files: Policies
        );
        string alice = await host.CookieAsync($"sub={HostApp.Alice}");
        void Crm(System.Net.Http.Headers.HttpRequestHeaders headers) => headers.Add("Accept-Profile", "crm");
        Assert.Equal((200, """[{"id":1,"amount":12.50}]"""), await host.SendAsync("GET", "/api/rest/v1/invoices?select=id,amount", alice, headers: Crm));
        Assert.Equal(401, (await host.SendAsync("GET", "/api/rest/v1/invoices", headers: Crm)).Status);
        string bob = await host.CookieAsync("sub=00000000-0000-4000-8000-00000000000b");
        Assert.Equal((200, "[]"), await host.SendAsync("GET", "/api/rest/v1/invoices", bob, headers: Crm));
        Assert.Equal(200, (await host.SendAsync("GET", "/api/rest/v1/notes?select=title", alice)).Status);
    }

    [Fact]
    public async Task What_is_wrong_with_a_source_stops_the_start_and_shows_no_password()
    {
        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => HostApp.StartAsync(settings: new Dictionary<string, string?> { ["Tenon:Sources:C-R-M:Url"] = "mysql://u:canary@127.0.0.1/x", ["Tenon:Sources:shop:Writable"] = "true" }));
        Assert.Contains("Tenon:Sources:C-R-M", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Tenon:Sources:shop:Url", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", wrong.Message, StringComparison.Ordinal);
        // An engine that was not added.
        Exception unknown = await Assert.ThrowsAnyAsync<Exception>(() => HostApp.StartAsync(settings: new Dictionary<string, string?> { ["Tenon:Sources:crm:Url"] = "mysql://u:canary@127.0.0.1/x" }));
        Assert.Contains("source crm", unknown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", unknown.Message, StringComparison.Ordinal);
    }
}

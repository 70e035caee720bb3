using System.Net;
using System.Net.Sockets;
using System.Text;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>tenon serve: what it refuses, each by one line and exit code 1.</summary>
public sealed class ServeRefusalTests
{
    private const string Open = "create table public.cities (id int primary key); grant select on public.cities to anon;";

    private static async Task RefusedAsync(AppOfFiles app, string line, Action<Dictionary<string, string?>>? change = null, int? port = null, string[]? options = null)
    {
        Dictionary<string, string?> variables = AppOfFiles.Production();
        change?.Invoke(variables);
        await using RunningTenon tenon = RunningTenon.Start("serve", app.Path, port ?? LoopbackPort.Next(), options, variables);
        Assert.Equal(1, await tenon.EndAsync());
        Assert.Equal("tenon: " + line, tenon.Errors.Trim());
        Assert.DoesNotContain("Ready", tenon.Output, StringComparison.Ordinal);
        foreach (string secret in new[] { "SECRET_KEY", "TENON_ENCRYPTION_KEY", "PUBLISHABLE_KEY" })
        {
            Assert.True(variables.GetValueOrDefault(secret) is not { } value || !(tenon.Output + tenon.Errors).Contains(value, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("TENON_ENCRYPTION_KEY")]
    [InlineData("PUBLISHABLE_KEY")]
    [InlineData("SECRET_KEY")]
    public async Task A_missing_secret(string name)
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await RefusedAsync(app, $"{name} is not set (nor {name}_FILE); make keys with: tenon key generate", v => v[name] = null);
    }

    [Fact]
    public async Task The_keys_of_development()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        var development = Server.Auth.Keys.LoadOrCreateDevelopment(app.File(".tenon/keys.json"), TimeProvider.System);
        const string Mend = "is the development key of this folder; make production keys with: tenon key generate";
        await RefusedAsync(app, $"SECRET_KEY {Mend}", v => v["SECRET_KEY"] = development.SecretKey);
        await RefusedAsync(app, $"TENON_ENCRYPTION_KEY {Mend}", v => v["TENON_ENCRYPTION_KEY"] = Convert.ToHexStringLower(development.EncryptionKey));
    }

    [Fact]
    public async Task A_port_in_use()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await RefusedAsync(app, $"port {port} is in use; choose another with --port", port: port);
    }

    [Fact]
    public async Task An_open_table_until_it_is_listed()
    {
        using AppOfFiles app = new(("migrations/1_cities.sql", Open));
        await RefusedAsync(
            app,
            "table public.cities is granted to anon but has no row level security: anyone can read it; "
            + "mend: alter table public.cities enable row level security; or, if it is meant for all: [api] open = [\"cities\"]"
        );
        app.Write("tenon.toml", "project_id = \"files\"\n[api]\nopen = [\"cities\"]\n");
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production());
    }

    [Fact]
    public async Task An_edited_migration()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using (await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production())) { }
        app.Write("migrations/0001_notes.sql", AppOfFiles.Notes + "-- more\n");
        await RefusedAsync(app, "migration 0001_notes.sql was edited after it had been applied; restore it and write a new migration");
        Assert.Empty(Directory.GetFiles(app.File(".tenon"), "*.before"));
    }

    [Fact]
    public async Task A_migration_out_of_order_unless_all_are_to_be_included()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("migrations/0005_later.sql", "create table public.later (id int primary key);"));
        Dictionary<string, string?> variables = AppOfFiles.Production();
        await using (await RunningTenon.StartReadyAsync("serve", app.Path, variables: variables)) { }
        app.Write("migrations/0003_late.sql", "insert into public.notes values (3, 'late');");
        await RefusedAsync(app, "migration 0003_late.sql is not applied although a later one is; give it a later number, or apply it with --include-all");

        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("serve", app.Path, ["--include-all"], variables);
        tenon.Http.DefaultRequestHeaders.Add("apikey", variables["PUBLISHABLE_KEY"]);
        Assert.Equal("""[{"body":"late"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
    }

    [Fact]
    public async Task Another_encryption_key_than_the_database_was_made_with()
    {
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using (await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production())) { }
        await RefusedAsync(
            app,
            "the encryption key (TENON_ENCRYPTION_KEY, in development .tenon/keys.json) is not the one this database was made with: "
            + "its signing keys cannot be read; start with that key, or in development make a fresh database with: tenon db reset"
        );
    }

    [Fact]
    public async Task Half_of_a_certificate_or_one_that_is_none()
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("tenon.toml", "project_id = \"files\"\n[server]\ntls = { cert_path = \"cert.pem\" }\n"));
        await RefusedAsync(app, "server.tls.cert_path is set and server.tls.key_path is not");
        app.Write("tenon.toml", "project_id = \"files\"\n[server]\ntls = { cert_path = \"cert.pem\", key_path = \"key.pem\" }\n");
        app.Write("cert.pem", "nothing");
        app.Write("key.pem", "nothing");
        await using RunningTenon tenon = RunningTenon.Start("serve", app.Path, LoopbackPort.Next(), null, AppOfFiles.Production());
        Assert.Equal(1, await tenon.EndAsync());
        Assert.StartsWith($"tenon: server.tls: {app.File("cert.pem")} and {app.File("key.pem")} are not a certificate and its key in PEM: ", tenon.Errors.TrimStart(), StringComparison.Ordinal);
    }
}

using System.Net.Http.Headers;
using System.Text;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.MariaDb;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.Capabilities;

internal enum Engine
{
    Sqlite,
    Compiled,
    Native,
    MariaDb,
}

/// <summary>The same rows behind the same API in four ways: embedded, in PostgreSQL with its policies compiled or native, and in an attached MariaDB.</summary>
internal sealed class FourEngines : IAsyncDisposable
{
    internal sealed record Answer(int Status, string Type, string Range, string Body);

    private readonly TestApp embedded;
    private readonly TestApp compiled;
    private readonly TestApp native;

    private FourEngines(TestApp embedded, TestApp compiled, TestApp native) => (this.embedded, this.compiled, this.native) = (embedded, compiled, native);

    public static readonly string[] Names = ["SQLite", "PostgreSQL, compiled", "PostgreSQL, native", "MariaDB"];

    public static bool AreInstalled => PrivatePostgres.Shared is not null && PrivateMariaDb.Shared is not null;

    /// <summary>The policies.sql of a table everyone may read and write; MariaDB's tables do not exist for the API without one.</summary>
    public static string Open(string table) =>
        $"alter table {table} enable row level security; grant select, insert, update, delete on {table} to anon; create policy p on {table} using (true);\n";

    public static async Task<FourEngines> StartAsync(string schema, string attached, string policies, string onPostgres = "")
    {
        string mariaDb = PrivateMariaDb.Shared!.CreateDatabase("set sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'; set time_zone = '+00:00';" + attached);
        var source = new AttachedOptions("crm", mariaDb) { Policies = policies, Writable = true };
        TestApp embedded = await TestApp.StartAsync(schema, configure: o => o with { Engines = AttachedMariaDb.Engines, Sources = [source] });
        string[] urls = [PrivatePostgres.Shared!.CreateDatabase(), PrivatePostgres.Shared.CreateDatabase()];
        TestApp compiled = await TestApp.StartAsync(schema + onPostgres, configure: o => o with { DatabaseUrl = urls[0] });
        TestApp native = await TestApp.StartAsync(schema + onPostgres, configure: o => o with { DatabaseUrl = urls[1], Security = Enforcement.Native });
        return new FourEngines(embedded, compiled, native);
    }

    public async Task<Answer> AskAsync(Engine engine, string method, string path, string? body = null, string prefer = "", string accept = "application/json")
    {
        TestApp app = engine switch { Engine.Compiled => compiled, Engine.Native => native, _ => embedded };
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.Add(method is "GET" or "HEAD" ? "Accept-Profile" : "Content-Profile", engine == Engine.MariaDb ? "crm" : "public");
        if (prefer.Length > 0)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        string range = answer.Content.Headers.NonValidated.TryGetValues("Content-Range", out HeaderStringValues values) ? values.ToString() : "";
        return new Answer((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString() ?? "", range, text);
    }

    public async ValueTask DisposeAsync()
    {
        await embedded.DisposeAsync();
        await compiled.DisposeAsync();
        await native.DisposeAsync();
    }
}

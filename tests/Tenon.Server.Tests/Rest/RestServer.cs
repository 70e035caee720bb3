using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Rest;
using Tenon.Sources;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Functions;

namespace Tenon.Server.Tests.Rest;

/// <summary>The data API alone, over a real Kestrel on a free port and a real SQLite in a folder of its own.</summary>
internal sealed class RestServer : IAsyncDisposable
{
    public const string SecretKey = "sb_secret_of-the-rest-tests";

    private readonly WebApplication app;
    private readonly SqliteWriter writer;
    private readonly SqliteReaders readers;
    private readonly string folder;

    private RestServer(WebApplication app, SqliteWriter writer, SqliteReaders readers, string folder)
    {
        this.app = app;
        this.writer = writer;
        this.readers = readers;
        this.folder = folder;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public static async Task<RestServer> StartAsync(string schema, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-rest-").FullName;
        var extensions = new SqliteExtensions();
        extensions.Add(SqliteLibrary.Register);
        var options = new SqliteOptions(Path.Combine(folder, "data.db")) { Extensions = extensions };
        SchemaChange change = SchemaBuilder.Apply(Catalog.Empty, SchemaParser.ParseScript(schema).Value).Value;
        CreateTables(options, change);
        var writer = new SqliteWriter(options);
        var readers = new SqliteReaders(options, 2);
        var source = new SqliteSource(readers, writer, () => change.Catalog, TimeSpan.FromSeconds(8));
        await FillAsync(source, change, cancellation);
        WebApplication app = Host(new RestRuntime(new RestOptions(), source, () => change.Catalog, TimeProvider.System));
        await app.StartAsync(cancellation);
        return new RestServer(app, writer, readers, folder);
    }

    private static WebApplication Host(RestRuntime runtime)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddConsole().SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        // Only keys and no key are used here; both are known without the store.
        var keys = new Keys { PublishableKey = "sb_publishable_of-the-rest-tests", SecretKey = SecretKey, EncryptionKey = new byte[32] };
        var callers = new CallerResolver(new ApiKeys(null!, keys, TimeProvider.System), null!, new TokenCache(), null!, TimeProvider.System);
        var root = new RestRoot(runtime.Options, (_, _, _, _) => null);
        new RestEndpoints(runtime, callers, root, app.Services.GetRequiredService<ILogger<RestEndpoints>>()).Map(app);
        return app;
    }

    private static void CreateTables(SqliteOptions options, SchemaChange change)
    {
        using SqliteConnection connection = SqliteConnection.Open(options, SqliteMode.Writer);
        connection.ExecuteScript(SqliteIdentity.CreateTable);
        foreach (CreateTableStep step in change.Steps.OfType<CreateTableStep>())
        {
            connection.ExecuteScript(Definition(step.Table));
        }
    }

    private static async Task FillAsync(SqliteSource source, SchemaChange change, CancellationToken cancellation)
    {
        var context = new RequestContext { Now = 0, CurrentUser = new RoleName("postgres") };
        foreach (RowsStep step in change.Steps.OfType<RowsStep>())
        {
            Statement bound = new TypeChecker(change.Catalog).CheckStatement(step.Statement).Value;
            await source.WriteAsync(
                session => session.Execute(bound, Principal.Owner, new StatementArguments { Context = context }),
                cancellation
            );
        }
    }

    // The plainest table that holds the storage forms; constraints as far as the scenarios provoke them.
    private static string Definition(Table table)
    {
        var lines = table.Columns.Select(c => $"\"{c.Name}\" {StorageType(c.Type)}{KeyOf(table, c)}{(c.NotNull ? " not null" : "")}").ToList();
        if (table.PrimaryKey is { } key && !IsRowKey(table, key.Columns))
        {
            lines.Add($"primary key ({string.Join(", ", key.Columns)})");
        }
        lines.AddRange(table.Uniques.Select(u => $"unique ({string.Join(", ", u.Columns)})"));
        lines.AddRange(
            table.ForeignKeys.Select(f =>
                $"foreign key ({string.Join(", ", f.Columns)}) references \"{f.Target.Name}\" ({string.Join(", ", f.TargetColumns)})"
            )
        );
        lines.AddRange(table.Checks.Select(c => $"constraint \"{c.Name}\" check (size > 0)"));
        return $"create table \"{table.Name.Name}\" ({string.Join(", ", lines)})";
    }

    private static bool IsRowKey(Table table, IReadOnlyList<string> key) => key.Count == 1 && table.Find(key[0])!.Type.IsInteger;

    private static string KeyOf(Table table, Column column) =>
        table.PrimaryKey is { Columns: [var only] } && only == column.Name && column.Type.IsInteger ? " primary key" : "";

    private static string StorageType(LogicalType type) =>
        type.IsInteger || type.IsScaledInteger || type.Kind is TypeKind.Boolean or TypeKind.TimestampTz ? "integer" : "text";

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        await readers.DisposeAsync();
        await writer.DisposeAsync();
        Directory.Delete(folder, true);
    }
}

using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Server.Auth;
using Tenon.Server.Rest;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>What a server is started with: the app folder and the parts of tenon.toml the features read.</summary>
internal sealed record BackendOptions
{
    /// <summary>The folder with migrations/, seed.sql and the front end.</summary>
    public required string AppFolder { get; init; }

    /// <summary>[db] url: where the main database is; relative paths start from the app folder. May hold a password: never shown.</summary>
    public required string DatabaseUrl { get; init; }
    public int PoolSize { get; init; } = 16;

    /// <summary>[db] security; null: compiled where everything a plan touches can be expressed, native otherwise.</summary>
    public Enforcement? Security { get; init; }

    /// <summary>[sources]: databases of others, and the engines that open them.</summary>
    public IReadOnlyList<AttachedOptions> Sources { get; init; } = [];
    public AttachedEngines Engines { get; init; } = new();

    /// <summary>Features in packages of their own.</summary>
    public IReadOnlyList<BackendPackage> Packages { get; init; } = [];
    public required Keys Keys { get; init; }
    public AuthOptions Auth { get; init; } = new();
    public RestOptions Rest { get; init; } = new();

    /// <summary>Settings of sign-in as they may be shown to whom compares environments: no secret, nothing that is one environment's alone.</summary>
    public IReadOnlyDictionary<string, string> SignInSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Seeds a new database, rebuilds it when an applied migration was edited.</summary>
    public bool Development { get; init; }

    /// <summary>In development: refuse to start rather than rebuild the database.</summary>
    public bool KeepData { get; init; }

    /// <summary>Production: refuses migrations out of order, and open tables that are not listed.</summary>
    public bool Strict { get; init; }

    /// <summary>Strict, but migrations out of order are applied.</summary>
    public bool IncludeAll { get; init; }

    /// <summary>Patterns of migration and seed files, relative to the app folder.</summary>
    public IReadOnlyList<string> MigrationPaths { get; init; } = ["migrations/*.sql"];
    public IReadOnlyList<string> SeedPaths { get; init; } = ["seed.sql"];
    public bool AutoExposeNewTables { get; init; }

    /// <summary>Tables anon or authenticated may reach without row security, as [api] open lists them.</summary>
    public IReadOnlyList<string> OpenTables { get; init; } = [];
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>The folder of built front-end files; null when there is none.</summary>
    public string? StaticFiles { get; init; }

    /// <summary>A path without an extension that is no file answers index.html: the front end has its own router.</summary>
    public bool SpaFallback { get; init; } = true;

    /// <summary>The front end's own development server, asked for at each request; null, or giving null, where there is none.</summary>
    public Func<Uri?>? DevServer { get; init; }
    public RequestLogFormat RequestLog { get; init; } = RequestLogFormat.Off;

    /// <summary>Where the request log goes.</summary>
    public Stream LogOutput { get; init; } = Stream.Null;

    /// <summary>Paths of a certificate and its private key in PEM; null for plain HTTP.</summary>
    public (string Certificate, string Key)? Tls { get; init; }

    /// <summary>Keep other servers from an embedded database; not for a command that serves itself for the length of its run.</summary>
    public bool ClaimsDatabase { get; init; } = true;

    /// <summary>Commits reach the disk before they are acknowledged (synchronous=FULL).</summary>
    public bool Durable { get; init; } = true;

    public MainDatabaseOptions MainDatabase(TimeProvider clock) =>
        new(DatabaseUrl)
        {
            Folder = AppFolder,
            Schema = new SchemaOptions { AutoExposeNewTables = AutoExposeNewTables },
            Clock = clock,
            StatementTimeout = StatementTimeout,
            Durable = Durable,
            PoolSize = PoolSize,
            // What runs before every request is the app's own code: it wants the caller's role.
            Security = Rest.PreRequest.Length > 0 ? Enforcement.Native : Security,
        };
}

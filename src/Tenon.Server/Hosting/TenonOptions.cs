using Tenon.Server.Auth;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>
/// Tenon inside an ASP.NET Core application: bound from the section <c>Tenon</c> of its configuration
/// (<c>Tenon__Auth__SiteUrl</c> in the environment), then by the delegate of <c>AddTenon</c>; checked when the host starts.
/// </summary>
public sealed class TenonOptions
{
    /// <summary>The name of the section, and of the connection string.</summary>
    public const string Section = "Tenon";

    /// <summary>The folder with migrations/, seed.sql and emails/; relative to the content root of the host.</summary>
    public string AppFolder { get; set; } = "";

    /// <summary>
    /// Address of the main database: sqlite:PATH (relative to the app's folder) or postgres://…; empty: the connection string
    /// named Tenon, else sqlite:.tenon/data.db. May hold a password: never shown.
    /// </summary>
    public string DatabaseUrl { get; set; } = "";

    /// <summary>Connections that answer requests.</summary>
    public int PoolSize { get; set; } = 20;

    /// <summary>The longest a statement may take.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Let PostgreSQL enforce row policies itself; otherwise Tenon does where it can express them.</summary>
    public bool NativeSecurity { get; set; }

    /// <summary>Seed a new database, rebuild it when an applied migration was edited, make keys; null: as the host's environment says.</summary>
    public bool? Development { get; set; }

    /// <summary>In development: refuse to start rather than rebuild the database.</summary>
    public bool KeepData { get; set; }

    /// <summary>Patterns of migration files, relative to the app's folder; empty: migrations/*.sql.</summary>
    public List<string> MigrationPaths { get; } = [];

    /// <summary>Patterns of seed files, relative to the app's folder; empty: seed.sql.</summary>
    public List<string> SeedPaths { get; } = [];

    /// <summary>Answer pages of any origin without the host's cookie (CORS); off: the host's own CORS policy decides.</summary>
    public bool AllowAnyOrigin { get; set; }

    /// <summary>API keys and the key that seals secrets.</summary>
    public TenonKeyOptions Keys { get; } = new();

    /// <summary>The data API.</summary>
    public TenonApiOptions Api { get; } = new();

    /// <summary>Sign-in: Tenon's own, and in <c>Host</c> that of the application.</summary>
    public AuthOptions Auth { get; } = new();

    /// <summary>Databases of others, by name: each is a profile of the API, with the policies of sources/NAME/policies.sql.</summary>
    public Dictionary<string, TenonSourceOptions> Sources { get; } = new(StringComparer.Ordinal);

    /// <summary>Features in packages of their own, added on the builder.</summary>
    internal List<BackendPackage> Packages { get; } = [];

    /// <summary>Kinds of databases that may be attached, added on the builder.</summary>
    internal AttachedEngines Engines { get; } = new();
}

/// <summary>A database to attach; see <c>[sources.NAME]</c> of tenon.toml.</summary>
public sealed class TenonSourceOptions
{
    /// <summary>Its address, such as mysql://user:password@host/database. Never shown.</summary>
    public string Url { get; set; } = "";

    /// <summary>Names of tables and views to read, * and ? as wildcards; empty: all.</summary>
    public List<string> Tables { get; } = [];

    /// <summary>Rows may be written.</summary>
    public bool Writable { get; set; }

    /// <summary>Connections that answer requests.</summary>
    public int PoolSize { get; set; } = 10;

    /// <summary>The longest a statement may take.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// The keys of a server; in development they are made and kept in .tenon/keys.json where none are set. An application that
/// signs its users in itself and gives out no keys needs none.
/// </summary>
public sealed class TenonKeyOptions
{
    /// <summary>sb_publishable_…: for browsers, anon.</summary>
    public string PublishableKey { get; set; } = "";

    /// <summary>sb_secret_…: for servers, service_role.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>32 bytes in hexadecimal or base64; seals what is secret in the database.</summary>
    public string EncryptionKey { get; set; } = "";

    /// <summary>HS256 secret of legacy keys; empty: no HS256 token is accepted.</summary>
    public string JwtSecret { get; set; } = "";
}

/// <summary>The data API of an embedded Tenon; see <c>[api]</c> of tenon.toml.</summary>
public sealed class TenonApiOptions
{
    /// <summary>Schemas that requests may name, the first is the default; empty: public.</summary>
    public List<string> Schemas { get; } = [];

    /// <summary>Rows of one answer.</summary>
    public int MaxRows { get; set; } = 1000;

    /// <summary>Bytes of one request body.</summary>
    public int MaxBodySize { get; set; } = 1 << 20;

    /// <summary>From the first byte of a request to the last of its answer.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Aggregate functions in select.</summary>
    public bool Aggregates { get; set; } = true;

    /// <summary>The document at /rest/v1/.</summary>
    public bool OpenApi { get; set; } = true;

    /// <summary>Grant new tables to anon and authenticated.</summary>
    public bool AutoExposeNewTables { get; set; }

    /// <summary>Tables anon or authenticated may reach without row security.</summary>
    public List<string> Open { get; } = [];
}

using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Server.Auth;
using Tenon.Server.Rest;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary><see cref="TenonOptions"/> -> what a back end is started with; and what is wrong with them, said when the host starts.</summary>
internal sealed class EmbeddedOptions(IConfiguration configuration, IHostEnvironment environment) : IValidateOptions<TenonOptions>
{
    public ValidateOptionsResult Validate(string? name, TenonOptions options)
    {
        List<string> wrong = [];
        if (SourceRegistry.Check(DatabaseUrl(options)) is { } refused)
        {
            wrong.Add($"Tenon:DatabaseUrl: {refused.Message}. {refused.Hint}");
        }
        if (!Directory.Exists(FolderOf(options)))
        {
            wrong.Add($"Tenon:AppFolder: there is no folder {options.AppFolder}");
        }
        Require(wrong, options.PoolSize > 0, "Tenon:PoolSize must be at least 1");
        Require(wrong, options.Api is { MaxRows: > 0, MaxBodySize: > 0 }, "Tenon:Api:MaxRows and MaxBodySize must be at least 1");
        Require(wrong, options.StatementTimeout > TimeSpan.Zero && options.Api.RequestTimeout > TimeSpan.Zero, "Tenon:StatementTimeout and Tenon:Api:RequestTimeout must be longer than nothing");
        foreach ((string source, TenonSourceOptions own) in options.Sources)
        {
            Require(wrong, AttachedOptions.IsName(source), $"Tenon:Sources:{source}: a source's name is lower-case letters, digits and _, and begins with a letter");
            Require(wrong, own.Url.Length > 0, $"Tenon:Sources:{source}:Url is not set: the database to attach, such as mysql://user:password@host/database");
            Require(wrong, own is { PoolSize: > 0, Timeout.Ticks: > 0 }, $"Tenon:Sources:{source}: PoolSize and Timeout must be more than nothing");
        }
        Said(wrong, () => KeysOf(options, make: false));
        Said(wrong, () => AuthFeature.Check(AuthOf(options)));
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static void Require(List<string> wrong, bool holds, string message)
    {
        if (!holds)
        {
            wrong.Add(message);
        }
    }

    private static void Said(List<string> wrong, Action check)
    {
        try
        {
            check();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            wrong.Add(e.Message);
        }
    }

    public BackendOptions Of(TenonOptions options) =>
        new()
        {
            AppFolder = FolderOf(options),
            DatabaseUrl = DatabaseUrl(options),
            PoolSize = options.PoolSize,
            Security = options.NativeSecurity ? Enforcement.Native : null,
            Keys = KeysOf(options, make: true)!,
            Auth = AuthOf(options),
            Packages = options.Auth.Enabled ? options.Packages : [],
            Sources = [.. options.Sources.Select(s => SourceOf(options, s.Key, s.Value))],
            Engines = options.Engines,
            Rest = new RestOptions
            {
                Schemas = options.Api.Schemas.Count > 0 ? [.. options.Api.Schemas] : ["public"],
                MaxRows = options.Api.MaxRows,
                MaxBody = options.Api.MaxBodySize,
                RequestTimeout = options.Api.RequestTimeout,
                Aggregates = options.Api.Aggregates,
                OpenApi = options.Api.OpenApi,
            },
            Development = IsDevelopment(options),
            KeepData = options.KeepData,
            Strict = !IsDevelopment(options),
            MigrationPaths = options.MigrationPaths.Count > 0 ? options.MigrationPaths : ["migrations/*.sql"],
            SeedPaths = options.SeedPaths.Count > 0 ? options.SeedPaths : ["seed.sql"],
            AutoExposeNewTables = options.Api.AutoExposeNewTables,
            OpenTables = options.Api.Open,
            StatementTimeout = options.StatementTimeout,
        };

    private AttachedOptions SourceOf(TenonOptions options, string name, TenonSourceOptions own) =>
        new(name, own.Url)
        {
            Policies = AttachedOptions.PoliciesOf(FolderOf(options), name),
            Tables = own.Tables.Count > 0 ? [.. own.Tables] : ["*"],
            Writable = own.Writable,
            PoolSize = own.PoolSize,
            Timeout = own.Timeout,
        };

    private bool IsDevelopment(TenonOptions options) => options.Development ?? environment.IsDevelopment();

    private string FolderOf(TenonOptions options) => Path.GetFullPath(Path.Combine(environment.ContentRootPath, options.AppFolder));

    private string DatabaseUrl(TenonOptions options) =>
        options.DatabaseUrl.Length > 0 ? options.DatabaseUrl
        : configuration.GetConnectionString(TenonOptions.Section) is { Length: > 0 } named ? named
        : "sqlite:.tenon/data.db";

    private AuthOptions AuthOf(TenonOptions options)
    {
        options.Auth.Development = IsDevelopment(options);
        options.Auth.AppFolder = FolderOf(options);
        return options.Auth;
    }

    /// <summary>
    /// The keys of the options; in development those of the app's folder; where Tenon signs nobody in, keys that nobody
    /// knows. Throws what is missing; null where they would have to be made first.
    /// </summary>
    private Keys? KeysOf(TenonOptions options, bool make)
    {
        TenonKeyOptions given = options.Keys;
        bool isSet = given.PublishableKey.Length + given.SecretKey.Length + given.EncryptionKey.Length + given.JwtSecret.Length > 0;
        if (isSet)
        {
            return Keys.FromEnvironment(name => name switch
            {
                "TENON_ENCRYPTION_KEY" => given.EncryptionKey,
                "PUBLISHABLE_KEY" => given.PublishableKey,
                "SECRET_KEY" => given.SecretKey,
                "JWT_SECRET" => given.JwtSecret,
                _ => null,
            });
        }
        if (IsDevelopment(options))
        {
            return make ? Keys.LoadOrCreateDevelopment(Path.Combine(FolderOf(options), ".tenon", "keys.json"), TimeProvider.System) : null;
        }
        return options.Auth.Enabled
            ? throw new InvalidOperationException("Tenon:Keys: PublishableKey, SecretKey and EncryptionKey are not set; make keys with: tenon key generate")
            : new Keys
            {
                PublishableKey = OpaqueKey.Create(OpaqueKey.PublishablePrefix),
                SecretKey = OpaqueKey.Create(OpaqueKey.SecretPrefix),
                EncryptionKey = RandomNumberGenerator.GetBytes(32),
            };
    }
}

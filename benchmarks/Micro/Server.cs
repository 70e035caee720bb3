using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Rest;

namespace Tenon.Benchmarks.Micro;

/// <summary>A back end on an empty database of the benchmark's schema, without its HTTP side.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly Backend _backend;
    private readonly ServiceProvider _services;

    private Server(Backend backend, ServiceProvider services)
    {
        _backend = backend;
        _services = services;
        Rest = Forgetful();
    }

    public RestRuntime Rest { get; }

    public CallerResolver Callers => _services.GetRequiredService<CallerResolver>();

    public TokenVerifier Verifier => _services.GetRequiredService<TokenVerifier>();

    /// <summary>The same server before it has planned anything.</summary>
    public RestRuntime Forgetful() => new(_services.GetRequiredService<RestOptions>(), _backend.Database.Source, () => _backend.Catalog, TimeProvider.System);

    public static async Task<Server> OpenAsync(string app, string folder)
    {
        var options = new BackendOptions
        {
            AppFolder = Path.GetFullPath(app),
            DatabaseUrl = "sqlite:" + Path.Combine(folder, "data.db"),
            Keys = new Keys
            {
                PublishableKey = "sb_publishable_benchmarks_only_0000",
                SecretKey = "sb_secret_benchmarks_only_00000000",
                EncryptionKey = Encoding.ASCII.GetBytes("benchmarks-only-key-of-32-bytes!"),
                JwtSecret = Tokens.Secret,
                AnonKey = Tokens.Anon,
                ServiceRoleKey = Tokens.Service,
            },
        };
        var backend = await Backend.OpenAsync(options, TimeProvider.System);
        var services = new ServiceCollection();
        services.AddLogging();
        backend.AddServices(services);
        var provider = services.BuildServiceProvider();
        await Backend.StartAsync(provider, CancellationToken.None);
        return new Server(backend, provider);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _backend.DisposeAsync();
    }
}

/// <summary>A folder that goes when it is disposed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tenon-micro-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

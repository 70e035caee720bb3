// One environment of two: an app folder seen as that environment, or a running server by its address and service key.
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Cli.Commands;

internal sealed class EnvSide
{
    private readonly AppFolder? app;
    private readonly string url = "";
    private readonly string key = "";

    private EnvSide(string name, AppFolder app) => (Name, this.app) = (name, app);

    private EnvSide(string url, string key) => (Name, this.url, this.key) = (url, url, key);

    public string Name { get; }

    /// <summary>Its files and its database are on another machine.</summary>
    public bool IsRemote => app is null;

    /// <summary>An address, a folder (with @ENVIRONMENT behind it), or an environment of the folder of the command.</summary>
    public static EnvSide Open(string text, string folder, string? key, string option)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            bool isSafe = Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
            return !isSafe ? throw new CommandFailure($"{text} must be https: the service key is sent to it")
                : string.IsNullOrEmpty(key) ? throw new CommandFailure($"{text} needs its service key: {option} env(NAME)")
                : new EnvSide(text, Reference(key, option));
        }
        string[] parts = text.Split('@', 2);
        bool isFolder = File.Exists(Path.Combine(parts[0], "tenon.toml"));
        return isFolder ? new EnvSide(text, AppFolder.OpenAs(parts[0], parts.Length > 1 ? parts[1] : "development")) : new EnvSide(text, AppFolder.OpenAs(folder, text));
    }

    /// <summary>env(NAME) or ${NAME}: a secret on a command line would lie in histories and process lists.</summary>
    public static string Reference(string text, string option)
    {
        string name = text.StartsWith("env(", StringComparison.Ordinal) && text.EndsWith(')') ? text[4..^1]
            : text.StartsWith("${", StringComparison.Ordinal) && text.EndsWith('}') ? text[2..^1]
            : throw new CommandFailure($"{option} takes the name of a variable, env(NAME), not the secret itself");
        return Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new CommandFailure($"{option} names the environment variable {name}, which is not set");
    }

    public async Task<EnvSnapshot> SnapshotAsync(CancellationToken cancellation)
    {
        if (app is null)
        {
            await using var api = AdminApi.At(url, key);
            return EnvSnapshot.Read(await api.GetAsync("environment", cancellation));
        }
        await using Backend backend = await OpenAsync(cancellation);
        var store = new CompiledStore(backend.Database.Source, () => backend.Catalog, TimeProvider.System);
        var providers = new CustomProviders(store, new Vault(backend.Options.Keys), backend.Options.Auth);
        var snapshot = new EnvironmentSnapshot(backend.Database, providers, backend.Options.Auth, backend.Options.SignInSettings);
        using var stream = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(stream))
        {
            await snapshot.WriteAsync(writer, cancellation);
        }
        return EnvSnapshot.Read(JsonElement.Parse(stream.ToArray()));
    }

    // Nothing here reads what is sealed, so the environment's own keys are not asked for.
    private Task<Backend> OpenAsync(CancellationToken cancellation) =>
        Backend.OpenAsync(LocalDatabase.Options(app!, Keys.Create(TimeProvider.System)), TimeProvider.System, cancellation: cancellation);

    /// <summary>Takes the steps over: the rules of the database as one transaction first, files last.</summary>
    public async Task ApplyAsync(IReadOnlyList<EnvStep> steps, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        EnvStep[] Of(string area) => [.. steps.Where(s => s.Area == area)];
        if (Of(EnvStep.Access) is { Length: > 0 } rules)
        {
            await ApplyRulesAsync(rules, cancellation);
        }
        if (Of(EnvStep.Providers) is { Length: > 0 } providers)
        {
            await using AdminApi api = app is null ? AdminApi.At(url, key) : await AdminApi.ConnectAsync(app, cancellation);
            foreach (EnvStep step in providers)
            {
                await ApplyProviderAsync(api, step, secrets, cancellation);
            }
        }
        foreach (EnvStep step in Of(EnvStep.Templates))
        {
            ApplyTemplate(step);
        }
        if (Of(EnvStep.Settings) is { Length: > 0 } settings)
        {
            TomlEdit.Set(Path.Combine(app!.Path, $"tenon.{app.Environment}.toml"), settings.ToDictionary(s => s.Key, s => s.From!));
        }
    }

    private async Task ApplyRulesAsync(EnvStep[] rules, CancellationToken cancellation)
    {
        await using Backend backend = await OpenAsync(cancellation);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string text = string.Join('\n', rules.OrderBy(r => r.Place).Select(r => r.Sql)) + "\n";
        string version = $"{SchemaFiles.Own}env:{now:yyyyMMddHHmmssfff}";
        long micros = (now - new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)).Ticks / TimeSpan.TicksPerMicrosecond;
        if (await backend.Database.ApplyAsync(version, "access rules of another environment", text, micros, cancellation) is { } refused)
        {
            throw new CommandFailure($"{Name}: {refused.Message}; nothing was changed. Bring its migrations up to those of the other environment first: tenon migrate up");
        }
    }

    private static async Task ApplyProviderAsync(AdminApi api, EnvStep step, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        string path = "custom-providers/" + Uri.EscapeDataString(step.Key);
        if (step.IsDestructive)
        {
            await api.SendAsync(HttpMethod.Delete, path, null, cancellation);
            return;
        }
        JsonObject body = JsonNode.Parse(step.From!)!.AsObject();
        if (secrets.TryGetValue(step.Key, out string? secret))
        {
            body["client_secret"] = secret;
        }
        bool adds = step.Action == "add";
        await api.SendAsync(adds ? HttpMethod.Post : HttpMethod.Put, adds ? "custom-providers" : path, body, cancellation);
    }

    private void ApplyTemplate(EnvStep step)
    {
        AuthOptions options = BackendSettings.From(app!.Config, Keys.Create(TimeProvider.System), development: true, "http://127.0.0.1", null).Auth;
        string file = MailTemplates.FileOf(options, step.Key) ?? Path.Combine(app.Path, "emails", step.Key + ".html");
        if (step.IsDestructive)
        {
            File.Delete(file);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, step.From);
    }
}

// One environment of two: an app folder seen as that environment, or a running server by its address and service key.
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Cli.Configuration;
using Tenon.Core.Codegen;
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
        using var stream = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(stream))
        {
            await SnapshotOf(backend).WriteAsync(writer, cancellation);
        }
        return EnvSnapshot.Read(JsonElement.Parse(stream.ToArray()));
    }

    private static EnvironmentSnapshot SnapshotOf(Backend backend)
    {
        var store = new CompiledStore(backend.Database.Source, () => backend.Catalog, TimeProvider.System);
        var providers = new CustomProviders(store, new Vault(backend.Options.Keys), backend.Options.Auth);
        return new EnvironmentSnapshot(backend.Database, store, providers, backend.Options.Auth, backend.Options.SignInSettings);
    }

    // Nothing here reads what is sealed, so the environment's own keys are not asked for.
    private Task<Backend> OpenAsync(CancellationToken cancellation) =>
        Backend.OpenAsync(LocalDatabase.Options(app!, Keys.Create(TimeProvider.System)), TimeProvider.System, cancellation: cancellation);

    /// <summary>
    /// Takes the steps over. At an address all of them are one change that is made as a whole; in a folder the rules of the
    /// database are one transaction, providers are calls to its server, files go last.
    /// </summary>
    public async Task ApplyAsync(IReadOnlyList<EnvStep> steps, EnvSnapshot before, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        EnvStep[] Of(string area) => [.. steps.Where(s => s.Area == area)];
        if (app is null)
        {
            await ApplyThereAsync(steps, before, secrets, cancellation);
            return;
        }
        if (Of(EnvStep.Access) is { Length: > 0 } rules)
        {
            await ApplyRulesAsync(rules, cancellation);
        }
        if (Of(EnvStep.Providers) is { Length: > 0 } providers)
        {
            await using AdminApi api = await AdminApi.ConnectAsync(app, cancellation);
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
            TomlEdit.Set(Path.Combine(app.Path, $"tenon.{app.Environment}.toml"), settings.ToDictionary(s => s.Key, s => s.From!));
        }
        // What was set over these files at run time would hide what they say now.
        EnvDrift[] over = [.. before.Drift.Where(d => d.Area != EnvStep.Access && steps.Any(s => s.Area == d.Area && s.Key == d.Key))];
        if (over.Length > 0)
        {
            await ResetAsync(over, cancellation);
        }
    }

    private async Task ApplyThereAsync(IReadOnlyList<EnvStep> steps, EnvSnapshot before, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        await using AdminApi api = AdminApi.At(url, key);
        await api.SendAsync(HttpMethod.Patch, "environment", ChangeOf(steps, before.Base, secrets), cancellation);
    }

    private static JsonObject ChangeOf(IReadOnlyList<EnvStep> steps, string state, IReadOnlyDictionary<string, string> secrets)
    {
        JsonObject Values(string area) => new(steps.Where(s => s.Area == area).Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.From)));
        AccessStep[] rules = [.. steps.Select(s => s.Rule).OfType<AccessStep>().OrderBy(r => r.Place)];
        return new JsonObject
        {
            ["base"] = state,
            ["settings"] = Values(EnvStep.Settings),
            ["templates"] = Values(EnvStep.Templates),
            ["providers"] = new JsonObject(steps.Where(s => s.Area == EnvStep.Providers).Select(s => KeyValuePair.Create(s.Key, s.IsDestructive ? null : (JsonNode?)ProviderOf(s, secrets)))),
            ["access"] = new JsonArray([.. rules.Select(r => (JsonNode)r.Sql)]),
            ["allow"] = new JsonArray([.. rules.Where(r => r.Action == "remove").Select(r => (JsonNode)r.Key)]),
        };
    }

    /// <summary>Gives settings and templates that were set over its files back to them.</summary>
    public async Task ResetAsync(IReadOnlyList<EnvDrift> drift, CancellationToken cancellation)
    {
        JsonObject Nothing(string area) => new(drift.Where(d => d.Area == area).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)null)));
        await using AdminApi api = app is null ? AdminApi.At(url, key) : await AdminApi.ConnectAsync(app, cancellation);
        string state = Say.Text(await api.GetAsync("environment", cancellation), "base");
        var body = new JsonObject { ["base"] = state, ["settings"] = Nothing(EnvStep.Settings), ["templates"] = Nothing(EnvStep.Templates) };
        await api.SendAsync(HttpMethod.Patch, "environment", body, cancellation);
    }

    private async Task ApplyRulesAsync(EnvStep[] rules, CancellationToken cancellation)
    {
        await using Backend backend = await OpenAsync(cancellation);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        AccessStep[] steps = [.. rules.Select(r => r.Rule!)];
        long revision = (await SnapshotOf(backend).SeeAsync(cancellation)).Revision + 1;
        string text = EnvironmentScript.Of(steps, revision, []);
        if (await backend.Database.ApplyAsync(EnvironmentChange.VersionOf(now), "environment", text, StoreValues.Of(now).Integer, cancellation) is { } refused)
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
        JsonObject body = ProviderOf(step, secrets);
        bool adds = step.Action == "add";
        await api.SendAsync(adds ? HttpMethod.Post : HttpMethod.Put, adds ? "custom-providers" : path, body, cancellation);
    }

    private static JsonObject ProviderOf(EnvStep step, IReadOnlyDictionary<string, string> secrets)
    {
        JsonObject body = JsonNode.Parse(step.From!)!.AsObject();
        if (secrets.TryGetValue(step.Key, out string? secret))
        {
            body["client_secret"] = secret;
        }
        return body;
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

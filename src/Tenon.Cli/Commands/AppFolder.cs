using System.CommandLine;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;

namespace Tenon.Cli.Commands;

/// <summary>An app folder as a command sees it: its settings, its variables, its keys.</summary>
internal sealed record AppFolder(string Shown, string Environment, Config Config, IReadOnlyDictionary<string, string> Variables)
{
    public string Path => Config.Folder;

    public string State => System.IO.Path.Combine(Path, ".tenon");

    public static Argument<string> Argument() =>
        new("DIR") { Description = "The app folder (with tenon.toml).", DefaultValueFactory = _ => "." };

    public static AppFolder OpenDevelopment(string folder) => Open(folder, "development", files: true);

    public static AppFolder OpenProduction(string folder) => Open(folder, "production", files: false);

    /// <summary>As the environment says it; development when it says nothing.</summary>
    public static AppFolder OpenAny(string folder)
    {
        string? named = NamedEnvironment(Config.Variables(folder, files: false));
        return Open(folder, named ?? "development", files: named is null or "development");
    }

    /// <summary>As one named environment, whatever the process's own is.</summary>
    public static AppFolder OpenAs(string folder, string environment)
    {
        if (!Directory.Exists(folder))
        {
            throw new ConfigException($"{folder}: no such folder");
        }
        Dictionary<string, string> variables = Config.Variables(folder, files: environment == "development");
        return new AppFolder(folder, environment, Config.Load(folder, environment, variables), variables);
    }

    /// <summary>Development keys are made on first use and kept; production's come from the environment only.</summary>
    public Keys Keys() =>
        Environment == "development"
            ? Server.Auth.Keys.LoadOrCreateDevelopment(System.IO.Path.Combine(State, "keys.json"), TimeProvider.System)
            : Server.Auth.Keys.FromEnvironment(name => Variables.GetValueOrDefault(name));

    private static AppFolder Open(string folder, string fallback, bool files)
    {
        if (!Directory.Exists(folder))
        {
            throw new ConfigException($"{folder}: no such folder");
        }
        Dictionary<string, string> variables = Config.Variables(folder, files);
        string environment = NamedEnvironment(variables) ?? fallback;
        return new AppFolder(folder, environment, Config.Load(folder, environment, variables), variables);
    }

    private static string? NamedEnvironment(Dictionary<string, string> variables) =>
        (variables.GetValueOrDefault("TENON_ENV") ?? variables.GetValueOrDefault("DOTNET_ENVIRONMENT"))?.ToLowerInvariant();
}

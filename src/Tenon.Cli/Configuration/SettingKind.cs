namespace Tenon.Cli.Configuration;

/// <summary>How the value of a setting is read.</summary>
internal enum SettingKind
{
    Text,
    Switch,
    Count,

    /// <summary>"10MiB", or a number of bytes.</summary>
    Size,

    /// <summary>"30s", or a number of seconds.</summary>
    Duration,
    List,

    /// <summary>Text that is never shown: a password, a key, a code.</summary>
    Secret,

    /// <summary>A url or connection string: shown without the password in it.</summary>
    Address,

    /// <summary>Accepted whatever it is: the feature that reads it is not built.</summary>
    Any,
}

/// <summary>One setting of tenon.toml; a path part "*" stands for a name the app chooses.</summary>
internal sealed record Setting(string Path, SettingKind Kind, object? Default, bool Built = true);

namespace Tenon.Sources.MySql;

/// <summary>MariaDB among the engines whose databases an app may attach.</summary>
public static class MySqlEngine
{
    /// <summary>For <c>AddTenon().AddSourceEngine(MySqlEngine.Engine)</c>.</summary>
    public static SourceEngine Engine { get; } = new(new AttachedEngine(MySqlUrl.Schemes, MySqlDatabase.Open));

    internal static AttachedEngines AddMySql(this AttachedEngines engines) => engines.Add(Engine.Engine);
}

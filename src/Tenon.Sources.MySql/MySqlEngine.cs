namespace Tenon.Sources.MySql;

/// <summary>Adds MariaDB to the engines whose databases an app may attach.</summary>
internal static class MySqlEngine
{
    public static AttachedEngines AddMySql(this AttachedEngines engines) => engines.Add(new AttachedEngine(MySqlUrl.Schemes, MySqlDatabase.Open));
}

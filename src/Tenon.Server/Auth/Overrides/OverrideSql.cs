using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Overrides;

/// <summary>Statements on auth.overrides and auth.environment_changes.</summary>
internal static class OverrideSql
{
    public static readonly StoreStatement List = new("auth.overrides.list", "select kind, name, value from auth.overrides", []);

    public static readonly StoreStatement Delete = new(
        "auth.overrides.delete",
        "delete from auth.overrides where kind = $1 and name = $2",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.overrides.insert",
        "insert into auth.overrides (kind, name, value, updated_at) values ($1, $2, $3, $4)",
        [LogicalType.Text, LogicalType.Text, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Revision = new("auth.environment_changes.revision", "select max(revision) from auth.environment_changes", []);

    public static readonly StoreStatement Changes = new(
        "auth.environment_changes.list",
        "select access, changed_at from auth.environment_changes where access <> '[]' order by revision",
        []
    );

    /// <summary>Refused (23505) where another change took the number.</summary>
    public static readonly StoreStatement TakeRevision = new(
        "auth.environment_changes.insert",
        "insert into auth.environment_changes (revision, access, changed_at) values ($1, $2, $3)",
        [LogicalType.Int8, LogicalType.Jsonb, LogicalType.TimestampTz]
    );
}

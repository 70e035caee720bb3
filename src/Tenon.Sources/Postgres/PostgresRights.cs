using System.Collections.Immutable;
using Npgsql;

namespace Tenon.Sources.Postgres;

/// <summary>Who we are on this server, and what we may do there; anybody may ask this.</summary>
internal sealed record PostgresRights(
    string Version,
    string User,
    bool Superuser,
    bool CreatesRoles,
    bool CreatesSchemas,
    bool Replicates,
    bool BypassesPolicies,
    bool LogicalChanges
)
{
    private const string Query = """
        select current_setting('server_version'), r.rolname::text, r.rolsuper, r.rolcreaterole or r.rolsuper,
            has_database_privilege(current_database(), 'create'), r.rolreplication or r.rolsuper, r.rolbypassrls or r.rolsuper,
            current_setting('wal_level') = 'logical'
        from pg_roles r where r.rolname = current_user
        """;

    public static async Task<PostgresRights> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Query, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await row.ReadAsync(cancellation).ConfigureAwait(false);
        bool Has(int column) => row.GetBoolean(column);
        return new PostgresRights(row.GetString(0).Split(' ')[0], row.GetString(1), Has(2), Has(3), Has(4), Has(5), Has(6), Has(7));
    }

    /// <summary>All roles of the server, which its databases share.</summary>
    public static async Task<IReadOnlySet<string>> RolesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select coalesce(array_agg(rolname::text), '{}') from pg_roles", connection);
        return ((string[])(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!).ToHashSet(StringComparer.Ordinal);
    }

    public override string ToString()
    {
        string rights = Superuser ? "superuser"
            : string.Join(", ", new[] { (CreatesRoles, "makes roles"), (CreatesSchemas, "makes schemas"), (Replicates, "replicates"), (BypassesPolicies, "bypasses row security") }
                .Select(r => r.Item1 ? r.Item2 : $"not: {r.Item2}"));
        return $"PostgreSQL {Version} as {User} ({rights}); LISTEN needs no right; wal_level is {(LogicalChanges ? "" : "not ")}logical";
    }

    /// <summary>Rights that these parts of the setup need and this user does not have.</summary>
    public ImmutableArray<string> MissingFor(IEnumerable<SetupPart> parts)
    {
        var missing = ImmutableArray.CreateBuilder<string>();
        foreach (string part in parts.Select(p => p.Name))
        {
            switch (part)
            {
                case "roles" when !CreatesRoles:
                    missing.Add("CREATEROLE, for the roles anon, authenticated, service_role and authenticator");
                    break;
                case "schema" when !CreatesSchemas:
                    missing.Add("CREATE on the database, for the schema tenon");
                    break;
                case "schemas" when !CreatesSchemas:
                    missing.Add("CREATE on the database, for the schemas auth, extensions, storage and realtime");
                    break;
                case "publication" when !CreatesSchemas:
                    missing.Add("CREATE on the database, for the publication (Tenon does without)");
                    break;
                case "events" when !Superuser:
                    missing.Add("superuser, for the event triggers (Tenon does without)");
                    break;
            }
        }
        return missing.DrainToImmutable();
    }
}

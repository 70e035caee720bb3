using Npgsql;

namespace Tenon.Sources.Postgres;

/// <summary>What changes whenever the schema of a database does: rows of the system catalogs carry the transaction that made them.</summary>
internal static class SchemaPrint
{
    private const string Told = """
        select count(*) = 2 from pg_event_trigger where evtname in ('tenon_schema_changed', 'tenon_schema_dropped') and evtenabled in ('O', 'A')
        """;

    private const string Print = """
        with own as (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
            relations as (select oid, xmin from pg_class where relnamespace in (select oid from own))
        select md5(concat_ws(' ',
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_namespace),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from relations),
            (select string_agg(attrelid::text || attnum::text || a.xmin::text, ' ' order by attrelid, attnum) from pg_attribute a where attnum > 0 and attrelid in (select oid from relations)),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_attrdef),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_constraint where connamespace in (select oid from own)),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_policy),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_trigger),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_proc where pronamespace in (select oid from own)),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_type where typnamespace in (select oid from own)),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_enum),
            (select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_publication_rel)))
        """;

    /// <summary>Event triggers tell of every change.</summary>
    public static async Task<bool> IsToldAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Told, connection);
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true;
    }

    public static async Task<string> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Print, connection);
        return (string)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }
}

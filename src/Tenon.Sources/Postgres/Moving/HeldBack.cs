using Npgsql;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>
/// What looks at rows as they come in (triggers, references, forced row security), taken away while a whole database is
/// loaded and put back as it was. References are made anew, which checks all rows by one join for each.
/// </summary>
internal sealed class HeldBack(NpgsqlConnection connection)
{
    private const string Own = "not in ('pg_catalog', 'information_schema', 'tenon')";

    // Two columns: what takes it away, what puts it back.
    private const string Held = $"""
        select format('alter table %s disable trigger %I', t.tgrelid::regclass, t.tgname),
            format('alter table %s %s trigger %I', t.tgrelid::regclass,
                case t.tgenabled when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end, t.tgname)
        from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where not t.tgisinternal and t.tgenabled <> 'D' and t.tgparentid = 0 and n.nspname {Own}
        union all
        select format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname),
            format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
                || coalesce(format('; comment on constraint %I on %s is %L', k.conname, k.conrelid::regclass, obj_description(k.oid, 'pg_constraint')), '')
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace
        where k.contype = 'f' and k.conparentid = 0 and n.nspname {Own}
        union all
        select format('alter table %s no force row level security', c.oid::regclass), format('alter table %s force row level security', c.oid::regclass)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relforcerowsecurity and n.nspname {Own}
        """;

    private readonly List<string> puttingBack = [];

    public async Task TakeAsync(CancellationToken cancellation)
    {
        var taking = new List<string>();
        await using (var command = new NpgsqlCommand(Held, connection))
        await using (NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
            {
                taking.Add(rows.GetString(0));
                puttingBack.Add(rows.GetString(1));
            }
        }
        await RunAsync(taking, cancellation).ConfigureAwait(false);
    }

    public Task GiveBackAsync(CancellationToken cancellation) => RunAsync(puttingBack, cancellation);

    private async Task RunAsync(List<string> statements, CancellationToken cancellation)
    {
        foreach (string statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            try
            {
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (PostgresErrors.IsFailure(failure))
            {
                throw PostgresErrors.Of(failure);
            }
        }
    }
}

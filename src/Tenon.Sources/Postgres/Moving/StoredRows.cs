using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>Rows and numbers of one connection's transaction, as its own user sees them.</summary>
internal static class StoredRows
{
    private const string Sequences = """
        select n.nspname::text, c.relname::text, a.attname::text, s.seqincrement, s.seqrelid::regclass::text, s.seqstart
        from pg_depend d
            join pg_sequence s on s.seqrelid = d.objid
            join pg_class c on c.oid = d.refobjid
            join pg_namespace n on n.oid = c.relnamespace
            join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and n.nspname <> 'tenon'
        order by 1, 2, 3
        """;

    public sealed record Sequence(QualifiedName Table, string Column, long Increment, string Name, long Start);

    public static IEnumerable<Datum[]> Of(
        NpgsqlConnection connection,
        Catalog catalog,
        QualifiedName table,
        ImmutableArray<string> columns,
        CancellationToken cancellation
    )
    {
        PostgresCompiled statement = PostgresDialect.Compile(WholeTable.Of(catalog, table, columns));
        using var reader = new PostgresReader(Execute(connection, statement), statement, _ => { }, cancel: null);
        while (reader.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            yield return PostgresValues.ReadRow(reader, statement.Columns);
        }
    }

    private static NpgsqlDataReader Execute(NpgsqlConnection connection, PostgresCompiled statement)
    {
        try
        {
            PreparedBatch batch = PreparedBatch.Make(connection, statement, CallerShape.None);
            batch.Bind(new StatementArguments { Context = new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role } }, null);
            return batch.Execute();
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Of(failure);
        }
    }

    /// <summary>The sequences behind identity and serial columns.</summary>
    public static async Task<ImmutableArray<Sequence>> SequencesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<Sequence>();
        await using var command = new NpgsqlCommand(Sequences, connection);
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var table = new QualifiedName(rows.GetString(0), rows.GetString(1));
            found.Add(new Sequence(table, rows.GetString(2), rows.GetInt64(3), rows.GetString(4), rows.GetInt64(5)));
        }
        return found.DrainToImmutable();
    }

    public static async Task<ImmutableArray<NumberPosition>> NumbersAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<NumberPosition>();
        foreach (Sequence sequence in await SequencesAsync(connection, cancellation).ConfigureAwait(false))
        {
            // The name comes from regclass: quoted by the server where it must be.
            await using var command = new NpgsqlCommand($"select last_value, is_called from {sequence.Name}", connection);
            await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await row.ReadAsync(cancellation).ConfigureAwait(false);
            long next = row.GetBoolean(1) ? row.GetInt64(0) + sequence.Increment : row.GetInt64(0);
            found.Add(new NumberPosition(sequence.Table, sequence.Column, next));
        }
        return found.DrainToImmutable();
    }
}

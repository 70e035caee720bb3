using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>A table that was carried: its rows, and a checksum that equal rows have on every engine.</summary>
internal sealed record MovedTable(QualifiedName Name, long Rows, string Checksum);

internal sealed record MoveReport(string From, string To, int Migrations, ImmutableArray<MovedTable> Tables);

/// <summary>
/// Carries a whole database to another engine: the migrations that made it are run there, then its rows are put in as they
/// are, the server's own (accounts, sessions, keys) among them, and read again to be compared. The target is seen whole or
/// not at all; the source is not changed.
/// </summary>
internal sealed class DatabaseMove(MainDatabaseOptions here, MainDatabaseOptions there, TimeProvider clock, Action<StartStep>? progress)
{
    private const int RowsAStep = 200_000;

    private sealed record Carried(QualifiedName Name, ImmutableArray<string> Columns, RowSum Sum)
    {
        public MovedTable Report => new(Name, Sum.Count, Sum.Checksum);
    }

    /// <summary>A trial reads and checks everything and runs the migrations on the target, which is left empty.</summary>
    public async Task<MoveReport> RunAsync(bool trial, CancellationToken cancellation)
    {
        using IDisposable claim = Claim();
        try
        {
            await using MainDatabase source = await SourceRegistry.OpenMainAsync(here with { Alone = true }, cancellation);
            await using MoveTarget target = await TargetAsync(cancellation);
            await ReplayAsync(source, target, cancellation);
            ImmutableArray<Carried> tables = [.. TablesOf(source, target)];
            await using (RowExport rows = await source.ExportAsync(cancellation))
            {
                if (trial)
                {
                    Count(tables, rows, cancellation);
                }
                else
                {
                    await CarryAsync(tables, rows, source.SeedChecksum, target, cancellation);
                }
            }
            if (!trial)
            {
                await target.CommitAsync(cancellation);
            }
            return new MoveReport(source.Place, target.Place, source.Applied.Length, [.. tables.Select(t => t.Report)]);
        }
        catch (SourceException failure)
        {
            throw Refused(failure.ToError());
        }
        catch (TenonException failure)
        {
            throw Refused(failure.Error);
        }
    }

    private static StartRefused Refused(Error error) =>
        new($"nothing was moved: {error.Message}{(error.Details is null ? "" : $" ({error.Details})")}. {error.Hint}".TrimEnd());

    private IDisposable Claim()
    {
        if (SourceRegistry.Check(there.Url) is { } unknown)
        {
            throw Refused(unknown);
        }
        if (SourceRegistry.AreAlike(here, there))
        {
            throw new StartRefused("nothing was moved: both urls name the same kind of database; copy it by the means of its engine (a SQLite file, pg_dump)");
        }
        if (!SourceRegistry.MainExists(here))
        {
            throw new StartRefused("nothing was moved: there is no database at [db] url yet; make it with: tenon migrate up");
        }
        return SourceRegistry.Claim(here)
            ?? throw new StartRefused("nothing was moved: a tenon dev or serve runs on the database; stop it first, or what it writes meanwhile is lost");
    }

    private async Task<MoveTarget> TargetAsync(CancellationToken cancellation) =>
        (await SourceRegistry.OpenTargetAsync(there, cancellation)).TryGet(out MoveTarget target, out Error refused) ? target : throw Refused(refused);

    private async Task ReplayAsync(MainDatabase source, MoveTarget target, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        if (await target.ReplayAsync(source.Applied, cancellation) is { } refused)
        {
            throw new MigrationFailure(refused.Migration.Name, refused.Migration.Text, refused.Error);
        }
        progress?.Invoke(new StartStep("migrations", Text($"{source.Applied.Length} run on the target"), clock.GetElapsedTime(started)));
    }

    // ---- what is carried ----

    /// <summary>The source's tables, each with the columns that the target has too; refused where it has them not.</summary>
    private static IEnumerable<Carried> TablesOf(MainDatabase source, MoveTarget target)
    {
        foreach (Table table in source.Catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table).OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            string name = SqlNames.Of(table.Name);
            if (target.Catalog.Find(table.Name) is not { Kind: RelationKind.Table } made)
            {
                throw Foreign($"table {name} was made by no migration", "put it into a migration, or drop it");
            }
            foreach (Column column in table.Columns)
            {
                Column? same = made.Find(column.Name);
                if (same is null || SqlNames.Of(same.Type.Unmodified) != SqlNames.Of(column.Type.Unmodified))
                {
                    string type = SqlNames.Of(column.Type);
                    throw Foreign($"column {name}.{column.Name} is {type} here, and {(same is null ? "missing" : SqlNames.Of(same.Type))} as the migrations make it", "bring the migrations in line with the database");
                }
            }
            if (table.Columns.IsEmpty)
            {
                throw Foreign($"table {name} has no columns", "drop it");
            }
            ImmutableArray<string> columns = [.. table.Columns.Select(c => c.Name)];
            yield return new Carried(table.Name, columns, new RowSum(WholeTable.Types(source.Catalog, table.Name, columns)));
        }
    }

    private static StartRefused Foreign(string what, string mend) => new($"nothing was moved: {what}; {mend} and begin anew");

    // ---- rows ----

    private void Count(ImmutableArray<Carried> tables, RowExport rows, CancellationToken cancellation)
    {
        foreach (Carried table in tables)
        {
            long started = clock.GetTimestamp();
            foreach (Datum[] _ in Summed(table, rows, cancellation)) { }
            Tell(table, started);
        }
    }

    private async Task CarryAsync(ImmutableArray<Carried> tables, RowExport rows, string? seed, MoveTarget target, CancellationToken cancellation)
    {
        await target.BeginRowsAsync(cancellation);
        foreach (Carried table in tables)
        {
            long started = clock.GetTimestamp();
            target.Load(table.Name, table.Columns, Summed(table, rows, cancellation));
            Tell(table, started);
        }
        // Before row security is put back, which may hold for who loads the rows too.
        Compare(tables, target, cancellation);
        await target.EndRowsAsync(await rows.NumbersAsync(cancellation), seed, cancellation);
    }

    private IEnumerable<Datum[]> Summed(Carried table, RowExport rows, CancellationToken cancellation)
    {
        foreach (Datum[] row in rows.Rows(table.Name, table.Columns, cancellation))
        {
            table.Sum.Add(row);
            if (table.Sum.Count % RowsAStep == 0)
            {
                progress?.Invoke(new StartStep("", Text($"{SqlNames.Of(table.Name)}  {table.Sum.Count:#,0} …"), null));
            }
            yield return row;
        }
    }

    private void Tell(Carried table, long started)
    {
        if (table.Sum.Count > 0)
        {
            string detail = Text($"{SqlNames.Of(table.Name)}  {table.Sum.Count:#,0}  {table.Sum.Checksum[..16]}");
            progress?.Invoke(new StartStep("rows", detail, clock.GetElapsedTime(started)));
        }
    }

    /// <summary>Reads everything back: what arrived is what left, value by value.</summary>
    private void Compare(ImmutableArray<Carried> tables, MoveTarget target, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        foreach (Carried table in tables)
        {
            var arrived = new RowSum(WholeTable.Types(target.Catalog, table.Name, table.Columns));
            foreach (Datum[] row in target.Rows(table.Name, table.Columns, cancellation))
            {
                arrived.Add(row);
            }
            if (!arrived.Equals(table.Sum))
            {
                string what = Text($"{SqlNames.Of(table.Name)} has {table.Sum.Count} rows ({table.Sum.Checksum}) in the source and {arrived.Count} ({arrived.Checksum}) in the target");
                throw new StartRefused($"nothing was moved: {what}");
            }
        }
        long rows = tables.Sum(t => t.Sum.Count);
        progress?.Invoke(new StartStep("compared", Text($"{tables.Length} tables  {rows:#,0} rows, all equal"), clock.GetElapsedTime(started)));
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}

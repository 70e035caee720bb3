using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>What stands between one attached database and the answers of its tables; each problem with its mend.</summary>
internal sealed class SourceCheck
{
    private sealed record Line(string Kind, string What, string Mend);

    private readonly AttachedOptions source;
    private readonly List<Line> lines = [];
    private AttachedReport? report;
    private string[] exposed = [];

    private SourceCheck(AttachedOptions source) => this.source = source;

    /// <summary>It was reached and let itself be read, whatever policies.sql says of it.</summary>
    public bool HasAnswered => report is not null;

    /// <summary>The first thing that is wrong, with its mend, on one line.</summary>
    public string? Problem => lines.Find(l => l.Kind == "wrong") is { } first ? first.Mend.Length > 0 ? $"{first.What}; mend: {first.Mend}" : first.What : null;

    /// <summary>Names of the tables there.</summary>
    public string[] Found => report is null ? [] : [.. report.Found.Tables.Values.Select(t => t.Name.Name).Order(StringComparer.Ordinal)];

    public bool IsWell => lines.TrueForAll(l => l.Kind != "wrong");

    public static async Task<SourceCheck> RunAsync(AttachedOptions source, CancellationToken cancellation)
    {
        var check = new SourceCheck(source);
        await check.RunAsync(cancellation);
        return check;
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        if (!AttachedSettings.Engines.Open(source).TryGet(out AttachedDatabase database, out Error error))
        {
            Wrong(SourceCommand.Told(source, error));
            return;
        }
        await using (database)
        {
            try
            {
                report = await database.ReportAsync(cancellation);
                lines.Add(new Line("ok", $"{report.Server} answers as {report.User}", ""));
                foreach (string notice in report.Notices)
                {
                    lines.Add(new Line("notice", notice, ""));
                }
                Exposed(await database.CatalogAsync(cancellation));
            }
            catch (AttachedRefused refused)
            {
                Wrong(SourceCommand.Told(source, refused.Error));
            }
            catch (SourceException failure)
            {
                Wrong(SourceCommand.Told(source, failure.ToError()));
            }
            catch (TenonException refused)
            {
                Wrong(SourceCommand.Told(source, refused.Error));
            }
        }
    }

    private void Wrong((string What, string Mend) told) => lines.Add(new Line("wrong", told.What, told.Mend));

    private void Exposed(Catalog catalog)
    {
        exposed = [.. catalog.Tables.Values.Select(t => t.Name.Name).Order(StringComparer.Ordinal)];
        string names = exposed.Length == 0 ? "" : $": {string.Join(", ", exposed)}";
        lines.Add(new Line("ok", $"{report!.Found.Tables.Count} tables found, {exposed.Length} exposed{names}", ""));
        if (exposed.Length == 0)
        {
            lines.Add(new Line("notice", $"nothing is exposed: {SourceCommand.FileOf(source.Name)} {(source.Policies.Length == 0 ? "is not there" : "enables and grants no table")}", $"tenon source inspect {source.Name} prints lines to begin with"));
        }
        foreach (Table table in catalog.Tables.Values.OrderBy(t => t.Name.Name, StringComparer.Ordinal))
        {
            Check(table);
        }
        foreach (string column in report.LeftOut.Where(c => exposed.Contains(c.Split('.')[0])))
        {
            lines.Add(new Line("notice", $"{column} is left out: its type is not carried", ""));
        }
    }

    private void Check(Table table)
    {
        string name = table.Name.Name;
        Privileges rights = report!.Rights.GetValueOrDefault(name);
        Privileges granted = table.Grants.Aggregate(Privileges.None, (all, g) => all | g.Privileges);
        if (!rights.HasFlag(Privileges.Select))
        {
            lines.Add(new Line("wrong", $"{name} is exposed, but {report.User} may not read all of it", $"an administrator runs: grant select on {name} to that user"));
        }
        if (table.Policies.IsEmpty)
        {
            lines.Add(new Line("notice", $"{name} has no policy: nobody but the service key sees a row", $"create policy … on {name} using (…) in {SourceCommand.FileOf(source.Name)}"));
        }
        Privileges writes = granted & (Privileges.Insert | Privileges.Update | Privileges.Delete);
        if (writes == Privileges.None)
        {
            return;
        }
        if (!source.Writable)
        {
            lines.Add(new Line("notice", $"{SourceCommand.Words(writes)} on {name} is granted, but the source is read-only", $"set writable = true in [sources.{source.Name}], or grant select alone"));
            return;
        }
        Privileges missing = writes & (Privileges.Insert | Privileges.Update) & ~rights;
        if (missing != Privileges.None)
        {
            lines.Add(new Line("wrong", $"{SourceCommand.Words(missing)} on {name} is granted, but {report.User} may not", $"an administrator runs: grant {SourceCommand.Words(missing)} on {name} to that user"));
        }
        if (table.PrimaryKey is null)
        {
            lines.Add(new Line("notice", $"{name} has no primary key: of writes only a plain insert without an answer is possible", "add a primary key there"));
        }
    }

    public void Print()
    {
        Console.WriteLine(source.Name);
        foreach (Line line in lines)
        {
            Console.WriteLine($"  {line.Kind,-7}{line.What}");
            if (line.Mend.Length > 0)
            {
                Console.WriteLine($"         mend: {line.Mend}");
            }
        }
    }

    public object Row() =>
        new
        {
            name = source.Name,
            ok = IsWell,
            server = report?.Server,
            user = report?.User,
            tables = report?.Found.Tables.Count,
            exposed,
            lines = lines.Select(l => new { kind = l.Kind, what = l.What, mend = l.Mend.Length > 0 ? l.Mend : null }),
        };
}

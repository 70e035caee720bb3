using System.CommandLine;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>
/// tenon source inspect: the tables of an attached database as Tenon sees them. Ready lines for policies.sql go to the output
/// as comments, since who may see what is the app's to say.
/// </summary>
internal static class SourceInspect
{
    private sealed record Seen(AttachedOptions Source, AttachedReport Report, Catalog Exposed);

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The source." };
        Argument<string> folder = AppFolder.Argument();
        var table = new Option<string?>("--table") { Description = "One table; without it all." };
        Option<bool> json = Say.JsonOption();
        var inspect = new Command("inspect", "Shows the tables of an attached database, exposed or not: columns, keys, rights, and lines for policies.sql.");
        inspect.Aliases.Add("introspect");
        inspect.Arguments.Add(name);
        inspect.Arguments.Add(folder);
        inspect.Options.Add(table);
        inspect.Options.Add(json);
        inspect.SetAction(async (parsed, cancellation) =>
        {
            AppFolder app = AppFolder.OpenAny(parsed.GetValue(folder)!);
            Seen seen = await SeeAsync(SourceCommand.Find(app, parsed.GetValue(name)!), cancellation);
            Table[] tables = [.. seen.Report.Found.Tables.Values.OrderBy(t => t.Name.Name, StringComparer.Ordinal)];
            if (parsed.GetValue(table) is { } one)
            {
                tables = [.. tables.Where(t => t.Name.Name == one)];
                if (tables.Length == 0)
                {
                    throw new CommandFailure($"source {seen.Source.Name} has no table or view {one}; list them with: tenon source inspect {seen.Source.Name}");
                }
            }
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { name = seen.Source.Name, server = seen.Report.Server, user = seen.Report.User, tables = tables.Select(t => Row(seen, t)), left_out = seen.Report.LeftOut }));
                return 0;
            }
            Console.WriteLine($"{seen.Source.Name}   {seen.Report.Server} as {seen.Report.User}");
            foreach (Table found in tables)
            {
                Print(seen, found);
            }
            return 0;
        });
        return inspect;
    }

    private static async Task<Seen> SeeAsync(AttachedOptions source, CancellationToken cancellation)
    {
        if (!AttachedSettings.Engines.Open(source).TryGet(out AttachedDatabase database, out Error error))
        {
            throw Failure(source, error);
        }
        await using (database)
        {
            try
            {
                return new Seen(source, await database.ReportAsync(cancellation), await database.CatalogAsync(cancellation));
            }
            catch (AttachedRefused refused)
            {
                throw Failure(source, refused.Error);
            }
            catch (SourceException failure)
            {
                throw Failure(source, failure.ToError());
            }
        }
    }

    private static CommandFailure Failure(AttachedOptions source, Error error)
    {
        (string what, string mend) = SourceCommand.Told(source, error);
        return new CommandFailure(mend.Length > 0 ? $"{what}; mend: {mend}" : what);
    }

    private static Table? ExposedOf(Seen seen, Table found) => seen.Exposed.Tables.GetValueOrDefault(found.Name);

    // ---- text ----

    private static void Print(Seen seen, Table found)
    {
        string name = found.Name.Name;
        Table? exposed = ExposedOf(seen, found);
        string rights = SourceCommand.Words(seen.Report.Rights.GetValueOrDefault(name));
        Console.WriteLine($"\n{name}   {(exposed is null ? "not exposed" : "exposed")}   Tenon's user may: {(rights.Length > 0 ? rights : "nothing")}");
        foreach (Column column in found.Columns)
        {
            Console.WriteLine($"  {column.Name,-24} {column.Type.SqlName,-28} {About(column)}".TrimEnd());
        }
        foreach (string column in seen.Report.LeftOut.Where(c => c.StartsWith(name + ".", StringComparison.Ordinal)))
        {
            Console.WriteLine($"  {column[(name.Length + 1)..]}   left out: its type is not carried");
        }
        if (found.PrimaryKey is { } key)
        {
            Console.WriteLine($"  primary key ({string.Join(", ", key.Columns)})");
        }
        foreach (ForeignKey reference in found.ForeignKeys)
        {
            Console.WriteLine($"  ({string.Join(", ", reference.Columns)}) references {reference.Target.Name} ({string.Join(", ", reference.TargetColumns)})");
        }
        if (exposed is null)
        {
            Console.WriteLine($"  -- for {SourceCommand.FileOf(seen.Source.Name)}:");
            Lines(name).ForEach(l => Console.WriteLine("  -- " + l));
            return;
        }
        foreach (Grant grant in exposed.Grants)
        {
            string columns = grant.Columns.IsEmpty ? "" : $" ({string.Join(", ", grant.Columns)})";
            Console.WriteLine($"  {grant.Role.Text} may {SourceCommand.Words(grant.Privileges)}{columns}");
        }
        foreach (Policy policy in exposed.Policies)
        {
            Console.WriteLine($"  policy {policy.Name} for {policy.Command.ToString().ToLowerInvariant()}{(policy.Permissive ? "" : ", restrictive")}");
        }
    }

    private static string About(Column column) =>
        string.Join(
            ", ",
            new[]
            {
                column.NotNull ? "not null" : "",
                column.Identity != IdentityKind.None ? "counted by the database" : column.Generated is not null ? "computed by the database" : column.Default is not null ? "has a default" : "",
            }.Where(w => w.Length > 0)
        );

    public static List<string> Lines(string table) =>
        [
            $"alter table {table} enable row level security;",
            $"grant select on {table} to authenticated;",
            $"create policy … on {table} using (…);",
        ];

    // ---- JSON ----

    private static object Row(Seen seen, Table found)
    {
        Table? exposed = ExposedOf(seen, found);
        return new
        {
            name = found.Name.Name,
            exposed = exposed is not null,
            rights = SourceCommand.Words(seen.Report.Rights.GetValueOrDefault(found.Name.Name)),
            columns = found.Columns.Select(c => new { name = c.Name, type = c.Type.SqlName, not_null = c.NotNull, has_default = c.HasDefault, comment = c.Comment }),
            primary_key = found.PrimaryKey?.Columns,
            references = found.ForeignKeys.Select(k => new { columns = k.Columns, table = k.Target.Name, target_columns = k.TargetColumns }),
            grants = exposed?.Grants.Select(g => new { role = g.Role.Text, privileges = SourceCommand.Words(g.Privileges), columns = g.Columns }),
            policies = exposed?.Policies.Select(p => new { name = p.Name, command = p.Command.ToString().ToLowerInvariant(), permissive = p.Permissive }),
        };
    }
}

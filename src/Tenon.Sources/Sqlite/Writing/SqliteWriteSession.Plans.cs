using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// What a write asks of the database, shown in place of the write.
internal sealed partial class SqliteWriteSession
{
    private const long Root = -1;

    public override List<List<Datum[]>> Explain(CompiledWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, ExplainOptions options)
    {
        var plans = new List<List<Datum[]>> { OfRows(write) };
        if (write.Representation is { } representation)
        {
            foreach (CompiledUnit unit in representation.Below.Prepend(representation))
            {
                plans.Add(Nodes((SqliteCompiled)unit.Statement));
            }
        }
        return plans;
    }

    // Rows are written one by one by their keys; below the write stands how they are found.
    private List<Datum[]> OfRows(CompiledWrite write)
    {
        GuardedWrite guarded = write.Write;
        string verb = guarded.Kind switch { WriteKind.Update => "UPDATE", WriteKind.Delete => "DELETE", _ => "INSERT" };
        var nodes = new List<Datum[]> { Node(Root, 0, $"{verb} {guarded.Table.Name.Name}") };
        IEnumerable<SqliteCompiled> asked = guarded.Kind is WriteKind.Update or WriteKind.Delete
            ? [TargetsOf(guarded)]
            : write.Options.Arbiters.Select(a => TableProgram.Of(catalog, guarded.Table).Lookup(a));
        foreach (SqliteCompiled statement in asked)
        {
            nodes.AddRange(Nodes(statement).Select(n => n[1].Integer == 0 ? Node(n[0].Integer, Root, n[3].Text) : n));
        }
        return nodes;
    }

    // A plan is the same whatever the values, so they are left NULL.
    private List<Datum[]> Nodes(SqliteCompiled statement)
    {
        SqliteCompiled explained = SqlitePlan.Explain(statement);
        using SqliteStatement prepared = context.Prepare(explained.Sql);
        return SqliteValues.ReadAll(prepared, explained.Columns);
    }

    private static Datum[] Node(long id, long parent, string detail) => [Datum.Of(id), Datum.Of(parent), Datum.Of(0), Datum.Of(detail)];
}

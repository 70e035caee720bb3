using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// The statement of a bind join for one parent, run once for each: SQLite is in this process, so that a run costs less than
/// a row of json_each, the order within a parent comes from an index instead of a sort of all rows, and what is past a
/// parent's limit is not read ("Many Small Queries Are Efficient In SQLite"). It serves where an index leads from the key to
/// the rows and nothing in the statement would be computed anew for each parent; SQLite's own plan tells.
/// </summary>
internal sealed class SqliteOneParent
{
    private enum Choice
    {
        Unknown,
        Serves,
        ServesNot,
    }

    private readonly string[] keyColumns;
    private readonly string[] keyed;
    private int choice;

    private SqliteOneParent(SqliteCompiled statement, ColumnExpr[] keys)
    {
        Statement = statement;
        keyColumns = ["rowid", .. keys.Select(k => k.Column)];
        keyed = [.. keys.Select(k => k.Range)];
        Ordinal = Array.FindIndex(statement.Parameters, p => p.Origin is ParentOrdinalExpr) + 1;
        Keys = [.. statement.Parameters.Select((p, i) => (p.Origin, Place: i + 1)).Where(p => p.Origin is ParentKeyExpr).OrderBy(p => ((ParentKeyExpr)p.Origin).Index).Select(p => p.Place)];
    }

    public SqliteCompiled Statement { get; }

    /// <summary>Prepared for each look: EXPLAIN does not notice that the schema has changed.</summary>
    public SqliteSql Plan => new("explain query plan " + Statement.Text);

    /// <summary>The parameter (from 1) that takes the parent's ordinal; 0: there is none.</summary>
    public int Ordinal { get; }

    /// <summary>The parameters that take the parts of the parent's key.</summary>
    public int[] Keys { get; }

    /// <summary>The form for one parent of a plain bind join; null of any other query.</summary>
    public static SqliteOneParent? Of(Select select)
    {
        bool isOrdered = !select.OrderBy.IsEmpty;
        bool isPlain =
            select is { With.IsEmpty: true, Limit: null, Offset: null, Body: SelectCore { From: JoinFrom, GroupBy.IsEmpty: true, Distinct: false, DistinctOn.IsEmpty: true } }
            && (!isOrdered || select.OrderBy[0].Key is ParentOrdinalExpr);
        if (!isPlain || select.Body is not SelectCore core || ParentKeysFrom.Of(core.From!) is not { } keys)
        {
            return null;
        }
        ColumnExpr[] columns = [.. EqualToKeys(core.Where)];
        Select one = select with
        {
            Body = core with { From = ParentKeysFrom.Without(core.From!) },
            OrderBy = isOrdered ? select.OrderBy.RemoveAt(0) : [],
        };
        var form = new SqliteOneParent(SqliteSource.Compile(one, new SqliteDialect(oneParent: true)), columns);
        return form.Keys.Length == keys.Types.Length ? form : null;
    }

    private static IEnumerable<ColumnExpr> EqualToKeys(Expr? where)
    {
        foreach (Expr atom in Conjunction.Atoms(where ?? Conjunction.True))
        {
            switch (atom)
            {
                case KeyEqualExpr { Right: ParentKeyExpr, Left: ColumnExpr column }:
                    yield return column;
                    break;
                case KeyEqualExpr { Right: ParentKeyExpr, Left: RowKeyExpr row }:
                    yield return new ColumnExpr(row.Range, "rowid") { Type = row.Type };
                    break;
            }
        }
    }

    /// <summary>
    /// The statement ready for its parameters; null where the join serves better. SQLite is asked at first, and again when it
    /// has prepared either statement anew: an index may have come or gone.
    /// </summary>
    public SqliteStatement? Prepare(SqliteConnection connection)
    {
        if (choice == (int)Choice.ServesNot)
        {
            return null;
        }
        SqliteStatement prepared = connection.Prepare(Statement.Sql);
        LookAgain(prepared);
        if (choice == (int)Choice.Unknown)
        {
            choice = (int)(IsDirect(connection) ? Choice.Serves : Choice.ServesNot);
        }
        if (choice == (int)Choice.Serves)
        {
            return prepared;
        }
        prepared.Dispose();
        return null;
    }

    public void LookAgain(SqliteStatement prepared)
    {
        if (prepared.IsPreparedAnew())
        {
            choice = (int)Choice.Unknown;
        }
    }

    // Nodes of EXPLAIN QUERY PLAN (sqlite.org/eqp.html): number, number above, unused, words.
    public bool IsDirect(SqliteConnection connection)
    {
        using SqliteStatement nodes = connection.Prepare(Plan);
        bool isKeyed = false;
        while (nodes.Read())
        {
            string words = Encoding.UTF8.GetString(nodes.GetUtf8(3));
            bool isTop = nodes.GetInt64(1) == 0;
            if (!(isTop ? IsCheapEachTime(words) : IsCheapWithin(words)))
            {
                return false;
            }
            isKeyed |= isTop && IsByKey(words);
        }
        return isKeyed;
    }

    private static bool IsCheapEachTime(string words) =>
        (words.StartsWith("SEARCH ", StringComparison.Ordinal) && !words.Contains("AUTOMATIC", StringComparison.Ordinal))
        || words.StartsWith("USE TEMP B-TREE FOR", StringComparison.Ordinal)
        || words.StartsWith("CORRELATED ", StringComparison.Ordinal);

    // What is not correlated is computed once a run.
    private static bool IsCheapWithin(string words) =>
        words.StartsWith("CORRELATED ", StringComparison.Ordinal)
        || !(words.Contains("SUBQUERY", StringComparison.Ordinal)
            || words.Contains("MATERIALIZE", StringComparison.Ordinal)
            || words.Contains("CO-ROUTINE", StringComparison.Ordinal)
            || words.Contains("AUTOMATIC", StringComparison.Ordinal));

    private bool IsByKey(string words) =>
        keyed.Any(range => words.StartsWith($"SEARCH {range} ", StringComparison.Ordinal))
        && keyColumns.Any(column => words.Contains($"({column}=?", StringComparison.Ordinal) || words.Contains($" {column}=?", StringComparison.Ordinal));
}

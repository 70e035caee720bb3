using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// SQLite's plan of a statement: EXPLAIN QUERY PLAN gives nodes (number, number of the one above, unused, what it does). As
/// text each level is indented by two blanks; as JSON it is {"Plan":{"Plans":[{"Detail":"SCAN notes","Plans":[…]}]}}.
/// </summary>
internal static class SqlitePlan
{
    private static readonly LogicalType[] Columns = [LogicalType.Int8, LogicalType.Int8, LogicalType.Int8, LogicalType.Text];

    /// <summary>Shows a bind join as it runs: for one parent where that serves.</summary>
    public static SqliteCompiled Explain(SqliteCompiled statement) =>
        new(new SqlText("explain query plan " + statement.Text, statement.Parameters), Columns, [.. Columns.Select(SqliteSource.Form)]) { Calls = statement.Calls, ExplainsOneParent = statement.OneParent };

    /// <summary>A function that runs by itself is one node; its statements are planned when they run.</summary>
    public static List<Datum[]> Call(Routine routine) => [[Datum.Of(1), Datum.Of(0), Datum.Of(0), Datum.Of($"CALL {routine.Name}")]];

    public static string Of(List<Datum[]> nodes, bool json)
    {
        ILookup<long, Datum[]> below = nodes.ToLookup(n => n[1].Integer);
        var text = new StringBuilder();
        if (json)
        {
            text.Append("{\"Plan\":{");
            AppendJson(below, 0, text);
            return text.Append("}}").ToString();
        }
        AppendText(below, 0, 0, text);
        return text.ToString();
    }

    private static void AppendText(ILookup<long, Datum[]> below, long parent, int level, StringBuilder text)
    {
        foreach (Datum[] node in below[parent])
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(' ', level * 2).Append(node[3].Text);
            AppendText(below, node[0].Integer, level + 1, text);
        }
    }

    private static void AppendJson(ILookup<long, Datum[]> below, long parent, StringBuilder text)
    {
        text.Append("\"Plans\":[");
        bool first = true;
        foreach (Datum[] node in below[parent])
        {
            text.Append(first ? "{\"Detail\":" : ",{\"Detail\":");
            first = false;
            JsonNode.WriteString(text, node[3].Text);
            if (below.Contains(node[0].Integer))
            {
                text.Append(',');
                AppendJson(below, node[0].Integer, text);
            }
            text.Append('}');
        }
        text.Append(']');
    }
}

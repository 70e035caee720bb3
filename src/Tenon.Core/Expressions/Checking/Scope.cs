using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>A from item that the text may name from outside: a policy's own table, excluded, the row of an index.</summary>
internal sealed record VisibleRange(string Name, string Alias, ImmutableArray<RowField> Columns)
{
    /// <summary>The table it stands for, when it is one.</summary>
    public QualifiedName? Table { get; init; }

    /// <summary>May be named by its name, but its columns are not found without it (excluded).</summary>
    public bool QualifiedOnly { get; init; }
}

/// <summary>The ranges around an expression that is not inside a query of its own.</summary>
internal sealed record ScopeOfRanges(ImmutableArray<VisibleRange> Ranges)
{
    public static readonly ScopeOfRanges Empty = new([]);

    /// <summary>One table under its own name, bound as the range <paramref name="alias"/>.</summary>
    public static ScopeOfRanges OfTable(RelationShape table, string alias) =>
        new([new VisibleRange(table.Name.Name, alias, table.Columns) { Table = table.Name }]);
}

/// <summary>Where an expression stands: decides what it may contain and how messages call it.</summary>
internal enum ExpressionUse
{
    General,
    Default,
    Check,
    Policy,
    Index,
    IndexPredicate,
    Generated,
    TriggerWhen,
}

/// <summary>A variable that texts in a function body may name.</summary>
internal sealed record Variable(string BoundName, LogicalType Type);

/// <summary>Variables of a block, inside those of the blocks around it.</summary>
internal sealed class VariableScope(VariableScope? parent, string? label)
{
    private readonly Dictionary<string, Variable> variables = new(StringComparer.Ordinal);

    public VariableScope? Parent { get; } = parent;

    /// <summary>The function's or block's name, by which its variables may be qualified.</summary>
    public string? Label { get; } = label;

    /// <summary>In language sql a column hides a parameter of the same name; in PL/pgSQL that is ambiguous.</summary>
    public bool ColumnsWin { get; init; }

    public void Add(string name, Variable variable) => variables[name] = variable;

    public Variable? Here(string name) => variables.GetValueOrDefault(name);

    public Variable? Find(string name)
    {
        for (VariableScope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.variables.TryGetValue(name, out Variable? variable))
            {
                return variable;
            }
        }
        return null;
    }

    public Variable? FindQualified(string label, string name)
    {
        for (VariableScope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.Label == label && scope.variables.TryGetValue(name, out Variable? variable))
            {
                return variable;
            }
        }
        return null;
    }

    public IEnumerable<string> Names
    {
        get
        {
            for (VariableScope? scope = this; scope is not null; scope = scope.Parent)
            {
                foreach (string name in scope.variables.Keys)
                {
                    yield return name;
                }
            }
        }
    }
}

/// <summary>A from item while its query is being bound.</summary>
internal sealed class RangeEntry(string name, string alias, ImmutableArray<RowField> fields)
{
    /// <summary>How the text calls it; "" for the merged columns of a join.</summary>
    public string Name { get; } = name;

    /// <summary>Its unique alias in the bound tree.</summary>
    public string Alias { get; } = alias;

    /// <summary>The columns as the bound tree calls them.</summary>
    public ImmutableArray<RowField> Fields { get; } = fields;

    /// <summary>The names the text uses, where they differ (column aliases, duplicate names); default when they do not.</summary>
    public ImmutableArray<string> VisibleNames { get; init; }

    /// <summary>For merged columns (using): the expressions they stand for.</summary>
    public ImmutableArray<Expr> Values { get; init; }
    public QualifiedName? Table { get; init; }
    public ImmutableArray<string> PrimaryKey { get; init; } = [];
    public bool QualifiedOnly { get; init; }

    /// <summary>A function that returns one scalar column: its name alone means that column.</summary>
    public bool IsScalarFunction { get; init; }

    /// <summary>Columns merged away by using: found only when qualified.</summary>
    public HashSet<string>? Merged { get; set; }

    /// <summary>False while an ON clause is bound that it is not part of.</summary>
    public bool Visible { get; set; } = true;

    public string NameOf(int index) => VisibleNames.IsDefault ? Fields[index].Name : VisibleNames[index];

    public int IndexOf(string column)
    {
        for (int i = 0; i < Fields.Length; i++)
        {
            if (NameOf(i) == column)
            {
                return i;
            }
        }
        return -1;
    }

    public Expr Column(int index, Span at) =>
        Values.IsDefault
            ? new ColumnExpr(Alias, Fields[index].Name) { Type = Fields[index].Type, At = at }
            : Values[index] with { At = at };

    public LogicalType RowType =>
        Table is { } table ? LogicalType.RowOfTable(table, Fields) : LogicalType.RecordOf(Fields);
}

/// <summary>A common table while its with clause is in force.</summary>
internal sealed record CommonTableEntry(string BoundName, ImmutableArray<RowField> Fields);

/// <summary>The names one query level can see.</summary>
internal sealed class Scope(Scope? parent)
{
    public Scope? Parent { get; } = parent;
    public List<RangeEntry> Ranges { get; } = [];

    /// <summary>A subquery in from that is not lateral is being bound: it sees past this level.</summary>
    public bool RangesHidden { get; set; }
    public Dictionary<string, CommonTableEntry>? CommonTables { get; set; }

    /// <summary>The clause being bound when it may not hold aggregates ("WHERE"); null where they are allowed.</summary>
    public string? NoAggregates { get; set; } = "this expression";

    /// <summary>The clause being bound when it may not hold window functions.</summary>
    public string? NoWindows { get; set; } = "this expression";

    public bool InsideAggregate { get; set; }

    /// <summary>Aggregates were met at this level: the query is grouped.</summary>
    public bool HasAggregate { get; set; }
    public ImmutableArray<WindowSpec> Windows { get; set; } = [];

    /// <summary>Set-returning calls of the select list, moved into from.</summary>
    public List<FunctionFrom>? Lifted { get; set; }

    /// <summary>True while the item of a select list is bound: only there a set-returning call may be lifted.</summary>
    public bool MayLift { get; set; }

    public CommonTableEntry? FindCommonTable(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.CommonTables is { } tables && tables.TryGetValue(name, out CommonTableEntry? entry))
            {
                return entry;
            }
        }
        return null;
    }
}

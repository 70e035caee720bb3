using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>What a column is in the database beyond its logical type. Collation is null for what is no text.</summary>
internal sealed record ColumnFacts(string? Collation, bool IsBit, string? Default)
{
    public bool IsExact => Collation == MySqlFacts.Exact;

    /// <summary>Its character set holds every character, so that any text may be compared under its collation.</summary>
    public bool IsUtf8 => Collation?.StartsWith("utf8mb4_", StringComparison.Ordinal) == true;
}

/// <summary>An index, its columns in their order. Distinct: how many values the first, the first two … of them have, 0 where that is not known.</summary>
internal sealed record IndexFacts(string Name, ImmutableArray<string> Columns, ImmutableArray<long> Distinct)
{
    /// <summary>These columns, in whatever order, are its first.</summary>
    public bool Leads(IReadOnlyCollection<string> columns) => Columns.Length >= columns.Count && Columns.Take(columns.Count).All(columns.Contains);
}

/// <summary>What a table is beyond the catalog.</summary>
internal sealed record TableFacts(ImmutableDictionary<string, ColumnFacts> Columns, bool IsView)
{
    /// <summary>Columns of the primary key; none where there is no key.</summary>
    public ImmutableArray<string> PrimaryKey { get; init; } = [];

    /// <summary>The conditions of its check constraints, as the database writes them.</summary>
    public ImmutableArray<string> Checks { get; init; } = [];

    /// <summary>Whether a condition names this column; at worst it names one whose name this is a part of.</summary>
    public static bool IsNamedIn(string condition, string column) =>
        condition.Contains(column, StringComparison.OrdinalIgnoreCase)
        || condition.Contains(column.Replace("\"", "\"\"", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    /// <summary>Indexes that lead from values to rows, in any order.</summary>
    public ImmutableArray<IndexFacts> Indexes { get; init; } = [];

    /// <summary>How many rows there were when the schema was read, as the database estimates; 0: it does not say.</summary>
    public long Rows { get; init; }

    /// <summary>How many of them have one value of each of these columns, on the average, by this index.</summary>
    public double RowsPerKey(IndexFacts index, int columns) => index.Distinct[columns - 1] > 0 ? (double)Rows / index.Distinct[columns - 1] : 0;

    /// <summary>The database of the server it is in; null for that of the connection.</summary>
    public string? Database { get; init; }

    /// <summary>A trigger runs before each row that is inserted, and may change it.</summary>
    public bool ChangesInserts { get; init; }

    /// <summary>The same of updates.</summary>
    public bool ChangesUpdates { get; init; }
}

/// <summary>What the dialect must know of the tables there are; found by introspection together with the catalog.</summary>
internal sealed class MySqlFacts(ImmutableDictionary<QualifiedName, TableFacts> tables)
{
    /// <summary>The collation whose equality is that of bytes, trailing spaces included.</summary>
    public const string Exact = "utf8mb4_nopad_bin";

    public static readonly MySqlFacts None = new(ImmutableDictionary<QualifiedName, TableFacts>.Empty);

    public TableFacts? Find(QualifiedName table) => tables.GetValueOrDefault(table);

    /// <summary>This table is that of this database of the server, and not one of the same name in another. Connected: the connection's.</summary>
    public bool IsOf(QualifiedName table, string database, string connected) => Find(table) is { } found && (found.Database ?? connected) == database;

    public ColumnFacts? Find(QualifiedName table, string column) => Find(table)?.Columns.GetValueOrDefault(column);
}

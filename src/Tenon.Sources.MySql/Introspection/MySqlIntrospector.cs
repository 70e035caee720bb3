using System.Collections.Immutable;
using System.Globalization;
using System.IO.Enumeration;
using MySqlConnector;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Introspection;

/// <summary>What there is. LeftOut: columns of types that are not carried.</summary>
internal sealed record MySqlFound(Catalog Catalog, MySqlFacts Facts, ImmutableArray<string> LeftOut)
{
    /// <summary>What Tenon's user may do with all columns of a table.</summary>
    public ImmutableDictionary<string, Privileges> Rights { get; init; } = ImmutableDictionary<string, Privileges>.Empty;
}

/// <summary>
/// information_schema → catalog and facts. Tables stand in the schema named after the source, whichever database of the server
/// they are in: that of the url, or those that schemas names.
/// </summary>
internal sealed class MySqlIntrospector
{
    private sealed class Draft
    {
        public ImmutableArray<Column>.Builder Columns { get; } = ImmutableArray.CreateBuilder<Column>();
        public Dictionary<string, ColumnFacts> Facts { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, List<string>> Keys { get; } = new(StringComparer.Ordinal);
        public HashSet<string> UnusableKeys { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, ForeignKey> References { get; } = new(StringComparer.Ordinal);
        public List<string> LeftOut { get; } = [];

        /// <summary>Columns that cannot be read, or whose values here are not all that they are there.</summary>
        public List<string> Apart { get; } = [];
        public Dictionary<string, IndexDraft> Indexes { get; } = new(StringComparer.Ordinal);
        public bool IsView { get; init; }
        public bool ChangesInserts { get; set; }
        public bool ChangesUpdates { get; set; }
        public string? Comment { get; init; }

        /// <summary>The database it is in; null for that of the connection.</summary>
        public string? Database { get; init; }
        public Privileges Rights { get; set; } = Privileges.Select | Privileges.Insert | Privileges.Update;
    }

    /// <summary>IsCut: it goes on with what is no whole column.</summary>
    private sealed class IndexDraft
    {
        public ImmutableArray<string>.Builder Columns { get; } = ImmutableArray.CreateBuilder<string>();
        public ImmutableArray<long>.Builder Distinct { get; } = ImmutableArray.CreateBuilder<long>();
        public bool IsCut { get; set; }
    }

    private readonly AttachedOptions options;
    private readonly Dictionary<string, Draft> drafts = new(StringComparer.Ordinal);
    private readonly HashSet<(string Table, string Clause)> checks = [];
    private readonly List<string> leftOut = [];
    private ImmutableArray<string> schemas = [];
    private string schema = "";
    private string? database;

    private MySqlIntrospector(AttachedOptions options) => this.options = options;

    public static async Task<MySqlFound> ReadAsync(MySqlPool pool, AttachedOptions options, CancellationToken cancellation)
    {
        var introspector = new MySqlIntrospector(options);
        await using MySqlConnection connection = await pool.RentAsync(cancellation).ConfigureAwait(false);
        try
        {
            introspector.schemas = options.Schemas.IsEmpty ? [connection.Database] : options.Schemas;
            foreach (string schema in introspector.schemas)
            {
                await introspector.ReadSchemaAsync(connection, schema, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw MySqlErrors.Of(failure, options.Name);
        }
        return introspector.Build();
    }

    private async Task ReadSchemaAsync(MySqlConnection connection, string name, CancellationToken cancellation)
    {
        (schema, database) = (name, name == connection.Database ? null : name);
        bool there = false;
        await EachAsync(connection, "schemas", _ => there = true, cancellation, ofTables: false).ConfigureAwait(false);
        if (!there)
        {
            throw new AttachedRefused(
                options.Name,
                new Error(ErrorCodes.InvalidSchemaName, $"the server of source {options.Name} has no database {name}, or Tenon's user has no right there", null, $"Name databases of the server in [sources.{options.Name}] schemas.")
            );
        }
        await EachAsync(connection, "checks", ReadCheck, cancellation).ConfigureAwait(false);
        await EachAsync(connection, "columns", ReadColumn, cancellation).ConfigureAwait(false);
        await EachAsync(connection, "keys", ReadKey, cancellation).ConfigureAwait(false);
        await EachAsync(connection, "indexes", ReadIndex, cancellation).ConfigureAwait(false);
        await EachAsync(connection, "references", ReadReference, cancellation).ConfigureAwait(false);
        await EachAsync(connection, "triggers", ReadTrigger, cancellation).ConfigureAwait(false);
    }

    private async Task EachAsync(MySqlConnection connection, string text, Action<MySqlDataReader> read, CancellationToken cancellation, bool ofTables = true)
    {
        var command = new MySqlCommand(Text(text), connection);
        command.Parameters.AddWithValue("@schema", schema);
        await using (command)
        {
            await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                if (!ofTables || options.Tables.Any(p => FileSystemName.MatchesSimpleExpression(p, reader.GetString(0))))
                {
                    read(reader);
                }
            }
        }
    }

    private static string Text(string name)
    {
        using Stream stream = typeof(MySqlIntrospector).Assembly.GetManifestResourceStream($"Tenon.Sources.MySql.{name}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // ---- rows ----

    private void ReadCheck(MySqlDataReader row) => checks.Add((row.GetString(0), row.GetString(1)));

    private void ReadColumn(MySqlDataReader row)
    {
        string table = row.GetString(0);
        string name = row.GetString(2);
        var described = new ColumnRow(row.GetString(3), row.GetString(4))
        {
            Precision = Whole(row, 10),
            Scale = Whole(row, 11),
            Length = row.IsDBNull(12) ? null : Convert.ToInt64(row.GetValue(12), CultureInfo.InvariantCulture),
            Fraction = Whole(row, 13),
            IsJson = checks.Contains((table, $"json_valid(\"{name}\")")) || checks.Contains((table, $"json_valid(`{name}`)")),
        };
        if (!drafts.TryGetValue(table, out Draft? draft))
        {
            drafts[table] = draft = new Draft { IsView = row.GetString(1) == "VIEW", Comment = OrNull(row, 15), Database = database };
        }
        if (draft.Database != database)
        {
            throw new AttachedRefused(
                options.Name,
                new Error(ErrorCodes.DuplicateTable, $"two databases of source {options.Name} have a table {table}", null, $"Leave one out by [sources.{options.Name}] tables, or attach its database as another source.")
            );
        }
        draft.Rights &= RightsOf(row.GetString(16));
        if (!RightsOf(row.GetString(16)).HasFlag(Privileges.Select) || described.Full.Contains("zerofill", StringComparison.Ordinal))
        {
            draft.Apart.Add(name);
        }
        if (MySqlTypes.Of(described, new QualifiedName(options.Name, $"{table}_{name}")) is not { } type)
        {
            draft.LeftOut.Add(name);
            leftOut.Add($"{table}.{name} ({described.Full})");
            return;
        }
        string extra = row.GetString(7);
        string? generated = OrNull(row, 8);
        string? value = OrNull(row, 6) is { } text && text != "NULL" ? text : null;
        bool counted = extra.Contains("auto_increment", StringComparison.Ordinal);
        draft.Columns.Add(
            new Column(name, type)
            {
                NotNull = row.GetString(5) == "NO",
                Default = value is null ? null : new NativeExpr(value) { Type = type },
                Generated = string.IsNullOrEmpty(generated) ? null : new NativeExpr(generated) { Type = type },
                Identity = counted ? IdentityKind.ByDefault : IdentityKind.None,
                Comment = OrNull(row, 14),
            }
        );
        draft.Facts[name] = new ColumnFacts(OrNull(row, 9), described.Data == "bit", value);
    }

    /// <summary>"select,insert,update,references" → flags.</summary>
    private static Privileges RightsOf(string words) =>
        (words.Contains("select", StringComparison.OrdinalIgnoreCase) ? Privileges.Select : Privileges.None)
        | (words.Contains("insert", StringComparison.OrdinalIgnoreCase) ? Privileges.Insert : Privileges.None)
        | (words.Contains("update", StringComparison.OrdinalIgnoreCase) ? Privileges.Update : Privileges.None);

    private static int? Whole(MySqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Convert.ToInt32(row.GetValue(column), CultureInfo.InvariantCulture);

    private static string? OrNull(MySqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private void ReadKey(MySqlDataReader row)
    {
        if (!drafts.TryGetValue(row.GetString(0), out Draft? draft))
        {
            return;
        }
        string name = row.GetString(1);
        // A key over the first characters of a column, or over one that is not carried, is no key of values.
        if (!row.IsDBNull(3) || row.IsDBNull(2) || !draft.Facts.ContainsKey(row.GetString(2)))
        {
            draft.UnusableKeys.Add(name);
            return;
        }
        if (!draft.Keys.TryGetValue(name, out List<string>? columns))
        {
            draft.Keys[name] = columns = [];
        }
        columns.Add(row.GetString(2));
    }

    private void ReadIndex(MySqlDataReader row)
    {
        if (!drafts.TryGetValue(row.GetString(0), out Draft? draft))
        {
            return;
        }
        string name = row.GetString(1);
        if (!draft.Indexes.TryGetValue(name, out IndexDraft? index))
        {
            draft.Indexes[name] = index = new IndexDraft();
        }
        index.IsCut |= !row.IsDBNull(3) || row.IsDBNull(2);
        if (!index.IsCut)
        {
            index.Columns.Add(row.GetString(2));
            index.Distinct.Add(row.IsDBNull(4) ? 0 : row.GetInt64(4));
        }
    }

    private void ReadReference(MySqlDataReader row)
    {
        if (!drafts.TryGetValue(row.GetString(0), out Draft? draft) || !schemas.Contains(row.GetString(7)))
        {
            return;
        }
        string name = row.GetString(1);
        ForeignKey key = draft.References.TryGetValue(name, out ForeignKey? known)
            ? known
            : new ForeignKey(name, [], new QualifiedName(options.Name, row.GetString(3)), [])
            {
                OnDelete = ActionOf(row.GetString(5)),
                OnUpdate = ActionOf(row.GetString(6)),
            };
        draft.References[name] = key with { Columns = key.Columns.Add(row.GetString(2)), TargetColumns = key.TargetColumns.Add(row.GetString(4)) };
    }

    private static ReferentialAction ActionOf(string rule) =>
        rule switch
        {
            "CASCADE" => ReferentialAction.Cascade,
            "SET NULL" => ReferentialAction.SetNull,
            "SET DEFAULT" => ReferentialAction.SetDefault,
            "RESTRICT" => ReferentialAction.Restrict,
            _ => ReferentialAction.NoAction,
        };

    private void ReadTrigger(MySqlDataReader row)
    {
        if (drafts.TryGetValue(row.GetString(0), out Draft? draft))
        {
            draft.ChangesInserts |= row.GetString(1) == "INSERT";
            draft.ChangesUpdates |= row.GetString(1) == "UPDATE";
        }
    }

    // ---- the whole ----

    private MySqlFound Build()
    {
        Catalog catalog = Catalog.Empty.InSchema(options.Name);
        var facts = ImmutableDictionary.CreateBuilder<QualifiedName, TableFacts>();
        foreach ((string name, Draft draft) in drafts)
        {
            Table table = Build(name, draft);
            catalog = catalog.With(table);
            facts[table.Name] = new TableFacts(draft.Facts.ToImmutableDictionary(StringComparer.Ordinal), draft.IsView)
            {
                PrimaryKey = table.PrimaryKey?.Columns ?? [],
                Checks = ChecksOf(table, draft),
                Database = draft.Database,
                Indexes = [.. draft.Indexes.Where(i => i.Value.Columns.Count > 0).Select(i => new IndexFacts(i.Key, i.Value.Columns.ToImmutable(), i.Value.Distinct.ToImmutable()))],
                // Every row has a primary key of its own.
                Rows = draft.Indexes.TryGetValue("PRIMARY", out IndexDraft? primary) && !primary.IsCut ? primary.Distinct[^1] : 0,
                ChangesInserts = draft.ChangesInserts,
                ChangesUpdates = draft.ChangesUpdates,
            };
        }
        return new MySqlFound(catalog, new MySqlFacts(facts.ToImmutable()), [.. leftOut])
        {
            Rights = drafts.ToImmutableDictionary(d => d.Key, d => d.Value.Rights, StringComparer.Ordinal),
        };
    }

    // Of the text of a column of JSON nothing has to be asked. A condition over what the database makes itself, or over a
    // column that is not carried as it is, is asked by the database alone; so is one with a backslash, which is not the same text
    // in every session.
    private ImmutableArray<string> ChecksOf(Table table, Draft draft)
    {
        string[] unknown = [.. table.Columns.Where(c => c.Generated is not null || c.Identity != IdentityKind.None).Select(c => c.Name), .. draft.LeftOut, .. draft.Apart];
        return
        [
            .. from check in checks
            where check.Table == table.Name.Name && !check.Clause.StartsWith("json_valid(", StringComparison.OrdinalIgnoreCase)
            where !check.Clause.Contains('\\') && !unknown.Any(u => TableFacts.IsNamedIn(check.Clause, u))
            select check.Clause,
        ];
    }

    // A view is read as a table: the database runs it with its own rights, Tenon's policies stand on its rows.
    private Table Build(string name, Draft draft)
    {
        KeyConstraint[] keys = [.. draft.Keys.Where(k => !draft.UnusableKeys.Contains(k.Key)).Select(k => new KeyConstraint(k.Key, [.. k.Value]))];
        return new Table(new QualifiedName(options.Name, name), draft.Columns.ToImmutable())
        {
            PrimaryKey = keys.FirstOrDefault(k => k.Name == "PRIMARY"),
            Uniques = [.. keys.Where(k => k.Name != "PRIMARY")],
            ForeignKeys = [.. draft.References.Values.Where(k => drafts.ContainsKey(k.Target.Name))],
            Comment = draft.Comment,
        };
    }
}

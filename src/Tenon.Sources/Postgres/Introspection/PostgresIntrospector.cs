using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Introspection;

/// <summary>
/// pg_catalog → Catalog, in one snapshot. Texts of policies, views and functions are read by Tenon's own parser; what it
/// cannot read is marked, and statements that touch it are left to PostgreSQL.
/// </summary>
internal sealed class PostgresIntrospector
{
    private readonly NpgsqlConnection connection;
    private readonly Dictionary<uint, RelationBuilder> relations = [];
    private readonly Dictionary<uint, TypeRow> typeRows = [];
    private PostgresTypes types = new(new Dictionary<uint, TypeRow>());
    private readonly Dictionary<QualifiedName, List<RowField>> composites = [];
    private uint[] oids = [];

    private PostgresIntrospector(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>Whether something in the database may read request.method and its like, and whether something may set response.headers or response.status.</summary>
    public static async Task<(bool Request, bool Response)> SettingsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(PostgresTexts.Read("settings"), connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await row.ReadAsync(cancellation).ConfigureAwait(false);
        return (row.GetBoolean(0), row.GetBoolean(1));
    }

    public static async Task<Catalog> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using NpgsqlTransaction snapshot = await connection
            .BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation)
            .ConfigureAwait(false);
        Catalog catalog = await ReadWithinAsync(connection, cancellation).ConfigureAwait(false);
        await snapshot.CommitAsync(cancellation).ConfigureAwait(false);
        return catalog;
    }

    /// <summary>The same within the transaction that the connection is in.</summary>
    public static Task<Catalog> ReadWithinAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        new PostgresIntrospector(connection).CatalogAsync(cancellation);

    private async Task<Catalog> CatalogAsync(CancellationToken cancellation)
    {
        Catalog catalog = Catalog.Empty;
        await EachAsync("types", ReadType, cancellation).ConfigureAwait(false);
        types = new PostgresTypes(typeRows);
        await EachAsync("composites", ReadComposite, cancellation).ConfigureAwait(false);
        await EachAsync("relations", ReadRelation, cancellation).ConfigureAwait(false);
        oids = [.. relations.Keys];
        await EachAsync("columns", ReadColumn, cancellation).ConfigureAwait(false);
        await EachAsync("constraints", ReadConstraint, cancellation).ConfigureAwait(false);
        await EachAsync("uniques", r => Of(r).Uniques.Add(new KeyConstraint(r.GetString(1), Names(r, 2))), cancellation).ConfigureAwait(false);
        await EachAsync("policies", ReadPolicy, cancellation).ConfigureAwait(false);
        await EachAsync("grants", ReadGrant, cancellation).ConfigureAwait(false);
        await EachAsync("triggers", ReadTrigger, cancellation).ConfigureAwait(false);
        await EachAsync("schemas", r => catalog = ReadSchema(r, catalog), cancellation).ConfigureAwait(false);
        foreach (TypeRow type in typeRows.Values.Where(t => t.Type == "e"))
        {
            catalog = catalog.With(PostgresTypes.EnumOf(type));
        }
        foreach (RelationBuilder relation in relations.Values)
        {
            catalog = catalog.With(relation.Build());
        }
        var built = catalog;
        await EachAsync("routines", r => catalog = ReadRoutine(r, catalog, built), cancellation).ConfigureAwait(false);
        await EachAsync("handlers", r => catalog = catalog.With(ReadHandler(r)), cancellation).ConfigureAwait(false);
        await EachAsync("publications", r => catalog = ReadPublication(r, catalog), cancellation).ConfigureAwait(false);
        return catalog;
    }

    private async Task EachAsync(string query, Action<NpgsqlDataReader> read, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(PostgresTexts.Read(query), connection);
        if (command.CommandText.Contains("$1", StringComparison.Ordinal))
        {
            command.Parameters.Add(
                new NpgsqlParameter { Value = oids, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Oid }
            );
        }
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
        {
            read(rows);
        }
    }

    private RelationBuilder Of(NpgsqlDataReader row) => relations[row.GetFieldValue<uint>(0)];

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static ImmutableArray<string> Names(NpgsqlDataReader row, int column) => [.. row.GetFieldValue<string[]>(column)];

    private void ReadType(NpgsqlDataReader row)
    {
        var type = new TypeRow(
            row.GetFieldValue<uint>(0),
            row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            row.GetFieldValue<uint>(4),
            row.GetFieldValue<uint>(5),
            row.GetInt32(6),
            row.GetString(7),
            row.IsDBNull(8) ? null : row.GetFieldValue<string[]>(8),
            row.GetBoolean(9)
        );
        typeRows[type.Oid] = type;
    }

    private void ReadComposite(NpgsqlDataReader row)
    {
        var name = new QualifiedName(row.GetString(0), row.GetString(1));
        if (!composites.TryGetValue(name, out List<RowField>? fields))
        {
            composites[name] = fields = [];
        }
        fields.Add(new RowField(row.GetString(2), types.Of(row.GetFieldValue<uint>(3), row.GetInt32(4))));
    }

    private void ReadRelation(NpgsqlDataReader row) =>
        relations[row.GetFieldValue<uint>(0)] = new RelationBuilder(new QualifiedName(row.GetString(1), row.GetString(2)), row.GetString(3))
        {
            RowSecurity = row.GetBoolean(4),
            ForceRowSecurity = row.GetBoolean(5),
            Comment = Text(row, 6),
            ViewText = Text(row, 7),
            SecurityInvoker = row.GetBoolean(8),
            NativePolicies = row.GetBoolean(9),
            // Row security that holds for our own user leaves it no right on all rows.
            ChecksAskCaller = row.GetBoolean(12),
            OnlyAsCaller = row.GetBoolean(9) ? Privileges.All : (Privileges)row.GetInt32(11),
            Writes = row.IsDBNull(10) ? null : WritesOf(row.GetInt32(10)),
        };

    // A bit per command, by its number: update 2, insert 3, delete 4.
    private static TriggerEvents WritesOf(int bits) =>
        ((bits & 8) != 0 ? TriggerEvents.Insert : TriggerEvents.None)
        | ((bits & 4) != 0 ? TriggerEvents.Update : TriggerEvents.None)
        | ((bits & 16) != 0 ? TriggerEvents.Delete : TriggerEvents.None);

    private void ReadColumn(NpgsqlDataReader row)
    {
        string? value = Text(row, 5);
        bool generated = row.GetString(7).Length > 0;
        Of(row).Columns.Add(new Column(row.GetString(1), types.Of(row.GetFieldValue<uint>(2), row.GetInt32(3)))
        {
            NotNull = row.GetBoolean(4),
            Default = value is null || generated ? null : new NativeExpr(value),
            DefaultAsksCaller = row.GetBoolean(9),
            Generated = generated ? new NativeExpr(value ?? "null") : null,
            Identity = row.GetString(6) switch { "a" => IdentityKind.Always, "d" => IdentityKind.ByDefault, _ => IdentityKind.None },
            Comment = Text(row, 8),
        });
    }

    private void ReadConstraint(NpgsqlDataReader row)
    {
        RelationBuilder relation = Of(row);
        string name = row.GetString(1);
        switch (row.GetString(2))
        {
            case "p":
                relation.PrimaryKey = new KeyConstraint(name, Names(row, 3));
                break;
            case "u":
                relation.Uniques.Add(new KeyConstraint(name, Names(row, 3)));
                break;
            default:
                var target = new QualifiedName(row.GetString(4), row.GetString(5));
                relation.ForeignKeys.Add(new ForeignKey(name, Names(row, 3), target, Names(row, 6))
                {
                    OnDelete = Action(row.GetString(7)),
                    OnUpdate = Action(row.GetString(8)),
                    Deferrable = row.GetBoolean(9),
                    InitiallyDeferred = row.GetBoolean(10),
                });
                break;
        }
    }

    private static ReferentialAction Action(string code) =>
        code switch
        {
            "r" => ReferentialAction.Restrict,
            "c" => ReferentialAction.Cascade,
            "n" => ReferentialAction.SetNull,
            "d" => ReferentialAction.SetDefault,
            _ => ReferentialAction.NoAction,
        };

    private void ReadPolicy(NpgsqlDataReader row)
    {
        RelationBuilder relation = Of(row);
        PolicyCommand command = row.GetString(3) switch
        {
            "r" => PolicyCommand.Select,
            "a" => PolicyCommand.Insert,
            "w" => PolicyCommand.Update,
            "d" => PolicyCommand.Delete,
            _ => PolicyCommand.All,
        };
        Outcome<Expr?> condition = Parse(Text(row, 5));
        Outcome<Expr?> check = Parse(Text(row, 6));
        if (condition.Failed || check.Failed)
        {
            relation.NativePolicies = true;
            return;
        }
        relation.Policies.Add(new Policy(row.GetString(1), row.GetBoolean(2), command, [.. Names(row, 4).Select(r => new RoleName(r))])
        {
            Using = condition.Value,
            Check = check.Value,
        });
    }

    private static Outcome<Expr?> Parse(string? text)
    {
        if (text is null)
        {
            return (Expr?)null;
        }
        return SqlParser.ParseExpression(text).TryGet(out Expr parsed, out Error error) ? parsed : error;
    }

    private void ReadGrant(NpgsqlDataReader row)
    {
        if (Enum.TryParse(row.GetString(2), ignoreCase: true, out Privileges privilege))
        {
            Of(row).Grant(new RoleName(row.GetString(1)), privilege, Text(row, 3));
        }
    }

    private void ReadTrigger(NpgsqlDataReader row)
    {
        int bits = row.GetInt16(2);
        TriggerEvents events =
            ((bits & 4) != 0 ? TriggerEvents.Insert : TriggerEvents.None)
            | ((bits & 8) != 0 ? TriggerEvents.Delete : TriggerEvents.None)
            | ((bits & 16) != 0 ? TriggerEvents.Update : TriggerEvents.None);
        var function = new QualifiedName(row.GetString(3), row.GetString(4));
        Of(row).Triggers.Add(new Trigger(row.GetString(1), (bits & 2) != 0, events, (bits & 1) != 0, function));
    }

    private static Catalog ReadSchema(NpgsqlDataReader row, Catalog catalog) =>
        Text(row, 0) is { } schema ? catalog.WithSchema(schema) : catalog.WithRole(new RoleName(row.GetString(1)));

    private Catalog ReadRoutine(NpgsqlDataReader row, Catalog catalog, Catalog built)
    {
        Routine? routine = RoutineReader.Read(row, types);
        if (routine is null)
        {
            return catalog;
        }
        // A function of rows: its result has the columns of the table or of the composite type. One value of such a type is
        // not its fields, so only PostgreSQL calls the latter.
        return routine.Result.RowOf is not { } of ? catalog.With(routine)
            : built.Find(of) is { } table ? catalog.With(routine with { Result = LogicalType.RowOfTable(of, table.Shape.Columns) })
            : composites.TryGetValue(of, out List<RowField>? fields) ? catalog.With(routine with { Result = LogicalType.RowOfTable(of, [.. fields]), Body = new NativeBody() })
            : catalog.With(routine);
    }

    private MediaHandler ReadHandler(NpgsqlDataReader row) =>
        new(new QualifiedName(row.GetString(0), row.GetString(1)), row.GetString(2), types.Of(row.GetFieldValue<uint>(3), -1))
        {
            RowsOf = Text(row, 4) is { } schema ? new QualifiedName(schema, row.GetString(5)) : null,
            MakesFeatures = row.GetBoolean(6),
        };

    private static Catalog ReadPublication(NpgsqlDataReader row, Catalog catalog)
    {
        string name = row.GetString(0);
        ImmutableHashSet<QualifiedName> tables = catalog.Publications.GetValueOrDefault(name) ?? [];
        return catalog.WithPublication(name, Text(row, 1) is { } schema ? tables.Add(new QualifiedName(schema, row.GetString(2))) : tables);
    }
}

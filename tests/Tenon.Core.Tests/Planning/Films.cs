using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Tests.Planning;

/// <summary>The catalog of the planning tests: films, their people, and everything that makes relationships difficult.</summary>
internal static class Films
{
    public static readonly Catalog.Catalog Catalog = Build();

    private static Catalog.Catalog Build()
    {
        var catalog = Core.Catalog.Catalog.Empty.With(new EnumType(new("public", "rating"), ["G", "PG", "R"]));
        foreach (Table table in Tables().Concat(TablesOfOtherKinds()))
        {
            catalog = catalog.With(table);
        }
        foreach (Routine routine in Routines(catalog))
        {
            catalog = catalog.With(routine);
        }
        return catalog;
    }

    private static IEnumerable<Table> Tables()
    {
        LogicalType rating = LogicalType.EnumOf(new EnumType(new("public", "rating"), ["G", "PG", "R"]));
        yield return Table("directors", ("id", LogicalType.Int4), ("name", LogicalType.Text));
        yield return Table(
            "films",
            ("id", LogicalType.Int4),
            ("title", LogicalType.Text),
            ("director_id", LogicalType.Int4),
            ("rating", rating),
            ("released", LogicalType.Boolean),
            ("gross", LogicalType.NumericOf(12, 2)),
            ("data", LogicalType.Jsonb),
            ("tags", LogicalType.ArrayOf(LogicalType.Text)),
            ("added", LogicalType.TimestampTz)
        ) with
        {
            ForeignKeys = [Key("films_director_id_fkey", "director_id", "directors")],
        };
        yield return Table("technical_specs", ("film_id", LogicalType.Int4), ("camera", LogicalType.Text)) with
        {
            PrimaryKey = new("technical_specs_pkey", ["film_id"]),
            ForeignKeys = [Key("technical_specs_film_id_fkey", "film_id", "films")],
        };
        yield return Table("actors", ("id", LogicalType.Int4), ("name", LogicalType.Text));
        yield return Table("roles", ("film_id", LogicalType.Int4), ("actor_id", LogicalType.Int4), ("character", LogicalType.Text)) with
        {
            PrimaryKey = new("roles_pkey", ["film_id", "actor_id"]),
            ForeignKeys = [Key("roles_film_id_fkey", "film_id", "films"), Key("roles_actor_id_fkey", "actor_id", "actors")],
        };
    }

    private static IEnumerable<Table> TablesOfOtherKinds()
    {
        yield return Table("addresses", ("id", LogicalType.Int4), ("city", LogicalType.Text));
        yield return Table("orders", ("id", LogicalType.Int4), ("billing_id", LogicalType.Int4), ("shipping_id", LogicalType.Int4)) with
        {
            ForeignKeys = [Key("billing", "billing_id", "addresses"), Key("shipping", "shipping_id", "addresses")],
        };
        yield return Table("people", ("id", LogicalType.Int4), ("name", LogicalType.Text), ("parent", LogicalType.Int4)) with
        {
            ForeignKeys = [Key("people_parent_fkey", "parent", "people")],
        };
        yield return Table("secrets", ("id", LogicalType.Int4)) with { Grants = [] };
        yield return Table("counters", ("id", LogicalType.Int4), ("twice", LogicalType.Int4), ("name", LogicalType.Text)) with
        {
            Columns =
            [
                new Column("id", LogicalType.Int4) { Identity = IdentityKind.Always },
                new Column("twice", LogicalType.Int4) { Generated = new NumberExpr("2") },
                new Column("name", LogicalType.Text),
            ],
            Uniques = [new("counters_name_key", ["name"])],
        };
        yield return Table("recent_films", ("id", LogicalType.Int4), ("title", LogicalType.Text), ("made_by", LogicalType.Int4)) with
        {
            Kind = RelationKind.View,
            PrimaryKey = null,
            ViewQuery = SqlParser.ParseSelect("select f.id, f.title, f.director_id from films f where f.released").Value,
        };
    }

    private static Table Table(string name, params (string Name, LogicalType Type)[] columns) =>
        new(new("public", name), [.. columns.Select(c => new Column(c.Name, c.Type))])
        {
            PrimaryKey = new(name + "_pkey", ["id"]),
            Grants = [new(RoleName.Anon, Privileges.All, [])],
        };

    private static ForeignKey Key(string name, string column, string target) => new(name, [column], new("public", target), ["id"]);

    private static IEnumerable<Routine> Routines(Catalog.Catalog catalog)
    {
        LogicalType film = catalog.FindType("public", "films")!;
        yield return Function("add", LogicalType.Int4, "select a + b", ("a", LogicalType.Int4), ("b", LogicalType.Int4));
        yield return Function("best_films", film, "select * from films", ("least", LogicalType.Numeric)) with { ReturnsSet = true };
        yield return Function("both", LogicalType.Int4, "select 1", ("x", LogicalType.Int4));
        yield return Function("both", LogicalType.Int4, "select 1", ("x", LogicalType.Text));
        yield return Function("wipe", LogicalType.Void, "delete from films");
        yield return Function("whole", LogicalType.Int4, "select 1", ("", LogicalType.Jsonb));
    }

    private static Routine Function(string name, LogicalType result, string body, params (string Name, LogicalType Type)[] parameters) =>
        new(new("public", name), [.. parameters.Select(p => new RoutineParameter(p.Name, p.Type, null))], result)
        {
            Language = "sql",
            Body = new SqlBody([SqlParser.ParseStatement(body).Value]),
            Text = body,
        };
}

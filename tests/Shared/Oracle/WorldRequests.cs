using System.Text.Json.Nodes;

namespace Tenon.Testing;

/// <summary>One request as it goes over the wire.</summary>
internal sealed record WorldRequest(string Method, string Target)
{
    public string? Prefer { get; init; }
    public string? Accept { get; init; }
    public string? Range { get; init; }
    public string? Body { get; init; }

    public bool Writes => Method is "POST" or "PATCH" or "PUT" or "DELETE";

    public override string ToString() => $"{Method} {Target}\n  Prefer: {Prefer} Accept: {Accept} Range: {Range}\n  {Body}";
}

/// <summary>Grammar of requests on <see cref="TwoWorlds"/>: everything a caller may write, names it may not know included.</summary>
internal sealed class WorldRequests
{
    private sealed record Shape(string Name, string[] Columns, string[] Embeds);

    private static readonly Shape[] Whole =
    [
        new("diary", ["id", "line", "score", "owner", "org", "meta", "tags", "at", "as_number", "pages_of"], ["pages", "pages", "pages", "pages", "vault"]),
        new("pages", ["id", "diary_id", "body", "n"], ["diary", "people", "lent"]),
        new("people", ["id", "name", "team_id", "shout", "secret", "pay", "notes", "peek"], ["teams", "pages", "lent"]),
        new("teams", ["id", "name"], ["people"]),
        new("lent", ["page_id", "person_id"], ["pages", "people"]),
        new("diary_view", ["id", "line", "score", "pages"], []),
        new("vault", ["id", "code"], ["diary"]),
        new("members", ["owner", "org"], []),
    ];

    // No functions, no arrays, no view with its caller's rights; few requests for names that are not there.
    private static readonly Shape[] OfAttached =
    [
        Whole[0] with { Columns = ["id", "line", "score", "owner", "org", "meta", "at"], Embeds = ["pages", "pages", "pages"] },
        Whole[1],
        Whole[2] with { Columns = ["id", "name", "team_id", "name", "secret", "pay", "notes"] },
        Whole[3],
        Whole[4],
        Whole[1],
        Whole[6],
        Whole[7],
    ];

    private readonly Shape[] shapes;
    private readonly bool attached;

    public WorldRequests(bool attached) => (this.attached, shapes) = (attached, attached ? OfAttached : Whole);

    public WorldRequest Make(Draws draws) =>
        draws.Make<WorldRequest>(Read, Read, Read, Write, attached ? Read : Call, Read, Write) with
        {
            Accept = draws.Chance(20) ? draws.Of("text/csv", "application/vnd.pgrst.array+json;nulls=stripped", "application/vnd.pgrst.object+json") : null,
        };

    private Shape Table(Draws draws) => draws.Chance(8) ? draws.Of(shapes[6..]) : draws.Of(shapes[0], shapes[1], shapes[0], shapes[1], shapes[2], shapes[3], shapes[4], shapes[5]);

    // Mostly columns the caller may read: a request with one that it may not is refused for that alone.
    private static string Column(Draws draws, Shape shape) =>
        draws.Of(shape.Name == "people" && !draws.Chance(8) ? shape.Columns[..4] : shape.Columns);

    // What stands beside a column mostly fits its type, so that requests reach the rows.
    private static bool Misfits(Draws draws) => draws.Chance(6);

    private static bool IsNumber(string column) => column is "id" or "org" or "diary_id" or "n" or "team_id" or "page_id" or "person_id" or "as_number" or "pages_of" or "pages" or "pay";

    private static bool IsText(string column) => column is "line" or "score" or "owner" or "body" or "name" or "shout" or "secret" or "code" or "peek";

    private static bool IsJson(string column) => column is "meta" or "notes";

    private WorldRequest Read(Draws draws)
    {
        Shape shape = Table(draws);
        return new WorldRequest(draws.Of("GET", "GET", "GET", "HEAD"), $"{shape.Name}?{string.Join('&', Parts(draws, shape))}")
        {
            Prefer = draws.Of(null, "count=exact", "count=planned", "count=estimated"),
            Range = draws.Chance(10) ? draws.Of("0-1", "1-2", "5-9") : null,
        };
    }

    private List<string> Parts(Draws draws, Shape shape)
    {
        var parts = new List<string>();
        List<string> embeds = shape.Embeds.Length == 0 || !draws.Chance(45) ? [] : draws.Several(1, 2, d => d.Of(shape.Embeds)).Distinct().ToList();
        if (embeds.Count > 0 || draws.Chance(80))
        {
            parts.Add("select=" + string.Join(',', [.. Items(draws, shape), .. embeds.Select(e => Embed(draws, e))]));
        }
        parts.AddRange(draws.Several(0, 3, d => Filter(d, shape)));
        foreach (string embed in embeds.Where(_ => draws.Chance(50)))
        {
            Shape target = shapes.First(s => s.Name == embed);
            parts.Add(draws.Make(
                d => $"{embed}.{Filter(d, target)}",
                d => $"{embed}={d.Of("is.null", "not.is.null")}",
                d => $"{embed}.order={Column(d, target)}{Direction(d)}",
                d => $"{embed}.limit={d.Of("1", "0")}"));
        }
        if (draws.Chance(60))
        {
            parts.Add("order=" + string.Join(',', draws.Several(1, 2, d =>
                embeds.Count > 0 && d.Chance(30)
                    ? $"{embeds[0]}({Column(d, shapes.First(s => s.Name == embeds[0]))}){Direction(d)}"
                    : Ordered(d, shape))));
        }
        if (draws.Chance(30))
        {
            parts.Add("limit=" + draws.Of("1", "2", "0"));
        }
        if (draws.Chance(20))
        {
            parts.Add("offset=" + draws.Of("1", "3", "30"));
        }
        return parts;
    }

    private static string Ordered(Draws draws, Shape shape)
    {
        string column = Column(draws, shape);
        return column + Path(draws, column) + Direction(draws);
    }

    private static string Direction(Draws draws) => draws.Of("", ".desc", ".asc", ".desc.nullslast", ".nullsfirst");

    private static string Path(Draws draws, string column) =>
        IsJson(column) || Misfits(draws) ? draws.Of("->k", "->>k", "->k->0", "->>n", "") : "";

    private static List<string> Items(Draws draws, Shape shape) =>
        draws.Chance(20) ? draws.Several(1, 3, d => Aggregate(d, shape)) : draws.Several(1, 4, d => Item(d, shape));

    private static string Aggregate(Draws draws, Shape shape)
    {
        string column = Column(draws, shape);
        bool number = IsNumber(column) || Misfits(draws);
        return draws.Of("count()", $"{column}.{(number ? draws.Of("max", "sum", "avg", "min") : "count")}()", column);
    }

    private static string Item(Draws draws, Shape shape)
    {
        string column = Column(draws, shape);
        string[] casts = IsText(column) && column is not "score" && !Misfits(draws) ? ["text"] : IsNumber(column) || column == "score" ? ["text", "int", "numeric"] : ["text"];
        return draws.Of(column, column, "*", "x:" + column, column + Path(draws, column), $"{column}::{draws.Of(casts)}");
    }

    private string Embed(Draws draws, string name)
    {
        Shape target = shapes.First(s => s.Name == name);
        string hint = draws.Of("", "", "!inner", "!left");
        string items = draws.Of("", string.Join(',', Items(draws, target)), string.Join(',', Items(draws, target)), "count");
        return $"{(draws.Chance(25) ? "..." : "")}{name}{hint}({items})";
    }

    // ---- filters ----

    private static string Filter(Draws draws, Shape shape) =>
        draws.Make(
            d => Condition(d, shape, '='),
            d => Condition(d, shape, '='),
            d => $"{d.Of("or", "and", "not.or", "not.and")}=({string.Join(',', d.Several(1, 3, e => Tree(e, shape, 1)))})");

    private static string Tree(Draws draws, Shape shape, int depth) =>
        depth == 0 || !draws.Chance(30)
            ? Condition(draws, shape, '.')
            : $"{draws.Of("or", "and", "not.and")}({string.Join(',', draws.Several(1, 3, d => Tree(d, shape, depth - 1)))})";

    private static string Condition(Draws draws, Shape shape, char between)
    {
        string column = Column(draws, shape);
        string path = Path(draws, column);
        string not = draws.Chance(20) ? "not." : "";
        bool any = Misfits(draws);
        string test = draws.Make(
            d => Comparison(d, column, path, any),
            d => Comparison(d, column, path, any),
            d => any || IsText(column) || path.Contains(">>", StringComparison.Ordinal) ? Pattern(d) : Comparison(d, column, path, any),
            d => List(d, column, path, any),
            d => any ? d.Of("is.true", "fts.one", "nope.1", "cs.{1}") : column == "tags" ? d.Of("cs.{1}", "cd.{1,2,9}", "ov.{9}") : Null(d),
            d => IsJson(column) && path.Length == 0 ? d.Of("cs.{\"k\":\"a\"}", "cs.{\"k\":\"secret\"}") : Null(d));
        return $"{column}{path}{between}{not}{test}";
    }

    private static string Null(Draws draws) => draws.Of("is.null", "is.not_null");

    private static string Value(Draws draws, string column, string path, bool any)
    {
        if (any)
        {
            return draws.Of("me", "22", "no number", "99999999999", "{1,2}");
        }
        return path is "->>k" or "->>n" || IsText(column) ? draws.Of("1", "me", "one", "22", "you", "secret", "alpha", "no number", "p")
            : IsNumber(column) ? draws.Of("1", "2", "5", "22", "1001", "1003", "-3", "9999999")
            : column == "tags" ? draws.Of("{1,2}", "{9}")
            : column == "at" ? draws.Of("2024-05-06T07:08:09Z", "2000-01-01", "infinity")
            : draws.Of("2", "[1]", "null");
    }

    private static string Comparison(Draws draws, string column, string path, bool any) =>
        $"{draws.Of("eq", "neq", "gt", "gte", "lt", "lte", "isdistinct")}.{Value(draws, column, path, any)}";

    private static string Pattern(Draws draws) =>
        $"{draws.Of("like.*e*", "ilike.S*", "match.^[a-z]", "imatch.a.*a$", "like.s*", "like(any).{o*,s*}", "match.(")}";

    private static string List(Draws draws, string column, string path, bool any) =>
        column is "tags" || (IsJson(column) && path is not ("->>k" or "->>n")) ? Null(draws)
            : draws.Make(
                d => $"in.({string.Join(',', d.Several(0, 4, e => Value(e, column, path, any)))})",
                d => $"{d.Of("eq", "gt", "lt")}({d.Of("any", "all")}).{{{string.Join(',', d.Several(1, 3, e => Value(e, column, path, any)))}}}");

    // ---- writes ----

    private WorldRequest Write(Draws draws)
    {
        Shape shape = draws.Chance(8) ? draws.Of(shapes[3], shapes[6]) : draws.Of(shapes[0], shapes[1], shapes[0], shapes[1], shapes[2], shapes[4]);
        string method = draws.Of("PATCH", "POST", "DELETE", "POST", "PUT");
        var query = new List<string>();
        if (method is "PATCH" or "DELETE")
        {
            query.AddRange(draws.Several(0, 2, d => Filter(d, shape)));
        }
        int key = 1 + draws.Below(40);
        if (method == "PUT")
        {
            shape = shape.Name == "lent" ? shapes[0] : shape;
            query.Add($"id=eq.{key}");
        }
        bool answers = draws.Chance(60);
        if (answers)
        {
            query.AddRange(Parts(draws, shape).Where(p => p.StartsWith("select=", StringComparison.Ordinal)));
        }
        string count = draws.Of("", ",count=exact", ",handling=strict,max-affected=1");
        string resolution = method == "POST" ? draws.Of("", ",resolution=merge-duplicates", ",resolution=ignore-duplicates") : "";
        return new WorldRequest(method, shape.Name + "?" + string.Join('&', query))
        {
            Prefer = $"return={(answers ? "representation" : draws.Of("minimal", "headers-only"))}{count}{resolution}",
            Body = method == "DELETE" ? null : Body(draws, shape, method, key),
        };
    }

    private string Body(Draws draws, Shape shape, string method, int key)
    {
        string[] columns = shape.Name switch
        {
            "diary" => attached ? ["id", "line", "score", "owner", "org"] : ["id", "line", "score", "owner", "org", "tags"],
            "people" => ["id", "name", "team_id"],
            _ => shape.Columns,
        };
        List<string> given = method == "PATCH" ? draws.Some([.. columns[1..], columns[0]]) : ["id", .. draws.Some(columns[1..])];
        given = shape.Name == "lent" ? [.. columns] : given;
        var rows = draws.Several(1, method == "POST" ? 3 : 1, d => Row(d, given)).ToList();
        if (method == "PUT")
        {
            rows[0]["id"] = key;
        }
        return rows.Count == 1 ? rows[0].ToJsonString() : new JsonArray([.. rows]).ToJsonString();
    }

    private static JsonObject Row(Draws draws, List<string> columns) => new(columns.Select(c => KeyValuePair.Create(c, Written(draws, c))));

    // Keys and references stay below those of hidden rows: see the remarks of TwoWorlds.
    private static JsonNode? Written(Draws draws, string column) =>
        column switch
        {
            "id" => JsonValue.Create(1 + draws.Below(40)),
            "diary_id" or "page_id" or "person_id" or "team_id" => JsonValue.Create(1 + draws.Below(draws.Chance(6) ? TwoWorlds.FirstHidden - 1 : 2)),
            "n" or "org" => draws.Of<JsonNode?>(1, 5, 6, 7, null),
            "owner" => draws.Chance(15) ? draws.Of<JsonNode?>("you", "nobody") : "me",
            "score" => draws.Of<JsonNode?>("1", "22", null, "no number"),
            "tags" => draws.Make<JsonNode?>(_ => null, _ => new JsonArray(1, 9)),
            _ => draws.Of<JsonNode?>("one", "new", "secret"),
        };

    private WorldRequest Call(Draws draws)
    {
        const string Diary = "find_diary";
        return draws.Make(
            d => new WorldRequest("GET", $"rpc/{Diary}?word={d.Of("*", "%25", "s%25", "o%25")}&{string.Join('&', Parts(d, shapes[0]))}") { Prefer = d.Of(null, "count=exact") },
            d => new WorldRequest("POST", $"rpc/{Diary}?{string.Join('&', Parts(d, shapes[0]))}") { Body = $$"""{"word":"{{d.Of("%", "%e%", "secret")}}"}""" },
            _ => new WorldRequest("GET", "rpc/diary_total"),
            d => new WorldRequest("POST", "rpc/lend") { Body = $$"""{"page":{{1 + d.Below(6)}},"person":{{1 + d.Below(4)}}}""" },
            d => new WorldRequest("GET", $"rpc/{d.Of("peek", "vault_of", "find_dairy", "mine?who=you")}"));
    }
}

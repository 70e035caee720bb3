using System.Globalization;
using System.Text.Json.Nodes;

namespace Tenon.Testing;

/// <summary>Who asks: the role, and the claims that go with it.</summary>
internal sealed record PolicyCaller(string Role, string? Sub)
{
    public static readonly PolicyCaller Alice = new("authenticated", PolicySchema.Alice);
    public static readonly PolicyCaller Bob = new("authenticated", PolicySchema.Bob);
    public static readonly PolicyCaller Anon = new("anon", null);

    public string Claims => Sub is null ? """{"role":"anon"}""" : $$"""{"role":"{{Role}}","sub":"{{Sub}}","level":"gold"}""";
}

/// <summary>One request and the SQL with the same meaning: as PostgREST would write it, its answer as JSON text.</summary>
internal sealed record PolicyRequest(PolicyCaller Caller, string Method, string Target, string Sql)
{
    public string Prefer { get; init; } = "return=minimal";
    public string? Body { get; init; }

    /// <summary>Nothing is answered but whether it went well.</summary>
    public bool IsSilent { get; init; }

    /// <summary>The answer is a number in Content-Range.</summary>
    public bool IsCount { get; init; }

    /// <summary>Of an insert: how many rows the body has.</summary>
    public int RowsGiven { get; init; }

    /// <summary>No order is promised.</summary>
    public bool IsUnordered { get; init; }

    public override string ToString() => $"{Caller.Role} {Caller.Sub?[..3]}: {Method} {Target} ({Prefer}) {Body}\n  {Sql}";
}

/// <summary>Grammar of requests on the tables of <see cref="PolicySchema"/>.</summary>
internal static class PolicyRequests
{
    /// <summary>Of what the setting can be asked: an attached source has no functions to call.</summary>
    public static PolicyRequest Make(Draws draws, PolicyScript setting)
    {
        PolicyCaller caller = draws.Of(PolicyCaller.Alice, PolicyCaller.Alice, PolicyCaller.Alice, PolicyCaller.Bob, PolicyCaller.Anon);
        return draws.Make(
            d => Read(d, caller), d => Insert(d, caller), d => Update(d, caller), d => Delete(d, caller), d => setting.Merges ? Upsert(d, caller) : Insert(d, caller),
            d => Count(d, caller), d => Embed(d, caller), d => Aggregate(d, caller), d => setting.IsAttached ? Read(d, caller) : Call(d, caller), d => Read(d, caller),
            d => Insert(d, caller), d => Update(d, caller), d => setting.Merges ? Upsert(d, caller) : Insert(d, caller));
    }

    // ---- filters ----

    private sealed record Filter(string Url, string Sql);

    private static Filter One(Draws draws) =>
        draws.Make(
            d => Compare("id", d.Of("eq", "gt", "neq"), d.Below(10).ToString(CultureInfo.InvariantCulture)),
            d => Compare("status", d.Of("eq", "neq"), d.Of("public", "draft", "private")),
            d => Compare("org", d.Of("eq", "lt", "gte"), d.Of("1", "2", "9")),
            d => Compare("owner", d.Of("eq", "neq"), d.Of(PolicySchema.Alice, PolicySchema.Bob)),
            d => Compare("secret", d.Of("eq", "gt"), d.Of("10", "25")),
            d => Compare("amount", d.Of("eq", "lte"), d.Of("10.5", "0")),
            d => new Filter("org=is.null", "org is null"),
            d => new Filter("meta->>k=eq.a", "meta ->> 'k' = 'a'"),
            d => new Filter("id=in.(1,3,5)", "id in (1, 3, 5)"),
            d => new Filter("or=(status.eq.public,secret.gt.20)", "(status = 'public' or secret > 20)"),
            d => new Filter("status=like.p*", "status like 'p%'"));

    private static Filter Compare(string column, string op, string value)
    {
        string sql = op switch { "eq" => "=", "neq" => "<>", "gt" => ">", "gte" => ">=", "lt" => "<", _ => "<=" };
        return new Filter($"{column}={op}.{value}", $"{column} {sql} '{value}'");
    }

    private static string Where(List<Filter> filters) =>
        filters.Count == 0 ? "" : " where " + string.Join(" and ", filters.Select(f => f.Sql));

    private static string Query(params IEnumerable<string?> parts)
    {
        string query = string.Join('&', parts.Where(p => p is { Length: > 0 }));
        return query.Length == 0 ? "" : "?" + query;
    }

    private static string Urls(List<Filter> filters) => string.Join('&', filters.Select(f => f.Url));

    // ---- reads ----

    private static string AsJson(string query) => $"select coalesce(json_agg(r), '[]') from ({query}) r";

    private static PolicyRequest Read(Draws draws, PolicyCaller caller)
    {
        string table = draws.Of("docs", "docs", "notes");
        List<Filter> filters = table == "docs" ? draws.Several(0, 2, One) : [];
        List<string>? columns = draws.Chance(50) ? draws.Some(table == "docs" ? PolicySchema.DocColumns : PolicySchema.NoteColumns) : null;
        string? limit = draws.Chance(20) ? draws.Of("1", "2") : null;
        string sql = $"select {(columns is null ? "*" : string.Join(", ", columns))} from {table}{Where(filters)} order by id{(limit is null ? "" : " limit " + limit)}";
        string url = table + Query(columns is null ? null : "select=" + string.Join(',', columns), Urls(filters), "order=id", limit is null ? null : "limit=" + limit);
        return new PolicyRequest(caller, "GET", url, AsJson(sql));
    }

    private static PolicyRequest Count(Draws draws, PolicyCaller caller)
    {
        List<Filter> filters = draws.Several(0, 2, One);
        return new PolicyRequest(caller, "HEAD", "docs" + Query("select=id", Urls(filters)), $"select count(*) from (select id from docs{Where(filters)}) c")
        {
            Prefer = "count=exact", IsCount = true,
        };
    }

    private static PolicyRequest Aggregate(Draws draws, PolicyCaller caller)
    {
        List<Filter> filters = draws.Several(0, 1, One);
        return draws.Of(
            new PolicyRequest(caller, "GET", "docs" + Query("select=count()", Urls(filters)), AsJson($"select count(*) from docs{Where(filters)}")),
            new PolicyRequest(caller, "GET", "docs" + Query("select=status,count()", Urls(filters)),
                AsJson($"select status, count(*) from docs{Where(filters)} group by status")) { IsUnordered = true },
            new PolicyRequest(caller, "GET", "docs" + Query("select=amount.sum(),secret.max()", Urls(filters)),
                AsJson($"select sum(amount), max(secret) from docs{Where(filters)}")));
    }

    private static PolicyRequest Embed(Draws draws, PolicyCaller caller)
    {
        const string Notes = "(select coalesce(json_agg(n), '[]') from (select notes.id, notes.body from notes where notes.doc_id = docs.id order by notes.id) n)";
        const string Doc = "(select row_to_json(d) from (select docs.id, docs.status from docs where docs.id = notes.doc_id) d)";
        const string Has = "exists (select 1 from notes where notes.doc_id = docs.id{0})";
        string Exists(string more) => string.Format(CultureInfo.InvariantCulture, Has, more);
        PolicyRequest Get(string url, string sql) => new(caller, "GET", url, AsJson(sql));
        return draws.Of(
            Get("docs?select=id,notes(id,body)&order=id&notes.order=id", $"select id, {Notes} as notes from docs order by id"),
            Get("notes?select=id,docs(id,status)&order=id", $"select id, {Doc} as docs from notes order by id"),
            Get("docs?select=id,notes!inner(id,body)&order=id&notes.order=id", $"select id, {Notes} as notes from docs where {Exists("")} order by id"),
            Get("docs?select=id,notes!inner()&notes.body=eq.x&order=id", $"select id from docs where {Exists(" and notes.body = 'x'")} order by id"),
            Get("docs?select=id,notes()&notes=is.null&order=id", $"select id from docs where not {Exists("")} order by id"),
            Get("notes?select=id,...docs(status)&order=id",
                "select notes.id, d.status from notes left join (select id, status from docs) d on d.id = notes.doc_id order by notes.id"),
            Get("notes?select=id,docs!inner(id,status)&docs.status=eq.public&order=id",
                "select notes.id, row_to_json(d) as docs from notes join (select id, status from docs where status = 'public') d on d.id = notes.doc_id order by notes.id"),
            Get("docs?select=id,notes(count)&order=id",
                "select id, (select json_agg(c) from (select count(*) from notes where notes.doc_id = docs.id) c) as notes from docs order by id"));
    }

    private static PolicyRequest Call(Draws draws, PolicyCaller caller)
    {
        if (draws.Chance(40))
        {
            int id = draws.Below(6);
            string status = draws.Of("public", "private");
            return new PolicyRequest(caller, "POST", "rpc/touch_doc", $"select touch_doc({id}, '{status}')")
            {
                Body = $$"""{"d":{{id}},"s":"{{status}}"}""", IsSilent = true,
            };
        }
        List<Filter> filters = draws.Several(0, 1, One);
        return new PolicyRequest(
            caller, "GET", "rpc/visible_docs" + Query("select=id,status", Urls(filters), "order=id"),
            AsJson($"select id, status from visible_docs() docs{Where(filters)} order by id"));
    }

    // ---- writes ----

    private static (string Prefer, string? Select, string? Sql) Return(Draws draws, string[] columns)
    {
        if (!draws.Chance(50))
        {
            return ("return=minimal", null, null);
        }
        List<string>? some = draws.Chance(40) ? draws.Some(columns) : null;
        return ("return=representation", some is null ? null : "select=" + string.Join(',', some), some is null ? "*" : string.Join(", ", some));
    }

    private static string Written(string statement, string? returning) =>
        returning is null ? statement : $"with r as ({statement} returning {returning}) select coalesce(json_agg(r), '[]') from r";

    private static JsonNode? Value(Draws draws, string column) =>
        column switch
        {
            "id" => JsonValue.Create(draws.Below(14)),
            "owner" => draws.Of<JsonNode?>(PolicySchema.Alice, PolicySchema.Bob, null),
            "org" => draws.Of<JsonNode?>(1, 2, 9, null),
            "status" => draws.Of<JsonNode?>("public", "draft", "private", "Public"),
            "secret" => draws.Of<JsonNode?>(null, 10, 25, 40),
            "amount" => draws.Of<JsonNode?>(null, 10.5, 0, -3.1),
            "meta" => draws.Make<JsonNode?>(_ => null, _ => new JsonObject { ["k"] = "a" }, _ => new JsonArray(1)),
            "doc_id" => draws.Of<JsonNode?>(1, 2, null),
            _ => draws.Of<JsonNode?>("x", "y", null),
        };

    private static string Literal(JsonNode? value) =>
        value switch
        {
            null => "null",
            JsonValue v when v.GetValueKind() == System.Text.Json.JsonValueKind.String => $"'{v.GetValue<string>()}'",
            JsonValue v => v.ToJsonString(),
            _ => $"'{value.ToJsonString()}'",
        };

    private static List<string> Given(Draws draws, string[] columns) =>
        ["id", .. draws.Some(columns[1..])];

    private static (List<string> Columns, JsonArray Rows, string Values) Payload(Draws draws, string[] columns)
    {
        List<string> given = Given(draws, columns);
        var rows = new JsonArray([.. draws.Several(1, 3, d => (JsonNode)new JsonObject(given.Select(c => KeyValuePair.Create(c, Value(d, c)))))]);
        string values = string.Join(", ", rows.Select(r => "(" + string.Join(", ", given.Select(c => Literal(r![c]))) + ")"));
        return (given, rows, values);
    }

    private static string BodyOf(JsonArray rows) => rows.Count == 1 ? rows[0]!.ToJsonString() : rows.ToJsonString();

    private static PolicyRequest Insert(Draws draws, PolicyCaller caller)
    {
        string table = draws.Of("docs", "docs", "docs", "notes");
        string[] columns = table == "docs" ? PolicySchema.DocColumns : PolicySchema.NoteColumns;
        var (given, rows, values) = Payload(draws, columns);
        var (prefer, select, returning) = Return(draws, columns);
        string sql = $"insert into {table} ({string.Join(", ", given)}) values {values}";
        return new PolicyRequest(caller, "POST", table + Query(select), Written(sql, returning))
        {
            Prefer = prefer, Body = BodyOf(rows), RowsGiven = rows.Count, IsSilent = returning is null, IsUnordered = true,
        };
    }

    private static PolicyRequest Upsert(Draws draws, PolicyCaller caller)
    {
        var (given, rows, values) = Payload(draws, PolicySchema.DocColumns);
        var (prefer, select, returning) = Return(draws, PolicySchema.DocColumns);
        bool merge = !draws.Chance(35);
        string action = merge ? "update set " + string.Join(", ", given.Select(c => $"{c} = excluded.{c}")) : "nothing";
        string sql = $"insert into docs ({string.Join(", ", given)}) values {values} on conflict (id) do {action}";
        return new PolicyRequest(caller, "POST", "docs" + Query(select), Written(sql, returning))
        {
            Prefer = $"resolution={(merge ? "merge" : "ignore")}-duplicates,{prefer}", Body = BodyOf(rows), RowsGiven = rows.Count, IsSilent = returning is null, IsUnordered = true,
        };
    }

    private static PolicyRequest Update(Draws draws, PolicyCaller caller)
    {
        List<Filter> filters = draws.Several(0, 2, One);
        List<string> set = draws.Some(PolicySchema.DocColumns[1..]);
        var values = new JsonObject(set.Select(c => KeyValuePair.Create(c, Value(draws, c))));
        var (prefer, select, returning) = Return(draws, PolicySchema.DocColumns);
        string sql = $"update docs set {string.Join(", ", set.Select(c => $"{c} = {Literal(values[c])}"))}{Where(filters)}";
        return new PolicyRequest(caller, "PATCH", "docs" + Query(Urls(filters), select), Written(sql, returning))
        {
            Prefer = prefer, Body = values.ToJsonString(), IsSilent = returning is null, IsUnordered = true,
        };
    }

    private static PolicyRequest Delete(Draws draws, PolicyCaller caller)
    {
        // Without a filter only sometimes: an empty table says little.
        List<Filter> filters = draws.Several(draws.Chance(85) ? 1 : 0, 2, One);
        var (prefer, select, returning) = Return(draws, PolicySchema.DocColumns);
        return new PolicyRequest(caller, "DELETE", "docs" + Query(Urls(filters), select), Written($"delete from docs{Where(filters)}", returning))
        {
            Prefer = prefer, IsSilent = returning is null, IsUnordered = true,
        };
    }
}

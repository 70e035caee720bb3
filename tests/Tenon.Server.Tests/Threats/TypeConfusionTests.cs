using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Threats;

/// <summary>Objects where a text is expected, names that mean something elsewhere, quotes and escapes: refused, or taken for what they are.</summary>
[Collection(ThreatCollection.Name)]
public sealed class TypeConfusionTests(ThreatServers servers)
{
    private static readonly ThreatTables Tables = new(
        """
        create table values_of (id int primary key, word text, amount numeric(12,2), flag boolean, moment timestamptz, owner uuid, data jsonb, small smallint, ratio double precision);
        alter table values_of enable row level security;
        create policy everyone on values_of using (true);
        grant select, insert, update, delete on values_of to anon;
        insert into values_of (id, word) values (1, 'one');
        """,
        """
        create table values_of (id int primary key, word varchar(2000), amount numeric(12,2), flag boolean, moment timestamp(6) null, owner uuid, data json, small smallint, ratio double) character set utf8mb4;
        insert into values_of (id, word) values (1, 'one');
        """,
        "alter table values_of enable row level security; create policy everyone on values_of using (true); grant select, insert, update, delete on values_of to anon;"
    );

    private static readonly string[] Bodies =
    [
        """{"id":{"$gt":0}}""", """{"id":[1]}""", """{"id":true}""", """{"id":"1; drop table values_of"}""", """{"id":1.5}""", """{"id":1e400}""", """{"id":99999999999999999999}""", """{"id":"0x10"}""", """{"id":" "}""",
        """{"id":2,"flag":"maybe"}""", """{"id":2,"flag":{}}""", """{"id":2,"flag":[]}""", """{"id":2,"flag":2}""", """{"id":2,"owner":"nobody"}""", """{"id":2,"owner":{"a":1}}""", """{"id":2,"owner":7}""",
        """{"id":2,"moment":"yesterday-ish"}""", """{"id":2,"moment":{}}""", """{"id":2,"moment":1}""", """{"id":2,"amount":"NaN-ish"}""", """{"id":2,"amount":{}}""", """{"id":2,"amount":12345678901234567890}""",
        """{"id":2,"small":70000}""", """{"id":2,"small":"one"}""", """{"id":2,"ratio":"1e999999"}""", """{"id":2,"ratio":{}}""", """{"id":2,"word":"a\u0000b"}""", """{"id":2,"word":"\ud800"}""", """{"id":2,"data":"\ud800"}""",
        """{"__proto__":{"id":2}}""", """{"constructor":1}""", """{"toString":1,"id":2}""", """{"id":2,"id ":3}""", """{"ID":2}""", """{"":2}""", "7", "\"text\"", "null", "[[]]", "[1]", "[null]", "[{\"id\":2},7]", "{", "[", "[{\"id\":2}", "",
        """[{"id":2},{"id":3,"word":"x"}]""",
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_value_of_another_kind_is_refused_and_nothing_is_written(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach (string body in Bodies)
        {
            ThreatAnswer answer = await server.SendAsync("POST", "values_of", body);
            Assert.True(answer.Status is >= 400 and < 500 && answer.Code is not null, $"POST {body}: {answer}");
        }
        foreach (string body in Bodies.Where(b => b.StartsWith("{\"id\":2,", StringComparison.Ordinal)))
        {
            ThreatAnswer answer = await server.SendAsync("PATCH", "values_of?id=eq.1", body.Replace("\"id\":2,", "", StringComparison.Ordinal));
            Assert.True(answer.Status is >= 400 and < 500 && answer.Code is not null, $"PATCH {body}: {answer}");
        }
        Assert.Equal("""[{"id":1,"word":"one","amount":null,"flag":null,"moment":null,"owner":null,"data":null,"small":null,"ratio":null}]""", (await server.GetAsync("values_of", prefer: "count=none")).Body);
    }

    private static readonly string[] Targets =
    [
        "values_of?id=eq.{\"$gt\":0}", "values_of?id=eq.[1]", "values_of?id=eq.one", "values_of?id=eq.", "values_of?id=eq.1;drop table values_of", "values_of?id=eq.1)--", "values_of?id=in.(1,one)", "values_of?id=in.({1})",
        "values_of?id=eq.99999999999999999999", "values_of?flag=is.maybe", "values_of?flag=eq.2", "values_of?owner=eq.nobody", "values_of?moment=gt.yesterday-ish", "values_of?amount=eq.much", "values_of?small=eq.one", "values_of?ratio=eq.wide",
        "values_of?__proto__=eq.1", "values_of?constructor=eq.1", "values_of?toString=eq.1", "values_of?select=__proto__", "values_of?select=constructor", "values_of?select=hasOwnProperty(x)", "values_of?order=__proto__", "values_of?select=id,constructor()",
        "__proto__", "constructor", "toString", "rpc/__proto__", "rpc/constructor", "rpc/toString", "values_of?id=constructor.1", "values_of?id=__proto__.1", "values_of?id=not.constructor.1", "values_of?select=id.constructor()", "values_of?select=id::constructor",
        "values_of?limit=one", "values_of?limit=-1", "values_of?offset=-1", "values_of?limit={}", "values_of?order=id.sideways", "values_of?or=()", "values_of?or=(id)", "values_of?and=(id.eq.1", "values_of?select=id,(", "values_of?select=id)",
        "values_of?id=eq.%00", "values_of?select=\"id", "values_of?select=id--", "values_of?select=id;", "values_of?select=*;drop", "values_of?order=id;drop table values_of", "values_of?order=(select 1)", "values_of?on_conflict=id", "values_of?columns=id",
        "values_of?data->__proto__->>x=eq.1;", "values_of?data->=eq.1", "values_of?id=eq(any).{1,{2}}", "values_of?id=eq(any).1", "values_of?id=eq(some).{1}", "values_of?word=like(any).{", "values_of?\"=eq.1", "values_of?'=eq.1", "values_of?`=eq.1",
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_name_or_operand_of_another_kind_is_refused_or_finds_nothing(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach (string target in Targets)
        {
            ThreatAnswer answer = await server.GetAsync(target, prefer: "count=none");
            Assert.True(answer.Status is >= 400 and < 500 ? answer.Code is not null : answer is { Status: 200, Body: "[]" or """[{"id":1,"word":"one","amount":null,"flag":null,"moment":null,"owner":null,"data":null,"small":null,"ratio":null}]""" }, $"{target}: {answer}");
        }
        Assert.Equal(200, (await server.GetAsync("values_of", prefer: "count=none")).Status);
    }

    private static readonly string[] Words =
    [
        "'", "''", "\\", "\\'", "\\\\'", "'; drop table values_of; --", "' or '1'='1", "\") or 1=1 --", "/* */", "-- ", "#", "`", "``", "\"", "\"\"", "$1", "@p1", "@p2", ":p", "?", "{0}", "%s", "%", "_", "\\%", "\\_", "*", "${id}", "{{7*7}}", "<%= 7*7 %>",
        "null", "NULL", "true", "(1,2)", "{a,b}", "a,b", "eq.1", "é ü ß ẞ İ ı", "\u202e\u200b\ufeff", "😀", "\r\n\t", "'||(select 1)||'", "0x27", "%27", "&#39;", "\u2019", "\uff07", "¿'", "' collate binary or 1 = 1 --", "\u00bf\u005c'",
    ];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Quotes_and_escapes_are_values_wherever_they_stand(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        int id = 100;
        foreach (string word in Words)
        {
            id++;
            string json = JsonSerializer.Serialize(new Dictionary<string, object> { ["id"] = id, ["word"] = word, ["data"] = new Dictionary<string, string> { [word] = word } });
            ThreatAnswer made = await server.SendAsync("POST", "values_of?select=word,data", json, "return=representation");
            Assert.True(made.Status == 201, $"{word}: {made}");
            Assert.Equal(word, JsonElement.Parse(made.Body)[0].GetProperty("word").GetString());
            Assert.Equal(word, JsonElement.Parse(made.Body)[0].GetProperty("data").GetProperty(word).GetString());
            string quoted = Uri.EscapeDataString("\"" + word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"");
            foreach (string filter in new[] { $"word=eq.{Uri.EscapeDataString(word)}", $"word=in.({quoted})", $"or=(word.eq.{quoted})", $"word=eq(any).%7B{quoted}%7D" })
            {
                ThreatAnswer found = await server.GetAsync($"values_of?select=id&{filter}", prefer: "count=none");
                Assert.True(found is { Status: 200 } && found.Body == $$"""[{"id":{{id}}}]""", $"{word} {filter}: {found}");
            }
            ThreatAnswer changed = await server.SendAsync("PATCH", $"values_of?word=eq.{Uri.EscapeDataString(word)}&select=id", JsonSerializer.Serialize(new Dictionary<string, string> { ["word"] = word + "'" }), "return=representation");
            Assert.True(changed.Body == $$"""[{"id":{{id}}}]""", $"{word}: {changed}");
            Assert.Equal(204, (await server.SendAsync("DELETE", $"values_of?id=eq.{id}")).Status);
        }
        Assert.Equal("0-0/1", (await server.GetAsync("values_of")).Range);
    }

    private static readonly string[] Aliases = ["'", "`", "\\", "a'b", "drop table values_of", "é", "a b", "-- ", "@p1", "$1"];

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task An_alias_is_a_name_in_the_answer_alone(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach (string alias in Aliases)
        {
            ThreatAnswer answer = await server.GetAsync($"values_of?select={Uri.EscapeDataString("\"" + alias + "\":id")}", prefer: "count=none");
            bool named = answer.Status == 200 && JsonElement.Parse(answer.Body)[0].TryGetProperty(alias, out JsonElement one) && one.GetInt32() == 1;
            Assert.True(named || answer is { Status: 400, Code: not null }, $"{alias}: {answer}");
        }
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Json_as_deep_as_a_stack_is_refused(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Tables);
        foreach (int depth in new[] { 10_000, 200_000 })
        {
            string deep = new StringBuilder().Append('[', depth).Append(']', depth).ToString();
            ThreatAnswer answer = await server.SendAsync("POST", "values_of", $$"""{"id":3,"data":{{deep}}}""");
            Assert.True(answer.Status is 201 or (>= 400 and < 500), $"{depth}: {answer.Status}");
            answer = await server.SendAsync("POST", "values_of", deep);
            Assert.True(answer.Status is >= 400 and < 500, $"{depth}: {answer.Status}");
            await server.SendAsync("DELETE", "values_of?id=eq.3");
        }
        Assert.Equal("0-0/1", (await server.GetAsync("values_of?id=eq.1")).Range);
    }
}

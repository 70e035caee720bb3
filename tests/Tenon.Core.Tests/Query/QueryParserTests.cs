using System.Collections.Immutable;
using CsCheck;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Xunit;

namespace Tenon.Core.Tests.Query;

public sealed class QueryParserTests
{
    private static QuerySyntax Parse(string query, bool call = false) => QueryParser.Parse(query, call, QueryLimits.Default).Value;

    private static Error Fail(string query, bool call = false)
    {
        Outcome<QuerySyntax> outcome = QueryParser.Parse(query, call, QueryLimits.Default);
        Assert.True(outcome.Failed, query);
        return outcome.Error!;
    }

    private static FilterSyntax OnlyFilter(string query) => Assert.IsType<FilterSyntax>(Assert.Single(Parse(query).Conditions).Condition);

    [Fact]
    public void Without_select_everything_is_asked_for()
    {
        QuerySyntax syntax = Parse("");
        Assert.IsType<StarSyntax>(Assert.Single(syntax.Select));
        Assert.False(syntax.HasSelect);
    }

    [Fact]
    public void Select_reads_aliases_casts_json_paths_and_aggregates()
    {
        QuerySyntax syntax = Parse("select=id,n:name::text,data->a->>b,x:data->0,total.sum()::int,c:count()");
        FieldItemSyntax[] items = [.. syntax.Select.Cast<FieldItemSyntax>()];
        Assert.Equal(["id", "name", "data", "data", "total", null], items.Select(i => i.Field?.Name));
        Assert.Equal([null, "n", null, "x", null, "c"], items.Select(i => i.Alias));
        Assert.Equal("text", items[1].Cast);
        Assert.Equal([new JsonStep(false, "a", 0), new JsonStep(true, "b", 0)], items[2].Field!.Path);
        Assert.Equal([new JsonStep(false, null, 0)], items[3].Field!.Path);
        Assert.Equal(AggregateKind.Sum, items[4].Aggregate);
        Assert.Equal("int", items[4].AggregateCast);
        Assert.Equal(AggregateKind.Count, items[5].Aggregate);
    }

    [Theory]
    [InlineData("select=client(id)", "client", null, null, false, false)]
    [InlineData("select=c:client!hint!inner(id)", "client", "c", "hint", true, false)]
    [InlineData("select=client!inner!hint(id)", "client", null, "hint", true, false)]
    [InlineData("select=client!left(id)", "client", null, null, false, false)]
    [InlineData("select=...client(id)", "client", null, null, false, true)]
    public void Embeds_carry_alias_hint_and_join(string query, string target, string? alias, string? hint, bool inner, bool spread)
    {
        EmbedSyntax embed = Assert.IsType<EmbedSyntax>(Assert.Single(Parse(query).Select));
        Assert.Equal((target, alias, hint, inner, spread), (embed.Target, embed.Alias, embed.Hint, embed.Inner, embed.Spread));
    }

    [Fact]
    public void Empty_parentheses_join_without_output()
    {
        QuerySyntax syntax = Parse("select=id,client()");
        Assert.Empty(Assert.IsType<EmbedSyntax>(syntax.Select[1]).Items);
    }

    [Fact]
    public void Quoted_names_may_hold_anything()
    {
        QuerySyntax syntax = Parse("select=\"a.b,c\":\"x(y)\"&\"we.ird\"=eq.1");
        FieldItemSyntax item = Assert.IsType<FieldItemSyntax>(Assert.Single(syntax.Select));
        Assert.Equal(("a.b,c", "x(y)"), (item.Alias, item.Field!.Name));
        Assert.Equal("we.ird", Assert.IsType<FilterSyntax>(syntax.Conditions[0].Condition).Field.Name);
    }

    [Theory]
    [InlineData("a=eq.1", FilterOperator.Equal, false, Quantifier.None, "1")]
    [InlineData("a=not.eq.1", FilterOperator.Equal, true, Quantifier.None, "1")]
    [InlineData("a=gte(any).{1,2}", FilterOperator.GreaterOrEqual, false, Quantifier.Any, "{1,2}")]
    [InlineData("a=like(all).{a*,*b}", FilterOperator.Like, false, Quantifier.All, "{a*,*b}")]
    [InlineData("a=in.(1,\"b,c\",d)", FilterOperator.In, false, Quantifier.None, "(1,\"b,c\",d)")]
    [InlineData("a=in.()", FilterOperator.In, false, Quantifier.None, "()")]
    [InlineData("a=isdistinct.5", FilterOperator.IsDistinct, false, Quantifier.None, "5")]
    [InlineData("a=eq.x%20y%2Cz%C3%A4", FilterOperator.Equal, false, Quantifier.None, "x y,zä")]
    [InlineData("a=eq.a+b", FilterOperator.Equal, false, Quantifier.None, "a b")]
    [InlineData("a=eq.", FilterOperator.Equal, false, Quantifier.None, "")]
    public void Filters_cut_their_value_into_a_slot(string query, object op, bool negated, object quantifier, string slot)
    {
        FilterSyntax filter = OnlyFilter(query);
        Assert.Equal(((FilterOperator)op, negated, (Quantifier)quantifier, 0), (filter.Operator, filter.Negated, filter.Quantifier, filter.Slot));
        Assert.Equal(slot, Assert.Single(Parse(query).Slots));
    }

    [Theory]
    [InlineData("a=is.null", TestKind.Null, false)]
    [InlineData("a=is.NULL", TestKind.Null, false)]
    [InlineData("a=is.not_null", TestKind.Null, true)]
    [InlineData("a=is.true", TestKind.True, false)]
    [InlineData("a=is.unknown", TestKind.Unknown, false)]
    public void Is_has_no_slot(string query, object kind, bool negated)
    {
        FilterSyntax filter = OnlyFilter(query);
        Assert.Equal(((TestKind)kind, negated, -1), (filter.Test, filter.TestNegated, filter.Slot));
        Assert.Empty(Parse(query).Slots);
    }

    [Fact]
    public void Trees_nest_and_number_their_slots_in_order()
    {
        QuerySyntax syntax = Parse("x=eq.0&or=(a.eq.1,not.b.is.null)".Replace("not.b.is", "b.not.is") + "&not.and=( c.in.(1, 2) , or(d.lt.\"x,\\\"y\",e.cs.{1,2}))&limit=3");
        Assert.Equal(["0", "1", "(1, 2) ", "x,\"y", "{1,2}", "3"], syntax.Slots);
        LogicSyntax and = Assert.IsType<LogicSyntax>(syntax.Conditions[2].Condition);
        Assert.True(and.Negated);
        Assert.False(and.Or);
        Assert.True(Assert.IsType<LogicSyntax>(and.Items[1]).Or);
    }

    [Fact]
    public void Conditions_orders_and_counts_know_their_embed()
    {
        QuerySyntax syntax = Parse("rel.a=eq.1&rel.sub.or=(x.eq.1,y.eq.2)&rel.order=a.desc.nullslast,data->>k&rel.limit=5&offset=2&order=r(n).asc");
        Assert.Equal(["rel"], syntax.Conditions[0].Path);
        Assert.Equal(["rel", "sub"], syntax.Conditions[1].Path);
        Assert.Equal(["rel"], syntax.Orders[0].Path);
        Assert.Equal((true, NullsOrder.Last), (syntax.Orders[0].Terms[0].Descending, syntax.Orders[0].Terms[0].Nulls));
        Assert.Equal("r", syntax.Orders[1].Terms[0].Relation);
        Assert.Equal((false, true), (syntax.Counts[0].IsOffset, syntax.Counts[1].IsOffset));
        Assert.Empty(syntax.Counts[1].Path);
    }

    [Fact]
    public void A_call_by_get_keeps_arguments_apart_from_filters()
    {
        QuerySyntax syntax = Parse("a=1&b=eq.2&c.d=eq.3&limit=4", call: true);
        Assert.Equal(["a", "b"], syntax.Arguments.Select(a => a.Name));
        Assert.Equal([0, -1], syntax.Arguments.Select(a => a.Slot));
        Assert.Equal("eq.2", syntax.Arguments[1].Text);
        Assert.Equal(["1", "2", "3", "4"], syntax.Slots);
    }

    [Theory]
    [InlineData("id=foo.1", "\"failed to parse filter (foo.1)\" (line 1, column 1)", "unexpected \"f\" expecting \"not\" or operator (eq, gt, ...)")]
    [InlineData("id=noop.1", "\"failed to parse filter (noop.1)\" (line 1, column 1)", "unexpected \"o\" expecting \"not\" or operator (eq, gt, ...)")]
    [InlineData("id=1", "\"failed to parse filter (1)\" (line 1, column 1)", "unexpected \"1\" expecting \"not\" or operator (eq, gt, ...)")]
    [InlineData("id=", "\"failed to parse filter ()\" (line 1, column 1)", "unexpected end of input expecting \"not\" or operator (eq, gt, ...)")]
    [InlineData("id=not.x.1", "\"failed to parse filter (not.x.1)\" (line 1, column 5)", "unexpected \"x\" expecting operator (eq, gt, ...)")]
    [InlineData("id=eq().1", "\"failed to parse filter (eq().1)\" (line 1, column 4)", "unexpected \")\" expecting operator (eq, gt, ...)")]
    [InlineData("id=in().1", "\"failed to parse filter (in().1)\" (line 1, column 3)", "unexpected \"(\" expecting operator (eq, gt, ...)")]
    [InlineData("id=fts().1", "\"failed to parse filter (fts().1)\" (line 1, column 5)", "unexpected \")\" expecting operator (eq, gt, ...)")]
    [InlineData("id=in.1,2", "\"failed to parse filter (in.1,2)\" (line 1, column 4)", "unexpected \"1\" expecting \"(\"")]
    [InlineData("id=in.(1,2", "\"failed to parse filter (in.(1,2)\" (line 1, column 8)", "unexpected end of input expecting \",\" or \")\"")]
    [InlineData("id=is.xyz", "\"failed to parse filter (is.xyz)\" (line 1, column 4)", "unexpected \"x\" expecting isVal: (null, not_null, true, false, unknown)")]
    [InlineData("or=()", "\"failed to parse logic tree (())\" (line 1, column 4)", "unexpected \")\" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)")]
    [InlineData("or=(id.in.1,2,id.eq.3)", "\"failed to parse logic tree ((id.in.1,2,id.eq.3))\" (line 1, column 10)", "unexpected \"1\" expecting \"(\"")]
    [InlineData("or=)(", "\"failed to parse logic tree ()()\" (line 1, column 3)", "unexpected \")\" expecting \"(\"")]
    [InlineData("and=(ord(id.eq.1,id.eq.1),id.eq.2)", "\"failed to parse logic tree ((ord(id.eq.1,id.eq.1),id.eq.2))\" (line 1, column 7)", "unexpected \"d\" expecting \"(\"")]
    [InlineData("or=(id.eq.1,not.xor(id.eq.2,id.eq.3))", "\"failed to parse logic tree ((id.eq.1,not.xor(id.eq.2,id.eq.3)))\" (line 1, column 16)", "unexpected \"x\" expecting logic operator (and, or)")]
    [InlineData("order=id.ac", "\"failed to parse order (id.ac)\" (line 1, column 4)", "unexpected \"a\" expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"")]
    [InlineData("order=id.descc", "\"failed to parse order (id.descc)\" (line 1, column 8)", "unexpected \"c\" expecting delimiter (.), \",\" or end of input")]
    [InlineData("order=id.asc.smth34", "\"failed to parse order (id.asc.smth34)\" (line 1, column 8)", "unexpected \"s\" expecting \"nullsfirst\" or \"nullslast\"")]
    [InlineData("order=id.asc.nullslasttt", "\"failed to parse order (id.asc.nullslasttt)\" (line 1, column 17)", "unexpected \"t\" expecting \",\" or end of input")]
    [InlineData("select=id,clients(name[])", "\"failed to parse select parameter (id,clients(name[]))\" (line 1, column 16)", "unexpected \"[\" expecting letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input")]
    [InlineData("select=id,,name", "\"failed to parse select parameter (id,,name)\" (line 1, column 4)", "unexpected \",\" expecting \"...\", field name (* or [a..z0..9_$]), \"*\" or \"count()\"")]
    [InlineData("select=data->>--34", "\"failed to parse select parameter (data->>--34)\" (line 1, column 9)", "unexpected \"-\" expecting digit")]
    [InlineData("select=name::", "\"failed to parse select parameter (name::)\" (line 1, column 7)", "unexpected end of input expecting letter or digit")]
    [InlineData("select=*!hint", "\"failed to parse select parameter (*!hint)\" (line 1, column 2)", "unexpected \"!\" expecting \")\", \",\" or end of input")]
    [InlineData("limit=abc", "\"failed to parse limit (abc)\" (line 1, column 1)", "unexpected \"a\" expecting digit")]
    public void Failures_speak_PostgREST(string query, string message, string details)
    {
        Error error = Fail(query);
        Assert.Equal(("PGRST100", message, details), (error.Code.Text, error.Message, error.Details));
    }

    [Theory]
    [InlineData("limit=-1", "PGRST103", "Limit should be greater than or equal to zero.")]
    [InlineData("select=a(b(c(d(e(f(g))))))", "TN103", "At most 5 levels are allowed.")]
    [InlineData("select=a(x),b(x),c(x),d(x),e(x),f(x),g(x),h(x),i(x)", "TN105", "At most 8 are allowed in one request.")]
    [InlineData("a=eq.%FF", "22021", null)]
    public void Bounds_have_codes_of_their_own(string query, string code, string? details)
    {
        Error error = Fail(query);
        Assert.Equal((code, details), (error.Code.Text, error.Details));
    }

    [Fact]
    public void Too_many_of_anything_is_refused()
    {
        Assert.Equal("TN104", Fail(string.Join('&', Enumerable.Repeat("a=eq.1", 101))).Code.Text);
        Assert.Equal("TN104", Fail($"or=({string.Join(',', Enumerable.Repeat("a.eq.1", 101))})").Code.Text);
        Assert.Equal("TN103", Fail("and=" + string.Concat(Enumerable.Repeat("(and", 500)) + "(a.eq.1)" + new string(')', 500)).Code.Text);
        Assert.Equal("TN101", Fail("a=eq." + new string('x', 17_000)).Code.Text);
        QueryLimits wide = QueryLimits.Default with { UrlLength = 100_000 };
        string list = $"a=in.({string.Join(',', Enumerable.Repeat("1", 10_001))})";
        Assert.Equal("TN106", QueryParser.Parse(list, false, wide).Error!.Code.Text);
    }

    private static Gen<string> OneOfTexts(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static readonly Gen<string> Soup = OneOfTexts(
            "select=", "order=", "or=", "and=", "not.", "limit=", "rel.", "columns=", "on_conflict=", "offset=", "id", "a b", "(", ")", ",", ".", "eq", "in", "is", "like", "(any)", "null", "->", "->>", "::", ":", "!", "...", "*", "\"", "\\", "{", "}", "%", "%20", "%2C", "%C3%A4", "%FF", "+", "&", "=", "-", "1", "count()", "sum()", "ä", "\uD800", "\0", "\n", " ", "fts", "desc", "nullslast"
        )
        .Array[0, 24]
        .Select(parts => string.Concat(parts));

    [Fact]
    public void No_input_throws() =>
        Gen.Select(Soup, Gen.Bool).Sample((query, call) => QueryParser.Parse(query, call, QueryLimits.Default).Failed || true, iter: 40_000);

    [Fact]
    public void The_shape_cuts_the_slots_that_the_parser_cuts() =>
        Gen.Select(Gen.OneOf(Soup, Sensible), Gen.Bool).Sample((query, call) => SameSlots(query, call), iter: 40_000);

    private static readonly Gen<string> Value = OneOfTexts("1", "x%20y", "\"q,%5C%22\"", "{a,b}", "a.b", "", "null", "%C3%A4", "(1,2)", "in.(3)", "a*");
    private static readonly Gen<string> Operation = Gen.Select(
        OneOfTexts("eq.", "not.eq.", "like.", "in.(1,", "is.null", "gt(any).", "cs.", "isdistinct.", "fts(english).", "bad.", ""),
        Value,
        (op, value) => op.StartsWith("in", StringComparison.Ordinal) ? $"{op}{value})" : op + value
    );
    private static readonly Gen<string> Parameter = Gen.OneOf(
        Gen.Select(OneOfTexts("id", "rel.id", "data->>k", "%22w.x%22"), Operation, (key, op) => $"{key}={op}"),
        Gen.Select(OneOfTexts("and", "or", "not.or", "rel.or"), OneOfTexts("id", "not.id", "and"), Operation, Operation, (k, f, a, b) => $"{k}=({f}.{a}, or( x.{b},y.{a}) )"),
        Gen.Select(OneOfTexts("limit", "offset", "rel.limit"), OneOfTexts("1", "20", "x", "-3"), (k, v) => $"{k}={v}"),
        OneOfTexts("select=*,rel(a)", "order=id.desc", "columns=a,b", "")
    );
    private static readonly Gen<string> Sensible = Parameter.Array[0, 6].Select(parts => string.Join('&', parts));

    private static bool SameSlots(string query, bool call)
    {
        RequestShape shape = RequestShape.Rent();
        bool cut = shape.Read(query, call, QueryLimits.Default);
        Outcome<QuerySyntax> parsed = QueryParser.Parse(query, call, QueryLimits.Default);
        bool same = true;
        if (cut && parsed.TryGet(out QuerySyntax syntax, out _))
        {
            string[] slots = [.. Enumerable.Range(0, shape.SlotCount).Select(i => shape.Slot(i).ToString())];
            same = slots.AsSpan().SequenceEqual(syntax.Slots.AsSpan());
        }
        RequestShape.Return(shape);
        return same;
    }

    [Fact]
    public void Requests_that_differ_in_values_only_share_a_shape()
    {
        Assert.Equal(Shape("select=a&id=eq.1&or=(x.like.*a*,y.in.(1,2))&limit=5"), Shape("select=a&id=eq.%20zz&or=%28x.like.b,y.in.(7)%29&limit=50"));
        Assert.NotEqual(Shape("id=eq.1"), Shape("id=gt.1"));
        Assert.NotEqual(Shape("id=is.null"), Shape("id=is.true"));
        Assert.NotEqual(Shape("id=eq.1"), Shape("ie=eq.1"));
        Assert.NotEqual(Shape("or=(a.eq.1,b.eq.2)"), Shape("or=(a.eq.1)"));
    }

    private static string Shape(string query)
    {
        RequestShape shape = RequestShape.Rent();
        Assert.True(shape.Read(query, false, QueryLimits.Default));
        string key = shape.Key.ToString();
        RequestShape.Return(shape);
        return key;
    }

    [Fact]
    public async Task Reading_a_shape_allocates_nothing()
    {
        // The first calls run in code that is not optimised yet (its generics box): wait for the compiler.
        long allocated = ReadOften();
        for (int attempt = 0; attempt < 600 && allocated > 0; attempt++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            allocated = ReadOften();
        }
        Assert.Equal(0, allocated);
    }

    private static long ReadOften()
    {
        const string query = "select=id,total,customer(name)&total=gt.10&order=id.desc&limit=20&status=eq.open";
        Shape(query);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            RequestShape shape = RequestShape.Rent();
            shape.Read(query, false, QueryLimits.Default);
            RequestShape.Return(shape);
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

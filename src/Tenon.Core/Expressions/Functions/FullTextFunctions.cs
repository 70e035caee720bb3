using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Core.Types.FullText;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// Full-text search: texts to lexemes, texts to queries, whether they match and how well. Without a configuration the
// database's default is meant, so such a call is stable and stands in no index.
internal static class FullTextFunctions
{
    private static readonly LogicalType T = LogicalType.Text;
    private static readonly LogicalType B = LogicalType.Boolean;
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType V = LogicalType.TsVector;
    private static readonly LogicalType Q = LogicalType.TsQuery;
    private static readonly LogicalType C = LogicalType.RegConfig;
    private static readonly LogicalType F = LogicalType.Float4;
    private static readonly LogicalType Texts = LogicalType.ArrayOf(LogicalType.Text);

    public static IEnumerable<Function> Functions() =>
        new[] { Vectors(), Parts(), Queries(), Joining(), Matching(), Ranks() }.SelectMany(f => f).Select(f => f.AsStored(StoredResults.FirstByUnicode));

    /// <summary>to_tsvector, to_tsquery … with a configuration, as "config" in their Id, and with the default one.</summary>
    private static IEnumerable<Function> Configured(string name, LogicalType from, LogicalType result, string suffix, Func<Datum, SearchConfiguration, Outcome<Datum>> make)
    {
        yield return Scalar($"{name}{suffix}_config", name, [C, from], result, a =>
            SearchConfiguration.Of(a[0].Text).TryGet(out SearchConfiguration configuration, out Error error) ? make(a[1], configuration) : error
        );
        yield return Scalar(name + suffix, name, [from], result, a => make(a[0], SearchConfiguration.Of(SearchConfiguration.Default).Value)).AsStable();
    }

    private static IEnumerable<Function> Vectors() =>
        [
            .. Configured("to_tsvector", T, V, "", (a, c) => Of(TsVector.OfText(a.Text, c))),
            .. Configured("to_tsvector", LogicalType.Jsonb, V, "_jsonb", (a, c) => Of(TsVector.OfTexts(Strings(JsonParser.Stored(a.Text)), c))),
            .. Configured("to_tsvector", LogicalType.Json, V, "_json", (a, c) => Of(TsVector.OfTexts(Strings(JsonParser.Stored(a.Text)), c))),
        ];

    private static IEnumerable<string> Strings(JsonNode node) =>
        node.Kind switch
        {
            JsonKind.String => [node.Text],
            JsonKind.Array => node.Items.SelectMany(Strings),
            JsonKind.Object => node.Members.SelectMany(m => Strings(m.Value)),
            _ => [],
        };

    private static IEnumerable<Function> Parts()
    {
        yield return Scalar("setweight", "setweight", [V, T], V, a => Weighted(a[0], a[1], null));
        yield return Scalar("setweight_lexemes", "setweight", [V, T, Texts], V, a => Weighted(a[0], a[1], ArrayValue.Read(T, a[2].Text)));
        yield return Total("strip", "strip", [V], V, a => TsVector.Read(a[0].Text).Stripped().ToDatum());
        yield return Total("tsvector_length", "length", [V], I, a => Datum.Of(TsVector.Read(a[0].Text).Lexemes.Length));
        yield return Total("tsvector_to_array", "tsvector_to_array", [V], Texts, a =>
            ArrayValue.Of(T, [.. TsVector.Read(a[0].Text).Lexemes.Select(l => Datum.Of(l.Text))]).ToDatum()
        );
        yield return Total("ts_delete", "ts_delete", [V, T], V, a =>
        {
            string lexeme = a[1].Text;
            return new TsVector([.. TsVector.Read(a[0].Text).Lexemes.Where(l => l.Text != lexeme)]).ToDatum();
        });
        yield return Infix("tsvector_concat", "||", V, V, V, a => Of(TsVector.Concatenate(TsVector.Read(a[0].Text), TsVector.Read(a[1].Text))));
        yield return Infix("tsvector_eq", "=", V, V, B, a => Datum.Of(a[0].Text == a[1].Text)).AsTotal();
        yield return Infix("tsvector_ne", "<>", V, V, B, a => Datum.Of(a[0].Text != a[1].Text)).AsTotal();
    }

    private static Outcome<Datum> Weighted(Datum vector, Datum letter, ArrayValue? only)
    {
        int weight = letter.Text switch { "A" or "a" => 3, "B" or "b" => 2, "C" or "c" => 1, "D" or "d" => 0, _ => -1 };
        if (weight < 0)
        {
            return new Error(ErrorCodes.InvalidParameterValue, $"unrecognized weight: \"{letter.Text}\"", null, "Weights are A, B, C and D.");
        }
        HashSet<string>? lexemes = only is null ? null : [.. only.Items.Where(i => !i.IsNull).Select(i => i.Text)];
        return TsVector.Read(vector.Text).Weighted(weight, lexemes is null ? null : lexemes.Contains).ToDatum();
    }

    private static IEnumerable<Function> Queries() =>
        [
            .. Configured("to_tsquery", T, Q, "", (a, c) => Of(TsQueryParser.Standard(a.Text, c))),
            .. Configured("plainto_tsquery", T, Q, "", (a, c) => Of(TsQueryParser.Plain(a.Text, c, TsOperator.And))),
            .. Configured("phraseto_tsquery", T, Q, "", (a, c) => Of(TsQueryParser.Plain(a.Text, c, TsOperator.Phrase))),
            .. Configured("websearch_to_tsquery", T, Q, "", (a, c) => Of(TsQueryParser.Web(a.Text, c))),
        ];

    private static IEnumerable<Function> Joining()
    {
        yield return Infix("tsquery_and", "&&", Q, Q, Q, a => Join(TsOperator.And, a[0], a[1]));
        yield return Infix("tsquery_or", "||", Q, Q, Q, a => Join(TsOperator.Or, a[0], a[1]));
        yield return Infix("tsquery_phrase_operator", "<->", Q, Q, Q, a => Join(TsOperator.Phrase, a[0], a[1]));
        yield return Scalar("tsquery_phrase", "tsquery_phrase", [Q, Q], Q, a => Join(TsOperator.Phrase, a[0], a[1]));
        yield return Scalar("tsquery_phrase_distance", "tsquery_phrase", [Q, Q, I], Q, a =>
            a[2].Integer is >= 0 and <= 16384
                ? Join(TsOperator.Phrase, a[0], a[1], (int)a[2].Integer)
                : new Error(ErrorCodes.InvalidParameterValue, "distance in phrase operator must be an integer value between zero and 16384 inclusive")
        );
        yield return Prefix("tsquery_not", "!!", Q, Q, a =>
            TsQuery.Read(a[0].Text).Root is { } root ? Of(TsQuery.Of(TsNode.Negation(root))) : a[0]
        );
        yield return Total("numnode", "numnode", [Q], I, a => Datum.Of(TsQuery.Count(TsQuery.Read(a[0].Text).Root)));
    }

    private static Outcome<Datum> Join(TsOperator op, Datum a, Datum b, int distance = 1)
    {
        TsNode? left = TsQuery.Read(a.Text).Root, right = TsQuery.Read(b.Text).Root;
        return left is null ? b
            : right is null ? a
            : Of(TsQuery.Of(TsNode.Of(op, left, right, op == TsOperator.Phrase ? distance : 0)));
    }

    private static IEnumerable<Function> Matching()
    {
        yield return Infix("ts_match_vq", "@@", V, Q, B, a => Datum.Of(Match(a[0], a[1]))).AsTotal();
        yield return Infix("ts_match_qv", "@@", Q, V, B, a => Datum.Of(Match(a[1], a[0]))).AsTotal();
        yield return Infix("ts_match_tq", "@@", T, Q, B, a => Match(a[0].Text, TsQuery.Read(a[1].Text))).AsStable();
        yield return Infix("ts_match_tt", "@@", T, T, B, a =>
            TsQueryParser.Plain(a[1].Text, SearchConfiguration.Of(SearchConfiguration.Default).Value, TsOperator.And).TryGet(out TsQuery query, out Error error)
                ? Match(a[0].Text, query)
                : error
        ).AsStable();
    }

    private static bool Match(Datum vector, Datum query) => TsMatch.Matches(TsVector.Read(vector.Text), TsQuery.Read(query.Text));

    private static Outcome<Datum> Match(string text, TsQuery query) =>
        TsVector.OfText(text, SearchConfiguration.Of(SearchConfiguration.Default).Value).TryGet(out TsVector vector, out Error error)
            ? Datum.Of(TsMatch.Matches(vector, query))
            : error;

    private static IEnumerable<Function> Ranks()
    {
        LogicalType weights = LogicalType.ArrayOf(F);
        yield return Total("ts_rank", "ts_rank", [V, Q], F, a => Rank(a[0], a[1], TsRank.Weights, 0));
        yield return Total("ts_rank_norm", "ts_rank", [V, Q, I], F, a => Rank(a[0], a[1], TsRank.Weights, a[2].Integer));
        yield return Scalar("ts_rank_weights", "ts_rank", [weights, V, Q], F, a => Rank(a[0], a[1], a[2], 0));
        yield return Scalar("ts_rank_weights_norm", "ts_rank", [weights, V, Q, I], F, a => Rank(a[0], a[1], a[2], a[3].Integer));
    }

    private static Datum Rank(Datum vector, Datum query, float[] weights, long normalization) =>
        Datum.Of((double)TsRank.Of(TsVector.Read(vector.Text), TsQuery.Read(query.Text), weights, (int)normalization));

    private static Outcome<Datum> Rank(Datum given, Datum vector, Datum query, long normalization)
    {
        ArrayValue array = ArrayValue.Read(F, given.Text);
        if (array.Items.Length < TsRank.Weights.Length)
        {
            return new Error(ErrorCodes.ArraySubscript, "array of weight is too short");
        }
        var weights = new float[TsRank.Weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            if (array.Items[i].IsNull)
            {
                return new Error(ErrorCodes.NullNotAllowed, "array of weight must not contain nulls");
            }
            float weight = (float)array.Items[i].Double;
            weights[i] = weight >= 0 ? weight : TsRank.Weights[i];
            if (weights[i] > 1)
            {
                return new Error(ErrorCodes.InvalidParameterValue, "weight out of range");
            }
        }
        return Rank(vector, query, weights, normalization);
    }

    private static Outcome<Datum> Of(Outcome<TsVector> vector) => vector.TryGet(out TsVector made, out Error error) ? made.ToDatum() : error;

    private static Outcome<Datum> Of(Outcome<TsQuery> query) => query.TryGet(out TsQuery made, out Error error) ? made.ToDatum() : error;
}

using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Server.Rest;

internal enum AnswerForm : byte
{
    /// <summary>An array of rows (or the bare value of a scalar function).</summary>
    Json,

    /// <summary>One object; anything but one row is an error.</summary>
    Object,
    Csv,

    /// <summary>The root's document.</summary>
    OpenApi,

    /// <summary>The value of a scalar function as it is, as the media type that the function makes.</summary>
    Raw,

    /// <summary>The database's plan in place of the rows.</summary>
    Plan,

    /// <summary>Nothing that every table has; a function may make it.</summary>
    Other,
}

/// <summary>What Accept asks for. The first media type that is known counts, in the order of their weights.</summary>
internal readonly record struct Answer(AnswerForm Form, bool StripNulls)
{
    public static readonly Answer Json = new(AnswerForm.Json, false);

    /// <summary>Of a raw answer.</summary>
    public string? Media { get; init; }

    /// <summary>Of a raw answer that the database makes of rows.</summary>
    public MediaHandler? Handler { get; init; }

    /// <summary>Of a plan.</summary>
    public ExplainOptions? Explain { get; init; }

    public string ContentType =>
        (Form, StripNulls) switch
        {
            (AnswerForm.Object, true) => "application/vnd.pgrst.object+json; nulls=stripped; charset=utf-8",
            (AnswerForm.Object, false) => "application/vnd.pgrst.object+json; charset=utf-8",
            (AnswerForm.Csv, _) => "text/csv; charset=utf-8",
            (AnswerForm.Json, true) => "application/vnd.pgrst.array+json; nulls=stripped; charset=utf-8",
            (AnswerForm.Raw, _) => IsText(Media!) ? Media + "; charset=utf-8" : Media!,
            (AnswerForm.OpenApi, _) => "application/openapi+json; charset=utf-8",
            _ => "application/json; charset=utf-8",
        };

    private static bool IsText(string media) => media.StartsWith("text/", StringComparison.Ordinal) || media == MediaHandler.GeoJson;
}

/// <summary>Reads Accept.</summary>
internal static class MediaTypes
{
    /// <summary>The answer to give; Other when only a function that makes one of these media types can give it.</summary>
    public static Answer Negotiate(string? accept)
    {
        if (string.IsNullOrEmpty(accept) || accept is "*/*" or "application/json")
        {
            return Answer.Json;
        }
        Answer? best = null;
        double bestWeight = 0;
        foreach (Range range in accept.AsSpan().Split(','))
        {
            ReadOnlySpan<char> item = accept.AsSpan()[range].Trim();
            double weight = Weight(item);
            if (weight > bestWeight && Find(item) is { } known)
            {
                (best, bestWeight) = (known, weight);
            }
        }
        return best ?? new Answer(AnswerForm.Other, false);
    }

    /// <summary>Is this media type, which a function makes, wanted at least as much as anything else? */* wants it too.</summary>
    public static bool Prefers(string? accept, string media, bool whenAnything)
    {
        double others = 0;
        double own = 0;
        foreach (Range range in accept.AsSpan().Split(','))
        {
            ReadOnlySpan<char> item = accept.AsSpan()[range].Trim();
            int semicolon = item.IndexOf(';');
            ReadOnlySpan<char> type = semicolon < 0 ? item : item[..semicolon].TrimEnd();
            bool matches = type.Equals(media, StringComparison.OrdinalIgnoreCase) || (whenAnything && type is "*/*");
            (own, others) = matches ? (Math.Max(own, Weight(item)), others) : (own, Find(item) is null ? others : Math.Max(others, Weight(item)));
        }
        return own > 0 ? own >= others : whenAnything && string.IsNullOrEmpty(accept);
    }

    /// <summary>What our own answers are: no handler stands in for them.</summary>
    public static bool IsOwn(string media) => media is "application/json" or "application/openapi+json" || media.StartsWith("application/vnd.pgrst.", StringComparison.Ordinal);

    public static Error NotAvailable(string accept) =>
        new(
            ErrorCodes.NotAcceptable,
            $"None of these media types are available: {Shorten(accept)}",
            null,
            accept.Contains(MediaHandler.GeoJson, StringComparison.OrdinalIgnoreCase) ? "GeoJSON needs PostgreSQL with the extension postgis." : null
        );

    private static string Shorten(string accept) =>
        string.Join(", ", accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(8));

    private static Answer? Find(ReadOnlySpan<char> item)
    {
        int semicolon = item.IndexOf(';');
        ReadOnlySpan<char> type = semicolon < 0 ? item : item[..semicolon].TrimEnd();
        bool stripped = semicolon >= 0 && item[semicolon..].Contains("nulls=stripped", StringComparison.OrdinalIgnoreCase);
        Span<char> lower = stackalloc char[64];
        int length = type.Length > lower.Length ? -1 : type.ToLowerInvariant(lower);
        return length < 0
            ? null
            : lower[..length] switch
            {
                "application/json" or "*/*" or "application/*" => Answer.Json,
                "application/vnd.pgrst.object" or "application/vnd.pgrst.object+json" => new Answer(AnswerForm.Object, stripped),
                "application/vnd.pgrst.array" or "application/vnd.pgrst.array+json" => new Answer(AnswerForm.Json, stripped),
                "application/vnd.pgrst.plan" or "application/vnd.pgrst.plan+text" or "application/vnd.pgrst.plan+json" => PlanAnswer.Read(
                    type,
                    semicolon < 0 ? default : item[semicolon..]
                ),
                "text/csv" => new Answer(AnswerForm.Csv, false),
                "application/openapi+json" => new Answer(AnswerForm.OpenApi, false),
                _ => null,
            };
    }

    // q=0 means "not this"; without q the weight is 1.
    private static double Weight(ReadOnlySpan<char> item)
    {
        int q = item.IndexOf(";q=", StringComparison.OrdinalIgnoreCase);
        int skip = 3;
        if (q < 0)
        {
            q = item.IndexOf("; q=", StringComparison.OrdinalIgnoreCase);
            skip = 4;
        }
        if (q < 0)
        {
            return 1;
        }
        ReadOnlySpan<char> text = item[(q + skip)..];
        int end = text.IndexOf(';');
        text = end < 0 ? text : text[..end];
        bool good = double.TryParse(text, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double weight);
        return good ? weight : 1;
    }
}

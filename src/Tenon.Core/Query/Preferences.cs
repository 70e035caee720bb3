using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Query;

internal enum ReturnPreference
{
    Minimal,
    HeadersOnly,
    Representation,
}

internal enum CountPreference
{
    None,
    Exact,
    Planned,
    Estimated,
}

internal enum ResolutionPreference
{
    None,
    MergeDuplicates,
    IgnoreDuplicates,
}

/// <summary>
/// The Prefer header. Of a preference given twice the first counts; a value nobody knows makes the whole preference one
/// nobody knows, which is an error under handling=strict and nothing otherwise.
/// </summary>
internal sealed record Preferences
{
    public static readonly Preferences None = new();

    public ReturnPreference? Return { get; init; }
    public CountPreference Count { get; init; }
    public ResolutionPreference Resolution { get; init; }
    public bool? MissingIsDefault { get; init; }

    /// <summary>tx=rollback when true, tx=commit when false.</summary>
    public bool? Rollback { get; init; }
    public bool? Strict { get; init; }
    public string? TimeZone { get; init; }
    public long? MaxAffected { get; init; }
    public ImmutableArray<string> Unknown { get; init; } = [];

    public bool IsStrict => Strict == true;

    public static Preferences Parse(ReadOnlySpan<char> header)
    {
        Preferences result = None;
        foreach (Range range in header.Split(','))
        {
            ReadOnlySpan<char> item = header[range].Trim();
            if (!item.IsEmpty)
            {
                result = result.With(item);
            }
        }
        return result;
    }

    private Preferences With(ReadOnlySpan<char> item)
    {
        int equals = item.IndexOf('=');
        ReadOnlySpan<char> name = (equals < 0 ? item : item[..equals]).Trim();
        ReadOnlySpan<char> value = equals < 0 ? default : item[(equals + 1)..].Trim();
        return name switch
        {
            "return" => WithReturn(item, value),
            "count" => WithCount(item, value),
            "resolution" => WithResolution(item, value),
            "missing" when value is "default" or "null" => MissingIsDefault is null ? this with { MissingIsDefault = value is "default" } : this,
            "tx" when value is "commit" or "rollback" => Rollback is null ? this with { Rollback = value is "rollback" } : this,
            "handling" when value is "strict" or "lenient" => Strict is null ? this with { Strict = value is "strict" } : this,
            "timezone" when !value.IsEmpty => TimeZone is null ? this with { TimeZone = value.ToString() } : this,
            "max-affected" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long most) =>
                MaxAffected is null ? this with { MaxAffected = most } : this,
            _ => WithUnknown(item),
        };
    }

    private Preferences WithReturn(ReadOnlySpan<char> item, ReadOnlySpan<char> value)
    {
        ReturnPreference? parsed = value switch
        {
            "minimal" => ReturnPreference.Minimal,
            "headers-only" => ReturnPreference.HeadersOnly,
            "representation" => ReturnPreference.Representation,
            _ => null,
        };
        return parsed is null ? WithUnknown(item) : Return is null ? this with { Return = parsed } : this;
    }

    private Preferences WithCount(ReadOnlySpan<char> item, ReadOnlySpan<char> value)
    {
        CountPreference parsed = value switch
        {
            "exact" => CountPreference.Exact,
            "planned" => CountPreference.Planned,
            "estimated" => CountPreference.Estimated,
            _ => CountPreference.None,
        };
        return parsed == CountPreference.None ? WithUnknown(item) : Count == CountPreference.None ? this with { Count = parsed } : this;
    }

    private Preferences WithResolution(ReadOnlySpan<char> item, ReadOnlySpan<char> value)
    {
        ResolutionPreference parsed = value switch
        {
            "merge-duplicates" => ResolutionPreference.MergeDuplicates,
            "ignore-duplicates" => ResolutionPreference.IgnoreDuplicates,
            _ => ResolutionPreference.None,
        };
        return parsed == ResolutionPreference.None ? WithUnknown(item)
            : Resolution == ResolutionPreference.None ? this with { Resolution = parsed }
            : this;
    }

    private Preferences WithUnknown(ReadOnlySpan<char> item) => this with { Unknown = Unknown.Add(item.ToString()) };

    /// <summary>PGRST122 when handling=strict and something is unknown.</summary>
    public Error? Refusal() =>
        IsStrict && !Unknown.IsEmpty
            ? new Error(
                ErrorCodes.InvalidPreferences,
                "Invalid preferences given with handling=strict",
                $"Invalid preferences: {string.Join(", ", Unknown)}"
            )
            : null;

    /// <summary>Preference-Applied: what was asked and heeded, in PostgREST's order; null when nothing was.</summary>
    public string? Applied()
    {
        if (ReferenceEquals(this, None))
        {
            return null;
        }
        var text = new StringBuilder();
        void Add(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(text.Length > 0 ? ", " : "").Append(name).Append('=').Append(value);
            }
        }
        Add(
            "resolution",
            Resolution switch
            {
                ResolutionPreference.MergeDuplicates => "merge-duplicates",
                ResolutionPreference.IgnoreDuplicates => "ignore-duplicates",
                _ => null,
            }
        );
        Add("missing", MissingIsDefault switch { true => "default", false => "null", _ => null });
        Add(
            "return",
            Return switch
            {
                ReturnPreference.Minimal => "minimal",
                ReturnPreference.HeadersOnly => "headers-only",
                ReturnPreference.Representation => "representation",
                _ => null,
            }
        );
        Add("count", Count == CountPreference.None ? null : Count.ToString().ToLowerInvariant());
        Add("tx", Rollback switch { true => "rollback", false => "commit", _ => null });
        Add("handling", Strict switch { true => "strict", false => "lenient", _ => null });
        Add("timezone", TimeZone);
        Add("max-affected", IsStrict ? MaxAffected?.ToString(CultureInfo.InvariantCulture) : null);
        return text.Length == 0 ? null : text.ToString();
    }
}

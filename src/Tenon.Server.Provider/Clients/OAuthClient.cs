using System.Collections.Immutable;
using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Clients;

/// <summary>A row of auth.oauth_clients: a system that signs its users in here. Its id is its client_id.</summary>
internal sealed record OAuthClient(Guid Id, string Name)
{
    public const string Public = "public";
    public const string Confidential = "confidential";
    public const string Manual = "manual";
    public const string Dynamic = "dynamic";

    /// <summary>Of the secret; null for a public client.</summary>
    public string? SecretHash { get; init; }
    public string Type { get; init; } = Confidential;
    public string AuthMethod { get; init; } = "client_secret_basic";
    public string Registration { get; init; } = Manual;
    public string? Uri { get; init; }
    public string? LogoUri { get; init; }
    public ImmutableArray<string> RedirectUris { get; init; } = [];
    public ImmutableArray<string> PostLogoutRedirectUris { get; init; } = [];
    public ImmutableArray<string> GrantTypes { get; init; } = [];

    /// <summary>The scopes it may ask for, separated by spaces; null: all.</summary>
    public string? Scope { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }

    public bool IsPublic => Type == Public;

    /// <summary>From the columns of <see cref="ClientSql.Columns"/>.</summary>
    public static OAuthClient Read(Datum[] row) =>
        new(row[0].Uuid(), row[5].Text)
        {
            SecretHash = row[1].TextOrNull(),
            Type = row[2].Text,
            AuthMethod = row[3].Text,
            Registration = row[4].Text,
            Uri = row[6].TextOrNull(),
            LogoUri = row[7].TextOrNull(),
            RedirectUris = Texts(row[8].Text),
            PostLogoutRedirectUris = Texts(row[9].Text),
            GrantTypes = Texts(row[10].Text),
            Scope = row[11].TextOrNull(),
            CreatedAt = row[12].Time()!.Value,
            UpdatedAt = row[13].Time()!.Value,
        };

    /// <summary>In the order of <see cref="ClientSql.Insert"/>.</summary>
    public Datum[] Row() =>
        [
            StoreValues.Of(Id),
            StoreValues.OfText(SecretHash),
            Datum.Of(Type),
            Datum.Of(AuthMethod),
            Datum.Of(Registration),
            Datum.Of(Name),
            StoreValues.OfText(Uri),
            StoreValues.OfText(LogoUri),
            Datum.Of(Json(RedirectUris)),
            Datum.Of(Json(PostLogoutRedirectUris)),
            Datum.Of(Json(GrantTypes)),
            StoreValues.OfText(Scope),
            StoreValues.Of(CreatedAt),
            StoreValues.Of(UpdatedAt),
        ];

    public static string Json(ImmutableArray<string> texts) => JsonSerializer.Serialize(texts.AsSpan().ToArray());

    public static ImmutableArray<string> Texts(string json) =>
        [.. JsonElement.Parse(json).EnumerateArray().Select(item => item.GetString()!)];
}

using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>What a provider made at run time is set to; kept as JSON beside its columns.</summary>
internal sealed record CustomSettings
{
    public ImmutableArray<string> AcceptableClientIds { get; init; } = [];
    public ImmutableArray<string> Scopes { get; init; } = [];
    public ImmutableArray<string> CustomClaimsAllowlist { get; init; } = [];
    public bool PkceEnabled { get; init; } = true;
    public ImmutableDictionary<string, string> AttributeMapping { get; init; } = ImmutableDictionary<string, string>.Empty;
    public ImmutableDictionary<string, string> AuthorizationParams { get; init; } = ImmutableDictionary<string, string>.Empty;
    public bool EmailOptional { get; init; }
    public bool SkipNonceCheck { get; init; }
    public string Issuer { get; init; } = "";
    public string DiscoveryUrl { get; init; } = "";
    public string AuthorizationUrl { get; init; } = "";
    public string TokenUrl { get; init; } = "";
    public string UserinfoUrl { get; init; } = "";
}

/// <summary>A row of auth.custom_providers.</summary>
internal sealed record CustomProvider(
    Guid Id,
    string Identifier,
    string Type,
    string Name,
    string ClientId,
    string SealedSecret,
    CustomSettings Settings,
    bool Enabled,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    public static CustomProvider Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Text,
            row[2].Text,
            row[3].Text,
            row[4].Text,
            row[5].Text,
            JsonSerializer.Deserialize<CustomSettings>(row[6].Text)!,
            row[7].IsTrue(),
            row[8].Time()!.Value,
            row[9].Time()!.Value
        );
}

/// <summary>Providers made at run time (auth.custom_providers). Read at each use, so that every node knows them at once.</summary>
internal sealed class CustomProviders(StoreDatabase store, Vault vault, AuthOptions options)
{
    /// <summary>Begins their names, so that none can pass for one of the configuration.</summary>
    public const string Prefix = "custom:";

    public async Task<Provider?> FindAsync(string identifier, CancellationToken cancellation) =>
        await RowAsync(identifier, cancellation) is { Enabled: true } row ? ToProvider(row) : null;

    public async Task<CustomProvider?> RowAsync(string identifier, CancellationToken cancellation) =>
        await store.QueryAsync(CustomProviderSql.ByIdentifier, new[] { Datum.Of(identifier) }, cancellation) is [var row] ? CustomProvider.Read(row) : null;

    public async Task<List<CustomProvider>> ListAsync(CancellationToken cancellation) =>
        [.. (await store.QueryAsync(CustomProviderSql.List, default, cancellation)).Select(CustomProvider.Read)];

    public string Seal(Guid id, string secret) => vault.Seal(Encoding.UTF8.GetBytes(secret), Label(id));

    public Provider ToProvider(CustomProvider row)
    {
        CustomSettings s = row.Settings;
        bool oidc = row.Type == "oidc";
        ImmutableArray<string> scopes = oidc ? [.. new[] { "openid", "email", "profile" }.Concat(s.Scopes).Distinct()] : s.Scopes;
        return new Provider
        {
            Name = row.Identifier,
            Kind = oidc ? ProviderKind.Oidc : ProviderKind.OAuth2,
            ClientIds = [row.ClientId, .. s.AcceptableClientIds],
            Secret = Encoding.UTF8.GetString(vault.Open(row.SealedSecret, Label(row.Id))),
            Issuer = s.Issuer,
            DiscoveryUrl = s.DiscoveryUrl,
            AuthorizationUrl = s.AuthorizationUrl,
            TokenUrl = s.TokenUrl,
            UserInfoUrl = s.UserinfoUrl,
            Scopes = scopes,
            Pkce = s.PkceEnabled,
            SkipNonceCheck = s.SkipNonceCheck,
            EmailOptional = s.EmailOptional,
            Parameters = s.AuthorizationParams,
            Claims = s.AttributeMapping,
            KeptClaims = s.CustomClaimsAllowlist,
            RedirectUri = options.Issuer + "/callback",
        };
    }

    private static string Label(Guid id) => $"custom provider {id:D}";
}

/// <summary>Statements on auth.custom_providers.</summary>
internal static class CustomProviderSql
{
    public const string Columns = "id, identifier, provider_type, name, client_id, sealed_secret, settings, enabled, created_at, updated_at";

    public static readonly StoreStatement ByIdentifier = new(
        "auth.custom_providers.by_identifier",
        $"select {Columns} from auth.custom_providers where identifier = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement List = new("auth.custom_providers.list", $"select {Columns} from auth.custom_providers order by created_at, id", []);

    public static readonly StoreStatement Insert = new(
        "auth.custom_providers.insert",
        $"insert into auth.custom_providers ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Boolean,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Update = new(
        "auth.custom_providers.update",
        """
        update auth.custom_providers set name = $2, client_id = $3, sealed_secret = $4, settings = $5, enabled = $6, updated_at = $7
        where id = $1 returning id
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Boolean,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Delete = new(
        "auth.custom_providers.delete",
        "delete from auth.custom_providers where identifier = $1 returning id",
        [LogicalType.Text]
    );
}

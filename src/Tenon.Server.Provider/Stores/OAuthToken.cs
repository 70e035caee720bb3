using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>A row of auth.oauth_tokens, filled member by member as OpenIddict does it.</summary>
internal sealed class OAuthToken
{
    public Guid Id { get; set; } = Guid.NewGuid();
    public Guid? ClientId { get; set; }
    public Guid? AuthorizationId { get; set; }
    public string? Subject { get; set; }
    public string? Type { get; set; }
    public string? Status { get; set; }

    /// <summary>A hash of what the client holds; null where the client holds the token itself.</summary>
    public string? ReferenceId { get; set; }
    public string? Payload { get; set; }
    public DateTimeOffset? CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? RedeemedAt { get; set; }

    /// <summary>Changes with every write: who read an older one has lost.</summary>
    public Guid Concurrency { get; set; } = Guid.NewGuid();

    /// <summary>From the columns of <see cref="TokenSql.Columns"/>.</summary>
    public static OAuthToken Read(Datum[] row) =>
        new()
        {
            Id = row[0].Uuid(),
            ClientId = row[1].IsNull ? null : row[1].Uuid(),
            AuthorizationId = row[2].IsNull ? null : row[2].Uuid(),
            Subject = row[3].TextOrNull(),
            Type = row[4].TextOrNull(),
            Status = row[5].TextOrNull(),
            ReferenceId = row[6].TextOrNull(),
            Payload = row[7].TextOrNull(),
            CreatedAt = row[8].Time(),
            ExpiresAt = row[9].Time(),
            RedeemedAt = row[10].Time(),
            Concurrency = row[11].Uuid(),
        };

    /// <summary>In the order of <see cref="TokenSql.Columns"/>.</summary>
    public Datum[] Row() =>
        [
            StoreValues.Of(Id),
            StoreValues.Of(ClientId),
            StoreValues.Of(AuthorizationId),
            StoreValues.OfText(Subject),
            StoreValues.OfText(Type),
            StoreValues.OfText(Status),
            StoreValues.OfText(ReferenceId),
            StoreValues.OfText(Payload),
            StoreValues.Of(CreatedAt),
            StoreValues.Of(ExpiresAt),
            StoreValues.Of(RedeemedAt),
            StoreValues.Of(Concurrency),
        ];
}

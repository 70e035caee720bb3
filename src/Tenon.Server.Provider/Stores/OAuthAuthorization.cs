using System.Collections.Immutable;
using Tenon.Core.Types;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>A row of auth.oauth_authorizations, filled member by member as OpenIddict does it.</summary>
internal sealed class OAuthAuthorization
{
    public Guid Id { get; set; } = Guid.NewGuid();
    public Guid? ClientId { get; set; }
    public string? Subject { get; set; }
    public string? Type { get; set; }
    public string? Status { get; set; }
    public ImmutableArray<string> Scopes { get; set; } = [];
    public DateTimeOffset? CreatedAt { get; set; }

    /// <summary>Changes with every write: who read an older one has lost.</summary>
    public Guid Concurrency { get; set; } = Guid.NewGuid();

    /// <summary>From the columns of <see cref="AuthorizationSql.Columns"/>.</summary>
    public static OAuthAuthorization Read(Datum[] row) =>
        new()
        {
            Id = row[0].Uuid(),
            ClientId = row[1].IsNull ? null : row[1].Uuid(),
            Subject = row[2].TextOrNull(),
            Type = row[3].TextOrNull(),
            Status = row[4].TextOrNull(),
            Scopes = OAuthClient.Texts(row[5].Text),
            CreatedAt = row[6].Time(),
            Concurrency = row[7].Uuid(),
        };
}
